#include "scanner/nested/git_delta.hpp"

#include <algorithm>
#include <bit>

namespace stratascan::nested {

namespace {

constexpr std::size_t default_copy = 0x10000;

unsigned byte_at(std::string_view bytes, std::size_t at) {
    return static_cast<unsigned char>(bytes[at]);
}

// Seven bits a byte, the lowest first.
std::optional<std::uint64_t> take_size(std::string_view& in) noexcept {
    std::uint64_t value = 0;
    for (unsigned shift = 0; shift < 63 && !in.empty(); shift += 7) {
        const unsigned byte = byte_at(in, 0);
        in.remove_prefix(1);
        value |= std::uint64_t{byte & 0x7fU} << shift;
        if ((byte & 0x80U) == 0) return value;
    }
    return std::nullopt;
}

// Those of `count` bytes that the instruction's bits say are there.
std::optional<std::uint64_t> take_sparse(std::string_view& in, unsigned bits, unsigned count) {
    std::uint64_t value = 0;
    for (unsigned i = 0; i < count; ++i) {
        if ((bits >> i & 1U) == 0) continue;
        if (in.empty()) return std::nullopt;
        value |= std::uint64_t{byte_at(in, 0)} << (8 * i);
        in.remove_prefix(1);
    }
    return value;
}

}  // namespace

std::optional<std::uint64_t> delta_result_size(std::string_view delta) noexcept {
    if (!take_size(delta)) return std::nullopt;
    return take_size(delta);
}

std::optional<std::string> apply_delta(std::string_view base, std::string_view delta,
                                       std::uint64_t most) {
    const auto base_size = take_size(delta);
    const auto size = take_size(delta);
    if (!base_size || !size || *base_size != base.size() || *size > most) return std::nullopt;
    std::string made;
    // A copy of 7 bytes makes 16 MiB at most, so the size is believed only so far.
    made.reserve(static_cast<std::size_t>(std::min<std::uint64_t>(*size, 1 << 20)));
    while (!delta.empty()) {
        const unsigned instruction = byte_at(delta, 0);
        delta.remove_prefix(1);
        std::string_view part;
        if ((instruction & 0x80U) != 0) {
            const auto from = take_sparse(delta, instruction & 0xfU, 4);
            const auto length = take_sparse(delta, instruction >> 4U & 7U, 3);
            if (!from || !length) return std::nullopt;
            const std::uint64_t bytes = *length == 0 ? default_copy : *length;
            if (*from > base.size() || bytes > base.size() - *from) return std::nullopt;
            part = base.substr(static_cast<std::size_t>(*from), static_cast<std::size_t>(bytes));
        } else {
            if (instruction == 0 || instruction > delta.size()) return std::nullopt;
            part = delta.substr(0, instruction);
            delta.remove_prefix(instruction);
        }
        if (part.size() > *size - made.size()) return std::nullopt;
        made += part;
    }
    if (made.size() != *size) return std::nullopt;
    return made;
}

void DeltaLiterals::take(std::string_view delta, std::string& out) {
    while (!delta.empty() && !damaged_) {
        if (insert_ > 0) {
            const std::string_view part = delta.substr(0, insert_);
            out += part;
            insert_ -= static_cast<unsigned>(part.size());
            delta.remove_prefix(part.size());
            if (insert_ == 0) out += '\0';
            continue;
        }
        const unsigned byte = byte_at(delta, 0);
        delta.remove_prefix(1);
        if (sizes_left_ > 0) {
            if ((byte & 0x80U) == 0) --sizes_left_;
        } else if (skip_ > 0) {
            --skip_;
        } else if ((byte & 0x80U) != 0) {
            skip_ = static_cast<unsigned>(std::popcount(byte & 0x7fU));
        } else if (byte == 0) {
            damaged_ = true;
        } else {
            insert_ = byte;
        }
    }
}

}  // namespace stratascan::nested
