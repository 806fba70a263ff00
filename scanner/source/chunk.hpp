// Memory that a blob is read into, a piece at a time: whoever receives its bytes puts them
// where the decoder takes them from, and whoever hashes them reads them there too.
#pragma once

#include <cstddef>
#include <memory>
#include <mutex>
#include <span>
#include <vector>

namespace stratascan::source {

/// A piece of a blob as it was read.
struct Chunk {
    static constexpr std::size_t headroom = 64;  ///< for what the decoder left of the last one
    static constexpr std::size_t capacity = 256 << 10;
    std::unique_ptr<char[]> memory;
    std::size_t size = 0;  ///< bytes that were read, behind the headroom

    [[nodiscard]] const char* data() const noexcept { return memory.get() + headroom; }
    [[nodiscard]] std::span<const std::byte> bytes() const noexcept {
        return std::as_bytes(std::span(data(), size));
    }
    /// Where the next bytes go.
    [[nodiscard]] std::span<std::byte> room() noexcept {
        return std::as_writable_bytes(
            std::span(memory.get() + headroom + size, capacity - size));
    }
};

/// Gives chunks, and takes them back when nobody has them any more. Thread-safe; outlives
/// whoever made it as long as there are chunks.
class ChunkPool : public std::enable_shared_from_this<ChunkPool> {
public:
    /// An empty one.
    [[nodiscard]] std::shared_ptr<Chunk> take();

    static constexpr std::size_t kept = 10;  ///< that nobody has

private:
    void give_back(std::unique_ptr<char[]> memory) noexcept;

    std::mutex mutex_;
    std::vector<std::unique_ptr<char[]>> free_;
};

}  // namespace stratascan::source
