// Digests of whole blobs, two at a time, against OpenSSL's.
#include <gtest/gtest.h>

#include <cstring>
#include <map>
#include <random>

#include "scanner/evidence/codec.hpp"
#include "scanner/layer/blob_hashing.hpp"
#include "scanner/layer/sha256_lanes.hpp"
#include "scanner/source/digest.hpp"
#include "scanner/source/file_blob.hpp"

namespace {

using namespace stratascan;
using layer::BlobToHash;

std::string random_bytes(std::mt19937_64& rng, std::size_t size) {
    std::string bytes(size, '\0');
    for (char& byte : bytes) byte = static_cast<char>(rng());
    return bytes;
}

/// Gives its bytes and then an error.
class Failing final : public source::BlobReader {
public:
    explicit Failing(std::size_t bytes) : left_(bytes) {}
    Result<std::size_t> read(std::span<std::byte> out) override {
        if (left_ < out.size()) {
            return fail(ErrorCode::unreadable, "the disk is gone", "blob");
        }
        std::memset(out.data(), 0, out.size());
        left_ -= out.size();
        return out.size();
    }
    std::int64_t size() const noexcept override { return -1; }

private:
    std::size_t left_;
};

std::map<std::size_t, Result<std::string>> hashed(std::vector<BlobToHash> jobs) {
    std::map<std::size_t, Result<std::string>> all;
    std::size_t next = 0;
    layer::hash_blobs(
        [&]() -> std::optional<BlobToHash> {
            if (next == jobs.size()) return std::nullopt;
            return std::move(jobs[next++]);
        },
        [&](std::size_t number, const Result<std::string>& digest) {
            EXPECT_TRUE(all.emplace(number, digest).second) << "told twice: " << number;
        },
        nullptr);
    return all;
}

TEST(BlobHashing, IsOpenSslsOfBlobsOfEverySize) {
    std::mt19937_64 rng(20);
    std::vector<std::string> blobs;
    for (std::size_t size = 0; size <= 200; ++size) blobs.push_back(random_bytes(rng, size));
    constexpr std::size_t buffer = 256 << 10;
    for (const std::size_t size : {buffer - 65, buffer - 64, buffer - 9, buffer - 1, buffer, buffer + 1,
                                   2 * buffer, 3 * buffer + 55, 3 * buffer + 56, 3 * buffer + 64}) {
        blobs.push_back(random_bytes(rng, size));
    }
    for (int round = 0; round < 6; ++round) {
        std::shuffle(blobs.begin(), blobs.end(), rng);
        if (round == 5) blobs.resize(1);
        std::vector<BlobToHash> jobs;
        for (std::size_t i = 0; i < blobs.size(); ++i) {
            jobs.push_back({i, i % 7 == 3 ? "sha512" : "sha256", source::open_memory_blob(blobs[i])});
        }
        const auto digests = hashed(std::move(jobs));
        ASSERT_EQ(digests.size(), blobs.size());
        for (const auto& [i, digest] : digests) {
            ASSERT_TRUE(digest);
            EXPECT_EQ(*digest, source::compute_digest(i % 7 == 3 ? "sha512" : "sha256", blobs[i]))
                << blobs[i].size();
        }
    }
}

TEST(BlobHashing, ABlobThatCantBeReadCostsNoOther) {
    std::mt19937_64 rng(21);
    const std::string good = random_bytes(rng, 1'000'000);
    std::vector<BlobToHash> jobs;
    for (std::size_t i = 0; i < 9; ++i) {
        if (i % 3 == 0) {
            jobs.push_back({i, "sha256", std::make_unique<Failing>(i * 300'000)});
        } else if (i % 3 == 1) {
            jobs.push_back({i, "sha256", fail(ErrorCode::not_found, "it is not there", "blob")});
        } else {
            jobs.push_back({i, "sha256", source::open_memory_blob(good)});
        }
    }
    const auto digests = hashed(std::move(jobs));
    ASSERT_EQ(digests.size(), 9U);
    for (const auto& [i, digest] : digests) {
        ASSERT_EQ(digest.has_value(), i % 3 == 2) << i;
        EXPECT_EQ(digest.value_or(source::compute_digest("sha256", good)),
                  source::compute_digest("sha256", good));
    }
}

TEST(Sha256Lanes, EachStreamIsItsOwn) {
    if (!layer::has_sha256_lanes()) GTEST_SKIP() << "this processor has no such instructions";
    std::mt19937_64 rng(22);
    for (std::size_t blocks = 1; blocks < 40; ++blocks) {
        const std::string first = random_bytes(rng, blocks * 64), second = random_bytes(rng, blocks * 64);
        layer::Sha256State a, b, alone;
        const auto* const data = reinterpret_cast<const unsigned char*>(first.data());
        layer::add_blocks(a, data, b, reinterpret_cast<const unsigned char*>(second.data()), blocks);
        layer::add_blocks(alone, data, blocks);
        EXPECT_EQ(a.hex(), alone.hex());
        unsigned char rest[128];
        const auto ended = [&](layer::Sha256State state) {
            layer::add_blocks(state, rest, layer::pad_sha256(rest, blocks * 64));
            return state.hex();
        };
        EXPECT_EQ(ended(a), evidence::hex(evidence::sha256(first)));
        EXPECT_EQ(ended(b), evidence::hex(evidence::sha256(second)));
    }
}

}  // namespace
