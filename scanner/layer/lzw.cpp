// The format is what compress(1) of 4.0 (J. Orost and others, 1985) and every reader since
// agree on; no specification was written. Three bytes in front: 1F 9D, and flags, of which
// five bits are the widest code and the highest says that code 256 empties the table. Codes
// stand with their lowest bits first, and in groups of eight: where the width changes, what
// is left of a group is padding. A code names a string that was seen before and one byte
// more; one that is not in the table yet is the last string and its own first byte.
#include "scanner/layer/lzw.hpp"

#include <algorithm>
#include <array>

namespace stratascan::layer {

namespace {

constexpr unsigned least_bits = 9, most_bits = 16;
constexpr unsigned empties_table = 256;  // in block mode
constexpr unsigned header_bytes = 3;
constexpr unsigned codes_a_group = 8;

class CompressDecoder final : public Decoder {
public:
    Result<Step> step(std::string_view& in, bool last, std::span<char>& out) override {
        for (;;) {
            put_out(out);
            if (pending_ > 0) return Step::have_output;
            if (!read_header(in)) {
                if (last) return fail(ErrorCode::malformed, "compress: the stream ends early");
                return Step::need_input;
            }
            if (max_bits_ < least_bits || max_bits_ > most_bits) {
                return fail(ErrorCode::malformed, "compress: a width of codes that there is not");
            }
            const int code = next_code(in);
            if (code < 0) return last ? Step::end : Step::need_input;
            if (auto taken = take(static_cast<unsigned>(code)); !taken) {
                return std::unexpected(taken.error());
            }
        }
    }
    std::string_view name() const noexcept override { return "compress"; }

private:
    bool read_header(std::string_view& in) {
        while (header_ < header_bytes && !in.empty()) {
            const auto byte = static_cast<unsigned char>(in.front());
            in.remove_prefix(1);
            if (++header_ < header_bytes) continue;
            max_bits_ = byte & 0x1fU;
            block_mode_ = (byte & 0x80U) != 0;
            free_ = block_mode_ ? 257 : 256;
        }
        return header_ == header_bytes;
    }

    // The next code, or -1 where there are too few bits. The padding of a group may be cut
    // off at the stream's end.
    int next_code(std::string_view& in) {
        if (free_ > widest_code() && bits_ < max_bits_) change_width(bits_ + 1);
        while (skip_ > 0 || held_ < bits_) {
            if (held_ == 0 || (skip_ == 0 && held_ < bits_)) {
                if (in.empty()) return -1;
                buffer_ |= std::uint32_t{static_cast<unsigned char>(in.front())} << held_;
                in.remove_prefix(1);
                held_ += 8;
            }
            const unsigned passed = std::min(skip_, held_);
            buffer_ >>= passed;
            held_ -= passed;
            skip_ -= passed;
        }
        const unsigned code = buffer_ & ((1U << bits_) - 1);
        buffer_ >>= bits_;
        held_ -= bits_;
        in_group_ = (in_group_ + 1) % codes_a_group;
        return static_cast<int>(code);
    }

    // The last code of a width that the table has room for before it grows.
    [[nodiscard]] unsigned widest_code() const noexcept { return (1U << bits_) - 1; }

    void change_width(unsigned bits) {
        skip_ = in_group_ == 0 ? 0 : (codes_a_group - in_group_) * bits_;
        in_group_ = 0;
        bits_ = bits;
    }

    Result<void> take(unsigned code) {
        if (!has_last_) {
            if (code > 255) return damaged();
            has_last_ = true;
            last_code_ = code;
            first_byte_ = static_cast<char>(code);
            push(first_byte_);
            return {};
        }
        if (code == empties_table && block_mode_) {
            change_width(least_bits);
            // The next code adds an entry with this number, which nothing can name.
            free_ = empties_table;
            return {};
        }
        unsigned at = code;
        if (code >= free_) {
            if (code > free_) return damaged();
            push(first_byte_);
            at = last_code_;
        }
        // Each entry names one in front of it, so this ends.
        while (at > 255) {
            push(suffix_[at]);
            at = prefix_[at];
        }
        first_byte_ = static_cast<char>(at);
        push(first_byte_);
        if (free_ < 1U << max_bits_) {
            prefix_[free_] = static_cast<std::uint16_t>(last_code_);
            suffix_[free_] = first_byte_;
            ++free_;
        }
        last_code_ = code;
        return {};
    }

    static std::unexpected<Error> damaged() {
        return fail(ErrorCode::malformed, "compress: a code that is not in the table");
    }

    // A string comes out of the table with its last byte first.
    void push(char byte) { stack_[pending_++] = byte; }

    void put_out(std::span<char>& out) {
        while (pending_ > 0 && !out.empty()) {
            out.front() = stack_[--pending_];
            out = out.subspan(1);
        }
    }

    static constexpr std::size_t entries = std::size_t{1} << most_bits;
    std::array<std::uint16_t, entries> prefix_{};
    std::array<char, entries> suffix_{};
    std::array<char, entries> stack_{};  // no string is longer than the table
    std::size_t pending_ = 0;
    unsigned header_ = 0, max_bits_ = 0;
    bool block_mode_ = false;
    unsigned bits_ = least_bits, free_ = 257, in_group_ = 0, skip_ = 0;
    std::uint32_t buffer_ = 0;
    unsigned held_ = 0;
    unsigned last_code_ = 0;
    char first_byte_ = 0;
    bool has_last_ = false;
};

}  // namespace

bool is_compress(std::string_view head) noexcept {
    if (head.size() < 5 || !head.starts_with("\x1f\x9d")) return false;
    const auto flags = static_cast<unsigned char>(head[2]);
    const unsigned bits = flags & 0x1fU;
    const bool byte_first = (static_cast<unsigned char>(head[4]) & 1U) == 0;
    return bits >= least_bits && bits <= most_bits && (flags & 0x60U) == 0 && byte_first;
}

std::unique_ptr<Decoder> make_compress_decoder() { return std::make_unique<CompressDecoder>(); }

}  // namespace stratascan::layer
