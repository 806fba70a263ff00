// What decoding promises: every byte of every member, however the input is cut,
// to the true end of the blob; what is damaged ends with an Error, never with a
// crash or a loop.
#include "scanner/layer/decoder.hpp"

#include <gtest/gtest.h>

#include <array>

#include "tests/support/blobs.hpp"

namespace stratascan::layer {
namespace {

using test::always;
using test::any_of;
using test::decode;
using test::Decoded;
using test::Random;

constexpr std::array formats = {Compression::gzip, Compression::zstd, Compression::bzip2,
                                Compression::xz, Compression::none};
constexpr std::array compressions = {Compression::gzip, Compression::zstd, Compression::bzip2,
                                     Compression::xz};

std::vector<DecoderOptions> engines(Compression format) {
    std::vector<DecoderOptions> all(1);
    if (format == Compression::gzip) {
        all.emplace_back();
        all.back().gzip = GzipEngine::zlib;
    }
    return all;
}

std::string name_of(Compression format, const DecoderOptions& options) {
    return std::string(to_string(format)) + (options.gzip == GzipEngine::zlib ? "/zlib" : "");
}

void expect_whole(const Decoded& decoded, std::string_view output, std::string_view rest,
                  const std::string& what) {
    EXPECT_FALSE(decoded.stuck) << what;
    EXPECT_FALSE(decoded.error.has_value())
        << what << ": " << (decoded.error ? decoded.error->message() : "");
    EXPECT_TRUE(decoded.output == output) << what << ": " << decoded.output.size() << " bytes";
    EXPECT_TRUE(decoded.rest == rest) << what << ": " << decoded.rest.size() << " left";
}

TEST(Decoder, KnowsFormatsByTheirFirstBytes) {
    for (const Compression format : formats) {
        EXPECT_EQ(detect_compression(test::compress(format, "text")), format);
    }
    EXPECT_EQ(detect_compression(test::zstd_skippable("x", 15)), Compression::zstd);
    EXPECT_EQ(detect_compression(""), Compression::none);
    EXPECT_EQ(detect_compression("\x1f"), Compression::none);
    EXPECT_EQ(detect_compression("\xfd""7zX"), Compression::none);
}

TEST(Decoder, GivesTheSameWhereverTheInputIsCut) {
    Random random(1);
    const std::string text = random.text(3000);
    for (const Compression format : formats) {
        const std::string blob =
            test::compress(format, text) + test::compress(format, "") + test::compress(format, "b");
        for (const DecoderOptions& options : engines(format)) {
            for (std::size_t cut = 0; cut <= blob.size(); ++cut) {
                // One piece up to the cut, then the rest.
                std::size_t given = 0;
                const auto sizes = [&] { return given++ == 0 ? cut : blob.size(); };
                expect_whole(decode(format, blob, sizes, always(997), options), text + "b", "",
                             name_of(format, options) + " cut at " + std::to_string(cut));
                if (HasFailure()) return;
            }
        }
    }
}

TEST(Decoder, GivesTheSameInPiecesOfAnySize) {
    for (std::uint64_t seed = 0; seed < 40; ++seed) {
        auto random = std::make_shared<Random>(seed);
        std::string text = random->text(random->number(0, 60'000));
        text += random->bytes(random->number(0, 20'000));
        for (const Compression format : formats) {
            const std::string blob = test::compress(format, text);
            for (const DecoderOptions& options : engines(format)) {
                const std::size_t in = std::array{1, 7, 100, 5000}[seed % 4];
                const std::size_t out = std::array{1, 13, 511, 70'000}[seed / 4 % 4];
                expect_whole(decode(format, blob, any_of(random, in), any_of(random, out), options),
                             text, "", name_of(format, options) + " seed " + std::to_string(seed));
            }
        }
        if (HasFailure()) return;
    }
}

TEST(Decoder, ReadsManyMembersOneAfterTheOther) {
    for (const Compression format : compressions) {
        auto random = std::make_shared<Random>(7);
        std::string blob, text;
        for (int i = 0; i < 200; ++i) {
            const std::string part = random->text(random->number(0, 700));
            blob += test::compress(format, part);
            text += part;
        }
        for (const DecoderOptions& options : engines(format)) {
            expect_whole(decode(format, blob, options), text, "", name_of(format, options));
            expect_whole(decode(format, blob, any_of(random, 97), any_of(random, 300), options),
                         text, "", name_of(format, options) + " in pieces");
        }
    }
}

TEST(Decoder, LeavesWhatStandsBehindTheLastMember) {
    for (const Compression format : compressions) {
        for (const std::string& tail :
             {std::string("x"), std::string(3, '\0'), std::string(4096, '\0'),
              std::string("these bytes belong to nobody, but they are looked at"),
              std::string("\0\0\0\0padding first", 17), std::string("B"), std::string("\x1f"),
              std::string("\xfd""7z"), std::string("\x28\xb5")}) {
            const std::string blob = test::compress(format, "contents") + tail;
            for (const DecoderOptions& options : engines(format)) {
                for (const std::size_t size : {std::size_t{1}, std::size_t{5}, blob.size()}) {
                    const Decoded decoded =
                        decode(format, blob, always(size), always(3), options);
                    // Zeros in front of the tail are padding; whether they are left is
                    // the format's business.
                    const auto trimmed = [](const std::string& text) {
                        return text.substr(std::min(text.find_first_not_of('\0'), text.size()));
                    };
                    EXPECT_FALSE(decoded.error) << name_of(format, options) << " " << size << ": "
                                                << decoded.error->message();
                    EXPECT_FALSE(decoded.stuck);
                    EXPECT_EQ(decoded.output, "contents");
                    EXPECT_EQ(trimmed(decoded.rest), trimmed(tail)) << name_of(format, options);
                }
            }
        }
    }
}

TEST(Decoder, TellsWhenTheBlobEndsEarly) {
    const std::string text = Random(3).text(40'000);
    for (const Compression format : compressions) {
        const std::string blob = test::compress(format, text);
        for (const DecoderOptions& options : engines(format)) {
            for (int percent = 1; percent < 100; ++percent) {
                const std::size_t size =
                    std::max<std::size_t>(6, blob.size() * static_cast<std::size_t>(percent) / 100);
                for (const std::size_t chunk : {blob.size(), std::size_t{333}}) {
                    const Decoded decoded = decode(format, std::string_view(blob).substr(0, size),
                                                   always(chunk), always(1000), options);
                    ASSERT_FALSE(decoded.stuck) << name_of(format, options) << " " << percent;
                    ASSERT_TRUE(decoded.error.has_value())
                        << name_of(format, options) << " at " << percent << " %";
                    EXPECT_EQ(decoded.error->code, ErrorCode::malformed);
                    // What came before the cut was put out, and is right.
                    EXPECT_TRUE(std::string_view(text).starts_with(decoded.output));
                }
            }
        }
    }
}

TEST(Decoder, EndsOnDamagedInput) {
    Random random(11);
    const std::string text = random.text(5000) + random.bytes(500);
    for (const Compression format : compressions) {
        const std::string whole = test::compress(format, text) + test::compress(format, "tail");
        for (const DecoderOptions& options : engines(format)) {
            for (int round = 0; round < 400; ++round) {
                std::string blob = whole;
                for (std::size_t flips = random.number(1, 3); flips > 0; --flips) {
                    char& c = blob[random.number(0, blob.size() - 1)];
                    c = static_cast<char>(c ^ (1U << random.number(0, 7)));
                }
                const Decoded decoded = decode(format, blob, always(random.number(1, 900)),
                                               always(random.number(1, 900)), options);
                ASSERT_FALSE(decoded.stuck) << name_of(format, options) << " round " << round;
            }
        }
    }
}

TEST(GzipDecoder, DeliversEveryHeaderFieldOnce) {
    for (unsigned fields = 0; fields < 16; ++fields) {
        test::GzipFields header;
        std::string side;
        if ((fields & 1U) != 0) {
            header.extra = std::string("AB\x04\0data", 8) + std::string(300, 'e');
        }
        if ((fields & 2U) != 0) header.name = "a name";
        if ((fields & 4U) != 0) header.comment = "a comment\nof two lines";
        for (const auto& field : {header.extra, header.name, header.comment}) {
            if (field) side += *field + "|";
        }
        header.header_crc = (fields & 8U) != 0;
        const std::string blob =
            test::gzip_with("first", header) + test::gzip_with("second", header);
        for (const DecoderOptions& options : engines(Compression::gzip)) {
            for (const std::size_t size : {std::size_t{1}, std::size_t{11}, blob.size()}) {
                const Decoded decoded =
                    decode(Compression::gzip, blob, always(size), always(4), options);
                expect_whole(decoded, "firstsecond", "", "fields " + std::to_string(fields));
                EXPECT_EQ(decoded.side, side + side) << fields;
            }
        }
    }
}

// ISA-L counts input as unused that calls before had taken, when it meets damage in
// a call that has no input. Here the distance of a match is too large.
TEST(GzipDecoder, EndsOnDamageThatIsMetWithoutInput) {
    constexpr std::string_view blob(
        "\x1f\x8b\x08\x00\x02\xff\x59\x02\x6b\xcb\x73\x48\xcd\xc9\xc9\x57"
        "\x01\x03\x2f\xca\x49\x51\xc8\x18\x65\x0f\x3b\x36\x00\x46\x88\x20"
        "\x70\xe0\x01\x00\x00",
        37);
    for (std::size_t in_size = 1; in_size < 30; ++in_size) {
        for (const std::size_t out_size : {1U, 2U, 3U, 7U}) {
            const Decoded decoded =
                decode(Compression::gzip, blob, always(in_size), always(out_size));
            EXPECT_FALSE(decoded.stuck);
            EXPECT_TRUE(decoded.error.has_value());
        }
    }
}

TEST(GzipDecoder, TakesEmptyFields) {
    const std::string blob = test::gzip_with("x", {"", "", "", true});
    expect_whole(decode(Compression::gzip, blob), "x", "", "empty fields");
    expect_whole(decode(Compression::gzip, blob, always(1), always(1)), "x", "", "empty fields");
}

TEST(GzipDecoder, RefusesAnUnknownMethodAndAWrongChecksum) {
    std::string method = test::gzip("x");
    method[2] = 7;
    EXPECT_TRUE(decode(Compression::gzip, method).error.has_value());
    for (const std::size_t from_end : {1U, 8U}) {
        std::string trailer = test::gzip("x");
        trailer[trailer.size() - from_end] ^= 1;
        for (const DecoderOptions& options : engines(Compression::gzip)) {
            const Decoded decoded = decode(Compression::gzip, trailer, options);
            EXPECT_TRUE(decoded.error.has_value()) << name_of(Compression::gzip, options);
            EXPECT_EQ(decoded.output, "x");
        }
    }
}

// The fast engine and the plain one, on the streams that eStargz writes and on
// every level of compression.
TEST(GzipDecoder, BothEnginesAgree) {
    for (std::uint64_t seed = 100; seed < 140; ++seed) {
        auto random = std::make_shared<Random>(seed);
        std::string blob;
        for (std::size_t members = random->number(1, 12); members > 0; --members) {
            const std::size_t size = random->number(0, 90'000);
            const std::string part =
                random->number(0, 3) == 0 ? random->bytes(size) : random->text(size);
            blob += test::gzip(part, static_cast<int>(random->number(0, 9)));
        }
        DecoderOptions plain;
        plain.gzip = GzipEngine::zlib;
        const Decoded reference = decode(Compression::gzip, blob, plain);
        ASSERT_FALSE(reference.error);
        const Decoded fast =
            decode(Compression::gzip, blob, any_of(random, 1 << 15), any_of(random, 1 << 14));
        expect_whole(fast, reference.output, "", "seed " + std::to_string(seed));
        // Bits that differ: where one finds damage, so does the other.
        std::string damaged = blob;
        damaged[random->number(0, damaged.size() - 1)] ^= 4;
        EXPECT_EQ(decode(Compression::gzip, damaged, plain).error.has_value(),
                  decode(Compression::gzip, damaged).error.has_value())
            << seed;
    }
}

TEST(ZstdDecoder, DeliversSkippableFramesWhereverTheyStand) {
    const std::string blob = test::zstd_skippable("first", 3) + test::zstd("one") +
                             test::zstd_skippable("") + test::zstd_skippable("middle", 15) +
                             test::zstd("") + test::zstd(" two") + test::zstd_skippable("last");
    for (const std::size_t size : {std::size_t{1}, std::size_t{7}, blob.size()}) {
        const Decoded decoded = decode(Compression::zstd, blob, always(size), always(2));
        expect_whole(decoded, "one two", "", "chunks of " + std::to_string(size));
        EXPECT_EQ(decoded.side, "first||middle|last|");
    }
    const Decoded cut =
        decode(Compression::zstd, std::string_view(blob).substr(0, blob.size() - 2));
    ASSERT_TRUE(cut.error.has_value());
    EXPECT_EQ(cut.output, "one two");
    EXPECT_TRUE(cut.side.ends_with("la")) << cut.side;
}

// 248 bytes by its header, and an empty block alone. zstd's own decoder takes it where it comes in
// pieces, and refuses it as a whole.
TEST(ZstdDecoder, AFrameHasTheSizeThatItSays) {
    const std::string frame("\x28\xb5\x2f\xfd\x20\xf8\1\0\0", 9);
    for (const std::size_t size : {std::size_t{1}, std::size_t{4}, std::size_t{100}}) {
        const Decoded decoded = decode(Compression::zstd, frame, always(size), always(1'000));
        EXPECT_TRUE(decoded.error.has_value()) << size;
        const std::string empty("\x28\xb5\x2f\xfd\x20\0\1\0\0", 9);
        EXPECT_FALSE(decode(Compression::zstd, empty, always(size), always(1'000)).error) << size;
    }
}

TEST(ZstdDecoder, RefusesAWindowAboveItsLimitByName) {
    const std::string text = Random(5).text(10'000);
    DecoderOptions options;
    const Decoded small = decode(Compression::zstd, test::zstd_with_window(text, 23), options);
    expect_whole(small, text, "", "8 MiB");
    const std::string large = test::zstd_with_window(text, 24);
    const Decoded refused = decode(Compression::zstd, large, options);
    ASSERT_TRUE(refused.error.has_value());
    EXPECT_EQ(refused.error->code, ErrorCode::over_limit);
    options.memory = large_decoder_memory;
    expect_whole(decode(Compression::zstd, large, options), text, "", "16 MiB, alone");
    const Decoded huge = decode(Compression::zstd, test::zstd_with_window(text, 30), options);
    ASSERT_TRUE(huge.error.has_value());
    EXPECT_EQ(huge.error->code, ErrorCode::over_limit);
}

TEST(XzDecoder, TakesPaddingBetweenStreams) {
    const std::string blob = test::xz("one") + std::string(8, '\0') + test::xz(" two") +
                             std::string(4, '\0');
    for (const std::size_t size : {std::size_t{1}, std::size_t{5}, blob.size()}) {
        const Decoded decoded = decode(Compression::xz, blob, always(size), always(2));
        EXPECT_FALSE(decoded.error);
        EXPECT_EQ(decoded.output, "one two");
        EXPECT_EQ(decoded.rest.find_first_not_of('\0'), std::string::npos);
    }
}

TEST(XzDecoder, RefusesADictionaryAboveItsLimitByName) {
    const std::string text = Random(5).text(10'000);
    expect_whole(decode(Compression::xz, test::xz(text, 6)), text, "", "xz -6");
    const std::string large = test::xz(text, 9);
    const Decoded refused = decode(Compression::xz, large);
    ASSERT_TRUE(refused.error.has_value());
    EXPECT_EQ(refused.error->code, ErrorCode::over_limit);
    DecoderOptions options;
    options.memory = large_decoder_memory;
    expect_whole(decode(Compression::xz, large, options), text, "", "xz -9, alone");
}

}  // namespace
}  // namespace stratascan::layer
