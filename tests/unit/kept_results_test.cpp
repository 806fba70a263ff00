// What is held of findings and programs has a share of memory: what is kept of it depends on
// nothing but the results and their places, and what is not is told.
#include "scanner/image/kept_results.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>
#include <string>
#include <vector>

#include "tests/support/results.hpp"

namespace stratascan::image {
namespace {

using layer::LayerResult;

LayerResult layer_with(std::size_t findings, std::size_t programs = 0) {
    LayerResult result = test::layer_of("layer");
    result.gaps.clear();
    result.state = LayerState::complete;
    for (std::size_t at = 0; at < findings; ++at) {
        result.findings.push_back({test::finding_of("rule", std::to_string(at), "secret"), 0, 0});
    }
    for (std::size_t at = 0; at < programs; ++at) {
        result.programs.push_back({test::program_of("sh", "1", std::to_string(at)), 0});
    }
    return result;
}

/// As `layers`, in which they come in that order.
std::vector<std::size_t> kept_of(std::vector<LayerResult>& layers, std::vector<std::size_t> order,
                                 std::uint64_t share) {
    KeptResults kept(share);
    for (const std::size_t at : order) kept.add(at, layers[at]);
    kept.tell();
    std::vector<std::size_t> counts;
    for (const LayerResult& layer : layers) {
        counts.push_back(layer.findings.size());
        counts.push_back(layer.programs.size());
    }
    return counts;
}

TEST(KeptResults, WhateverTheOrderTheFirstLayersHaveTheRoom) {
    const std::vector<LayerResult> layers = {layer_with(5, 3), layer_with(40), layer_with(0, 9),
                                             layer_with(7, 1), layer_with(30)};
    std::vector<std::size_t> order(layers.size());
    std::iota(order.begin(), order.end(), 0);
    for (const std::uint64_t share : {0, 1'000, 9'000, 20'000, 35'000, 60'000, 10'000'000}) {
        std::vector<LayerResult> straight = layers;
        const auto expected = kept_of(straight, order, share);
        do {
            std::vector<LayerResult> copy = layers;
            ASSERT_EQ(kept_of(copy, order, share), expected) << share;
        } while (std::ranges::next_permutation(order).found);
    }
}

TEST(KeptResults, WhatHasNoRoomIsCountedAndTold) {
    std::vector<LayerResult> layers = {layer_with(10), layer_with(1000, 2), layer_with(3)};
    const auto counts = kept_of(layers, {2, 1, 0}, 100'000);
    EXPECT_EQ(counts[0], 10U);
    EXPECT_GT(counts[2], 20U);
    EXPECT_LT(counts[2], 500U);
    EXPECT_EQ(counts[3], 0U) << "the layer's programs come behind its findings";
    EXPECT_EQ(counts[4], 0U) << "what is small must not pass what is before it";
    EXPECT_TRUE(layers[0].gaps.empty());
    EXPECT_EQ(layers[0].state, LayerState::complete);
    ASSERT_EQ(layers[1].gaps.size(), 1U);
    EXPECT_EQ(layers[1].gaps[0].reason,
              "findings and programs of all layers take more than 100000 bytes; " +
                  std::to_string(1002 - counts[2]) + " of this layer are not told (raise --memory)");
    EXPECT_EQ(layers[1].state, LayerState::partial);
    ASSERT_EQ(layers[2].gaps.size(), 1U);
    EXPECT_NE(layers[2].gaps[0].reason.find("; 3 of this layer"), std::string::npos);
}

// A layer whose decoder asked for more memory is scanned once more, alone.
TEST(KeptResults, ALayerMayComeAnew) {
    LayerResult first = layer_with(2), second = layer_with(50);
    KeptResults kept(12'000);
    kept.add(1, second);
    kept.add(0, first);
    const std::size_t with_two = second.findings.size();
    first = layer_with(8);
    kept.add(0, first);
    kept.tell();
    EXPECT_EQ(first.findings.size(), 8U);
    EXPECT_TRUE(first.gaps.empty());
    EXPECT_LT(second.findings.size(), with_two);
    ASSERT_EQ(second.gaps.size(), 1U);
    EXPECT_NE(second.gaps[0].reason.find("; " + std::to_string(50 - second.findings.size()) + " of"),
              std::string::npos)
        << second.gaps[0].reason;
}

TEST(SharedResults, WhatOthersHaveStaysWhole) {
    const auto shared = std::make_shared<const LayerResult>(layer_with(50));
    SharedResults kept(20'000);
    const auto whole = kept.take(std::make_shared<const LayerResult>(layer_with(3)));
    EXPECT_EQ(whole->findings.size(), 3U);
    const auto cut = kept.take(shared);
    EXPECT_LT(cut->findings.size(), 50U);
    EXPECT_EQ(cut->gaps.size(), 1U);
    EXPECT_EQ(shared->findings.size(), 50U);
    EXPECT_TRUE(shared->gaps.empty());
    EXPECT_EQ(kept.take(nullptr), nullptr);
    EXPECT_TRUE(kept.take(shared)->findings.empty());
}

TargetReport report_with(std::size_t findings, std::size_t layers) {
    TargetReport report;
    report.layers.resize(layers);
    for (std::size_t at = 0; at < findings; ++at) {
        report.findings.push_back(test::finding_of("rule", std::to_string(at), "secret"));
    }
    return report;
}

TEST(CutReport, TakesFromWhatIsLeftUntilThereIsNothing) {
    std::uint64_t left = 40'000;
    TargetReport first = report_with(10, 3), second = report_with(200, 3), third = report_with(1, 2);
    cut_report(first, left);
    EXPECT_EQ(first.findings.size(), 10U);
    EXPECT_TRUE(first.coverage.complete);
    EXPECT_LT(left, 40'000U);
    cut_report(second, left);
    EXPECT_LT(second.findings.size(), 200U);
    EXPECT_EQ(second.layers.size(), 3U);
    EXPECT_FALSE(second.coverage.complete);
    EXPECT_EQ(second.coverage.gaps, 1U);
    ASSERT_EQ(second.gaps.size(), 1U);
    EXPECT_NE(second.gaps[0].reason.find(std::to_string(200 - second.findings.size()) + " findings, "
                                         "0 programs and 0 layers"),
              std::string::npos)
        << second.gaps[0].reason;
    cut_report(third, left);
    EXPECT_TRUE(third.findings.empty());
    EXPECT_TRUE(third.layers.empty());
    EXPECT_NE(third.gaps.at(0).reason.find("1 findings, 0 programs and 2 layers"), std::string::npos);
}

}  // namespace
}  // namespace stratascan::image
