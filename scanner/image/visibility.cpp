#include "scanner/image/visibility.hpp"

#include <algorithm>
#include <iterator>
#include <map>
#include <set>
#include <utility>

#include "scanner/image/path_parts.hpp"

namespace stratascan::image {

namespace {

using layer::EntryKind;
using layer::PathEntry;
using layer::PathHash;

// Binary searches and hashes that one image may cost: some seconds. Honest
// images need some thousands.
constexpr std::int64_t work_limit = 50'000'000;
constexpr std::size_t names_limit = 256;
constexpr std::size_t alias_limit = 512;

}  // namespace

Hiding stronger(const Hiding& left, const Hiding& right) noexcept {
    if (!left.any()) return right;
    if (!right.any()) return left;
    const bool left_replaced = left.how == Visibility::overwritten;
    if (left_replaced != (right.how == Visibility::overwritten)) {
        return left_replaced ? left : right;
    }
    return left.ordinal <= right.ordinal ? left : right;
}

Overlay::Overlay(std::vector<const layer::PathIndex*> layers)
    : layers_(std::move(layers)),
      hardlinks_(layers_, &layer::PathIndex::hardlinks),
      symlinks_(layers_, &layer::PathIndex::symlinks),
      budget_(work_limit) {
    for (const layer::PathIndex* index : layers_) {
        if (index == nullptr) continue;
        for (const auto* links : {&index->hardlinks, &index->symlinks}) {
            for (const layer::Link& link : *links) {
                if (!link.shown.empty()) shown_.emplace(link.path, link.shown);
            }
        }
    }
}

std::string Overlay::shown(const std::string& path) const {
    const auto found = shown_.find(path);
    return found == shown_.end() ? path : found->second;
}

void Overlay::spend(std::size_t work) noexcept {
    budget_ -= std::min(budget_, static_cast<std::int64_t>(work));
}

int Overlay::unknown_above(int layer) const noexcept {
    for (int above = layer + 1; above < count(); ++above) {
        const layer::PathIndex* index = layers_[static_cast<std::size_t>(above)];
        if (index == nullptr || index->truncated) return above;
    }
    return -1;
}

/// What the entries of `layer` at one path do to the file. `after` is -1 for a
/// layer above the file's own; else only members behind that ordinal count, and
/// whiteouts don't.
Hiding Overlay::effect(int layer, const PathHash& path, Place place, std::int64_t after) {
    const layer::PathIndex* index = layers_[static_cast<std::size_t>(layer)];
    if (index == nullptr || exhausted()) return {};
    spend(1);
    auto entry = std::lower_bound(
        index->entries.begin(), index->entries.end(), after,
        [&path](const PathEntry& candidate, std::int64_t ordinal) {
            if (candidate.path != path) return candidate.path < path;
            return static_cast<std::int64_t>(candidate.ordinal) <= ordinal;
        });
    Hiding hiding;
    for (; entry != index->entries.end() && entry->path == path; ++entry) {
        spend(1);
        const bool removes =
            entry->kind == EntryKind::whiteout || entry->kind == EntryKind::opaque;
        if (removes) {
            const bool counts = entry->kind == EntryKind::opaque ? place != Place::itself
                                                                 : place != Place::passage;
            if (counts && after < 0) hiding = {layer, 0, Visibility::deleted};
            continue;
        }
        const bool replaces = place == Place::itself ||
                              (place == Place::ancestor && entry->kind != EntryKind::directory);
        if (replaces) return {layer, entry->ordinal, Visibility::overwritten};
    }
    return hiding;
}

Overlay::Chain Overlay::chain_of(std::string_view folder, std::size_t floor) {
    Chain chain;
    for (const std::size_t end : prefix_ends(folder)) {
        if (end < floor) continue;
        spend(1 + end / 64);
        if (exhausted()) break;
        const Place place = end == 0 || end == floor ? Place::passage : Place::ancestor;
        chain.emplace_back(layer::hash_path(folder.substr(0, end)), place);
    }
    return chain;
}

/// What `layer` does to a folder and to those above it.
Hiding Overlay::folder_effect(int layer, const Chain& chain, std::int64_t after) {
    Hiding hiding;
    for (const auto& [hash, place] : chain) {
        hiding = stronger(hiding, effect(layer, hash, place, after));
    }
    return hiding;
}

/// What a later member of the same layer replaced.
Hiding Overlay::own_hiding(Position at, std::string_view path, const Folder& folder) {
    Hiding hiding = effect(at.layer, layer::hash_path(path), Place::itself, at.ordinal);
    for (const Spelling& spelling : folder.spellings) {
        const std::string spelled = joined(spelling.path, base_of(path));
        if (!spelling.holds_in(at.layer) || spelled == path) continue;
        hiding = stronger(
            hiding, effect(at.layer, layer::hash_path(spelled), Place::itself, at.ordinal));
    }
    if (folder.own_replaced > static_cast<std::int64_t>(at.ordinal)) {
        hiding = stronger(hiding, {at.layer, static_cast<std::uint32_t>(folder.own_replaced),
                                   Visibility::overwritten});
    }
    return hiding;
}

/// What hid one name of a file.
Hiding Overlay::name_hiding(Position at, std::string_view path) {
    const Folder& place = folder(at.layer, folder_of(path));
    if (Hiding own = own_hiding(at, path, place); own.any()) return own;

    std::vector<PathHash> hashes;
    hashes.reserve(place.spellings.size());
    for (const Spelling& spelling : place.spellings) {
        hashes.push_back(layer::hash_path(joined(spelling.path, base_of(path))));
    }
    const int last = place.hidden.any() ? place.hidden.layer : count() - 1;
    for (int above = at.layer + 1; above <= last; ++above) {
        Hiding hiding = above == place.hidden.layer ? place.hidden : Hiding{};
        for (std::size_t i = 0; i < place.spellings.size(); ++i) {
            const Spelling& spelling = place.spellings[i];
            if (!spelling.holds_in(above)) continue;
            hiding = stronger(hiding, effect(above, hashes[i], Place::itself, -1));
        }
        if (hiding.any()) return hiding;
    }
    return {};
}

/// All names that the bytes of a member ever had, its own first.
std::vector<Overlay::Name> Overlay::names(Position at, std::string_view path) {
    std::vector<Name> found;
    found.push_back({std::string(path), at, name_hiding(at, path)});
    if (hardlinks_.empty()) return found;
    for (std::size_t next = 0; next < found.size() && found.size() < names_limit; ++next) {
        const Name name = found[next];
        const Position gone{name.hidden.layer, name.hidden.ordinal};
        for (const Spelling& spelling : file_spellings(name.at.layer, name.path)) {
            for (const LinkIndex::Hit& hit : hardlinks_.leading_to(spelling.path, names_limit)) {
                const Position made{hit.layer, hit.link->ordinal};
                const bool leads_here = spelling.holds_in(hit.layer) && made > name.at &&
                                        (!name.hidden.any() || made < gone);
                const bool known = std::any_of(found.begin(), found.end(), [&](const Name& old) {
                    return old.at == made && old.path == hit.link->path;
                });
                if (!leads_here || known || found.size() >= names_limit) continue;
                found.push_back({hit.link->path, made, name_hiding(made, hit.link->path)});
            }
        }
    }
    return found;
}

Hiding Overlay::hiding(Position at, std::string_view path) {
    if (at.layer < 0 || at.layer >= count() || !fits(path)) return {};
    Hiding last;
    for (const Name& name : names(at, path)) {
        if (!name.hidden.any()) return {};
        if (name.hidden.layer > last.layer) last = name.hidden;
    }
    return exhausted() ? Hiding{} : last;
}

std::vector<RemovedAlias> Overlay::removed_aliases(Position at, std::string_view path) {
    if (at.layer < 0 || at.layer >= count() || !fits(path)) return {};
    std::map<std::string, int> removed;
    const auto gone = [](const Hiding& hidden, int never) {
        return hidden.any() ? hidden.layer : never;
    };
    struct Target {
        std::string path;
        int from, to;  // the layers in whose trees it leads to the bytes
        int links_to;  // as far as the links that it leads through are concerned
    };
    std::vector<Target> queue;
    std::set<std::pair<std::string, int>> seen;
    int bytes_to = 0;
    const std::vector<Name> own = names(at, path);
    for (const Name& name : own) bytes_to = std::max(bytes_to, gone(name.hidden, count()));
    for (const Name& name : own) {
        const int to = gone(name.hidden, count());
        queue.push_back({name.path, name.at.layer, to, count()});
        if (name.path != path && to < bytes_to && to > name.at.layer)
            removed.emplace(name.path, to);
    }
    for (std::size_t next = 0; next < queue.size() && seen.size() < alias_limit; ++next) {
        const Target target = queue[next];
        for (const Spelling& spelling : file_spellings(target.from, target.path)) {
            for (const LinkIndex::Hit& hit : symlinks_.leading_to(spelling.path, alias_limit)) {
                if (seen.size() >= alias_limit || !seen.emplace(hit.link->path, hit.layer).second) {
                    continue;
                }
                const int to = gone(name_hiding({hit.layer, hit.link->ordinal}, hit.link->path),
                                    count());
                const int from = std::max(hit.layer, target.from);
                const int links_to = std::min(to, target.links_to);
                if (from >= std::min(to, target.to)) continue;
                queue.push_back({hit.link->path, from, std::min(to, target.to), links_to});
                if (links_to < bytes_to) removed.emplace(hit.link->path, links_to);
            }
        }
    }
    // A name that is there again was not taken away for good.
    for (const std::string& alias : alias_paths(at, path)) removed.erase(alias);
    std::vector<RemovedAlias> result;
    result.reserve(removed.size());
    for (const auto& [name, layer] : removed) result.push_back({shown(name), layer});
    return result;
}

std::vector<std::string> Overlay::aliases(Position at, std::string_view path) {
    std::vector<std::string> names = alias_paths(at, path);
    if (shown_.empty()) return names;
    for (std::string& name : names) name = shown(name);
    std::sort(names.begin(), names.end());
    return names;
}

std::vector<std::string> Overlay::alias_paths(Position at, std::string_view path) {
    if (at.layer < 0 || at.layer >= count() || !fits(path)) return {};
    std::set<std::string> seen{std::string(path)};
    std::vector<std::pair<std::string, int>> queue;
    for (const Name& name : names(at, path)) {
        if (name.hidden.any()) continue;
        queue.emplace_back(name.path, name.at.layer);
        seen.insert(name.path);
    }
    if (queue.empty()) return {};
    for (std::size_t next = 0; next < queue.size() && seen.size() < alias_limit; ++next) {
        const auto [target, layer] = queue[next];
        for (const Spelling& spelling : file_spellings(layer, target)) {
            if (spelling.until < count()) continue;
            for (const LinkIndex::Hit& hit : symlinks_.leading_to(spelling.path, alias_limit)) {
                if (seen.size() >= alias_limit || seen.contains(hit.link->path)) continue;
                if (name_hiding({hit.layer, hit.link->ordinal}, hit.link->path).any()) continue;
                seen.insert(hit.link->path);
                queue.emplace_back(hit.link->path, hit.layer);
            }
        }
    }
    seen.erase(std::string(path));
    return {seen.begin(), seen.end()};
}

}  // namespace stratascan::image
