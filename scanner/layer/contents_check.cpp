#include "scanner/layer/contents_check.hpp"

#include <fmt/format.h>
#include <openssl/rand.h>

#include <algorithm>
#include <array>
#include <new>
#include <tuple>
#include <utility>

#include "scanner/layer/tar_ambiguity.hpp"
#include "scanner/layer/whiteout.hpp"

namespace stratascan::layer {

namespace {

constexpr std::size_t told_of_a_table = 100;

// What hides a path of lower layers and what puts something there may both be in one layer.
enum class Role : std::uint8_t { member, whiteout, opaque };

Role role_of(EntryKind kind) noexcept {
    if (kind == EntryKind::whiteout) return Role::whiteout;
    return kind == EntryKind::opaque ? Role::opaque : Role::member;
}

EntryKind kind_of_type(std::string_view type) noexcept {
    if (type == "reg") return EntryKind::file;
    if (type == "dir") return EntryKind::directory;
    if (type == "symlink") return EntryKind::symlink;
    if (type == "hardlink") return EntryKind::hardlink;
    return EntryKind::other;
}

std::string said(std::string_view what) { return fmt::format("{}: {}", ambiguous_archive, what); }

// A path of the tar that something stands at.
struct Place {
    PathHash path;
    Role role = Role::member;
    std::uint32_t newest = 0;  // the last member of the path
    std::optional<std::uint32_t> said{};  // the number of what the table's last entry says

    [[nodiscard]] auto key() const noexcept { return std::tie(path, role); }
};

// Sorted. `entries` are sorted by path and ordinal.
std::vector<Place> places_of(const std::vector<PathEntry>& entries) {
    const PathHash root = hash_path({}), table = hash_path(estargz_table_name);
    std::vector<Place> places;
    for (std::size_t at = 0; at < entries.size();) {
        const PathHash& path = entries[at].path;
        std::array<std::optional<std::uint32_t>, 3> newest;  // by role
        for (; at < entries.size() && entries[at].path == path; ++at) {
            newest[static_cast<std::size_t>(role_of(entries[at].kind))] = entries[at].ordinal;
        }
        // Tables may leave both out.
        if (path == root || path == table) newest.front().reset();
        for (std::size_t role = 0; role < newest.size(); ++role) {
            if (newest[role]) places.push_back({path, static_cast<Role>(role), *newest[role]});
        }
    }
    return places;
}

}  // namespace

/// One table held against the tar.
class ContentsCheck::Comparison {
public:
    Comparison(const ContentsCheck& check, const std::vector<PathEntry>& entries)
        : check_(check), places_(places_of(entries)) {}

    /// Before any other call: what the table's newest entry of each path says.
    void take(TableEntry& entry) {
        const Said one = understand(entry);
        if (one.is_part) return;
        if (Place* const place = find(one)) place->said = one.number;
    }

    [[nodiscard]] bool agrees(const Place& place) const {
        return place.said == check_.numbers_[place.newest];
    }
    /// The entry's path, where the tar has it not.
    [[nodiscard]] std::optional<std::string> path_if_alone(TableEntry& entry) {
        Said one = understand(entry);
        if (one.is_part || find(one) != nullptr) return std::nullopt;
        return std::move(one.path);
    }
    /// The entry's path, where it says otherwise than the tar; each path once.
    [[nodiscard]] std::optional<std::string> path_if_otherwise(TableEntry& entry) {
        Said one = understand(entry);
        Place* const place = one.is_part ? nullptr : find(one);
        if (place == nullptr || !place->said || agrees(*place)) return std::nullopt;
        place->said.reset();
        return std::move(one.path);
    }
    /// Members that the table does not list.
    [[nodiscard]] std::size_t unlisted() const {
        return static_cast<std::size_t>(
            std::ranges::count_if(places_, [](const Place& place) { return !place.said; }));
    }

private:
    struct Said {
        std::string path;
        PathHash hash;
        Role role = Role::member;
        std::uint32_t number = 0;
        bool is_part = false;  // of a file that was told before, or the root
    };

    Said understand(TableEntry& entry) const {
        Said one;
        one.path = normalise_path(entry.name);
        Attributes about{kind_of_type(entry.type), entry.mode, entry.uid, entry.size, {}};
        std::string link;
        if (about.kind == EntryKind::hardlink) link = normalise_path(entry.link);
        if (about.kind == EntryKind::symlink) link = resolve_link(one.path, entry.link);
        if (Whiteout whiteout = read_whiteout(one.path);
            whiteout.kind != EntryKind::file && about.kind == EntryKind::file) {
            about.kind = whiteout.kind;
            one.path = std::move(whiteout.path);
        }
        shorten_path(one.path, check_.path_bytes_);
        shorten_path(link, check_.path_bytes_);
        about.link = link;
        one.role = role_of(about.kind);
        one.is_part = entry.type == "chunk" || (one.path.empty() && one.role == Role::member);
        one.hash = hash_path(one.path);
        one.number = check_.number_of(about);
        return one;
    }

    Place* find(const Said& one) {
        const auto key = std::tie(one.hash, one.role);
        const auto at = std::ranges::lower_bound(places_, key, {}, &Place::key);
        return at != places_.end() && at->key() == key ? &*at : nullptr;
    }

