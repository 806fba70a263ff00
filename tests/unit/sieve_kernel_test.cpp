// Every kernel gives the places that the plain one gives: byte for byte, wherever
// chunks begin and end. And the plain one gives each place where a needle's key
// stands with what must stand near it.
#include "scanner/sieve/kernel.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <vector>

#include "scanner/sieve/follow.hpp"
#include "tests/support/shipped.hpp"

namespace stratascan::sieve {
namespace {

using test::Random;
using Places = std::vector<std::uint32_t>;

const Tables& tables() {
    static const Tables all(test::shipped_plan());
    return all;
}

Places places_of(Kernel kernel, const std::string& text, std::size_t from, std::size_t to,
                 bool programs) {
    // As much as may be read, and no more, so that a reader beyond it is caught.
    const std::vector<char> bytes(text.begin(), text.end());
    EXPECT_LE(to + kernel_sight, bytes.size());
    Places places(to - from + kernel_slack);
    const std::size_t count =
        kernel(tables(), bytes.data(), from, to, programs, places.data(), nullptr);
    EXPECT_LE(count, to - from);
    places.resize(count);
    return places;
}

class SieveKernel : public ::testing::Test {
protected:
    void SetUp() override {
        fast_ = kernel_named("avx512vbmi");
        if (fast_ == nullptr) GTEST_SKIP() << "this processor has no AVX-512 VBMI";
    }

    // Gives the number of places.
    std::size_t expect_same(const std::string& text, std::size_t from, std::size_t to,
                            const std::string& what) const {
        std::size_t count = 0;
        for (const bool programs : {false, true}) {
            const Places plain = places_of(&plain_kernel, text, from, to, programs);
            EXPECT_EQ(places_of(fast_, text, from, to, programs), plain)
                << what << " from " << from << " to " << to << (programs ? ", programs" : "");
            EXPECT_TRUE(std::is_sorted(plain.begin(), plain.end()));
            count += plain.size();
        }
        return count;
    }

    Kernel fast_ = nullptr;
};

TEST(SieveKernels, AreKnownByTheirNames) {
    EXPECT_EQ(kernel_named("plain"), &plain_kernel);
    EXPECT_EQ(kernel_named(""), nullptr);
    EXPECT_EQ(kernel_named("avx2"), nullptr);
    EXPECT_EQ(best_kernel(), kernel_named("avx512vbmi"));
}

TEST_F(SieveKernel, AgreesOnRandomBytes) {
    for (std::uint64_t seed = 1; seed <= 60; ++seed) {
        Random random(seed);
        const std::size_t size = random.number(1, kernel_chunk);
        const std::size_t from = random.number(0, 200);
        expect_same(random.bytes(from + size + kernel_sight), from, from + size, "noise");
    }
}

TEST_F(SieveKernel, AgreesOnTextOfPieces) {
    std::size_t count = 0;
    for (std::uint64_t seed = 1; seed <= 80; ++seed) {
        Random random(seed + 100);
        std::string text;
        while (text.size() < kernel_chunk + kernel_sight + 300) {
            text += random.text(random.number(0, 300));
            text += random.number(0, 1) == 0 ? test::example_texts().example(random)
                                             : test::example_texts().near_miss(random);
        }
        const std::size_t from = random.number(0, 300);
        count += expect_same(text, from, from + random.number(1, kernel_chunk), "pieces");
    }
    EXPECT_GT(count, 1000U);
}

TEST_F(SieveKernel, AgreesOnRunsOfEveryLength) {
    // A digit and the ends of a run at each place round where runs become telling.
    for (std::size_t run = 1; run <= 80; ++run) {
        for (const char* key : {"password=\"", "api_key: '", "secret = \""}) {
            std::string text(100, ' ');
            for (const std::size_t digit : {std::size_t{0}, run / 2, run - 1, run}) {
                for (std::size_t gap = 0; gap < 320; gap += 53) {
                    std::string token(run, 'q');
                    if (digit < run) token[digit] = '7';
                    text += key + std::string(gap, ' ') + token + "\" \n";
                }
            }
            text.append(kernel_sight, ' ');
            for (std::size_t from = 0; from + kernel_sight < text.size();) {
                const std::size_t to = std::min(text.size() - kernel_sight, from + kernel_chunk);
                expect_same(text, from, to, "runs of " + std::to_string(run));
                from = to;
            }
        }
    }
}

// Needles of each group, at each place of a block, and where a chunk ends.
TEST_F(SieveKernel, AgreesOnNeedlesAtEveryPlace) {
    const Plan plan = test::shipped_plan();
    Random random(3);
    std::array<std::vector<std::string>, groups> texts;
    for (const Needle& needle : plan.needles) {
        auto& some = texts[static_cast<std::size_t>(needle.group)];
        if (some.size() < 12 || random.number(0, 60) == 0) some.emplace_back(plan.text(needle));
    }
    const std::string tail = " = \"" + test::expanded("{{alnum:64}}", 5) + "\"\n";
    std::size_t count = 0;
    for (const auto& some : texts) {
        for (const std::string& needle : some) {
            for (std::size_t offset = 0; offset < 64; ++offset) {
                std::string text(2000 + kernel_sight, ' ');
                for (std::size_t at = offset; at + 200 < 2000; at += 64 * 5) {
                    text.replace(at, needle.size() + tail.size(), needle + tail);
                }
                count += expect_same(text, 0, 1500 + offset, needle);
            }
            std::string text(kernel_chunk + kernel_sight + 80, ' ');
            text.replace(kernel_chunk - 10, needle.size() + tail.size(), needle + tail);
            for (std::size_t back = 0; back <= 20; ++back) {
                expect_same(text, 0, kernel_chunk - back, needle);
                expect_same(text, 64 - back, kernel_chunk + 64 - back, needle);
            }
        }
    }
    EXPECT_GT(count, 1000U);
}

// What the plain kernel must give, told without a table: wherever a needle of the
// plan stands and its group's condition holds, there is a place.
TEST(PlainKernel, MissesNoNeedle) {
    const Plan plan = test::shipped_plan();
    // Long, with digits: telling, token bytes and printing bytes all at once.
    for (const Needle& needle : plan.needles) {
        std::string text = std::string(70, ' ') + std::string(plan.text(needle));
        // What may follow it, as far as the first pass looks.
        for (std::size_t place = 0; place < table_places + 2; ++place) {
            if (needle.follow == no_follow) break;
            const auto bytes = Follow::bytes_at(plan.follows.data() + needle.follow, place);
            if (bytes.all() || bytes.none()) break;
            for (const unsigned byte : {unsigned{'9'}, unsigned{'a'}}) {
                if (bytes[byte] && text.size() < 70U + needle.size + place + 1) {
                    text += static_cast<char>(byte);
                }
            }
            for (unsigned byte = 0; byte < 256; ++byte) {
                if (bytes[byte] && text.size() < 70U + needle.size + place + 1) {
                    text += static_cast<char>(byte);
                }
            }
        }
        text += test::expanded("{{alnum:60}}7{{alnum:19}}", 1);
        const std::size_t to = text.size();
        text.append(kernel_sight, ' ');
        const Places places = places_of(&plain_kernel, text, 0, to, true);
        EXPECT_TRUE(std::binary_search(places.begin(), places.end(), 70U + needle.key_at))
            << plan.text(needle);
    }
}

}  // namespace
}  // namespace stratascan::sieve
