// What attached bills of materials list, in the open or in an envelope: SPDX 2 (spdx.github.io,
// packages[].name, files[].fileName) and CycloneDX (cyclonedx.org, components[].name and
// evidence.occurrences[].location, components within components). All of it is its author's claim.
#pragma once

#include <set>
#include <string>

#include "scanner/image/attachments.hpp"
#include "scanner/policy/subject.hpp"

namespace stratascan::policy {

/// The form of a bill of materials that a blob claims to be ("https://spdx.dev/Document", a media
/// type), or "".
[[nodiscard]] std::string bill_kind(const image::Attachment& attached,
                                    const image::AttachedBlob& blob);

struct Bill {
    std::set<std::string, std::less<>> names;  ///< of components
    std::set<std::string, std::less<>> paths;  ///< of files, without a slash in front

    /// By its file where files are listed at all, else by its name.
    [[nodiscard]] bool lists(const Program& program) const {
        return paths.empty() ? names.contains(program.program) : paths.contains(program.path);
    }
};

/// Of all that speak of this image and can be read.
[[nodiscard]] Bill bill_of(const Subject& subject);

}  // namespace stratascan::policy
