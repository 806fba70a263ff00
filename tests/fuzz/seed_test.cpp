// Every fuzz target with its seeds, as plain tests: a target whose form of input changed is seen
// to have lost its seeds. What ever crashed one (regressions.py) is a test of its own name, as
// FuzzRegressions/json.RepeatedUnderAnEscape. Each target is compiled into this program under a
// name of its own (tests/CMakeLists.txt).
#include <gtest/gtest.h>

#include <algorithm>
#include <cctype>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <string>
#include <string_view>
#include <utility>
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

std::string bytes_of(const std::filesystem::path& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
}

int run_bytes(const Target& target, std::string_view bytes) {
    // A copy without room behind it, so that a sanitizer sees every step beyond.
    const std::vector<std::uint8_t> copy(bytes.begin(), bytes.end());
    return target.run(copy.data(), copy.size());
}

int run_file(const Target& target, const std::filesystem::path& path) {
    return run_bytes(target, bytes_of(path));
}

// In the order of their names.
std::vector<std::filesystem::path> seeds_of(const Target& target) {
    // The corpora of a campaign have the same form, and may be run in their place.
    const char* const others = std::getenv("STRATASCAN_SEEDS");
    const std::filesystem::path folder =
        std::filesystem::path(others != nullptr ? others : STRATASCAN_SEEDS) / target.name;
    std::vector<std::filesystem::path> seeds;
    for (const auto& entry : std::filesystem::directory_iterator(folder)) {
        seeds.push_back(entry.path());
    }
    std::ranges::sort(seeds);
    return seeds;
}

class FuzzSeeds : public testing::TestWithParam<Target> {};

TEST_P(FuzzSeeds, HoldWhatTheTargetPromises) {
    const auto seeds = seeds_of(GetParam());
    ASSERT_FALSE(seeds.empty());
    for (const auto& seed : seeds) {
        // A target that breaks its promise ends the program: this says at which seed.
        std::printf("%s/%s\n", GetParam().name, seed.filename().c_str());
        std::fflush(stdout);
        EXPECT_EQ(run_file(GetParam(), seed), 0);
    }
    EXPECT_EQ(GetParam().run(reinterpret_cast<const std::uint8_t*>(""), 0), 0);
}

// A target that breaks its promise ends the program, with the seed told last.
TEST_P(FuzzSeeds, HoldItWhenTheyAreCutAtEachHundredth) {
    for (const auto& seed : seeds_of(GetParam())) {
        std::printf("%s/%s\n", GetParam().name, seed.filename().c_str());
        std::fflush(stdout);
        const std::string whole = bytes_of(seed);
        std::size_t last = 0;
        for (std::size_t part = 1; part < 100; ++part) {
            const std::size_t size = whole.size() * part / 100;
            if (size == std::exchange(last, size)) continue;
            ASSERT_EQ(run_bytes(GetParam(), std::string_view(whole).substr(0, size)), 0);
        }
    }
}

// In turn of each of the seeds that have a byte, so of all of them.
TEST_P(FuzzSeeds, HoldItWithAThousandBitsTurnedOver) {
    std::vector<std::string> wholes;
    for (const auto& seed : seeds_of(GetParam())) {
        wholes.push_back(bytes_of(seed));
        if (wholes.back().empty()) wholes.pop_back();
    }
    ASSERT_FALSE(wholes.empty());
    std::mt19937_64 random(1000);  // the same ones each time
    for (std::size_t count = 0; count < 1000; ++count) {
        std::string bytes = wholes[count % wholes.size()];
        const std::uint64_t bit = random() % (8 * bytes.size());
        bytes[bit / 8] ^= static_cast<char>(1U << bit % 8);
        SCOPED_TRACE(count);
        ASSERT_EQ(run_bytes(GetParam(), bytes), 0);
    }
}

std::string name_of(const testing::TestParamInfo<Target>& one) { return one.param.name; }

INSTANTIATE_TEST_SUITE_P(Target, FuzzSeeds, testing::ValuesIn(targets), name_of);

constexpr std::string_view regression = "regression-";  // as make_seeds.py calls them

class FuzzRegression : public testing::Test {
public:
    FuzzRegression(const Target& target, std::filesystem::path input)
        : target_(target), input_(std::move(input)) {}
    // A target that breaks its promise ends the program.
    void TestBody() override { EXPECT_EQ(run_file(target_, input_), 0); }

private:
    const Target& target_;
    std::filesystem::path input_;
};

// "repeated-under-an-escape" as tests are called.
std::string test_name(std::string_view name) {
    std::string made;
    for (std::size_t i = 0; i < name.size(); ++i) {
        const bool first = i == 0 || name[i - 1] == '-';
        const auto c = static_cast<unsigned char>(name[i]);
        if (c != '-') made += static_cast<char>(first ? std::toupper(c) : c);
    }
    return made;
}

std::size_t register_regressions() {
    std::size_t count = 0;
    for (const Target& target : targets) {
        std::error_code none;  // FuzzSeeds tells of a folder that is not there
        for (const auto& entry : std::filesystem::directory_iterator(
                 std::filesystem::path(STRATASCAN_SEEDS) / target.name, none)) {
            const std::string name = entry.path().filename();
            if (!name.starts_with(regression)) continue;
            testing::RegisterTest((std::string("FuzzRegressions/") + target.name).c_str(),
                                  test_name(name.substr(regression.size())).c_str(), nullptr,
                                  nullptr, __FILE__, __LINE__,
                                  [&target, path = entry.path()]() -> testing::Test* {
                                      return new FuzzRegression(target, path);
                                  });
            ++count;
        }
    }
    return count;
}

const std::size_t regressions = register_regressions();

TEST(FuzzRegressions, AreThere) { EXPECT_GT(regressions, 0U); }

}  // namespace
