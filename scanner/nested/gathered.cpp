#include "scanner/nested/gathered.hpp"

#include <algorithm>
#include <cstring>

namespace stratascan::nested {

void Gathered::add(std::string_view bytes) {
    while (!bytes.empty()) {
        const auto used = static_cast<std::size_t>(end_ % piece_bytes);
        if (pieces_.empty()) first_ = end_ - used;
        if (first_ + pieces_.size() * piece_bytes == end_ || pieces_.empty()) {
            pieces_.push_back(std::make_unique_for_overwrite<char[]>(piece_bytes));
        }
        const std::string_view part = bytes.substr(0, piece_bytes - used);
        std::memcpy(pieces_.back().get() + used, part.data(), part.size());
        end_ += part.size();
        bytes.remove_prefix(part.size());
    }
}

void Gathered::drop_before(std::uint64_t at) {
    begin_ = std::clamp(at, begin_, end_);
    while (!pieces_.empty() && first_ + piece_bytes <= begin_) {
        pieces_.pop_front();
        first_ += piece_bytes;
    }
}

std::string_view Gathered::run(std::uint64_t at) const noexcept {
    if (at < begin_ || at >= end_) return {};
    const std::uint64_t piece = (at - first_) / piece_bytes;
    const auto within = static_cast<std::size_t>(at % piece_bytes);
    const std::uint64_t size = std::min<std::uint64_t>(piece_bytes - within, end_ - at);
    return {pieces_[static_cast<std::size_t>(piece)].get() + within,
            static_cast<std::size_t>(size)};
}

std::size_t Gathered::read(std::uint64_t at, std::span<char> to) const noexcept {
    std::size_t done = 0;
    while (done < to.size()) {
        const std::string_view part = run(at + done).substr(0, to.size() - done);
        if (part.empty()) break;
        std::memcpy(to.data() + done, part.data(), part.size());
        done += part.size();
    }
    return done;
}

}  // namespace stratascan::nested
