// A file's bytes where they lie, as far as they are still there.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace stratascan::program {

/// Views into what somebody else holds, so it costs nothing to make one of a long file.
struct FileBytes {
    struct Part {
        std::uint64_t offset = 0;  ///< in the file
        std::string_view bytes;    ///< not empty

        [[nodiscard]] std::uint64_t end() const noexcept { return offset + bytes.size(); }
    };
    std::vector<Part> parts;  ///< in order, none over another
    std::uint64_t size = 0;   ///< where the file ends

    /// The part that has the byte at `offset`; null: it is gone.
    [[nodiscard]] const Part* part_at(std::uint64_t offset) const noexcept;

    /// Whether nothing is gone.
    [[nodiscard]] bool is_whole() const noexcept;

    /// As many bytes from an offset as asked for, or up to the first that is gone; nothing
    /// where that is the first of them.
    [[nodiscard]] std::optional<std::string> read(std::uint64_t offset, std::size_t most) const;
};

}  // namespace stratascan::program
