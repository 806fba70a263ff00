// gzip (RFC 1952): any number of members, each a header, a deflate stream and a
// trailer with CRC-32 and length. The header is read here, because its optional
// fields (extra, name, comment) are bytes that nobody else looks at; the deflate
// stream goes to ISA-L, which is two to three times as fast as zlib, or to zlib.
//
// Three habits of ISA-L are guarded against. After a member's end the input left
// over must be saved across the reset. And a call that neither uses input nor
// makes output would spin for ever on damaged input: it counts as damage. On
// damage it counts input as unused that earlier calls had taken. A fourth is let be: a
// Huffman code that is incomplete, which zlib refuses, it reads on by, as long as no bits
// without a meaning come up. Checksum and length must hold all the same
// (tests/fuzz/decoder_reference_fuzz.cpp).

#include <zlib.h>

#include <array>
#include <cstring>
#include <limits>
#include <new>

#include "scanner/layer/decoder.hpp"

#if STRATASCAN_HAVE_ISAL
#include <isa-l/igzip_lib.h>
#endif

namespace stratascan::layer {

namespace {

// Lengths that libraries take are 32 bits wide.
constexpr std::size_t longest_call = std::size_t{1} << 30;

Error damaged(std::string what) {
    return Error{ErrorCode::malformed, "gzip: " + std::move(what), {}, {}};
}

/// Reads a member's header, byte by byte where a field's end is not known, so
/// that it may be cut anywhere.
class GzipHeader {
public:
    explicit GzipHeader(const SideBytes& side) : side_(side) {}

    /// True when the header is whole; `in` is then at the deflate stream.
    Result<bool> read(std::string_view& in) {
        while (!in.empty()) {
            const auto byte = static_cast<unsigned char>(in.front());
            switch (state_) {
                case State::fixed: {
                    fixed_[count_++] = byte;
                    in.remove_prefix(1);
                    if (count_ < fixed_.size()) break;
                    if (fixed_[2] != 8) return std::unexpected(damaged("unknown method"));
                    next(State::fixed);
                    break;
                }
                case State::extra_length:
                    length_ |= static_cast<unsigned>(byte) << (8 * count_++);
                    in.remove_prefix(1);
                    if (count_ == 2) next(length_ > 0 ? State::extra_length : State::extra);
                    break;
                case State::extra: {
                    const std::string_view part = in.substr(0, length_);
                    if (side_) side_("gzip extra field", part);
                    in.remove_prefix(part.size());
                    length_ -= static_cast<unsigned>(part.size());
                    if (length_ > 0) break;
                    if (side_) side_("gzip extra field", {});
                    next(State::extra);
                    break;
                }
                case State::name:
                case State::comment: {
                    const std::size_t end = in.find('\0');
                    const std::string_view part = in.substr(0, end);
                    const auto* const where =
                        state_ == State::name ? "gzip name" : "gzip comment";
                    if (side_ && !part.empty()) side_(where, part);
                    in.remove_prefix(part.size());
                    if (end == std::string_view::npos) break;
                    in.remove_prefix(1);
                    if (side_) side_(where, {});
                    next(state_);
                    break;
                }
                case State::crc:
                    in.remove_prefix(1);
                    if (++count_ == 2) next(State::crc);
                    break;
                case State::done: break;
            }
            if (state_ == State::done) return true;
        }
        return false;
    }

    void reset() {
        state_ = State::fixed;
        count_ = 0;
    }

private:
    enum class State : std::uint8_t { fixed, extra_length, extra, name, comment, crc, done };

    // The state behind `after`, passing over the fields that the flags leave out.
    void next(State after) {
        count_ = 0;
        const unsigned flags = fixed_[3];
        if (after < State::extra_length && (flags & 4U) != 0) {
            length_ = 0;
            state_ = State::extra_length;
        } else if (after == State::extra_length) {
            state_ = State::extra;
        } else if (after < State::name && (flags & 8U) != 0) {
            state_ = State::name;
        } else if (after < State::comment && (flags & 16U) != 0) {
            state_ = State::comment;
        } else if (after < State::crc && (flags & 2U) != 0) {
            state_ = State::crc;
        } else {
            state_ = State::done;
        }
    }

