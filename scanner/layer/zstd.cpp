// Zstandard (RFC 8878): any number of frames, and skippable frames anywhere
// between them. zstd's own streaming decoder passes over skippable frames in
// silence; here they are taken apart first, because zstd:chunked keeps a table
// of contents in them and anyone may keep anything.
//
// A frame says how large a window its decoder must hold, up to 2 GiB and more.
// The window is capped, and a frame that asks for more is refused by name.

#include <zstd.h>
#include <zstd_errors.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <new>
#include <string>
#include <utility>

#include "scanner/layer/decoder.hpp"

namespace stratascan::layer {

namespace {

constexpr std::size_t frame_head = 8;  // magic and, in a skippable frame, its size
constexpr std::size_t longest_head = 18;  // RFC 8878, 3.1.1.1, with the magic

std::uint32_t little_endian(std::string_view bytes) noexcept {
    std::uint32_t value = 0;
    for (std::size_t i = 0; i < 4; ++i) {
        value |= static_cast<std::uint32_t>(static_cast<unsigned char>(bytes[i])) << (8 * i);
    }
    return value;
}

class ZstdDecoder final : public Decoder {
public:
    explicit ZstdDecoder(const DecoderOptions& options)
        : side_(options.side), window_log_(options.memory.zstd_window_log),
          context_(ZSTD_createDCtx(), &ZSTD_freeDCtx) {
        if (!context_) throw std::bad_alloc();
        ZSTD_DCtx_setParameter(context_.get(), ZSTD_d_windowLogMax,
                               static_cast<int>(window_log_));
    }

    Result<Step> step(std::string_view& in, bool last, std::span<char>& out) override {
        for (;;) {
            switch (state_) {
                case State::between: {
                    if (in.size() < frame_head && !last) return Step::need_input;
                    if (in.size() < 4) return Step::end;
                    const std::uint32_t magic = little_endian(in);
                    if (magic == ZSTD_MAGICNUMBER) {
                        if (std::exchange(lowered_, false)) {
                            ZSTD_DCtx_reset(context_.get(), ZSTD_reset_session_only);
                            ZSTD_DCtx_setParameter(context_.get(), ZSTD_d_windowLogMax,
                                                   static_cast<int>(window_log_));
                        }
                        state_ = State::frame;
                        head_.clear();
                        decoded_ = 0;
                    } else if ((magic & ZSTD_MAGIC_SKIPPABLE_MASK) ==
                               ZSTD_MAGIC_SKIPPABLE_START) {
                        if (in.size() < frame_head) return damaged("the blob ends in a frame");
                        skip_left_ = little_endian(in.substr(4));
                        in.remove_prefix(frame_head);
                        state_ = State::skippable;
                    } else {
                        return Step::end;
                    }
                    break;
                }
                case State::skippable: {
                    const std::string_view part = in.substr(0, skip_left_);
                    if (side_ && !part.empty()) side_("zstd skippable frame", part);
                    in.remove_prefix(part.size());
                    skip_left_ -= static_cast<std::uint32_t>(part.size());
                    if (skip_left_ == 0) {
                        if (side_) side_("zstd skippable frame", {});
                        state_ = State::between;
                        break;
                    }
                    if (last) return damaged("the blob ends in a skippable frame");
                    return Step::need_input;
                }
                case State::frame: {
                    const auto done = decode(in, out);
                    if (!done) return std::unexpected(done.error());
                    if (*done) {
                        state_ = State::between;
                        break;
                    }
                    if (out.empty()) return Step::have_output;
                    if (!in.empty()) break;
                    if (last) return damaged("the blob ends inside a frame");
                    return Step::need_input;
                }
            }
        }
    }

    std::string_view name() const noexcept override { return "zstd"; }

    // zstd takes a new limit only between frames.
    std::uint64_t hold() override {
        const std::uint64_t bytes = context_ ? ZSTD_sizeof_DCtx(context_.get()) : 0;
        window_log_ = std::min(window_log_, decoder_memory_within(bytes).zstd_window_log);
        lowered_ = true;
        return bytes;
    }

private:
    enum class State : std::uint8_t { between, frame, skippable };

    static std::unexpected<Error> damaged(std::string what) {
        return fail(ErrorCode::malformed, "zstd: " + std::move(what));
    }

    // True at the frame's end.
    Result<bool> decode(std::string_view& in, std::span<char>& out) {
        ZSTD_inBuffer input{in.data(), in.size(), 0};
        ZSTD_outBuffer output{out.data(), out.size(), 0};
        const std::size_t left = ZSTD_decompressStream(context_.get(), &output, &input);
        const bool stuck = input.pos == 0 && output.pos == 0 && !in.empty() && !out.empty();
        head_ += in.substr(0, std::min(input.pos, longest_head - head_.size()));
        decoded_ += output.pos;
        in.remove_prefix(input.pos);
        out = out.subspan(output.pos);
        if (ZSTD_isError(left) != 0) {
            if (ZSTD_getErrorCode(left) == ZSTD_error_memory_allocation) throw std::bad_alloc();
            if (ZSTD_getErrorCode(left) == ZSTD_error_frameParameter_windowTooLarge) {
                return fail(ErrorCode::over_limit,
                            "zstd: a frame asks for a window of more than 2^" +
                                std::to_string(window_log_) + " bytes");
            }
            return damaged(ZSTD_getErrorName(left));
        }
        if (left == 0 && !has_its_size()) return damaged("a frame has another size than it says");
        if (left == 0) return true;
        if (stuck) return damaged("the frame makes no progress");
        return false;
    }

    // zstd holds a frame against the size in its header, but for a last block that is empty, and
    // that only where the frame comes in pieces.
    [[nodiscard]] bool has_its_size() const {
        const unsigned long long size = ZSTD_getFrameContentSize(head_.data(), head_.size());
        return size == ZSTD_CONTENTSIZE_UNKNOWN || size == ZSTD_CONTENTSIZE_ERROR ||
               size == decoded_;
    }

    SideBytes side_;
    unsigned window_log_;
    std::unique_ptr<ZSTD_DCtx, decltype(&ZSTD_freeDCtx)> context_;
    State state_ = State::between;
    std::uint32_t skip_left_ = 0;
    std::string head_;  // of the frame
    std::uint64_t decoded_ = 0;  // of it
    bool lowered_ = false;  // the window's limit, not yet told to zstd
};

}  // namespace

std::unique_ptr<Decoder> make_zstd_decoder(const DecoderOptions& options) {
    return std::make_unique<ZstdDecoder>(options);
}

}  // namespace stratascan::layer
