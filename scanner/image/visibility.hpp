// What is left of a file once all layers lie on top of each other.
//
// A layer changes the tree below it in four ways: an entry replaces what stood
// at its path; an entry that is no directory also hides all that stood under
// its path; a whiteout removes its path and all under it; an opaque marker
// empties its directory. Whiteouts and opaque markers act on lower layers only.
// Two kinds of link make this harder than a look at one path:
//
// - A hard link is a second name of the same bytes. They are gone only when the
//   last name is gone, and names may be added in layers above.
// - A runtime resolves a member's parent folder in the tree as it stands. With
//   `bin -> usr/bin` below, the whiteout `bin/.wh.sh` removes usr/bin/sh. So a
//   path is followed under every spelling that symbolic links of folders give.
//
// Rejected: building the merged tree. It costs memory for every member of every
// layer, while only the few paths that hold a finding or a program are asked
// for; a binary search in each layer's sorted index is enough for those.
#pragma once

#include <compare>
#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "scanner/image/link_index.hpp"
#include "scanner/layer/layer_result.hpp"
#include "stratascan/report.hpp"

namespace stratascan::image {

/// A member of an image: its layer, and its place in that layer.
struct Position {
    int layer = 0;
    std::uint32_t ordinal = 0;
    auto operator<=>(const Position&) const = default;
};

/// What hid a file, and where; `layer` is -1 when nothing did.
struct Hiding {
    int layer = -1;
    std::uint32_t ordinal = 0;
    Visibility how = Visibility::visible;
    [[nodiscard]] bool any() const noexcept { return layer >= 0; }
};

/// Of two changes in one layer, the one that a reader wants to hear of: what
/// replaced a file says more than what removed it, and the first one did it.
[[nodiscard]] Hiding stronger(const Hiding& left, const Hiding& right) noexcept;

/// The layers of one image, lowest first. Borrows the indexes; one thread.
/// Hostile images can make a question expensive, so the work of an Overlay is
/// bounded: when it is used up every file counts as visible, and exhausted()
/// says so.
class Overlay {
public:
    /// nullptr stands for a layer whose members are not known.
    explicit Overlay(std::vector<const layer::PathIndex*> layers);
    Overlay(const Overlay&) = delete;
    Overlay& operator=(const Overlay&) = delete;

    /// What hid the bytes of the member at `at`, all their hard links counted.
    /// `path` is normalised.
    [[nodiscard]] Hiding hiding(Position at, std::string_view path);

    /// The other names under which the final tree holds the member's bytes: hard
    /// links, and symbolic links that lead to it. Sorted, at most 512. Both kinds of
    /// aliases are without the secrets that stand in names.
    [[nodiscard]] std::vector<std::string> aliases(Position at, std::string_view path);

    /// Links that led to the member's bytes and were hidden by a later layer than the
    /// one that made them, while the bytes were still there. Sorted, at most 512.
    [[nodiscard]] std::vector<RemovedAlias> removed_aliases(Position at, std::string_view path);

    /// Lowest layer above `layer` whose members are not all known, or -1.
    [[nodiscard]] int unknown_above(int layer) const noexcept;
    [[nodiscard]] bool exhausted() const noexcept { return budget_ <= 0; }

private:
    /// How an entry at some path relates to the file that is asked about.
    enum class Place : std::uint8_t {
        itself,    ///< the file's own path
        ancestor,  ///< a folder above it
        passage,   ///< the root, or a symbolic link that is passed through: only emptying counts
    };

    /// One way to write a path, valid for entries of the layers above `since` and
    /// below `until`.
    struct Spelling {
        std::string path;
        std::size_t floor = 0;  ///< bytes that lead to the last link passed; 0: none passed
        int since = 0;
        int until = 0;
        [[nodiscard]] bool holds_in(int layer) const noexcept {
            return since < layer && layer < until;
        }
    };

    /// A folder and those above it, as their entries are looked up.
    using Chain = std::vector<std::pair<layer::PathHash, Place>>;

    /// All that is the same for the files which one layer holds in one folder.
    struct Folder {
        std::vector<Spelling> spellings;  ///< the first is the place where the files really are
        Hiding hidden;                    ///< by a change to the folder or one above it
        std::int64_t own_replaced = -1;   ///< last member of the same layer that replaced a folder
    };

    struct Name {
        std::string path;
        Position at;
        Hiding hidden;
    };

    [[nodiscard]] std::vector<std::string> alias_paths(Position at, std::string_view path);
    [[nodiscard]] std::vector<Name> names(Position at, std::string_view path);
    [[nodiscard]] Hiding name_hiding(Position at, std::string_view path);
    [[nodiscard]] Hiding link_hiding(Position at, std::string_view path);
    [[nodiscard]] Hiding own_hiding(Position at, std::string_view path, const Folder& folder);
    [[nodiscard]] Hiding effect(int layer, const layer::PathHash& path, Place place,
                                std::int64_t after);
    [[nodiscard]] Chain chain_of(std::string_view folder, std::size_t floor);
    [[nodiscard]] Hiding folder_effect(int layer, const Chain& chain, std::int64_t after);
    [[nodiscard]] const Folder& folder(int layer, std::string_view path);
    [[nodiscard]] Folder make_folder(int layer, std::string_view path);
    [[nodiscard]] std::int64_t last_replaced(int layer, const Chain& chain);
    [[nodiscard]] std::string resolve(int layer, std::string_view path);
    [[nodiscard]] const layer::Link* link_at(int layer, std::uint32_t ordinal) const;
    [[nodiscard]] const layer::Link* link_for(int layer, std::string_view path);
    void add_spellings(std::vector<Spelling>& spellings);
    static void add_spelling(std::vector<Spelling>& spellings, Spelling added);
    [[nodiscard]] std::vector<Spelling> link_spellings(const LinkIndex::Hit& hit);
    [[nodiscard]] std::vector<Spelling> file_spellings(int layer, std::string_view path);
    [[nodiscard]] std::string shown(const std::string& path) const;
    [[nodiscard]] int count() const noexcept { return static_cast<int>(layers_.size()); }
    void spend(std::size_t work) noexcept;

    std::vector<const layer::PathIndex*> layers_;
    LinkIndex hardlinks_, symlinks_;
    std::unordered_map<std::string, std::string> shown_;  ///< of links with secrets in their names
    std::unordered_map<std::string, Folder> folders_;
    std::size_t folder_bytes_ = 0;
    std::int64_t budget_;
};

}  // namespace stratascan::image
