#include "scanner/layer/blob_stream.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstring>

#include "scanner/layer/clock.hpp"

namespace stratascan::layer {

namespace {

constexpr std::size_t hash_queue_limit = 8;
static_assert(ChunkPool::kept >= hash_queue_limit + 2);
constexpr std::size_t side_limit = 1 << 20;
constexpr std::uint64_t ratio_judged_past = std::uint64_t{16} << 30;

/// Layers follow each other: the memory that one was read into is there for the next.
const std::shared_ptr<ChunkPool>& chunks_of_all() {
    static const auto pool = std::make_shared<ChunkPool>();
    return pool;
}

bool all_zero(std::string_view bytes) noexcept {
    return bytes.find_first_not_of('\0') == std::string_view::npos;
}

}  // namespace

BlobHasher::BlobHasher(std::string_view algorithm)
    : algorithm_(algorithm), context_(EVP_MD_CTX_new(), &EVP_MD_CTX_free) {
    static const EVP_MD* const sha256 = EVP_sha256();
    static const EVP_MD* const sha512 = EVP_sha512();
    if (!context_ || EVP_DigestInit_ex(context_.get(), algorithm == "sha512" ? sha512 : sha256,
                                       nullptr) != 1) {
        throw std::bad_alloc();
    }
}

void BlobHasher::push(std::shared_ptr<const Chunk> chunk) {
    bool crowded = false;
    {
        const std::scoped_lock lock(queue_mutex_);
        queue_.push_back(std::move(chunk));
        crowded = queue_.size() > hash_queue_limit;
    }
    if (crowded) {
        const std::scoped_lock lock(hash_mutex_);
        drain_locked();
    }
}

void BlobHasher::drain() {
    const std::unique_lock lock(hash_mutex_, std::try_to_lock);
    if (lock.owns_lock()) drain_locked();
}

void BlobHasher::drain_locked() {
    const std::uint64_t start = now_ns();
    for (;;) {
        std::shared_ptr<const Chunk> chunk;
        {
            const std::scoped_lock lock(queue_mutex_);
            if (queue_.empty()) break;
            chunk = std::move(queue_.front());
            queue_.pop_front();
        }
        EVP_DigestUpdate(context_.get(), chunk->data(), chunk->size);
    }
    nanoseconds_ += now_ns() - start;
}

std::string BlobHasher::finish() {
    const std::scoped_lock lock(hash_mutex_);
    drain_locked();
    std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
    unsigned size = 0;
    EVP_DigestFinal_ex(context_.get(), digest.data(), &size);
    std::string text = algorithm_ + ":";
    for (unsigned i = 0; i < size; ++i) text += fmt::format("{:02x}", digest[i]);
    return text;
}

BlobStream::BlobStream(std::unique_ptr<source::BlobReader> reader,
                       const BlobStreamOptions& options, Progress* progress)
    : reader_(std::move(reader)), options_(options), progress_(progress),
      hasher_(options.digest_algorithm), chunks_(chunks_of_all()) {
    // A first chunk of 6 bytes or more tells the format; pipes may give less at
    // once, but read() fills its buffer.
    read_chunk();
    compression_ = detect_compression(input_);
    DecoderOptions decoder;
    decoder.memory = options.memory;
    decoder.gzip = options.gzip;
    decoder.side = [this](std::string_view, std::string_view bytes) { keep_side(bytes); };
    decoder_ = make_decoder(compression_, decoder);
}

std::string_view BlobStream::decoder_name() const noexcept { return decoder_->name(); }

// Makes `input_` longer by a chunk: what the decoder left goes into the new
// chunk's headroom. False at the end of the blob.
bool BlobStream::read_chunk() {
    if (input_ended_) return false;
    const std::uint64_t start = now_ns();
    auto next = reader_->read_chunk(*chunks_);
    read_ns_ += now_ns() - start;
    if (!next) read_error_ = next.error();
    if (!next || !*next) {
        input_ended_ = true;
        return true;
    }
    const std::string_view left = input_;
    char* const data = (*next)->memory.get() + Chunk::headroom;
    std::copy(left.begin(), left.end(), data - left.size());
    chunk_ = std::move(*next);
    input_ = {data - left.size(), left.size() + chunk_->size};
    blob_bytes_ += chunk_->size;
    if (progress_ != nullptr) progress_->bytes_read(chunk_->size);
    hasher_.push(chunk_);
    return true;
}

// A field's end is kept as a line's end: what stands in two fields is not one word.
void BlobStream::keep_side(std::string_view bytes) {
    if (options_.side) {
        options_.side(bytes);
        return;
    }
    if (bytes.empty()) {
        if (!side_.empty() && side_.back() != '\n' && side_.size() < side_limit) side_ += '\n';
        return;
    }
    const std::string_view kept = bytes.substr(0, side_limit - side_.size());
    side_ += kept;
    side_dropped_ += bytes.size() - kept.size();
}

void BlobStream::take_trailing(std::string_view bytes) {
    if (all_zero(bytes)) return;
    trailing_ += bytes.size();
    keep_side(bytes);
}

// A ratio is judged late, because a long run of zeros is an honest file; both
// limits exist to end what would otherwise take hours.
bool BlobStream::over_limit() {
    if (stream_bytes_ > options_.output_limit) {
        damage_ = Error{ErrorCode::over_limit,
                        fmt::format("the layer is larger than {} bytes uncompressed",
                                    options_.output_limit),
                        {}, "raise --max-layer-bytes"};
    } else if (stream_bytes_ > ratio_judged_past &&
               stream_bytes_ / options_.ratio_limit > blob_bytes_) {
        damage_ = Error{ErrorCode::over_limit,
                        fmt::format("the layer is compressed more than {}:1", options_.ratio_limit),
                        {}, "raise --max-ratio"};
    }
    return damage_.has_value();
}

std::size_t BlobStream::fill(std::span<char> out) {
    const std::uint64_t start = now_ns();
    const std::uint64_t reading_before = read_ns_;
    const std::size_t wanted = out.size();
    while (!out.empty() && !stream_ended_) {
        const auto step = decoder_->step(input_, input_ended_, out);
        if (!step) {
            damage_ = step.error();
            over_memory_ = damage_->code == ErrorCode::over_limit;
            stream_ended_ = true;
        } else if (*step == Step::end) {
            stream_ended_ = true;
        } else if (*step == Step::need_input) {
            // A decoder leaves a few bytes at most; more would be a bug of ours.
            if (input_.size() > Chunk::headroom) {
                damage_ = Error{ErrorCode::engine, "a decoder left input behind", {}, {}};
                stream_ended_ = true;
            } else {
                read_chunk();
            }
        }
    }
    const std::size_t made = wanted - out.size();
    stream_bytes_ += made;
    if (over_limit()) stream_ended_ = true;
    decode_ns_ += (now_ns() - start) - (read_ns_ - reading_before);
    return made;
}

Result<std::string> BlobStream::finish() {
    keep_side({});
    if (!damage_) take_trailing(input_);
    while (!input_ended_) {
        input_ = {};
        read_chunk();
        if (!damage_) take_trailing(input_);
    }
    if (read_error_) return std::unexpected(*read_error_);
    return hasher_.finish();
}

}  // namespace stratascan::layer
