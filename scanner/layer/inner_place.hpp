// Where in a layer something stands that is inside a container: the layer's file,
// and the steps from there. A million members of one archive share what they have
// in common, so each costs the memory of its own name.
#pragma once

#include <algorithm>
#include <cstdint>
#include <memory>
#include <string>
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

struct InnerPlace {
    std::shared_ptr<const HostFile> host;
    std::shared_ptr<const InnerPlace> outer;  ///< null: the host itself is the container
    std::string step;  ///< a member's path in its archive, or a compression's name
    /// The step unpacks what the place outside is: it has that one's name.
    bool same_file = false;
    bool self_unpacking = false;  ///< it would do so itself when it is started

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
