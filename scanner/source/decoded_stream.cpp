// libarchive could decode, too, but it takes whatever memory a stream's header
// asks for (1 GiB and more for xz), stops at what it does not know behind a
// member, and says nothing of what it passed over. So it is given plain tar.
#include "scanner/source/decoded_stream.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <utility>

namespace stratascan::source {

namespace {

constexpr std::size_t headroom = 64;  ///< for what the decoder left of the last piece
constexpr std::size_t piece_bytes = std::size_t{256} << 10;
constexpr std::size_t max_side_bytes = std::size_t{1} << 20;
constexpr std::uint64_t ratio_judged_past = std::uint64_t{16} << 30;

}  // namespace

DecodedStream::DecodedStream(Read read, const StreamLimits& limits)
    : read_(std::move(read)), limits_(limits) {}

/// Appends a piece to what is left of the input. False when nothing came.
bool DecodedStream::read_more() {
    if (input_ended_) return false;
    const std::size_t left = input_.size();
    std::copy(input_.begin(), input_.end(), in_.data() + headroom - left);
    const std::span<char> room(in_.data() + headroom, piece_bytes);
    const auto got = read_(std::as_writable_bytes(room));
    if (!got) error_ = got.error();
    const std::size_t count = got.value_or(0);
    input_ended_ = count < room.size();
    input_ = {in_.data() + headroom - left, left + count};
    read_bytes_ += count;
    return got.has_value() && count > 0;
}

bool DecodedStream::start() {
    in_.resize(headroom + piece_bytes);
    input_ = {};
    if (!read_more()) return false;
    const layer::Compression compression = layer::detect_compression(input_);
    if (compression == layer::Compression::none) return true;
    layer::DecoderOptions options;
    options.memory = limits_.memory;
    options.side = [this](std::string_view, std::string_view bytes) { keep_side(bytes); };
    decoder_ = layer::make_decoder(compression, options);
    out_.resize(piece_bytes);
    return true;
}

/// A field's end is kept as a line's end: what stands in two fields is not one word.
void DecodedStream::keep_side(std::string_view bytes) {
    if (bytes.empty()) {
        if (!side_.empty() && side_.back() != '\n' && side_.size() < max_side_bytes) side_ += '\n';
        return;
    }
    const std::string_view kept = bytes.substr(0, max_side_bytes - side_.size());
    side_ += kept;
    side_dropped_ += bytes.size() - kept.size();
}

void DecodedStream::check_limits() {
    if (made_bytes_ > limits_.output_bytes) {
        error_ = Error{ErrorCode::over_limit,
                       fmt::format("the archive is larger than {} bytes uncompressed",
                                   limits_.output_bytes),
                       {}, "raise --max-layer-bytes"};
    } else if (made_bytes_ > ratio_judged_past && made_bytes_ / limits_.ratio > read_bytes_) {
        error_ = Error{ErrorCode::over_limit,
                       fmt::format("the archive is compressed more than {}:1", limits_.ratio),
                       {}, "raise --max-ratio"};
    }
}

/// Decodes until `out` is full, the end, or an error.
void DecodedStream::decode(std::span<char>& out) {
    while (!out.empty() && !ended_ && !error_) {
        auto step = decoder_->step(input_, input_ended_, out);
        if (!step) {
            error_ = std::move(step.error());
            if (error_->code == ErrorCode::over_limit) error_->hint = "raise --memory";
        } else if (*step == layer::Step::end) {
            take_rest();
        } else if (*step == layer::Step::need_input) {
            if (input_.size() > headroom) {
                error_ = Error{ErrorCode::engine, "a decoder left input behind", {}, {}};
            } else {
                read_more();
            }
        }
    }
}

/// What stands behind the last member: padding, or bytes that are nobody's.
void DecodedStream::take_rest() {
    ended_ = true;
    keep_side({});
    do {
        if (input_.find_first_not_of('\0') != std::string_view::npos) keep_side(input_);
        input_ = {};
    } while (read_more());
}

Result<std::span<const std::byte>> DecodedStream::next() {
    if (!started_) {
        started_ = true;
        if (!start()) ended_ = true;
    } else if (!decoder_ && !ended_ && !error_) {
        input_ = {};
        if (!read_more()) ended_ = true;
    }
    if (!decoder_) {
        if (!input_.empty() && !ended_) return std::as_bytes(std::span(input_));
    } else if (!ended_ && !error_) {
        std::span<char> out(out_);
        decode(out);
        const std::size_t made = out_.size() - out.size();
        made_bytes_ += made;
        if (!error_) check_limits();
        if (made > 0) return std::as_bytes(std::span(out_)).first(made);
    }
    if (!error_) return Bytes();
    ended_ = true;
    return std::unexpected(*std::exchange(error_, std::nullopt));
}

}  // namespace stratascan::source
