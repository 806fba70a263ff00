// Where in a layer something stands that is inside a container: the layer's file,
// and the steps from there. A million members of one archive share what they have
// in common, so each costs the memory of its own name.
#pragma once

#include <algorithm>
#include <cstdint>
#include <iterator>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "scanner/layer/layer_result.hpp"

namespace stratascan::layer {

/// The layer's member that the outermost container is.
struct HostFile {
    std::string path;
    std::uint32_t ordinal = 0;  ///< in the layer
    EntryKind kind = EntryKind::file;
    bool after_end = false;
    std::uint32_t mode = 0;
};

/// A part of a text that was made of the place outside: `bytes` at `at` were `from_bytes` there
/// at `from`.
struct TextOrigin {
    std::uint64_t at = 0, bytes = 0, from = 0, from_bytes = 0;
};

using TextOrigins = std::vector<TextOrigin>;  ///< sorted by `at`

/// Where [begin, end) of the text stands in what it was made of, as [first, second): where
/// several parts there say the same, each. Nothing of what the text adds.
[[nodiscard]] inline std::vector<std::pair<std::uint64_t, std::uint64_t>> origins_of(
    const TextOrigins& origins, std::uint64_t begin, std::uint64_t end) {
    std::vector<std::pair<std::uint64_t, std::uint64_t>> found;
    auto after = std::ranges::upper_bound(origins, begin, {}, &TextOrigin::at);
    if (after == origins.begin()) return found;
    const std::uint64_t at = std::prev(after)->at;
    for (; after != origins.begin() && std::prev(after)->at == at; --after) {
        const TextOrigin& one = *std::prev(after);
        if (begin >= one.at + one.bytes) continue;
        // Characters may be longer there: then all of it.
        const bool same = one.bytes == one.from_bytes && end <= one.at + one.bytes;
        if (same) {
            found.emplace_back(one.from + (begin - at), one.from + (end - at));
        } else {
            found.emplace_back(one.from, one.from + one.from_bytes);
        }
    }
    return found;
}

struct InnerPlace {
    std::shared_ptr<const HostFile> host;
    std::shared_ptr<const InnerPlace> outer;  ///< null: the host itself is the container
    std::string step;  ///< a member's path in its archive, or a compression's name
    /// The step unpacks what the place outside is: it has that one's name.
    bool same_file = false;
    bool self_unpacking = false;  ///< it would do so itself when it is started
    /// Null: it is no text that was made of the place outside.
    std::shared_ptr<const TextOrigins> origins{};

    [[nodiscard]] std::vector<std::string> steps() const {
        std::vector<std::string> all;
        for (const InnerPlace* at = this; at != nullptr; at = at->outer.get()) {
            all.push_back(at->step);
        }
        std::reverse(all.begin(), all.end());
        return all;
    }
    [[nodiscard]] const std::string& name() const {
        const InnerPlace* at = this;
        while (at->same_file && at->outer != nullptr) at = at->outer.get();
        return at->same_file ? host->path : at->step;
    }
};

}  // namespace stratascan::layer
