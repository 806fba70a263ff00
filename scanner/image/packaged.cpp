#include "scanner/image/packaged.hpp"

#include <algorithm>
#include <limits>

namespace stratascan::image {

namespace {

using layer::LayerResult;
using layer::ListedFile;
using layer::ListedPackage;

// Folders that distributions turned into links. More are no honest image's.
constexpr std::size_t folder_links_limit = 16;

// What lists say of files is looked at so often in an image: a real one's name a file in one or two
// places, hostile ones a hundred thousand times in a thousand layers.
constexpr std::uint64_t most_looks = 50'000'000;

bool is_merged_folder(std::string_view path) noexcept {
    for (const std::string_view name : {"bin", "sbin", "lib", "lib32", "lib64", "libx32"}) {
        if (path == name) return true;
    }
    return path == "usr/sbin";
}

// The first layer in whose tree it is no more.
int gone_from(const Hiding& hidden) noexcept {
    return hidden.any() ? hidden.layer : std::numeric_limits<int>::max();
}

std::pair<std::vector<ListedFile>::const_iterator, std::vector<ListedFile>::const_iterator>
listed(const layer::PackageFacts& facts, layer::PathKey key) {
    return std::equal_range(facts.files.begin(), facts.files.end(), key,
                            [](const auto& left, const auto& right) {
                                const auto key_of = [](const auto& one) {
                                    if constexpr (requires { one.path; }) return one.path;
                                    else return one;
                                };
                                return key_of(left) < key_of(right);
                            });
}

}  // namespace

bool PackagedFiles::Span::meets(const Span& other) const noexcept {
    return std::max(from, other.from) < std::min(to, other.to);
}

PackagedFiles::PackagedFiles(std::vector<const LayerResult*> layers, Overlay& overlay)
    : layers_(std::move(layers)), overlay_(overlay) {
    for (std::size_t i = 0; i < layers_.size(); ++i) {
        const LayerResult* of = layers_[i];
        if (of == nullptr) continue;
        const auto& packages = of->packages.packages;
        for (std::uint32_t n = 0; n < packages.size(); ++n) {
            if (packages[n].version.empty()) continue;
            versions_.emplace(packages[n].name, std::pair(static_cast<int>(i), n));
        }
        for (const layer::Link& link : of->paths.symlinks) {
            if (folder_links_.size() == folder_links_limit) break;
            std::pair<std::string, std::string> one(link.path, link.target);
            if (!is_merged_folder(link.path) || link.target.empty()) continue;
            if (std::find(folder_links_.begin(), folder_links_.end(), one) == folder_links_.end()) {
                folder_links_.push_back(std::move(one));
            }
        }
    }
}

const layer::MemberDigest* PackagedFiles::digest_of(Position at) const {
    const LayerResult* of = layers_[static_cast<std::size_t>(at.layer)];
    if (of == nullptr) return nullptr;
    const auto found = std::lower_bound(of->digests.begin(), of->digests.end(), at.ordinal,
                                        [](const layer::MemberDigest& one, std::uint32_t ordinal) {
                                            return one.ordinal < ordinal;
                                        });
    return found != of->digests.end() && found->ordinal == at.ordinal ? &*found : nullptr;
}

PackagedFiles::Span PackagedFiles::span_of(int layer, std::uint32_t list) {
    const auto [at, fresh] = spans_.try_emplace({layer, list});
    if (fresh) {
        const auto& of = layers_[static_cast<std::size_t>(layer)]->packages.lists[list];
        at->second = {layer, gone_from(overlay_.hiding({layer, of.ordinal}, of.path))};
    }
    return at->second;
}

std::optional<Package> PackagedFiles::package_of(Position at, std::string_view path,
                                                 const Hiding& hidden) {
    const layer::MemberDigest* digest = digest_of(at);
    if (digest == nullptr) return std::nullopt;
    const layer::PathKey key = layer::packaged_path_key(path);
    const auto [found, fresh] = found_.try_emplace({at, key});
    if (fresh) found->second = find_package(*digest, key, {at.layer, gone_from(hidden)});
    return found->second;
}

std::optional<Package> PackagedFiles::find_package(const layer::MemberDigest& digest,
                                                   layer::PathKey key, const Span& file) {
    for (int i = static_cast<int>(layers_.size()) - 1; i >= 0; --i) {
        const LayerResult* of = layers_[static_cast<std::size_t>(i)];
        if (of == nullptr) continue;
        const layer::PackageFacts& facts = of->packages;
        const auto [first, last] = listed(facts, key);
        for (auto one = first; one != last && may_look(); ++one) {
            const ListedPackage& package = facts.packages[one->package];
            if (one->kind == layer::DigestKind::none || digest.of(one->kind) != one->digest ||
                !span_of(i, package.list).meets(file)) {
                continue;
            }
            const layer::PackageList& list = facts.lists[package.list];
            return Package{std::string(layer::to_string(list.manager)), package.name};
        }
    }
    return std::nullopt;
}

std::vector<PackagedFiles::PathForm> PackagedFiles::forms_of(std::string_view path) const {
    std::vector<std::string> names{std::string(path)};
    const auto moved = [&](const std::string& name, std::string_view from, std::string_view to) {
        if (name.size() <= from.size() || !name.starts_with(from) || name[from.size()] != '/') {
            return;
        }
        std::string other = std::string(to) + name.substr(from.size());
        if (std::find(names.begin(), names.end(), other) == names.end()) {
            names.push_back(std::move(other));
        }
    };
    for (std::size_t i = 0; i < names.size() && i < folder_links_limit; ++i) {
        for (const auto& [link, target] : folder_links_) {
            moved(std::string(names[i]), link, target);
            moved(std::string(names[i]), target, link);
        }
    }
    std::vector<PathForm> forms;
    forms.reserve(names.size());
    for (const std::string& name : names) {
        forms.push_back({layer::packaged_path_key(name), name.starts_with("usr/")});
    }
    return forms;
}

bool PackagedFiles::may_look() noexcept {
    if (looks_ == most_looks) return false;
    ++looks_;
    return true;
}

bool PackagedFiles::looked_at_all() const noexcept { return looks_ < most_looks; }

bool PackagedFiles::has_database(const Span& file) {
    const auto [known, fresh] = databases_.try_emplace({file.from, file.to});
    if (fresh) known->second = find_database(file);
    return known->second;
}

bool PackagedFiles::find_database(const Span& file) {
    for (int i = static_cast<int>(layers_.size()) - 1; i >= 0; --i) {
        const LayerResult* of = layers_[static_cast<std::size_t>(i)];
        if (of == nullptr) continue;
        const layer::PackageFacts& facts = of->packages;
        std::uint32_t asked = std::numeric_limits<std::uint32_t>::max();
        for (const ListedPackage& package : facts.packages) {
            if (package.list == asked) continue;
            asked = package.list;
            if (span_of(i, asked).meets(file)) return true;
        }
    }
    return false;
}

// A list of dpkg's that has a package's files does not say which version it has. The
// status of the same tree does: of several the latest.
Owner PackagedFiles::describe(int layer, const ListedPackage& package, const Span& file) {
    const auto& facts = layers_[static_cast<std::size_t>(layer)]->packages;
    Owner owner{std::string(layer::to_string(facts.lists[package.list].manager)), package.name,
                package.version, package.architecture};
    if (!owner.version.empty()) return owner;
    const Span list = span_of(layer, package.list);
    int best = -1;
    const auto [first, last] = versions_.equal_range(package.name);
    for (auto one = first; one != last && may_look(); ++one) {
        const auto [from, number] = one->second;
        const ListedPackage& told =
            layers_[static_cast<std::size_t>(from)]->packages.packages[number];
        const Span span = span_of(from, told.list);
        const bool same_build = owner.architecture.empty() || package.architecture.empty() ||
                                told.architecture == package.architecture;
        if (from <= best || !same_build || !span.meets(file) || !span.meets(list)) continue;
        best = from;
        owner.version = told.version;
        owner.architecture = told.architecture;
    }
    return owner;
}

PackagedFiles::Owned PackagedFiles::owner_of(Position at, std::string_view path,
                                             const Hiding& hidden) {
    const layer::MemberDigest* digest = digest_of(at);
    const Span file{at.layer, gone_from(hidden)};
    const std::vector<PathForm> forms = forms_of(path);
    Owned best;
    const auto better = [&best](Ownership how) {
        return static_cast<int>(how) > static_cast<int>(best.how);
    };
    for (int i = static_cast<int>(layers_.size()) - 1; i >= 0; --i) {
        const LayerResult* of = layers_[static_cast<std::size_t>(i)];
        if (of == nullptr) continue;
        const layer::PackageFacts& facts = of->packages;
        for (const PathForm& form : forms) {
            const auto [first, last] = listed(facts, form.key);
            for (auto one = first; one != last && may_look(); ++one) {
                if (one->below_usr != form.below_usr) continue;
                const ListedPackage& package = facts.packages[one->package];
                if (!span_of(i, package.list).meets(file)) continue;
                const auto* own = digest == nullptr ? nullptr : &digest->of(one->kind);
                Ownership how = Ownership::unchecked;
                if (own != nullptr && own->has_value()) {
                    how = **own == one->digest ? Ownership::unmodified : Ownership::modified;
                }
                if (better(how)) best = {how, describe(i, package, file)};
            }
        }
    }
    if (best.how == Ownership::unknown && has_database(file)) best.how = Ownership::unpackaged;
    return best;
}

std::string upstream_version(const Owner& owner) {
    std::string_view version = owner.version;
    version.remove_prefix(std::min(version.find(':') + 1, version.size()));
    if (const std::size_t revision = version.rfind('-'); revision != version.npos) {
        version = version.substr(0, revision);
    }
    constexpr std::string_view really = "+really";
    if (const std::size_t at = version.find(really); at != version.npos) {
        version.remove_prefix(at + really.size());
    }
    for (const std::string_view mark : {"+dfsg", "~dfsg", "+ds", "~ds", "+repack", "+deb", "~deb",
                                        "+nmu", "+ubuntu", ".dfsg", "-dfsg", "+git", "~git"}) {
        version = version.substr(0, version.find(mark));
    }
    return std::string(version);
}

}  // namespace stratascan::image
