#include "scanner/layer/lz4_legacy.hpp"

#include <algorithm>

#include "scanner/nested/bytes.hpp"

namespace stratascan::layer {

namespace {

constexpr std::uint64_t block_bytes = 8 << 20;
// What a block of noise takes (LZ4_COMPRESSBOUND). A larger size is another frame's magic.
constexpr std::uint64_t longest_block = block_bytes + block_bytes / 255 + 16;
constexpr unsigned long_run = 15;  // more bytes of length follow
constexpr unsigned shortest_copy = 4;

std::unexpected<Error> damaged(const char* what) {
    return fail(ErrorCode::malformed, std::string("lz4: ") + what);
}

}  // namespace

void Lz4Legacy::begin() {
    state_ = State::size;
    window_.resize(window_bytes);
}

Result<Step> Lz4Legacy::step(std::string_view& in, bool last, std::span<char>& out) {
    for (;;) {
        if (state_ == State::size) {
            if (in.size() < 4 && !last) return Step::need_input;
            const auto begun = begin_block(in, last);
            if (!begun) return std::unexpected(begun.error());
            if (!*begun) return Step::end;
            continue;
        }
        const bool runs = state_ == State::literals || state_ == State::copy;
        if (runs && run_ > 0 && out.empty()) return Step::have_output;
        if (state_ == State::copy) {
            write_copy(out);
            continue;
        }
        // A block ends behind its last literals.
        if (left_ == 0 && run_ == 0 && (state_ == State::token || state_ == State::literals)) {
            state_ = State::size;
            continue;
        }
        if (state_ == State::literals && run_ == 0) state_ = State::distance_low;
        if (left_ == 0) return damaged("a block ends inside a sequence");
        if (in.empty()) {
            if (last) return damaged("the blob ends inside a block");
            return Step::need_input;
        }
        if (state_ == State::literals) {
            write_literals(in, out);
            continue;
        }
        const auto byte = static_cast<unsigned char>(in.front());
        in.remove_prefix(1);
        --left_;
        if (auto taken = take(byte); !taken) return std::unexpected(taken.error());
    }
}

Result<bool> Lz4Legacy::begin_block(std::string_view& in, bool last) {
    if (in.size() < 4) {
        if (last && !in.empty()) return damaged("the blob ends inside a block's size");
        return false;
    }
    left_ = nested::little_endian(in, 0, 4);
    if (left_ == 0 || left_ > longest_block) return false;
    in.remove_prefix(4);
    made_ = run_ = 0;
    state_ = State::token;
    return true;
}

// A byte of a sequence that is no literal.
Result<void> Lz4Legacy::take(unsigned byte) {
    switch (state_) {
        case State::token:
            run_ = byte >> 4U;
            copy_code_ = byte & 0xfU;
            if (run_ < long_run) return begin_run(State::literals);
            state_ = State::literals_length;
            return {};
        case State::distance_low:
            distance_ = byte;
            state_ = State::distance_high;
            return {};
        case State::distance_high:
            distance_ |= byte << 8U;
            if (distance_ == 0 || distance_ > made_) {
                return damaged("a distance reaches before the block");
            }
            run_ = copy_code_ + shortest_copy;
            if (copy_code_ < long_run) return begin_run(State::copy);
            state_ = State::copy_length;
            return {};
        default:
            run_ += byte;
            if (byte == 255) return {};
            return begin_run(state_ == State::literals_length ? State::literals : State::copy);
    }
}

Result<void> Lz4Legacy::begin_run(State state) {
    if (run_ > block_bytes - made_ || (state == State::literals && run_ > left_)) {
        return damaged("a block is larger than it may be");
    }
    state_ = state;
    return {};
}

void Lz4Legacy::write_literals(std::string_view& in, std::span<char>& out) {
    std::size_t size = std::min({in.size(), out.size(), window_bytes - at_});
    size = static_cast<std::size_t>(std::min<std::uint64_t>(size, run_));
    std::copy_n(in.begin(), size, out.begin());
    std::copy_n(in.begin(), size, window_.begin() + static_cast<std::ptrdiff_t>(at_));
    in.remove_prefix(size);
    out = out.subspan(size);
    at_ = (at_ + size) % window_bytes;
    left_ -= size;
    run_ -= size;
    made_ += size;
}

// What is copied may begin in what is being copied.
void Lz4Legacy::write_copy(std::span<char>& out) {
    const auto size = static_cast<std::size_t>(std::min<std::uint64_t>(run_, out.size()));
    for (char& to : out.first(size)) {
        to = window_[at_] = window_[(at_ + window_bytes - distance_) % window_bytes];
        at_ = (at_ + 1) % window_bytes;
    }
    out = out.subspan(size);
    run_ -= size;
    made_ += size;
    if (run_ == 0) state_ = State::token;
}

}  // namespace stratascan::layer
