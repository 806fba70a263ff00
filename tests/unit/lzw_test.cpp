// What compress(1) of Debian writes is read back, for widths of codes and however it is
// cut; what it did not write ends in an error, or where the input ends.
#include "scanner/layer/lzw.hpp"

#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <iterator>
#include <string>

#include "tests/support/blobs.hpp"
#include "tests/support/image_builder.hpp"

namespace stratascan::layer {
namespace {

bool has_compress() { return std::system("command -v compress >/dev/null 2>&1") == 0; }

std::string compressed(const std::string& text, int bits) {
    const test::TempDir folder;
    const std::string from = folder.write("from", text), to = folder.path("to");
    const std::string command =
        "compress -f -c -b " + std::to_string(bits) + " '" + from + "' > '" + to + "' 2>/dev/null";
    EXPECT_GE(std::system(command.c_str()), 0);  // it ends with 2 where the file would grow
    std::ifstream file(to, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
}

struct Out {
    std::string bytes, error;
};

Out decoded(std::string_view blob, std::size_t in_size, std::size_t out_size) {
    const auto decoder = make_compress_decoder();
    Out out;
    std::string buffer(out_size, '\0');
    std::string held;
    for (;;) {
        std::string_view in = held;
        std::span<char> to(buffer);
        const auto step = decoder->step(in, blob.empty(), to);
        out.bytes.append(buffer, 0, buffer.size() - to.size());
        held.erase(0, held.size() - in.size());
        if (!step) {
            out.error = step.error().what;
            return out;
        }
        if (*step == Step::end) return out;
        if (*step != Step::need_input) continue;
        held += blob.substr(0, in_size);
        blob.remove_prefix(std::min(in_size, blob.size()));
    }
}

std::string words(std::size_t size, std::uint64_t seed, unsigned kinds) {
    std::string text;
    std::uint64_t state = seed * 2654435761U + 1;
    while (text.size() < size) {
        state = state * 6364136223846793005U + 1442695040888963407U;
        text += static_cast<char>((state >> 33U) % kinds);
        if ((state >> 20U) % 13 == 0) text += " and the same words again ";
    }
    text.resize(size);
    return text;
}

TEST(Compress, ReadsWhatTheProgramWrites) {
    if (!has_compress()) GTEST_SKIP() << "no compress(1) here";
    // What it writes with `-b 9` it can't read itself past 300 bytes or so.
    for (int bits = 10; bits <= 16; ++bits) {
        for (const std::size_t size : {1U, 2U, 300U, 5000U, 70'000U, 1'500'000U}) {
            for (const unsigned kinds : {1U, 4U, 256U}) {
                const std::string text = words(size, size + kinds, kinds);
                const std::string blob = compressed(text, bits);
                ASSERT_GE(blob.size(), 3U) << bits << ' ' << size;
                EXPECT_TRUE(is_compress(blob)) << bits << ' ' << size << ' ' << kinds;
                const Out whole = decoded(blob, blob.size(), 64 << 10);
                EXPECT_EQ(whole.error, "");
                EXPECT_TRUE(whole.bytes == text) << bits << ' ' << size << ' ' << kinds;
                if (size > 100'000) continue;
                EXPECT_TRUE(decoded(blob, 1, 7).bytes == text) << bits << ' ' << size;
            }
        }
    }
}

// Data that change their kind make the program empty its table.
TEST(Compress, ReadsOnWhereTheTableIsEmptied) {
    if (!has_compress()) GTEST_SKIP() << "no compress(1) here";
    for (const int bits : {10, 12, 16}) {
        std::string text;
        for (unsigned part = 0; part < 8; ++part) text += words(400'000, part, part % 2 ? 3 : 256);
        EXPECT_TRUE(decoded(compressed(text, bits), 4096, 4096).bytes == text) << bits;
    }
}

TEST(Compress, WhatIsNoneIsAnError) {
    EXPECT_FALSE(is_compress("\x1f\x9d\x90"));
    EXPECT_FALSE(is_compress(std::string("\x1f\x9d\x88" "ab", 5))) << "8 bits";
    EXPECT_FALSE(is_compress(std::string("\x1f\x9d\xb0" "ab", 5))) << "a reserved bit";
    EXPECT_FALSE(is_compress(std::string("\x1f\x9d\x90" "a\x01", 5))) << "a code that is no byte";
    EXPECT_TRUE(is_compress(std::string("\x1f\x9d\x90" "ab", 5)));
    EXPECT_EQ(decoded("\x1f\x9d", 9, 9).error, "compress: the stream ends early");
    EXPECT_EQ(decoded(std::string("\x1f\x9d\x90\0\x02\xfc\xff", 7), 9, 9).error,
              "compress: a code that is not in the table");
    EXPECT_EQ(decoded(std::string("\x1f\x9d\x1f" "ab", 5), 9, 9).error,
              "compress: a width of codes that there is not");
}

// One string that grows by a byte a code: the longest that there can be.
TEST(Compress, TheLongestStringsFit) {
    if (!has_compress()) GTEST_SKIP() << "no compress(1) here";
    const std::string text(std::size_t{80} << 20, 'a');
    const Out out = decoded(compressed(text, 16), 64 << 10, 64 << 10);
    EXPECT_EQ(out.bytes.size(), text.size());
    EXPECT_TRUE(out.bytes == text);
}

}  // namespace
}  // namespace stratascan::layer
