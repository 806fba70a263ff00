// What the library packs in blocks is read back, however it is cut; what is no block ends in an
// error, or where the frame ends.
#include "scanner/layer/lz4_legacy.hpp"

#include <gtest/gtest.h>
#include <lz4.h>

#include <algorithm>
#include <string>

#include "tests/support/blobs.hpp"

namespace stratascan::layer {
namespace {

constexpr std::string_view magic = Lz4Legacy::magic;

std::string sized(const std::string& block) {
    std::string bytes;
    for (unsigned shift = 0; shift < 32; shift += 8) {
        bytes += static_cast<char>(block.size() >> shift & 0xffU);
    }
    return bytes + block;
}

std::string block_of(const std::string& text) {
    std::string block(static_cast<std::size_t>(LZ4_compressBound(static_cast<int>(text.size()))),
                      '\0');
    const int size = LZ4_compress_default(text.data(), block.data(), static_cast<int>(text.size()),
                                          static_cast<int>(block.size()));
    block.resize(static_cast<std::size_t>(size));
    return sized(block);
}

struct Out {
    std::string bytes, error, left;
};

Out decoded(std::string_view blob, std::size_t in_size = 100'000, std::size_t out_size = 70'000) {
    const auto decoder = make_lz4_decoder();
    Out out;
    std::string buffer(out_size, '\0');
    for (;;) {
        const std::size_t before = out.left.size();
        std::string_view in = out.left;
        std::span<char> to(buffer);
        const auto step = decoder->step(in, blob.empty(), to);
        const std::size_t made = buffer.size() - to.size();
        out.bytes.append(buffer, 0, made);
        out.left.erase(0, out.left.size() - in.size());
        if (!step) {
            out.error = step.error().what;
            return out;
        }
        if (*step == Step::end) return out;
        EXPECT_TRUE(made > 0 || out.left.size() < before || *step == Step::need_input);
        if (*step != Step::need_input) continue;
        out.left += blob.substr(0, in_size);
        blob.remove_prefix(std::min(in_size, blob.size()));
    }
}

TEST(Lz4Legacy, ReadsWhatTheLibraryPacks) {
    test::Random random(3);
    for (const std::size_t size : {1U, 20U, 70'000U, 3'000'000U}) {
        const std::string text = random.text(size), noise = random.bytes(size);
        const std::string same(size, 'x'), whole = text + noise + same;
        const std::string frame =
            std::string(magic) + block_of(text) + block_of(noise) + block_of(same);
        for (const std::size_t in : {std::size_t{1}, std::size_t{7}, std::size_t{100'000}}) {
            if (size > 100'000 && in < 7) continue;
            const Out out = decoded(frame, in, in == 7 ? 13 : 70'000);
            EXPECT_TRUE(out.bytes == whole) << size << " by " << in;
            EXPECT_EQ(out.error, "");
        }
    }
}

TEST(Lz4Legacy, EndsWhereNoBlockFollows) {
    const std::string frame = std::string(magic) + block_of("one");
    EXPECT_EQ(decoded(frame + frame).bytes, "oneone");
    EXPECT_EQ(decoded(frame + std::string(4, '\0')).left, std::string(4, '\0'));
    EXPECT_EQ(decoded(frame + "\xff\xff\xff\x7fmore").left, "\xff\xff\xff\x7fmore");
    EXPECT_EQ(decoded(std::string(magic)).error, "");
}

TEST(Lz4Legacy, RefusesWhatIsNoBlock) {
    const auto error = [](const std::string& block) {
        return decoded(std::string(magic) + sized(block)).error;
    };
    EXPECT_EQ(error(std::string("\x10" "a\0\0", 4)), "lz4: a distance reaches before the block");
    EXPECT_EQ(error(std::string("\x10" "a\2\0", 4)), "lz4: a distance reaches before the block");
    EXPECT_EQ(error("\x50" "abcd"), "lz4: a block is larger than it may be");
    EXPECT_EQ(error(std::string("\x1f" "a\1\0", 4) + std::string(40'000, '\xff') + "x"),
              "lz4: a block is larger than it may be");
    EXPECT_EQ(error("\x10" "a\1"), "lz4: a block ends inside a sequence");
    const std::string cut = std::string(magic) + block_of("one and more of it");
    EXPECT_EQ(decoded(std::string_view(cut).substr(0, cut.size() - 1)).error,
              "lz4: the blob ends inside a block");
    EXPECT_EQ(decoded(cut + "ab").error, "lz4: the blob ends inside a block's size");
}

// A block that the library takes is the same here.
TEST(Lz4Legacy, AgreesWithTheLibraryOnDamagedBlocks) {
    test::Random random(5);
    int agreed = 0;
    for (int i = 0; i < 3000; ++i) {
        std::string frame = block_of(random.text(random.number(40, 400)));
        for (std::size_t n = random.number(0, 3); n > 0; --n) {
            frame[random.number(4, frame.size() - 1)] = random.bytes(1)[0];
        }
        const Out out = decoded(std::string(magic) + frame);
        std::string whole(200'000, '\0');
        const int size =
            LZ4_decompress_safe(frame.data() + 4, whole.data(), static_cast<int>(frame.size() - 4),
                                static_cast<int>(whole.size()));
        // Each is strict where the other is not.
        if (size < 0 || !out.error.empty()) continue;
        EXPECT_TRUE(out.bytes == whole.substr(0, static_cast<std::size_t>(size)));
        ++agreed;
    }
    EXPECT_GT(agreed, 700);
}

}  // namespace
}  // namespace stratascan::layer
