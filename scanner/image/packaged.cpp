#include "scanner/image/packaged.hpp"

#include <algorithm>
#include <limits>

namespace stratascan::image {

namespace {

using layer::LayerResult;
using layer::ListedFile;

// The first layer in whose tree it is no more.
int gone_from(const Hiding& hidden) noexcept {
    return hidden.any() ? hidden.layer : std::numeric_limits<int>::max();
}

}  // namespace

const layer::MemberDigest* PackagedFiles::digest_of(Position at) const {
    const LayerResult* of = layers_[static_cast<std::size_t>(at.layer)];
    if (of == nullptr) return nullptr;
    const auto found = std::lower_bound(
        of->digests.begin(), of->digests.end(), at.ordinal,
        [](const layer::MemberDigest& one, std::uint32_t ordinal) { return one.ordinal < ordinal; });
    return found != of->digests.end() && found->ordinal == at.ordinal ? &*found : nullptr;
}

bool PackagedFiles::in_one_tree(Position file, const Hiding& hidden, int list_layer,
                                const layer::PackageList& list) {
    const Hiding list_hidden = overlay_.hiding({list_layer, list.ordinal}, list.path);
    return std::max(file.layer, list_layer) <
           std::min(gone_from(hidden), gone_from(list_hidden));
}

std::optional<Package> PackagedFiles::package_of(Position at, std::string_view path,
                                                 const Hiding& hidden) {
    const layer::MemberDigest* digest = digest_of(at);
    if (digest == nullptr) return std::nullopt;
    const layer::PathKey key = layer::packaged_path_key(path);
    for (int i = static_cast<int>(layers_.size()) - 1; i >= 0; --i) {
        const LayerResult* of = layers_[static_cast<std::size_t>(i)];
        if (of == nullptr) continue;
        const layer::PackageFacts& facts = of->packages;
        auto file = std::lower_bound(
            facts.files.begin(), facts.files.end(), key,
            [](const ListedFile& one, layer::PathKey wanted) { return one.path < wanted; });
        for (; file != facts.files.end() && file->path == key; ++file) {
            const layer::ListedPackage& package = facts.packages[file->package];
            const layer::PackageList& list = facts.lists[package.list];
            const bool apk = list.manager == layer::PackageManager::apk;
            if ((apk ? digest->sha1 : digest->md5) != file->digest) continue;
            if (!in_one_tree(at, hidden, i, list)) continue;
            return Package{std::string(layer::to_string(list.manager)), package.name};
        }
    }
    return std::nullopt;
}

}  // namespace stratascan::image
