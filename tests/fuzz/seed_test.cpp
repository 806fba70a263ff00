// Every fuzz target with its seeds, as plain tests: what ever crashed one does not again,
// and a target whose form of input changed is seen to have lost its seeds. Each target is
// compiled into this program under a name of its own (tests/CMakeLists.txt).
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#define FUZZ_TARGET(name) extern "C" int fuzz_##name(const std::uint8_t* data, std::size_t size);
#include "fuzz_targets.inc"
#undef FUZZ_TARGET

namespace {

struct Target {
    const char* name;
    int (*run)(const std::uint8_t* data, std::size_t size);
};

constexpr Target targets[] = {
#define FUZZ_TARGET(name) {#name, &fuzz_##name},
#include "fuzz_targets.inc"
#undef FUZZ_TARGET
};

class FuzzSeeds : public testing::TestWithParam<Target> {};

TEST_P(FuzzSeeds, HoldWhatTheTargetPromises) {
    // The corpora of a campaign have the same form, and may be run in their place.
    const char* const others = std::getenv("STRATASCAN_SEEDS");
    const std::filesystem::path folder =
        std::filesystem::path(others != nullptr ? others : STRATASCAN_SEEDS) / GetParam().name;
    std::vector<std::filesystem::path> seeds;
    for (const auto& entry : std::filesystem::directory_iterator(folder)) {
        seeds.push_back(entry.path());
    }
    std::ranges::sort(seeds);
    ASSERT_FALSE(seeds.empty());
    for (const auto& seed : seeds) {
        // A target that breaks its promise ends the program: this says at which seed.
        std::printf("%s/%s\n", GetParam().name, seed.filename().c_str());
        std::fflush(stdout);
        std::ifstream file(seed, std::ios::binary);
        const std::string bytes{std::istreambuf_iterator<char>(file), {}};
        // A copy without room behind it, so that a sanitizer sees every step beyond.
        const std::vector<std::uint8_t> copy(bytes.begin(), bytes.end());
        EXPECT_EQ(GetParam().run(copy.data(), copy.size()), 0);
    }
    EXPECT_EQ(GetParam().run(reinterpret_cast<const std::uint8_t*>(""), 0), 0);
}

std::string name_of(const testing::TestParamInfo<Target>& one) { return one.param.name; }

INSTANTIATE_TEST_SUITE_P(Target, FuzzSeeds, testing::ValuesIn(targets), name_of);

}  // namespace
