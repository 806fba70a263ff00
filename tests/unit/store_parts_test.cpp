// A layer's result as the store's parts, and back: nothing is lost, and nothing damaged is
// taken for a result.
#include <gtest/gtest.h>

#include "scanner/image/join.hpp"
#include "scanner/report/report_writer.hpp"
#include "scanner/store/packed.hpp"
#include "scanner/store/parts.hpp"
#include "tests/support/results.hpp"

namespace {

using namespace stratascan;
using layer::LayerResult;
using store::Part;
using store::PartReader;

std::vector<Part> parts_of(const LayerResult& result) {
    std::vector<Part> parts;
    EXPECT_TRUE(store::write_parts(result, [&parts](const Part& part) {
        parts.push_back(part);
        return true;
    }));
    return parts;
}

std::optional<LayerResult> read(const std::vector<Part>& parts) {
    PartReader reader;
    for (const Part& part : parts) {
        if (!reader.add(part.kind, part.first, part.bytes)) return std::nullopt;
    }
    return reader.take();
}

std::string bytes_of(const std::vector<Part>& parts) {
    std::string all;
    for (const Part& part : parts) {
        all += std::to_string(static_cast<int>(part.kind)) + ' ' + std::to_string(part.first) +
               '\n' + part.bytes;
    }
    return all;
}

TEST(StoreParts, EveryMemberComesBack) {
    const LayerResult result = test::full_layer();
    const auto parts = parts_of(result);
    const auto again = read(parts);
    ASSERT_TRUE(again);
    EXPECT_TRUE(bytes_of(parts_of(*again)) == bytes_of(parts));
    EXPECT_EQ(again->digest, result.digest);
    EXPECT_EQ(again->state, LayerState::partial);
    EXPECT_TRUE(again->over_decoder_memory);
    EXPECT_FALSE(again->is_archive);
    ASSERT_EQ(again->findings.size(), 2U);
    const Finding& finding = again->findings[1].finding;
    EXPECT_EQ(finding.path, "etc/k\xff.pem");
    EXPECT_EQ(finding.in_head, std::optional(false));
    EXPECT_EQ(finding.package->name, "openssl");
    EXPECT_EQ(finding.certificate->not_after, "2030-01-02T03:04:05Z");
    EXPECT_EQ(finding.pair->offset, 4U);
    EXPECT_EQ(finding.identifier->value, "alice");
    EXPECT_EQ(again->findings[1].containers, 1U);
    EXPECT_EQ(again->programs.at(0).program.applets, result.programs[0].program.applets);
    EXPECT_EQ(again->paths.entries.size(), 1000U);
    EXPECT_EQ(again->paths.entries[999].path, result.paths.entries[999].path);
    EXPECT_EQ(again->paths.entries[999].kind, result.paths.entries[999].kind);
    EXPECT_EQ(again->certificates.at(0).certificate->digest[3], 7);
    EXPECT_EQ(again->packages.files, result.packages.files);
    EXPECT_EQ(again->digests.at(1).sha1, result.digests[1].sha1);
    EXPECT_TRUE(again->file_facts.known);
    EXPECT_EQ(again->file_facts.facts.at(0).kind, layer::FactKind::weak_binary);
    EXPECT_EQ(again->file_facts.facts.at(0).size, 1234U);
    EXPECT_EQ(again->file_facts.documents.at(0).text, "ID=debian\n");
    EXPECT_EQ(again->file_facts.untold, result.file_facts.untold);
    EXPECT_EQ(again->file_facts.newest_mtime, 14);
}

TEST(StoreParts, TheReportOfAStoredLayerIsTheSame) {
    const LayerResult result = test::full_layer();
    const auto again = read(parts_of(result));
    ASSERT_TRUE(again);
    image::ImageFacts facts;
    facts.info.digest = test::digest_named("image");
    facts.layers.push_back({result.digest, "", 100, "RUN x", "", "", LayerState::failed});
    const auto report = [&facts](const LayerResult& of) {
        Report all;
        all.targets.push_back(image::join("x", facts, {&of}, false));
        return report::write_json(all);
    };
    EXPECT_GT(report(result).size(), 1000U);
    EXPECT_TRUE(report(result) == report(*again));
}

TEST(StoreParts, AnEmptyResultHasOneSmallPart) {
    const auto parts = parts_of(LayerResult{});
    ASSERT_EQ(parts.size(), 1U);
    EXPECT_LT(parts[0].bytes.size(), 200U);
    EXPECT_TRUE(read(parts));
}

TEST(StoreParts, ManyFindingsAreManyParts) {
    LayerResult result = test::layer_of("many");
    for (int i = 0; i < 20'000; ++i) {
        result.findings.push_back(
            {test::finding_of("rule", "path/" + std::to_string(i), std::to_string(i))});
    }
    const auto parts = parts_of(result);
    EXPECT_GT(parts.size(), 4U);
    const auto again = read(parts);
    ASSERT_TRUE(again);
    EXPECT_EQ(again->findings.at(19'999).finding.path, "path/19999");
    const auto some = store::read_findings(parts[2].bytes);
    ASSERT_TRUE(some);
    EXPECT_EQ(some->at(0).finding.path, "path/" + std::to_string(parts[2].first));
}

TEST(StoreParts, ClearTextIsNotKept) {
    LayerResult result = test::layer_of("clear", {test::finding_of("rule", "path", "s")});
    result.findings[0].finding.clear_text = std::string(30, 'Q');
    const auto parts = parts_of(result);
    for (const Part& part : parts) {
        const auto bytes = store::unpack(part.bytes);
        ASSERT_TRUE(bytes);
        EXPECT_EQ(bytes->find("QQQQ"), std::string::npos);
    }
    EXPECT_EQ(read(parts)->findings[0].finding.clear_text, "");
}

TEST(StoreParts, AMissingPartIsSeen) {
    const auto parts = parts_of(test::full_layer());
    for (std::size_t i = 0; i < parts.size(); ++i) {
        auto fewer = parts;
        fewer.erase(fewer.begin() + static_cast<std::ptrdiff_t>(i));
        EXPECT_FALSE(read(fewer)) << i;
    }
    auto twice = parts;
    twice.insert(twice.begin() + 1, parts[1]);
    EXPECT_FALSE(read(twice));
}

TEST(StoreParts, AFlippedBitIsSeen) {
    const auto parts = parts_of(test::full_layer());
    std::size_t tried = 0;
    for (std::size_t i = 0; i < parts.size(); ++i) {
        for (std::size_t at = 0; at < parts[i].bytes.size(); at += 1 + at / 8) {
            auto damaged = parts;
            damaged[i].bytes[at] = static_cast<char>(damaged[i].bytes[at] ^ 0x10);
            const auto result = read(damaged);
            // A bit that changes nothing, in the frame's header, may pass.
            EXPECT_TRUE(!result || bytes_of(parts_of(*result)) == bytes_of(parts))
                << i << ' ' << at;
            ++tried;
        }
    }
    EXPECT_GT(tried, 100U);
}

TEST(StoreParts, WhatIsNoPartIsRefused) {
    PartReader reader;
    EXPECT_FALSE(reader.add(store::PartKind::head, 0, "not zstd"));
    EXPECT_FALSE(reader.take());
    const std::string noise = store::pack(std::string(100, '\xff'));
    for (int kind = 0; kind <= static_cast<int>(store::last_part_kind); ++kind) {
        PartReader other;
        EXPECT_FALSE(other.add(static_cast<store::PartKind>(kind), 0, noise) && other.take());
    }
    EXPECT_FALSE(store::read_facts(noise));
}

// A package's number leads into a list; one that leads nowhere would be read out of it.
TEST(StoreParts, NumbersThatLeadNowhereAreRefused) {
    LayerResult result = test::full_layer();
    result.packages.files[0].package = 5;
    EXPECT_FALSE(read(parts_of(result)));
    result = test::full_layer();
    result.packages.packages[0].list = 5;
    EXPECT_FALSE(read(parts_of(result)));
}

TEST(StoreParts, ImageFactsComeBack) {
    image::ImageFacts facts;
    facts.info = {"sha256:d", "linux/arm64", "2024", "sha256:c", {"app:1"}, "artifact"};
    facts.layers.push_back({"sha256:l", "type", -1, "RUN x", "name", "gone", LayerState::encrypted});
    facts.gaps = {{"a", "b", 3, {}}};
    facts.notes = {"n"};
    facts.metadata_bytes = 77;
    const auto again = store::read_facts(store::write_facts(facts));
    ASSERT_TRUE(again);
    EXPECT_EQ(store::write_facts(*again), store::write_facts(facts));
    EXPECT_EQ(again->layers.at(0).size, -1);
    EXPECT_EQ(again->layers.at(0).unavailable_state, LayerState::encrypted);
    EXPECT_EQ(again->info.names, facts.info.names);
}

}  // namespace
