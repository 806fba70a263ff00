#include "scanner/layer/fact_spotter.hpp"

#include <sys/stat.h>

#include <algorithm>
#include <array>

namespace stratascan::layer {

namespace {

constexpr std::uint32_t others_write = 0002;

void mode_facts(const Member& member, const FileFact& base, std::vector<FileFact>& out) {
    const auto add = [&](FactKind kind) {
        out.push_back(base);
        out.back().kind = kind;
    };
    const std::uint32_t mode = member.mode;
    if (member.kind == EntryKind::file) {
        if ((mode & S_ISUID) != 0) add(FactKind::setuid);
        // Without the group's right to execute it meant mandatory locking, and means nothing now.
        if ((mode & S_ISGID) != 0 && (mode & S_IXGRP) != 0) add(FactKind::setgid);
        if ((mode & others_write) != 0) add(FactKind::world_writable_file);
    } else if (member.kind == EntryKind::directory) {
        if ((mode & others_write) != 0 && (mode & S_ISVTX) == 0) {
            add(FactKind::world_writable_folder);
        }
    } else if (member.kind == EntryKind::other && (S_ISCHR(mode) || S_ISBLK(mode))) {
        add(FactKind::device);
    }
}

// What only one user can reach keeps an image from running as another.
void private_fact(const Member& member, const FileFact& base, std::vector<FileFact>& out) {
    if (member.kind != EntryKind::file && member.kind != EntryKind::directory) return;
    if (member.uid == 0 || (member.mode & 0077) != 0) return;
    static constexpr std::array<std::string_view, 10> system = {
        "etc/", "usr/", "var/lib/", "var/cache/", "var/log/",
        "proc/", "sys/", "dev/", "run/", "boot/"};
    if (std::any_of(system.begin(), system.end(),
                    [&](std::string_view folder) { return member.path.starts_with(folder); })) {
        return;
    }
    out.push_back(base);
    out.back().kind = FactKind::private_path;
    out.back().detail = "uid " + std::to_string(member.uid);
}

FileFact base_of(const Member& member) {
    FileFact base;
    base.path = member.path;
    base.ordinal = member.ordinal;
    base.mode = member.mode & 07777;
    base.size = member.size;
    return base;
}

bool counts(const Member& member) noexcept {
    return !member.after_end && !member.inner && member.kind != EntryKind::whiteout &&
           member.kind != EntryKind::opaque && !member.path.empty();
}

}  // namespace

std::optional<DocumentKind> document_kind(std::string_view path) noexcept {
    if (path == "usr/lib/os-release") return DocumentKind::os_release;
    if (is_bill_path(path)) return DocumentKind::bill;
    if (!path.starts_with("etc/")) return std::nullopt;
    path.remove_prefix(4);
    if (path == "passwd") return DocumentKind::passwd;
    if (path == "group") return DocumentKind::group;
    if (path == "shadow") return DocumentKind::shadow;
    if (path == "shells") return DocumentKind::shells;
    if (path == "os-release") return DocumentKind::os_release;
    return std::nullopt;
}

SpottedFacts spot_facts(const Window& window) {
    SpottedFacts spotted;
    if (window.stream != 0) return spotted;
    for (const Member& member : window.members) {
        // A document's contents may begin in the window behind that of its header.
        spotted.documents = spotted.documents || document_kind(member.path);
        if (!member.fresh || !counts(member)) continue;
        FileFact base = base_of(member);
        mode_facts(member, base, spotted.facts);
        private_fact(member, base, spotted.facts);
        if (!member.capability.empty()) {
            spotted.facts.push_back(base);
            spotted.facts.back().kind = FactKind::capability;
            spotted.facts.back().detail =
                decode_capability(member.capability).value_or("of an unknown form");
        }
        if (member.kind != EntryKind::file) continue;
        spotted.newest_mtime = std::max(spotted.newest_mtime, member.mtime);
        path_facts(member.path, member.size, std::move(base), spotted.facts);
    }
    const std::uint64_t sight = window.sight_begin();
    for (const Piece& piece : window.pieces) {
        const bool first = piece.kind == PieceKind::contents && piece.file_offset == 0 &&
                           piece.begin >= window.own_begin() && piece.begin < window.own_end();
        if (!first || piece.begin < sight) continue;
        const Member& member = window.members[piece.member];
        if (member.kind != EntryKind::file || !counts(member)) continue;
        const std::uint64_t end = std::min({piece.end, window.end, piece.begin + margin});
        const std::string_view head =
            window.bytes().substr(static_cast<std::size_t>(piece.begin - sight),
                                  static_cast<std::size_t>(end - piece.begin));
        if (head.size() < 4) continue;
        const FileFact base = base_of(member);
        content_facts(member.path, head, base, spotted.facts);
        host_facts(member.path, head, base, spotted.facts);
    }
    return spotted;
}

}  // namespace stratascan::layer
