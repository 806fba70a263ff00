// In which order layers are handed out, from both ends at once.
#include <gtest/gtest.h>

#include <set>

#include "scanner/sweep/ledger.hpp"

namespace stratascan::sweep {
namespace {

class LedgerOrder : public testing::Test {
protected:
    /// Layers "sha256:a", "sha256:b", … of these sizes, of one root.
    void fill(const std::vector<std::int64_t>& sizes) {
        const std::uint32_t repository = ledger_.add_repository({"r.example", "app"}, {});
        const std::uint32_t root = ledger_.add_root("sha256:root");
        std::vector<Ledger::Wanted> wanted;
        for (std::size_t i = 0; i < sizes.size(); ++i) {
            wanted.push_back({"sha256:" + std::string(1, static_cast<char>('a' + i)), sizes[i]});
        }
        ledger_.add_layers(root, repository, wanted);
        ledger_.begin_fetching();
    }
    std::int64_t size(std::optional<std::uint32_t> index) {
        return index ? ledger_.layer(*index).size : -2;
    }

    Ledger ledger_;
};

TEST_F(LedgerOrder, LargestFirstAndThoseOfUnknownSizeLast) {
    fill({5, -1, 9, 7, -1});
    std::vector<std::int64_t> sizes;
    for (int i = 0; i < 6; ++i) sizes.push_back(size(ledger_.next_layer()));
    EXPECT_EQ(sizes, (std::vector<std::int64_t>{9, 7, 5, -1, -1, -2}));
}

TEST_F(LedgerOrder, SmallOnesFromTheOtherEnd) {
    fill({5, -1, 900, 7, 60});
    EXPECT_EQ(size(ledger_.next_small_layer(50)), 5);
    EXPECT_EQ(size(ledger_.next_layer()), 900);
    EXPECT_EQ(size(ledger_.next_small_layer(50)), 7);
    EXPECT_EQ(size(ledger_.next_small_layer(50)), -2) << "60 is not small";
    EXPECT_EQ(size(ledger_.next_layer()), 60);
    EXPECT_EQ(size(ledger_.next_small_layer(50)), -2) << "one of unknown size is not";
    EXPECT_EQ(size(ledger_.next_layer()), -1);
    EXPECT_EQ(size(ledger_.next_layer()), -2);
}

TEST_F(LedgerOrder, EachOnce) {
    fill({1, 2, 3, 4, 5, 6, 7, 8, -1, -1});
    std::set<std::uint32_t> seen;
    for (bool any = true; any;) {
        any = false;
        if (const auto one = ledger_.next_small_layer(100)) any = seen.insert(*one).second;
        if (const auto one = ledger_.next_layer()) any = seen.insert(*one).second || any;
    }
    EXPECT_EQ(seen.size(), 10U);
}

TEST_F(LedgerOrder, NothingAfterTheEnd) {
    fill({1, 2});
    ledger_.stop();
    EXPECT_EQ(ledger_.next_layer(), std::nullopt);
    EXPECT_EQ(ledger_.next_small_layer(100), std::nullopt);
}

// A half of the room is the repositories': a list of them without end leaves some for images.
TEST(LedgerRoom, IsSharedByRepositoriesAndImages) {
    Ledger ledger(std::uint64_t{64} << 10);
    std::size_t repositories = 0;
    for (; ledger.has_room_for_repositories(); ++repositories) {
        (void)ledger.add_repository({"r.example", "app" + std::to_string(repositories)}, {});
    }
    EXPECT_GT(repositories, 20U);
    EXPECT_LT(repositories, 100U);
    ASSERT_TRUE(ledger.has_room_for_images());
    std::size_t roots = 0;
    for (; ledger.has_room_for_images(); ++roots) {
        const auto root = ledger.add_root("sha256:" + std::to_string(roots));
        ledger.add_layers(root, 0, {{"sha256:layer" + std::to_string(roots), 1}});
    }
    EXPECT_GT(roots, 20U);
    EXPECT_LT(roots, 200U);
    EXPECT_GE(ledger.size(), std::uint64_t{64} << 10);
}

}  // namespace
}  // namespace stratascan::sweep