    const SideBytes& side_;
    State state_ = State::fixed;
    std::array<unsigned char, 10> fixed_{};
    std::size_t count_ = 0;
    unsigned length_ = 0;
};

/// Inflates one member's deflate stream and checks its trailer.
class Inflater {
public:
    virtual ~Inflater() = default;
    virtual void reset() = 0;
    /// True at the member's end, trailer included.
    virtual Result<bool> inflate(std::string_view& in, std::span<char>& out) = 0;
    virtual std::string_view name() const noexcept = 0;
};

#if STRATASCAN_HAVE_ISAL
class IsalInflater final : public Inflater {
public:
    void reset() override {
        isal_inflate_init(&state_);
        state_.crc_flag = ISAL_GZIP_NO_HDR_VER;
    }

    Result<bool> inflate(std::string_view& in, std::span<char>& out) override {
        const std::size_t in_size = std::min(in.size(), longest_call);
        const std::size_t out_size = std::min(out.size(), longest_call);
        // ISA-L's structure takes a pointer to bytes that it only reads.
        state_.next_in = reinterpret_cast<std::uint8_t*>(const_cast<char*>(in.data()));
        state_.avail_in = static_cast<std::uint32_t>(in_size);
        state_.next_out = reinterpret_cast<std::uint8_t*>(out.data());
        state_.avail_out = static_cast<std::uint32_t>(out_size);
        const auto before = state_.block_state;
        const int status = isal_inflate(&state_);
        const std::size_t made = out_size - state_.avail_out;
        out = out.subspan(made);
        // On damage ISA-L gives input back, also what it took in calls before: only
        // what is no damage may be counted.
        if (status < 0) return std::unexpected(damaged(explain(status)));
        const std::size_t used = in_size - state_.avail_in;
        in.remove_prefix(used);
        if (state_.block_state == ISAL_BLOCK_FINISH) return true;
        if (used == 0 && made == 0 && in_size > 0 && out_size > 0 &&
            before == state_.block_state) {
            return std::unexpected(damaged("the deflate stream makes no progress"));
        }
        return false;
    }

    std::string_view name() const noexcept override { return "isa-l"; }

private:
    static std::string explain(int status) {
        switch (status) {
            case ISAL_INVALID_BLOCK: return "invalid deflate block";
            case ISAL_INVALID_SYMBOL: return "invalid deflate symbol";
            case ISAL_INVALID_LOOKBACK: return "deflate distance reaches before the start";
            case ISAL_INCORRECT_CHECKSUM: return "a member's checksum does not hold";
            default: return "damaged deflate stream";
        }
    }

    inflate_state state_{};
};
#endif

class ZlibInflater final : public Inflater {
public:
    ZlibInflater() {
        if (inflateInit2(&stream_, -MAX_WBITS) != Z_OK) throw std::bad_alloc();
    }
    ~ZlibInflater() override { inflateEnd(&stream_); }
    ZlibInflater(const ZlibInflater&) = delete;
    ZlibInflater& operator=(const ZlibInflater&) = delete;

    void reset() override {
        inflateReset(&stream_);
        crc_ = crc32(0, nullptr, 0);
        length_ = 0;
        in_trailer_ = false;
        trailer_size_ = 0;
    }

    Result<bool> inflate(std::string_view& in, std::span<char>& out) override {
        if (!in_trailer_) {
            const auto running = run(in, out);
            if (!running) return std::unexpected(running.error());
            if (!in_trailer_) return false;
        }
        while (trailer_size_ < trailer_.size() && !in.empty()) {
            trailer_[trailer_size_++] = static_cast<unsigned char>(in.front());
            in.remove_prefix(1);
        }
        if (trailer_size_ < trailer_.size()) return false;
        if (word(0) != crc_ || word(4) != length_) {
            return std::unexpected(damaged("a member's checksum does not hold"));
        }
        return true;
    }