    const ContentsCheck& check_;
    std::vector<Place> places_;
};

ContentsCheck::ContentsCheck(std::uint64_t path_bytes) : path_bytes_(path_bytes) {
    if (RAND_bytes(reinterpret_cast<unsigned char*>(&key_), sizeof key_) != 1) {
        throw std::bad_alloc();
    }
}

// Every step is one to one, so two that differ in one thing are never the same; for those
// that differ in more, whoever wants them to be would need the key.
std::uint32_t ContentsCheck::number_of(const Attributes& one) const noexcept {
    std::uint64_t state = key_;
    const auto take = [&state](std::uint64_t value) {
        state = (state ^ value) * 0x9e3779b97f4a7c15U;
        state ^= state >> 32U;
    };
    constexpr std::uint32_t permissions = 07777;
    const bool is_file = one.kind == EntryKind::file;
    take(static_cast<std::uint64_t>(one.kind) << 56U | (one.mode & permissions));
    take(one.uid);
    take(is_file ? one.size : 0);
    for (std::string_view rest = one.link; !rest.empty();) {
        std::uint64_t eight = 0;
        const std::size_t size = std::min(rest.size(), sizeof eight);
        std::copy_n(rest.data(), size, reinterpret_cast<char*>(&eight));
        take(eight);
        rest.remove_prefix(size);
    }
    take(one.link.size());
    return static_cast<std::uint32_t>(state);
}

void ContentsCheck::add(const Window& window) {
    if (window.stream != 0) return;
    for (const Member& member : window.members) {
        if (!member.fresh || member.inner) continue;
        if (numbers_.size() <= member.ordinal) numbers_.resize(std::size_t{member.ordinal} + 1);
        numbers_[member.ordinal] =
            number_of({member.kind, member.mode, member.uid, member.size, member.link});
        if (member.kind == EntryKind::file && member.path == estargz_table_name) {
            table_ = member.ordinal;
            ++tables_;
            text_ = {};
        }
    }
    if (table_) take_table(window);
}

void ContentsCheck::take_table(const Window& window) {
    for (const Piece& piece : window.pieces) {
        const std::uint64_t from = std::max(piece.begin, window.begin);
        const std::uint64_t to = std::min(piece.end, window.end);
        if (piece.kind != PieceKind::contents || from >= to ||
            window.members[piece.member].ordinal != *table_) {
            continue;
        }
        text_.add(window.bytes().substr(static_cast<std::size_t>(from - window.sight_begin()),
                                        static_cast<std::size_t>(to - from)));
    }
}

void ContentsCheck::finish(const TablesBeside& beside, LayerResult& result,
                           const std::function<std::string(std::string_view)>& clean) {
    const auto add = [&](std::string_view what) { result.gaps.push_back({{}, said(what), 0}); };
    if (beside.estargz_footer && !table_) {
        add("a footer leads to a table of contents that is no member");
    }
    if (beside.estargz_footer && table_) {
        if (text_.text().empty() || !text_.may_be_table()) add("a table of contents that is none");
        else hold(text_, result, clean);
    }
    if (beside.estargz_footer && tables_ > 1) add("more than one table of contents in the tar");
    for (const TableText& text : beside.texts) hold(text, result, clean);
    if (beside.left_out > 0) {
        add(fmt::format("more than {} tables of contents; {} more were not held against the tar",
                        tables_a_layer, beside.left_out));
    }
}

void ContentsCheck::hold(const TableText& text, LayerResult& result,
                         const std::function<std::string(std::string_view)>& clean) const {
    const auto add = [&](std::string path, std::string reason) {
        result.gaps.push_back({std::move(path), std::move(reason), 0});
    };
    if (text.is_cut()) {
        add({}, fmt::format("a table of contents of more than {} bytes was not held against the tar",
                            contents_table_limit));
        return;
    }
    Comparison comparison(*this, result.paths.entries);
    const TableReading reading = read_contents_table(
        text.text(), [&](TableEntry& entry) { comparison.take(entry); });
    if (reading.is_too_long) {
        add({}, "a table of contents with a text of more than 1 MiB was not held against the tar");
        return;
    }
    if (!reading.is_whole || !reading.is_table) {
        add({}, said("a table of contents that is damaged"));
        return;
    }
    if (!reading.is_strict) {
        add({}, said("a table of contents in which a name stands twice or in another case"));
    }
    std::size_t told = 0, untold = 0;
    const auto tell = [&](const std::string& path, std::string_view what) {
        if (told == told_of_a_table) {
            ++untold;
            return;
        }
        ++told;
        add(clean(path), said(what));
    };
    const std::size_t unlisted = comparison.unlisted();
    read_contents_table(text.text(), [&](TableEntry& entry) {
        if (const auto path = comparison.path_if_alone(entry)) {
            tell(*path, "only the table of contents has it");
        } else if (const auto other = comparison.path_if_otherwise(entry)) {
            tell(*other, "the table of contents says otherwise");
        }
    });
    if (untold > 0) {
        add({}, said(fmt::format("{} more entries of the table of contents", untold)));
    }
    if (unlisted > 0) {
        add({}, said(fmt::format("the table of contents lacks {} of the members", unlisted)));
    }
}

}  // namespace stratascan::layer
