// What a blob's stream promises: the digest is that of the whole blob, whatever
// its decoder made of it; nothing that is left out is left out silently.
#include "scanner/layer/blob_stream.hpp"

#include <gtest/gtest.h>

#include <array>
#include <thread>

#include "scanner/source/digest.hpp"
#include "tests/support/blobs.hpp"

namespace stratascan::layer {
namespace {

using test::blob_of;
using test::Random;

struct Read {
    std::string output;
    Result<std::string> digest = fail(ErrorCode::engine, "not asked");
};

Read read_through(BlobStream& stream, std::size_t piece = 10'000) {
    Read read;
    std::string buffer(piece, '\0');
    for (;;) {
        const std::size_t size = stream.fill(buffer);
        read.output.append(buffer, 0, size);
        if (size < buffer.size()) break;
    }
    read.digest = stream.finish();
    return read;
}

BlobStream open(std::string blob, const BlobStreamOptions& options = {}) {
    return BlobStream(blob_of(std::move(blob)), options, nullptr);
}

TEST(BlobStream, DigestsTheWholeBlobInEveryFormat) {
    Random random(1);
    // Larger than a chunk, and than the queue of chunks to hash.
    for (const std::size_t size : {std::size_t{0}, std::size_t{1}, Chunk::capacity - 1,
                                   Chunk::capacity, Chunk::capacity + 1, 12 * Chunk::capacity}) {
        const std::string text = size > 3'000'000 ? random.bytes(size) : random.text(size);
        for (const Compression format : {Compression::none, Compression::gzip, Compression::zstd,
                                         Compression::bzip2, Compression::xz}) {
            const std::string blob = test::compress(format, text);
            for (const char* algorithm : {"sha256", "sha512"}) {
                BlobStreamOptions options;
                options.digest_algorithm = algorithm;
                BlobStream stream = open(blob, options);
                const Read read = read_through(stream);
                EXPECT_TRUE(read.output == text) << to_string(format) << " " << size;
                ASSERT_TRUE(read.digest.has_value());
                EXPECT_EQ(*read.digest, source::compute_digest(algorithm, blob));
                EXPECT_FALSE(stream.damage().has_value());
                EXPECT_EQ(stream.compression(), format);
                EXPECT_EQ(stream.blob_bytes(), blob.size());
                EXPECT_EQ(stream.stream_bytes(), text.size());
                EXPECT_EQ(stream.trailing_bytes(), 0U);
            }
        }
    }
}

TEST(BlobStream, DigestsAndKeepsWhatFollowsTheLastMember) {
    for (const std::size_t size : {std::size_t{1}, std::size_t{500}, 3 * Chunk::capacity}) {
        const std::string tail(size, 'q');
        const std::string blob = test::gzip("contents") + tail;
        BlobStream stream = open(blob);
        const Read read = read_through(stream);
        EXPECT_EQ(read.output, "contents");
        EXPECT_EQ(*read.digest, source::compute_digest("sha256", blob));
        EXPECT_EQ(stream.trailing_bytes(), size);
        EXPECT_EQ(stream.side_bytes(), tail);
        EXPECT_FALSE(stream.damage().has_value());
    }
    // Zeros behind the last member are padding.
    BlobStream padded = open(test::gzip("contents") + std::string(Chunk::capacity * 2, '\0'));
    EXPECT_TRUE(read_through(padded).digest.has_value());
    EXPECT_EQ(padded.trailing_bytes(), 0U);
    EXPECT_EQ(padded.side_bytes(), "");
}

TEST(BlobStream, KeepsAMebibyteOfSideBytesAndCountsTheRest) {
    const std::string blob = test::zstd("x") + test::zstd_skippable(std::string(1'500'000, 's'));
    BlobStream stream = open(blob);
    EXPECT_EQ(read_through(stream).output, "x");
    EXPECT_EQ(stream.side_bytes().size(), 1U << 20U);
    EXPECT_EQ(stream.side_bytes_dropped(), 1'500'000U - (1U << 20U));
}

// A word that ends one field and one that begins the next are two words, or no
// rule that asks for a word's boundary would see them.
TEST(BlobStream, KeepsSideFieldsApart) {
    const std::string blob = test::gzip_with("a", {{}, "name", "comment", false}) +
                             test::gzip_with("b", {{}, {}, "second", false}) + "behind";
    BlobStream stream = open(blob);
    EXPECT_EQ(read_through(stream).output, "ab");
    EXPECT_EQ(stream.side_bytes(), "name\ncomment\nsecond\nbehind");
}

TEST(BlobStream, TellsDamageAndGivesTheDigestAllTheSame) {
    const std::string text = Random(3).text(3'000'000);
    std::string blob = test::gzip(text, 1);
    blob[blob.size() / 2] ^= 0x10;
    blob += std::string(600'000, 'x');
    for (const GzipEngine engine : {GzipEngine::fastest, GzipEngine::zlib}) {
        BlobStreamOptions options;
        options.gzip = engine;
        BlobStream stream = open(blob, options);
        const Read read = read_through(stream);
        ASSERT_TRUE(stream.damage().has_value());
        EXPECT_EQ(stream.damage()->code, ErrorCode::malformed);
        EXPECT_FALSE(stream.over_memory());
        EXPECT_EQ(*read.digest, source::compute_digest("sha256", blob));
        EXPECT_EQ(stream.blob_bytes(), blob.size());
        EXPECT_EQ(stream.stream_bytes(), read.output.size());
    }
}

TEST(BlobStream, EndsAtItsOutputLimit) {
    BlobStreamOptions options;
    options.output_limit = 100'000;
    const std::string blob = test::gzip(std::string(1'000'000, 'a'));
    BlobStream stream = open(blob, options);
    const Read read = read_through(stream);
    ASSERT_TRUE(stream.damage().has_value());
    EXPECT_EQ(stream.damage()->code, ErrorCode::over_limit);
    EXPECT_FALSE(stream.over_memory()) << "more memory would not help";
    EXPECT_LT(read.output.size(), 120'000U);
    EXPECT_EQ(*read.digest, source::compute_digest("sha256", blob));

    options.output_limit = 1'000'000;
    BlobStream enough = open(blob, options);
    EXPECT_EQ(read_through(enough).output.size(), 1'000'000U);
    EXPECT_FALSE(enough.damage().has_value());
}

TEST(BlobStream, SaysWhenTheDecoderWantsMoreMemory) {
    const std::string blob = test::zstd_with_window(Random(5).text(10'000), 25);
    BlobStream stream = open(blob);
    EXPECT_TRUE(read_through(stream).digest.has_value());
    EXPECT_TRUE(stream.over_memory());
    BlobStreamOptions options;
    options.memory = large_decoder_memory;
    BlobStream alone = open(blob, options);
    EXPECT_EQ(read_through(alone).output.size(), 10'000U);
    EXPECT_FALSE(alone.over_memory());
}

TEST(BlobStream, TellsABlobThatCannotBeReadToItsEnd) {
    const std::string blob = test::gzip(Random(8).bytes(2'000'000));
    for (const std::size_t good : {std::size_t{0}, std::size_t{100'000}, std::size_t{1'000'000}}) {
        BlobStream stream(std::make_unique<test::MemoryBlob>(blob, good), {}, nullptr);
        const Read read = read_through(stream);
        ASSERT_FALSE(read.digest.has_value()) << good;
        EXPECT_EQ(read.digest.error().code, ErrorCode::unreadable);
    }
}

TEST(BlobStream, AnEmptyBlobIsAnEmptyStream) {
    BlobStream stream = open("");
    const Read read = read_through(stream);
    EXPECT_EQ(read.output, "");
    EXPECT_EQ(stream.compression(), Compression::none);
    EXPECT_EQ(*read.digest, source::compute_digest("sha256", ""));
}

TEST(BlobHasher, GivesTheSameDigestWhoeverHashes) {
    const std::string bytes = Random(9).bytes(40 * Chunk::capacity + 17);
    const std::string digest = source::compute_digest("sha256", bytes);
    for (const bool helped : {false, true}) {
        BlobHasher hasher("sha256");
        std::jthread helper;
        if (helped) {
            helper = std::jthread([&](const std::stop_token& stop) {
                while (!stop.stop_requested()) hasher.drain();
            });
        }
        for (std::size_t at = 0; at < bytes.size();) {
            auto chunk = std::make_shared<Chunk>();
            chunk->size = std::min(Chunk::capacity, bytes.size() - at);
            chunk->memory = std::make_unique<char[]>(Chunk::headroom + chunk->size);
            std::copy_n(bytes.data() + at, chunk->size, chunk->memory.get() + Chunk::headroom);
            at += chunk->size;
            hasher.push(std::move(chunk));
        }
        EXPECT_EQ(hasher.finish(), digest);
    }
}

}  // namespace
}  // namespace stratascan::layer
