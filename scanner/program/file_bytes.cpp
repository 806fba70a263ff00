#include "scanner/program/file_bytes.hpp"

#include <algorithm>

namespace stratascan::program {

const FileBytes::Part* FileBytes::part_at(std::uint64_t offset) const noexcept {
    const auto behind = std::ranges::upper_bound(parts, offset, {}, &Part::offset);
    if (behind == parts.begin()) return nullptr;
    const Part& part = *std::prev(behind);
    return offset < part.end() ? &part : nullptr;
}

bool FileBytes::is_whole() const noexcept {
    std::uint64_t end = 0;
    for (const Part& part : parts) {
        if (part.offset != end) return false;
        end = part.end();
    }
    return end == size;
}

std::optional<std::string> FileBytes::read(std::uint64_t offset, std::size_t most) const {
    const Part* part = part_at(offset);
    if (part == nullptr) return std::nullopt;
    std::string bytes;
    while (bytes.size() < most) {
        const std::uint64_t at = offset + bytes.size();
        bytes += part->bytes.substr(static_cast<std::size_t>(at - part->offset),
                                    most - bytes.size());
        const std::uint64_t end = part->end();
        ++part;
        if (part == parts.data() + parts.size() || part->offset != end) break;
    }
    return bytes;
}

}  // namespace stratascan::program
