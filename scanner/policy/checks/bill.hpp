// The bills of materials that speak of an image: attached ones, in the open or in an envelope,
// and those among its files. All of it is their author's claim.
#pragma once

#include <string>
#include <vector>

#include "scanner/image/attachments.hpp"
#include "scanner/layer/bill_of_materials.hpp"
#include "scanner/policy/subject.hpp"

namespace stratascan::policy {

/// The form of a bill of materials that a blob claims to be ("https://spdx.dev/Document", a media
/// type), or "".
[[nodiscard]] std::string bill_kind(const image::Attachment& attached,
                                    const image::AttachedBlob& blob);

struct Bill {
    std::string where;  ///< "an attached bill of materials", "the bill of materials PATH"
    layer::BillOfMaterials listed;
};

/// All that can be read: the attached ones first, then those of the final tree.
[[nodiscard]] std::vector<Bill> bills_of(const Subject& subject);

}  // namespace stratascan::policy
