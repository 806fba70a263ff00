// Which of an image's layers are its base's. Told by the base itself and by nothing
// else: a guess would let a secret pass that the image's own builder put in.
#pragma once

#include <string>
#include <vector>

#include "stratascan/error.hpp"
#include "stratascan/report.hpp"

namespace stratascan::source {
class RemoteTargets;
}

namespace stratascan::policy {

/// One image of the base target, lowest layer first.
struct BaseImage {
    std::string digest, platform;
    std::vector<std::string> layer_digests;  ///< of the blobs
    std::vector<std::string> diff_ids;
    /// What whoever called the gate knows it by: the target, and the tags that led to it.
    std::vector<std::string> names{};
};

/// The base whose layers an image's lowest ones are.
struct ProvedBase {
    int layers = -1;  ///< how many; -1: none is proved
    std::vector<std::string> names{};
};

/// Every image that `target` holds, also in a registry or an engine, which `remote` asks. Its
/// layers are not scanned.
[[nodiscard]] Result<std::vector<BaseImage>> read_base(const std::string& target,
                                                       const std::string& platform,
                                                       source::RemoteTargets* remote = nullptr);

/// Which of the bases the lowest layers of `report` are; of several the one with most. A
/// layer is the base's where its blob, whose digest the scan has checked, is the same
/// one; or where it is not compressed and its digest is the base's diff ID. A diff ID
/// that the image only claims counts for nothing. All layers of the base must be there.
[[nodiscard]] ProvedBase proved_base(const TargetReport& report,
                                     const std::vector<BaseImage>& bases);

/// The bases that the image's annotation org.opencontainers.image.base.digest names
/// among the targets of the same report: whoever calls the gate gave them, so the
/// image's builder alone can't choose what counts as a base.
[[nodiscard]] std::vector<BaseImage> annotated_bases(const TargetReport& report,
                                                     const Report& all);

}  // namespace stratascan::policy
