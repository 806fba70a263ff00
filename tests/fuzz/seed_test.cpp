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

int run_file(const Target& target, const std::filesystem::path& path) {
    std::ifstream file(path, std::ios::binary);
    const std::string bytes{std::istreambuf_iterator<char>(file), {}};
    // A copy without room behind it, so that a sanitizer sees every step beyond.
    const std::vector<std::uint8_t> copy(bytes.begin(), bytes.end());
    return target.run(copy.data(), copy.size());
}

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
        EXPECT_EQ(run_file(GetParam(), seed), 0);
    }
    EXPECT_EQ(GetParam().run(reinterpret_cast<const std::uint8_t*>(""), 0), 0);
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
