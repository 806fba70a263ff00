#include "scanner/layer/blob_hashing.hpp"

#include <algorithm>
#include <span>

#include "scanner/layer/blob_digest.hpp"
#include "scanner/layer/sha256_lanes.hpp"

namespace stratascan::layer {

namespace {

using Next = std::function<std::optional<BlobToHash>()>;
using Take = std::function<void(std::size_t, const Result<std::string>&)>;

// One blob after the other. Its bytes go through a buffer that stays in the processor's cache.
class Lane {
public:
    Lane(const Next& next, const Take& take, Progress* progress)
        : next_(next), take_(take), progress_(progress),
          buffer_(std::make_unique_for_overwrite<unsigned char[]>(capacity + 2 * sha256_block)) {}

    /// Sees to it that there are blocks to hash; 0: there are no more blobs.
    std::size_t blocks() {
        while (left_ == 0) {
            if (blob_ && padded_) end(state_.hex());
            if (!blob_ && !begin()) return 0;
            fill();
        }
        return left_;
    }
    [[nodiscard]] const unsigned char* data() const { return at_; }
    [[nodiscard]] Sha256State& state() { return state_; }
    void consumed(std::size_t blocks) {
        left_ -= blocks;
        at_ += blocks * sha256_block;
    }

private:
    static constexpr std::size_t capacity = std::size_t{256} << 10;
    static_assert(capacity % sha256_block == 0);

    bool begin() {
        while (auto job = next_()) {
            number_ = job->number;
            if (job->algorithm != "sha256" || !job->blob) {
                take_(number_, digest_of(std::move(job->blob), job->algorithm, progress_));
                continue;
            }
            blob_ = std::move(*job->blob);
            state_ = {};
            bytes_ = 0;
            padded_ = false;
            return true;
        }
        return false;
    }

    void fill() {
        const auto size = blob_->read(
            std::as_writable_bytes(std::span<unsigned char>(buffer_.get(), capacity)));
        if (!size) {
            blob_.reset();
            take_(number_, std::unexpected(size.error()));
            return;
        }
        if (progress_ != nullptr) progress_->bytes_read(*size);
        bytes_ += *size;
        at_ = buffer_.get();
        left_ = *size / sha256_block;
        if (*size == capacity) return;
        left_ += pad_sha256(buffer_.get() + left_ * sha256_block, bytes_);
        padded_ = true;
    }

    void end(const std::string& hex) {
        blob_.reset();
        take_(number_, "sha256:" + hex);
    }

    const Next& next_;
    const Take& take_;
    Progress* progress_;
    std::unique_ptr<unsigned char[]> buffer_;
    std::unique_ptr<source::BlobReader> blob_;
    std::size_t number_ = 0;
    Sha256State state_;
    std::uint64_t bytes_ = 0;
    const unsigned char* at_ = nullptr;
    std::size_t left_ = 0;  ///< blocks in the buffer
    bool padded_ = false;   ///< they are the last
};

}  // namespace

void hash_blobs(const Next& next, const Take& take, Progress* progress) {
    if (!has_sha256_lanes()) {
        while (auto job = next()) {
            take(job->number, digest_of(std::move(job->blob), job->algorithm, progress));
        }
        return;
    }
    Lane first(next, take, progress), second(next, take, progress);
    for (;;) {
        const std::size_t of_first = first.blocks(), of_second = second.blocks();
        if (of_first == 0 && of_second == 0) return;
        if (of_first == 0 || of_second == 0) {
            Lane& one = of_first == 0 ? second : first;
            const std::size_t blocks = of_first + of_second;
            add_blocks(one.state(), one.data(), blocks);
            one.consumed(blocks);
            continue;
        }
        const std::size_t blocks = std::min(of_first, of_second);
        add_blocks(first.state(), first.data(), second.state(), second.data(), blocks);
        first.consumed(blocks);
        second.consumed(blocks);
    }
}

}  // namespace stratascan::layer