    std::string_view name() const noexcept override { return "zlib"; }

private:
    Result<void> run(std::string_view& in, std::span<char>& out) {
        stream_.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(in.data()));
        stream_.avail_in = static_cast<uInt>(std::min(in.size(), longest_call));
        stream_.next_out = reinterpret_cast<Bytef*>(out.data());
        stream_.avail_out = static_cast<uInt>(std::min(out.size(), longest_call));
        const uInt in_before = stream_.avail_in;
        const uInt out_before = stream_.avail_out;
        const int status = ::inflate(&stream_, Z_NO_FLUSH);
        const uInt made = out_before - stream_.avail_out;
        crc_ = crc32(crc_, reinterpret_cast<const Bytef*>(out.data()), made);
        length_ += made;
        in.remove_prefix(in_before - stream_.avail_in);
        out = out.subspan(made);
        if (status == Z_STREAM_END) {
            in_trailer_ = true;
        } else if (status == Z_MEM_ERROR) {
            throw std::bad_alloc();
        } else if (status != Z_OK && status != Z_BUF_ERROR) {
            return std::unexpected(damaged("damaged deflate stream"));
        }
        return {};
    }

    [[nodiscard]] std::uint32_t word(std::size_t at) const noexcept {
        return static_cast<std::uint32_t>(trailer_[at]) |
               static_cast<std::uint32_t>(trailer_[at + 1]) << 8 |
               static_cast<std::uint32_t>(trailer_[at + 2]) << 16 |
               static_cast<std::uint32_t>(trailer_[at + 3]) << 24;
    }

    z_stream stream_{};
    bool in_trailer_ = false;
    uLong crc_ = 0;
    std::uint32_t length_ = 0;  // modulo 2^32, as the trailer has it
    std::array<unsigned char, 8> trailer_{};
    std::size_t trailer_size_ = 0;
};

std::unique_ptr<Inflater> make_inflater(GzipEngine engine) {
#if STRATASCAN_HAVE_ISAL
    if (engine == GzipEngine::fastest) return std::make_unique<IsalInflater>();
#else
    static_cast<void>(engine);
#endif
    return std::make_unique<ZlibInflater>();
}

class GzipDecoder final : public Decoder {
public:
    explicit GzipDecoder(const DecoderOptions& options)
        : side_(options.side), header_(side_), inflater_(make_inflater(options.gzip)) {}

    Result<Step> step(std::string_view& in, bool last, std::span<char>& out) override {
        for (;;) {
            switch (state_) {
                case State::between: {
                    if (in.size() < 2 && !last) return Step::need_input;
                    if (!in.starts_with("\x1f\x8b")) return Step::end;
                    header_.reset();
                    state_ = State::header;
                    break;
                }
                case State::header: {
                    const auto whole = header_.read(in);
                    if (!whole) return std::unexpected(whole.error());
                    if (!*whole) return starved(last);
                    inflater_->reset();
                    state_ = State::data;
                    break;
                }
                case State::data: {
                    const auto ended = inflater_->inflate(in, out);
                    if (!ended) return std::unexpected(ended.error());
                    if (*ended) {
                        state_ = State::between;
                        break;
                    }
                    if (out.empty()) return Step::have_output;
                    if (in.empty()) return starved(last);
                    break;
                }
            }
        }
    }

    std::string_view name() const noexcept override { return inflater_->name(); }

private:
    enum class State : std::uint8_t { between, header, data };

    static Result<Step> starved(bool last) {
        if (last) return std::unexpected(damaged("the blob ends inside a member"));
        return Step::need_input;
    }

    SideBytes side_;
    GzipHeader header_;
    std::unique_ptr<Inflater> inflater_;
    State state_ = State::between;
};

}  // namespace

std::unique_ptr<Decoder> make_gzip_decoder(const DecoderOptions& options) {
    return std::make_unique<GzipDecoder>(options);
}

}  // namespace stratascan::layer
