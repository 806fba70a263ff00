#include "scanner/layer/package_lists.hpp"

#include <algorithm>

#include "scanner/evidence/codec.hpp"

namespace stratascan::layer {

namespace {

// No path that a system can open is longer, and no line that counts.
constexpr std::size_t longest_line = 8 << 10;
constexpr std::size_t longest_name = 128;
constexpr auto npos = std::string_view::npos;

constexpr std::string_view dpkg_folder = "var/lib/dpkg/";
constexpr std::string_view md5sums_end = ".md5sums";

int hex_value(char c) noexcept {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    return -1;
}

std::optional<FileDigest> md5_of(std::string_view hex) noexcept {
    FileDigest digest{};
    if (hex.size() != 2 * digest.size()) return std::nullopt;
    for (std::size_t i = 0; i < digest.size(); ++i) {
        const int high = hex_value(hex[2 * i]);
        const int low = hex_value(hex[2 * i + 1]);
        if (high < 0 || low < 0) return std::nullopt;
        digest[i] = static_cast<std::uint8_t>(high * 16 + low);
    }
    return digest;
}

// "info/libc6:amd64.md5sums" -> "libc6"
std::string_view package_of(std::string_view path) noexcept {
    std::string_view name = path.substr(path.rfind('/') + 1);
    name.remove_suffix(md5sums_end.size());
    return name.substr(0, name.find(':'));
}

bool has_only(std::string_view text, std::string_view more) noexcept {
    return std::all_of(text.begin(), text.end(), [more](char c) {
        return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
               more.find(c) != npos;
    });
}

}  // namespace

std::string_view to_string(PackageManager manager) noexcept {
    return manager == PackageManager::dpkg ? "dpkg" : "apk";
}

PathKey packaged_path_key(std::string_view normalised) noexcept {
    constexpr std::string_view usr = "usr/";
    if (normalised.starts_with(usr)) {
        const std::string_view below = normalised.substr(usr.size());
        if (below.starts_with("bin/") || below.starts_with("sbin/") || below.starts_with("lib")) {
            normalised = below;
        }
    }
    PathKey key = 0xcbf29ce484222325U;
    for (const char c : normalised) {
        key = (key ^ static_cast<unsigned char>(c)) * 0x100000001b3U;
    }
    return key;
}

void ManagerHints::see(std::string_view normalised) noexcept {
    if (normalised.starts_with("etc/")) {
        const std::string_view name = normalised.substr(4);
        dpkg = dpkg || name.starts_with("dpkg/") || name.starts_with("apt/") ||
               name == "debian_version";
        apk = apk || name.starts_with("apk/") || name == "alpine-release";
    } else {
        apk = apk || normalised.starts_with("lib/apk/") || normalised.starts_with("usr/lib/apk/");
        dpkg = dpkg || normalised.starts_with("var/lib/dpkg/");
    }
}

bool may_be_packaged(std::string_view normalised) noexcept {
    if (normalised.starts_with("usr/")) return !normalised.starts_with("usr/local/");
    for (const std::string_view folder :
         {"bin/", "sbin/", "lib", "etc/", "var/", "opt/", "boot/", "srv/", "root/"}) {
        if (normalised.starts_with(folder)) return true;
    }
    return false;
}

std::optional<PackageLists::Form> PackageLists::form_of(std::string_view path) noexcept {
    if (path.starts_with(dpkg_folder)) {
        const std::string_view name = path.substr(dpkg_folder.size());
        if (name == "status") return Form::status;
        const bool sums = name.ends_with(md5sums_end);
        if (name.starts_with("info/") && sums) return Form::md5sums;
        if (name.starts_with("status.d/")) return sums ? Form::md5sums : Form::status;
        return std::nullopt;
    }
    if (path == "lib/apk/db/installed" || path == "usr/lib/apk/db/installed") return Form::apk;
    return std::nullopt;
}

void PackageLists::add(const Window& window) {
    for (const Piece& piece : window.pieces) {
        const std::uint64_t from = std::max(piece.begin, window.begin);
        const std::uint64_t to = std::min(piece.end, window.end);
        if (piece.kind != PieceKind::contents || from >= to) continue;
        const Member& member = window.members[piece.member];
        if (open_ && ordinal_ != member.ordinal) end();
        if (!open_) {
            const bool first = piece.file_offset == 0 && from == piece.begin;
            if (!first || member.kind != EntryKind::file || member.after_end || member.inner ||
                !begin(member.path, member.ordinal)) {
                continue;
            }
        }
        feed(window.bytes().substr(static_cast<std::size_t>(from - window.sight_begin()),
                                   static_cast<std::size_t>(to - from)));
    }
    if (open_ && window.last) end();
}

bool PackageLists::begin(std::string_view path, std::uint32_t ordinal) {
    const auto form = form_of(path);
    if (!form) return false;
    form_ = *form;
    ordinal_ = ordinal;
    open_ = true;
    cut_.clear();
    too_long_ = has_package_ = conffiles_ = false;
    folder_.clear();
    file_.clear();
    if (facts_.lists.size() >= packages_a_layer) {
        ++facts_.untold;
        return open_ = false;
    }
    facts_.lists.push_back({form_ == Form::apk ? PackageManager::apk : PackageManager::dpkg,
                            std::string(path), ordinal});
    if (form_ == Form::md5sums) name_package(package_of(path));
    return true;
}

void PackageLists::feed(std::string_view bytes) {
    while (!bytes.empty()) {
        const std::size_t stop = bytes.find('\n');
        const std::string_view part = bytes.substr(0, stop);
        too_long_ = too_long_ || cut_.size() + part.size() > longest_line;
        if (stop == npos) {
            if (!too_long_) cut_ += part;
            return;
        }
        bytes.remove_prefix(stop + 1);
        if (!too_long_ && cut_.empty()) {
            line(part);
        } else if (!too_long_) {
            line(cut_ += part);
        }
        cut_.clear();
        too_long_ = false;
    }
}

void PackageLists::end() {
    if (!too_long_ && !cut_.empty()) line(cut_);
    open_ = false;
}

void PackageLists::line(std::string_view text) {
    switch (form_) {
        case Form::md5sums: return md5sums_line(text);
        case Form::status: return status_line(text);
        case Form::apk: return apk_line(text);
    }
}

void PackageLists::md5sums_line(std::string_view text) {
    constexpr std::size_t digits = 32;
    const auto digest = md5_of(text.substr(0, digits));
    if (!digest || text.substr(digits, 2) != "  ") return;
    add_file(text.substr(digits + 2), *digest);
}

void PackageLists::status_line(std::string_view text) {
    constexpr std::string_view package = "Package: ";
    if (text.empty()) {
        has_package_ = conffiles_ = false;
    } else if (text.starts_with(package)) {
        name_package(text.substr(package.size()));
    } else if (text.front() != ' ') {
        conffiles_ = text.starts_with("Conffiles:");
    } else if (conffiles_) {
        // Paths may hold spaces; what stands behind the last path has none.
        for (std::size_t space = text.find(' ', 1); space != npos;
             space = text.find(' ', space + 1)) {
            const std::string_view rest = text.substr(space + 1);
            const auto digest = md5_of(rest.substr(0, rest.find(' ')));
            if (digest) return add_file(text.substr(1, space - 1), *digest);
        }
    }
}

void PackageLists::apk_line(std::string_view text) {
    if (text.empty()) {
        has_package_ = false;
        folder_.clear();
        file_.clear();
        return;
    }
    if (text.size() < 2 || text[1] != ':') return;
    const std::string_view value = text.substr(2);
    switch (text.front()) {
        case 'P': return name_package(value);
        case 'F':
            folder_ = value;
            file_.clear();
            return;
        case 'R': file_ = value; return;
        case 'Z': break;
        default: return;
    }
    constexpr std::string_view sha1 = "Q1";
    constexpr std::size_t sha1_bytes = 20;
    if (file_.empty() || !value.starts_with(sha1)) return;
    const auto bytes = evidence::decode_base64(value.substr(sha1.size()));
    if (!bytes || bytes->size() != sha1_bytes) return;
    FileDigest digest{};
    std::copy_n(bytes->begin(), digest.size(), digest.begin());
    add_file(folder_.empty() ? file_ : folder_ + '/' + file_, digest);
}

void PackageLists::name_package(std::string_view name) {
    has_package_ = false;
    if (name.empty() || name.size() > longest_name || !has_only(name, "+-._")) return;
    if (facts_.packages.size() >= packages_a_layer) {
        ++facts_.untold;
        return;
    }
    facts_.packages.push_back(
        {std::string(name), static_cast<std::uint32_t>(facts_.lists.size() - 1)});
    has_package_ = true;
}

void PackageLists::add_file(std::string_view path, const FileDigest& digest) {
    if (!has_package_) return;
    if (facts_.files.size() >= packaged_files_a_layer) {
        ++facts_.untold;
        return;
    }
    while (path.starts_with('/')) path.remove_prefix(1);
    facts_.files.push_back({packaged_path_key(path), digest,
                            static_cast<std::uint32_t>(facts_.packages.size() - 1)});
}

PackageFacts PackageLists::take() {
    if (open_) end();
    std::sort(facts_.files.begin(), facts_.files.end());
    return std::move(facts_);
}

}  // namespace stratascan::layer
