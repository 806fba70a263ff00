// The spellings of a folder: where its files really are, and by which other
// paths later layers can reach them through symbolic links. On a system with
// merged /usr, `lib/x` and `usr/lib/x` are the same file, and packers write
// whichever they please.
//
// A link counts from the layer above its own until the layer that hides it; no
// packer writes through a link of the same layer. An
// entry at the link itself changes the link and not what it leads to, so under
// a spelling only entries below the link count (Spelling::floor).
#include <algorithm>
#include <limits>
#include <utility>

#include "scanner/image/path_parts.hpp"
#include "scanner/image/visibility.hpp"

namespace stratascan::image {

namespace {

using layer::EntryKind;
using layer::PathEntry;

constexpr std::size_t spelling_limit = 64;
constexpr int hop_limit = 32;
constexpr std::size_t memo_bytes_limit = std::size_t{16} << 20;

}  // namespace

const Overlay::Folder& Overlay::folder(int layer, std::string_view path) {
    std::string key = std::to_string(layer) + ":" + std::string(path);
    if (const auto known = folders_.find(key); known != folders_.end()) return known->second;
    if (folder_bytes_ > memo_bytes_limit) {
        folders_.clear();
        folder_bytes_ = 0;
    }
    Folder made = make_folder(layer, path);
    folder_bytes_ += sizeof(Folder) + key.size();
    for (const Spelling& spelling : made.spellings) {
        folder_bytes_ += sizeof(Spelling) + spelling.path.size();
    }
    return folders_.emplace(std::move(key), std::move(made)).first->second;
}

Overlay::Folder Overlay::make_folder(int layer, std::string_view path) {
    constexpr int forever = std::numeric_limits<int>::max();
    Folder made;
    made.spellings.push_back({resolve(layer, path), 0, layer - 1, forever});


    add_spellings(made.spellings);
    std::vector<Chain> chains;
    for (const Spelling& spelling : made.spellings) {
        chains.push_back(chain_of(spelling.path, spelling.floor));
        if (!spelling.holds_in(layer)) continue;
        made.own_replaced = std::max(made.own_replaced, last_replaced(layer, chains.back()));
    }
    for (int above = layer + 1; above < count() && !made.hidden.any(); ++above) {
        for (std::size_t i = 0; i < chains.size(); ++i) {
            if (!made.spellings[i].holds_in(above)) continue;
            made.hidden = stronger(made.hidden, folder_effect(above, chains[i], -1));
        }
    }
    return made;
}

/// Ordinal of the last member of `layer` that put something else in the place
/// of the folder or of one above it; -1: none.
std::int64_t Overlay::last_replaced(int layer, const Chain& chain) {
    std::int64_t last = -1;
    while (!exhausted()) {
        const Hiding next = folder_effect(layer, chain, std::max<std::int64_t>(last, 0));
        if (!next.any()) break;
        last = next.ordinal;
    }
    return last;
}

/// The symbolic link that is the member of that number, or nullptr.
const layer::Link* Overlay::link_at(int layer, std::uint32_t ordinal) const {
    const std::vector<layer::Link>& links = layers_[static_cast<std::size_t>(layer)]->symlinks;
    const auto link = std::lower_bound(links.begin(), links.end(), ordinal,
                                       [](const layer::Link& candidate, std::uint32_t wanted) {
                                           return candidate.ordinal < wanted;
                                       });
    return link == links.end() || link->ordinal != ordinal ? nullptr : &*link;
}

/// The symbolic link at `path` that members of `layer` pass through, or nullptr.
const layer::Link* Overlay::link_for(int layer, std::string_view path) {
    spend(1 + path.size() / 64);
    const layer::PathHash hash = layer::hash_path(path);
    for (int below = layer; below >= 0 && !exhausted(); --below) {
        const layer::PathIndex* index = layers_[static_cast<std::size_t>(below)];
        if (index == nullptr) continue;
        spend(1);
        const auto first = std::lower_bound(
            index->entries.begin(), index->entries.end(), hash,
            [](const PathEntry& entry, const layer::PathHash& wanted) {
                return entry.path < wanted;
            });
        const PathEntry* last = nullptr;
        bool touched = false;
        for (auto entry = first; entry != index->entries.end() && entry->path == hash; ++entry) {
            spend(1);
            if (entry->kind == EntryKind::opaque) continue;
            touched = true;
            if (entry->kind != EntryKind::whiteout) last = &*entry;
        }
        if (!touched) continue;
        if (last == nullptr || last->kind != EntryKind::symlink) return nullptr;
        const layer::Link* link = link_at(below, last->ordinal);
        const Hiding hidden = link_hiding({below, last->ordinal}, path);
        return hidden.any() && hidden.layer <= layer ? nullptr : link;
    }
    return nullptr;
}

/// Where a member of `layer` in the folder `path` really comes to lie.
std::string Overlay::resolve(int layer, std::string_view path) {
    std::string real(path);
    if (symlinks_.empty()) return real;
    for (int hops = 0; hops < hop_limit; ++hops) {
        bool moved = false;
        for (const std::size_t end : prefix_ends(real)) {
            if (end == 0) continue;
            const layer::Link* link = link_for(layer, std::string_view(real).substr(0, end));
            if (link == nullptr) continue;
            const std::string_view rest =
                end < real.size() ? std::string_view(real).substr(end + 1) : std::string_view();
            std::string target = joined(link->target, rest);
            if (target.size() > path_bytes_limit || target == real) return real;
            real = std::move(target);
            moved = true;
            break;
        }
        if (!moved) return real;
    }
    return real;
}

/// What hid a symbolic link itself, by its own spelling only.
Hiding Overlay::link_hiding(Position at, std::string_view path) {
    const layer::PathHash hash = layer::hash_path(path);
    if (Hiding own = effect(at.layer, hash, Place::itself, at.ordinal); own.any()) return own;
    const Chain folder = chain_of(folder_of(path), 0);
    for (int above = at.layer + 1; above < count() && !exhausted(); ++above) {
        if (Hiding own = effect(above, hash, Place::itself, -1); own.any()) return own;
        if (Hiding parent = folder_effect(above, folder, -1); parent.any()) return parent;
    }
    return {};
}

/// Adds a spelling that is not there yet and holds anywhere.
void Overlay::add_spelling(std::vector<Spelling>& spellings, Spelling added) {
    const bool known =
        std::any_of(spellings.begin(), spellings.end(), [&added](const Spelling& old) {
            return old.path == added.path && old.since == added.since;
        });
    if (!known && added.since < added.until && fits(added.path)) {
        spellings.push_back(std::move(added));
    }
}

/// Breadth first from the real place: each folder on the way may be the target
/// of a link, and the link's own path may be reached through another.
void Overlay::add_spellings(std::vector<Spelling>& spellings) {
    if (symlinks_.empty()) return;
    for (std::size_t next = 0; next < spellings.size(); ++next) {
        const Spelling from = spellings[next];
        for (const std::size_t end : prefix_ends(from.path)) {
            const std::string_view prefix = std::string_view(from.path).substr(0, end);
            const std::size_t skip = end == 0 ? 0 : std::min(end + 1, from.path.size());
            const std::string_view rest = std::string_view(from.path).substr(skip);
            spend(1 + prefix.size() / 64);
            if (exhausted()) return;
            for (const LinkIndex::Hit& hit : symlinks_.leading_to(prefix, spelling_limit)) {
                if (hit.link->path.empty()) continue;
                for (Spelling& link : link_spellings(hit)) {
                    const std::size_t slash = end == 0 ? 1 : 0;
                    if (end < from.floor) link.floor += slash + from.floor - end;
                    link.path = joined(link.path, rest);
                    link.since = std::max(from.since, link.since);
                    link.until = std::min(from.until, link.until);
                    add_spelling(spellings, std::move(link));
                }
                if (spellings.size() >= spelling_limit) return;
            }
        }
    }
}

/// A link by its path as written, and by its real place where that differs.
std::vector<Overlay::Spelling> Overlay::link_spellings(const LinkIndex::Hit& hit) {
    constexpr int forever = std::numeric_limits<int>::max();
    const std::string& path = hit.link->path;
    const auto until = [&](const std::string& spelled) {
        Hiding gone = link_hiding({hit.layer, hit.link->ordinal}, spelled);
        while (gone.any() && !exhausted()) {
            // Packers that list whole trees list links again that have not changed.
            const layer::Link* renewed = link_at(gone.layer, gone.ordinal);
            const bool same = gone.how == Visibility::overwritten && renewed != nullptr &&
                              renewed->path == spelled && renewed->target == hit.link->target;
            if (!same) return gone.layer;
            gone = link_hiding({gone.layer, gone.ordinal}, spelled);
        }
        return forever;
    };
    std::vector<Spelling> found{{path, path.size(), hit.layer, until(path)}};
    std::string real = joined(resolve(hit.layer, folder_of(path)), base_of(path));
    if (real != path) {
        const int gone = until(real);
        found.front().until = std::min(found.front().until, gone);
        const std::size_t length = real.size();
        found.push_back({std::move(real), length, hit.layer, gone});
    }
    return found;
}

/// Every path by which the tree reaches a file: as written (in its own layer
/// only), where it really is, and through links.
std::vector<Overlay::Spelling> Overlay::file_spellings(int layer, std::string_view path) {
    const Folder& place = folder(layer, folder_of(path));
    std::vector<Spelling> paths{{std::string(path), 0, layer - 1, layer + 1}};
    for (const Spelling& spelling : place.spellings) {
        paths.push_back(spelling);
        paths.back().path = joined(spelling.path, base_of(path));
    }
    return paths;
}

}  // namespace stratascan::image
