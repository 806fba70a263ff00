// What the compression round a whole archive promises: every byte to its true
// end, no more memory than was granted, and nothing passed over in silence.
#include "scanner/source/decoded_stream.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <string>

#include "tests/support/blobs.hpp"
#include "tests/support/tar_builder.hpp"

namespace stratascan::source {
namespace {

using layer::Compression;
using test::Random;

constexpr std::array formats = {Compression::none, Compression::gzip, Compression::zstd,
                                Compression::bzip2, Compression::xz};

struct Decoded {
    std::string bytes;
    std::string side;
    std::optional<Error> error;
};

Decoded decode(std::string_view blob, const StreamLimits& limits = {}) {
    DecodedStream stream(
        [&](std::span<std::byte> out) {
            const std::size_t count = std::min(out.size(), blob.size());
            std::ranges::copy(std::as_bytes(std::span(blob.substr(0, count))), out.begin());
            blob.remove_prefix(count);
            return Result<std::size_t>(count);
        },
        limits);
    Decoded decoded;
    while (true) {
        const auto bytes = stream.next();
        if (!bytes) decoded.error = bytes.error();
        if (!bytes || bytes->empty()) break;
        decoded.bytes.append(reinterpret_cast<const char*>(bytes->data()), bytes->size());
    }
    const auto after = stream.next();
    EXPECT_TRUE(after && after->empty()) << "nothing comes behind the end or an error";
    decoded.side = stream.side_bytes();
    return decoded;
}

TEST(DecodedStream, GivesEveryByteOfEveryMember) {
    Random random(1);
    for (const std::size_t size : {std::size_t{0}, std::size_t{1}, std::size_t{256} << 10,
                                   (std::size_t{256} << 10) + 1, std::size_t{1} << 20}) {
        const std::string text = random.bytes(size);
        for (const Compression format : formats) {
            const Decoded decoded = decode(test::compress(format, text) +
                                           test::compress(format, "and a second member"));
            EXPECT_FALSE(decoded.error) << decoded.error->message();
            EXPECT_TRUE(decoded.bytes == text + "and a second member")
                << to_string(format) << " of " << size << " bytes gave " << decoded.bytes.size();
        }
    }
}

TEST(DecodedStream, KeepsWhatStandsBetweenAndBehindMembers) {
    const std::string zstd = test::zstd_skippable("table") + test::zstd("a") +
                             test::zstd_skippable("index") + "behind";
    const Decoded decoded = decode(zstd);
    EXPECT_FALSE(decoded.error);
    EXPECT_EQ(decoded.bytes, "a");
    EXPECT_EQ(decoded.side, "table\nindex\nbehind");
    EXPECT_EQ(decode(test::gzip("a") + std::string(10'000, '\0')).side, "") << "padding";
}

TEST(DecodedStream, GivesWhatCameBeforeDamageAndThenTheError) {
    Random random(2);
    const std::string text = random.bytes(2'000'000);
    for (const Compression format : formats) {
        if (format == Compression::none) continue;
        const std::string blob = test::compress(format, text);
        const Decoded decoded = decode(std::string_view(blob).substr(0, blob.size() / 2));
        ASSERT_TRUE(decoded.error.has_value()) << to_string(format);
        EXPECT_EQ(decoded.error->code, ErrorCode::malformed);
        EXPECT_GT(decoded.bytes.size(), 500'000U) << to_string(format);
        EXPECT_TRUE(text.starts_with(decoded.bytes)) << to_string(format);
    }
}

TEST(DecodedStream, RefusesAWindowOverItsMemoryAndSaysWhatToDo) {
    StreamLimits small;
    small.memory = layer::decoder_memory_within(std::uint64_t{4} << 20);
    const std::string text(100'000, 'a');
    for (const std::string& blob : {test::xz(text, 6), test::zstd_with_window(text, 23)}) {
        const Decoded refused = decode(blob, small);
        ASSERT_TRUE(refused.error.has_value());
        EXPECT_EQ(refused.error->code, ErrorCode::over_limit);
        EXPECT_EQ(refused.error->hint, "raise --memory");
        EXPECT_EQ(refused.bytes, "");
        EXPECT_EQ(decode(blob).bytes, text);
    }
    // A later member may ask for more than the first.
    const Decoded second = decode(test::xz("small", 0) + test::xz(text, 6), small);
    EXPECT_EQ(second.bytes, "small");
    EXPECT_TRUE(second.error && second.error->code == ErrorCode::over_limit);
}

TEST(DecodedStream, EndsAtItsLimitOfOutput) {
    StreamLimits limits;
    limits.output_bytes = 1'000'000;
    const Decoded decoded = decode(test::gzip(std::string(8'000'000, 'a')), limits);
    ASSERT_TRUE(decoded.error.has_value());
    EXPECT_EQ(decoded.error->code, ErrorCode::over_limit);
    EXPECT_LT(decoded.bytes.size(), 2'000'000U);
}

TEST(DecodedStream, AStreamThatCannotBeReadIsAnError) {
    int calls = 0;
    DecodedStream stream(
        [&](std::span<std::byte> out) -> Result<std::size_t> {
            if (calls++ > 0) return fail(ErrorCode::unreadable, "no more");
            std::ranges::fill(out, std::byte{'a'});
            return out.size();
        },
        {});
    EXPECT_TRUE(stream.next().has_value());
    const auto second = stream.next();
    ASSERT_FALSE(second.has_value());
    EXPECT_EQ(second.error().code, ErrorCode::unreadable);
    EXPECT_TRUE(stream.next()->empty());
}

TEST(DecoderMemory, FitsInWhatItIsGiven) {
    EXPECT_EQ(layer::decoder_memory_within(0).zstd_window_log, 10U);
    EXPECT_EQ(layer::decoder_memory_within(std::uint64_t{129} << 20).zstd_window_log, 27U);
    EXPECT_EQ(layer::decoder_memory_within(std::uint64_t{128} << 20).zstd_window_log, 26U);
    EXPECT_EQ(layer::decoder_memory_within(std::uint64_t{1} << 50).zstd_window_log, 31U);
}

}  // namespace
}  // namespace stratascan::source
