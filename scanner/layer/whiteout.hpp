// Whiteout markers (OCI image specification, layer.md, "Whiteouts"): an empty
// file `.wh.name` hides `name` of lower layers, `.wh..wh..opq` hides everything
// that lower layers have in its directory. AUFS left other `.wh..wh.` names
// behind, which hide nothing.
#pragma once

#include <string>
#include <string_view>

#include "scanner/layer/layer_result.hpp"

namespace stratascan::layer {

struct Whiteout {
    EntryKind kind = EntryKind::file;  ///< file: it is no marker
    std::string path;                  ///< what it hides, or the opaque directory
};

[[nodiscard]] inline Whiteout read_whiteout(std::string_view path) {
    const std::size_t slash = path.rfind('/');
    const std::string_view name = slash == path.npos ? path : path.substr(slash + 1);
    const std::string_view directory = slash == path.npos ? std::string_view{} : path.substr(0, slash);
    if (name == ".wh..wh..opq") return {EntryKind::opaque, std::string(directory)};
    if (!name.starts_with(".wh.") || name.starts_with(".wh..wh.") || name.size() == 4) return {};
    std::string hidden(directory);
    if (!hidden.empty()) hidden += '/';
    hidden += name.substr(4);
    return {EntryKind::whiteout, hidden};
}

}  // namespace stratascan::layer
