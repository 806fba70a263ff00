// Bytes that are kept while they stream by, for formats that are read from more
// than one place: the bases of a pack's deltas, the pages of a database. Kept in
// pieces, so that growing costs no second copy.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <span>
#include <string_view>

namespace stratascan::nested {

class Gathered {
public:
    static constexpr std::size_t piece_bytes = 64 << 10;

    void add(std::string_view bytes);
    /// Gives back memory of bytes before `at`.
    void drop_before(std::uint64_t at);

    /// Positions count all bytes ever added; those from begin() to end() are kept.
    [[nodiscard]] std::uint64_t begin() const noexcept { return begin_; }
    [[nodiscard]] std::uint64_t end() const noexcept { return end_; }

    /// The bytes from `at` that lie in one piece: none only where none are kept.
    /// A run from a multiple of a power of two up to piece_bytes is at least that
    /// long, or goes to the end.
    [[nodiscard]] std::string_view run(std::uint64_t at) const noexcept;
    /// Copies what there is from `at`; gives how much.
    std::size_t read(std::uint64_t at, std::span<char> to) const noexcept;

    [[nodiscard]] std::uint64_t memory() const noexcept { return pieces_.size() * piece_bytes; }

private:
    std::deque<std::unique_ptr<char[]>> pieces_;  // the first begins at first_
    std::uint64_t first_ = 0, begin_ = 0, end_ = 0;
};

}  // namespace stratascan::nested
