// What a store may keep of what is attached to an image, so that a gate can later tell which
// signature, bill of materials, provenance or VEX document the last release lacked, too. A
// statement holds whatever a build was given, so its text is not kept: only what it is, which
// images it speaks of, who says to have built it, and whether it was in an envelope. Whose
// signature held is not kept either: that depends on whom a gate is told to trust.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "scanner/image/image_facts.hpp"

namespace stratascan::image {

struct KeptAttachments {
    std::vector<std::string> subjects;  ///< GateFacts::subjects
    bool complete = false;              ///< GateFacts::attachments_complete
    /// Blobs are what is left of them; those that were in an envelope are `unproven`.
    std::vector<Attachment> attachments;
};

/// As JSON. Empty where there is more of it, or longer names, than is kept: to forget one of
/// them would be to say that the image lacked it.
[[nodiscard]] std::string kept_attachments(const GateFacts& facts);

/// Nothing where `kept` is none of kept_attachments().
[[nodiscard]] std::optional<KeptAttachments> restore_attachments(std::string_view kept);

}  // namespace stratascan::image
