// Which files of an image are unmodified parts of packages: those whose contents have
// the digest that a package list gives for their path. List and file must have been
// in one tree, the final one or one that a lower layer left: so a file that an upgrade
// replaced is still known by the list that the upgrade replaced with it.
//
// The mark is a help for filters and no proof. Whoever made the image wrote the lists,
// too, and MD5 can be forged by those who can write both of two files.
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "scanner/image/visibility.hpp"
#include "scanner/layer/layer_result.hpp"
#include "stratascan/report.hpp"

namespace stratascan::image {

class PackagedFiles {
public:
    /// Layers lowest first, nullptr where one is not known. All are borrowed.
    PackagedFiles(std::vector<const layer::LayerResult*> layers, Overlay& overlay)
        : layers_(std::move(layers)), overlay_(overlay) {}

    /// The package of the member at `at`, whose normalised path is `path` and which
    /// `hidden` hid. Of several, the first by list, the highest layer's first.
    [[nodiscard]] std::optional<Package> package_of(Position at, std::string_view path,
                                                    const Hiding& hidden);

private:
    [[nodiscard]] const layer::MemberDigest* digest_of(Position at) const;
    [[nodiscard]] bool in_one_tree(Position file, const Hiding& hidden, int list_layer,
                                   const layer::PackageList& list);

    std::vector<const layer::LayerResult*> layers_;
    Overlay& overlay_;
};

}  // namespace stratascan::image
