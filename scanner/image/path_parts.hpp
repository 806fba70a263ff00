// The parts of normalised paths, which have no leading, trailing or double
// slash; "" is the root.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace stratascan::image {

/// Longest path that a Linux system call takes. No runtime can create a longer
/// one from a layer, so none is followed.
inline constexpr std::size_t path_bytes_limit = 4096;

[[nodiscard]] inline bool fits(std::string_view path) noexcept {
    return !path.empty() && path.size() <= path_bytes_limit;
}

[[nodiscard]] inline std::string_view folder_of(std::string_view path) noexcept {
    const std::size_t slash = path.rfind('/');
    return slash == std::string_view::npos ? std::string_view() : path.substr(0, slash);
}

[[nodiscard]] inline std::string_view base_of(std::string_view path) noexcept {
    return path.substr(path.rfind('/') + 1);  // npos + 1 is 0
}

[[nodiscard]] inline std::string joined(std::string_view folder, std::string_view rest) {
    std::string path(folder);
    if (!folder.empty() && !rest.empty()) path += '/';
    path += rest;
    return path;
}

/// Where the root, each folder on the way and the path itself end:
/// "usr/lib" -> 0, 3, 7.
[[nodiscard]] inline std::vector<std::size_t> prefix_ends(std::string_view path) {
    std::vector<std::size_t> ends{0};
    if (path.empty()) return ends;
    for (std::size_t at = path.find('/'); at != std::string_view::npos;
         at = path.find('/', at + 1)) {
        ends.push_back(at);
    }
    ends.push_back(path.size());
    return ends;
}

}  // namespace stratascan::image
