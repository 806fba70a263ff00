// What a bucket lets pass is what it is said to let pass.
#include "scanner/sieve/crowd.hpp"

#include <gtest/gtest.h>

#include <limits>

#include "scanner/sieve/sample.hpp"

namespace stratascan::sieve {
namespace {

constexpr double any_number = std::numeric_limits<double>::infinity();

KeyBytes bytes_of(std::string_view text) {
    KeyBytes key;
    for (std::size_t place = 0; place < table_places; ++place) {
        if (place < text.size()) {
            key[place].set(static_cast<unsigned char>(text[place]));
        } else {
            key[place].set();
        }
    }
    return key;
}

// 64 places, of which each eighth begins "needle".
std::string haystack() {
    std::string text;
    while (text.size() < 64) text += "needle, ";
    return text + "      ";
}

TEST(SieveCrowd, CountsWhereAKeyStands) {
    const std::string text = haystack();
    const PlacesByByte places(text);
    EXPECT_EQ(places.words(), 1U);
    EXPECT_EQ(key_with_places(places, bytes_of("needle")).met(), 8);
    EXPECT_EQ(key_with_places(places, bytes_of("edle")).met(), 8);
    EXPECT_EQ(key_with_places(places, bytes_of("")).met(), 64);
    EXPECT_EQ(key_with_places(places, bytes_of("absent")).met(), 0);
    EXPECT_DOUBLE_EQ(places.part(0, bytes_of("e")[0]), 3.0 / 8);
}

TEST(SieveCrowd, LetsPassWhatAnyMixtureOfItsKeysAllows) {
    const PlacesByByte places(haystack());
    Crowd crowd(places);
    EXPECT_EQ(crowd.passing(), 0);
    crowd.add(bytes_of("neexxx"));
    const double alone = crowd.passing();
    EXPECT_LT(alone, 1) << "it stands nowhere";
    // With the ends of another key, the beginnings of the first let a text pass
    // that neither is in.
    const Key other = key_with_places(places, bytes_of("yyydle"));
    const double both = crowd.passing_with(other, any_number);
    EXPECT_GE(both, 8);
    EXPECT_EQ(crowd.passing_with(other, 5), any_number) << "more than was asked about";
    EXPECT_EQ(crowd.passing(), alone);
    crowd.add(bytes_of("yyydle"));
    EXPECT_DOUBLE_EQ(crowd.passing(), both);
    crowd.remove(bytes_of("yyydle"));
    EXPECT_DOUBLE_EQ(crowd.passing(), alone);
}

TEST(SieveCrowd, HoldsABytesOfTwoKeysUntilBothAreGone) {
    const PlacesByByte places(haystack());
    Crowd crowd(places);
    crowd.add(bytes_of("needle"));
    const double one = crowd.passing();
    crowd.add(bytes_of("needle"));
    EXPECT_DOUBLE_EQ(crowd.passing(), one);
    crowd.remove(bytes_of("needle"));
    EXPECT_DOUBLE_EQ(crowd.passing(), one);
    crowd.remove(bytes_of("needle"));
    EXPECT_EQ(crowd.passing(), 0);
}

TEST(SieveSample, HasTextAndMachineCode) {
    EXPECT_GE(text_sample().size(), 64U << 10);
    EXPECT_GE(binary_sample().size(), 16U << 10);
    const auto zeros = [](std::string_view bytes) {
        return std::count(bytes.begin(), bytes.end(), '\0');
    };
    EXPECT_GT(zeros(binary_sample()), zeros(text_sample()));
}

}  // namespace
}  // namespace stratascan::sieve
