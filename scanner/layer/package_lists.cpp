#include "scanner/layer/package_lists.hpp"

#include <algorithm>
#include <charconv>
#include <set>
#include <utility>

#include "scanner/evidence/codec.hpp"
#include "scanner/layer/rpm_header.hpp"

namespace stratascan::layer {

namespace {

// No path that a system can open is longer, and no line that counts.
constexpr std::size_t longest_line = 8 << 10;
constexpr std::size_t longest_name = 128;
constexpr auto npos = std::string_view::npos;

constexpr std::string_view dpkg_folder = "var/lib/dpkg/";
constexpr std::string_view md5sums_end = ".md5sums", list_end = ".list";
// How nested/ begins the step and the text of a row of rpm's table of headers.
constexpr std::string_view row_step = "table Packages row ", row_start = "blob = \"";
constexpr std::size_t longest_row_head = 64;  // before `row_start`

int hex_value(char c) noexcept {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    return -1;
}

// The first half of a kilobit or less, in hex.
std::optional<FileDigest> cut_digest(std::string_view hex, std::size_t bytes) noexcept {
    FileDigest digest{};
    if (hex.size() != 2 * bytes) return std::nullopt;
    for (std::size_t i = 0; i < digest.size(); ++i) {
        const int high = hex_value(hex[2 * i]);
        const int low = hex_value(hex[2 * i + 1]);
        if (high < 0 || low < 0) return std::nullopt;
        digest[i] = static_cast<std::uint8_t>(high * 16 + low);
    }
    return digest;
}

std::optional<FileDigest> md5_of(std::string_view hex) noexcept { return cut_digest(hex, 16); }

// "info/libc6:amd64.md5sums" -> "libc6", "amd64"
std::pair<std::string_view, std::string_view> package_of(std::string_view path) noexcept {
    std::string_view name = path.substr(path.rfind('/') + 1);
    name = name.substr(0, name.rfind('.'));
    const std::size_t colon = name.find(':');
    return {name.substr(0, colon), colon == npos ? std::string_view() : name.substr(colon + 1)};
}

// A text that a package has of its own: versions and the like.
std::string plain(std::string_view text) {
    const bool fits =
        text.size() <= longest_name && !text.empty() &&
        std::all_of(text.begin(), text.end(), [](char c) { return c > ' ' && c <= '~'; });
    return fits ? std::string(text) : std::string();
}

bool in_rpm_folder(std::string_view path, std::string_view name) noexcept {
    for (const std::string_view folder :
         {"var/lib/rpm/", "usr/lib/sysimage/rpm/", "usr/share/rpm/"}) {
        if (path.starts_with(folder) && path.substr(folder.size()) == name) return true;
    }
    return false;
}

bool has_only(std::string_view text, std::string_view more) noexcept {
    return std::all_of(text.begin(), text.end(), [more](char c) {
        return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
               more.find(c) != npos;
    });
}

}  // namespace

const std::optional<FileDigest>& MemberDigest::of(DigestKind kind) const noexcept {
    static const std::optional<FileDigest> none;
    switch (kind) {
        case DigestKind::none: return none;
        case DigestKind::md5: return md5;
        case DigestKind::sha1: return sha1;
        case DigestKind::sha256: return sha256;
    }
    return none;
}

std::string_view to_string(PackageManager manager) noexcept {
    switch (manager) {
        case PackageManager::dpkg: return "dpkg";
        case PackageManager::apk: return "apk";
        case PackageManager::rpm: return "rpm";
    }
    return "";
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

namespace {

// "usr/lib/x86_64-linux-gnu/…", "usr/bin/aarch64-linux-gnu-ld": folders and tools by Debian's
// multiarch triplets. The systems of rpm put libraries into lib64.
bool has_triplet(std::string_view below_usr) noexcept {
    const auto folder = below_usr.find('/');
    if (folder == std::string_view::npos) return false;
    const std::string_view name = below_usr.substr(folder + 1);
    const auto triplet = name.find("-linux-gnu");
    return triplet != std::string_view::npos && triplet < name.find('/');
}

}  // namespace

// Whether a path tells of a manager costs every member, so each is asked by its folder.
void ManagerHints::see(std::string_view normalised) noexcept {
    constexpr std::string_view usr = "usr/";
    if (normalised.starts_with("etc/")) {
        const std::string_view name = normalised.substr(4);
        dpkg = dpkg || name.starts_with("dpkg/") || name.starts_with("apt/") ||
               name == "debian_version";
        apk = apk || name.starts_with("apk/") || name == "alpine-release";
        rpm = rpm || name.starts_with("yum.repos.d/") || name.starts_with("zypp/") ||
              name == "redhat-release" || name == "system-release";
    } else {
        apk = apk || normalised.starts_with("lib/apk/") || normalised.starts_with("usr/lib/apk/");
        dpkg = dpkg || normalised.starts_with("var/lib/dpkg/");
        rpm = rpm || normalised.starts_with("var/lib/rpm/");
        std::string_view below = normalised;
        if (below.starts_with(usr)) below.remove_prefix(usr.size());
        if (below.starts_with("lib")) {
            rpm = rpm || below.starts_with("lib/sysimage/rpm/") || below.starts_with("lib/.build-id/");
            apk = apk || below.starts_with("lib/ld-musl-");
        }
        if (below.starts_with("lib/") || below.starts_with("bin/")) {
            dpkg = dpkg || has_triplet(below);
        }
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
        if (name.starts_with("info/") && name.ends_with(list_end)) return Form::list;
        if (name.starts_with("status.d/")) return sums ? Form::md5sums : Form::status;
        return std::nullopt;
    }
    if (path == "lib/apk/db/installed" || path == "usr/lib/apk/db/installed") return Form::apk;
    if (in_rpm_folder(path, "Packages") || in_rpm_folder(path, "Packages.db")) return Form::rpm;
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
            if (!first || !begin(member)) continue;
        }
        feed(window.bytes().substr(static_cast<std::size_t>(from - window.sight_begin()),
                                   static_cast<std::size_t>(to - from)));
    }
    if (open_ && window.last) end();
}

// A file of the layer itself; or a row of its rpm database, which is a member of it.
bool PackageLists::begin(const Member& member) {
    if (member.inner) {
        const InnerPlace& place = *member.inner;
        const HostFile& host = *place.host;
        if (place.outer || host.after_end || host.kind != EntryKind::file ||
            !place.step.starts_with(row_step) || !in_rpm_folder(host.path, "rpmdb.sqlite")) {
            return false;
        }
        start(Form::rpm_row, host.path, host.ordinal);
        // The list is the file's, the open member its row.
        ordinal_ = member.ordinal;
        return open_;
    }
    return member.kind == EntryKind::file && !member.after_end &&
           begin(member.path, member.ordinal);
}

bool PackageLists::begin(std::string_view path, std::uint32_t ordinal) {
    const auto form = form_of(path);
    if (!form) return false;
    start(*form, path, ordinal);
    return open_;
}

void PackageLists::start(Form form, std::string_view path, std::uint32_t ordinal) {
    const auto [name, architecture] = package_of(path);
    if (form != Form::md5sums || name != open_package()) flush_listed();
    form_ = form;
    ordinal_ = ordinal;
    cut_.clear();
    too_long_ = has_package_ = conffiles_ = false;
    folder_.clear();
    file_.clear();
    listed_.clear();
    row_bytes_ = 0;
    file_told_ = true;
    const bool same_file = form == Form::rpm_row && !facts_.lists.empty() &&
                           facts_.lists.back().ordinal == ordinal;
    open_ = same_file || facts_.lists.size() < packages_a_layer;
    if (!open_) ++facts_.untold;
    if (!open_ || same_file) return;
    const bool apk = form == Form::apk, rpm = form == Form::rpm || form == Form::rpm_row;
    facts_.lists.push_back({apk   ? PackageManager::apk
                            : rpm ? PackageManager::rpm
                                  : PackageManager::dpkg,
                            std::string(path), ordinal});
    if (form == Form::rpm) {
        rpm_ = RpmDatabase([this](std::string_view header) { take_header(header); });
    }
    if (form != Form::md5sums && form != Form::list) return;
    name_package(name);
    if (has_package_) facts_.packages.back().architecture = plain(architecture);
}

// The package whose list was the last to be read.
std::string_view PackageLists::open_package() const {
    return waiting_.empty() ? std::string_view() : facts_.packages[waiting_[0].package].name;
}

void PackageLists::feed(std::string_view bytes) {
    if (form_ == Form::rpm) return rpm_.feed(bytes);
    if (form_ == Form::rpm_row) return feed_row(bytes);
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
    open_ = false;
    if (form_ == Form::rpm) {
        rpm_.end();
        if (!rpm_.reason().empty()) {
            gaps_.push_back({{facts_.lists.back().path, rpm_.reason(), rpm_.lost(), {}}, ordinal_});
        }
        return;
    }
    if (form_ == Form::rpm_row) return end_row();
    if (!too_long_ && !cut_.empty()) line(cut_);
    if (form_ == Form::list && !listed_.empty()) list_line({});
    if (form_ == Form::apk) apk_line({});
}

void PackageLists::line(std::string_view text) {
    switch (form_) {
        case Form::md5sums: return md5sums_line(text);
        case Form::list: return list_line(text);
        case Form::status: return status_line(text);
        case Form::apk: return apk_line(text);
        case Form::rpm:
        case Form::rpm_row: return;
    }
}

void PackageLists::feed_row(std::string_view bytes) {
    if (cut_.size() + bytes.size() > rpm_bytes_kept) {
        row_bytes_ += cut_.size() + bytes.size();
        cut_.clear();
        too_long_ = true;
    } else if (too_long_) {
        row_bytes_ += bytes.size();
    } else {
        cut_ += bytes;
    }
}

void PackageLists::end_row() {
    if (too_long_) {
        gaps_.push_back({{facts_.lists.back().path,
                          "a package of the rpm database is larger than 8 MiB", row_bytes_, {}},
                         facts_.lists.back().ordinal});
    } else if (const std::size_t at = cut_.find(row_start); at < longest_row_head) {  // npos is not
        take_header(std::string_view(cut_).substr(at + row_start.size()));
    }
    cut_.clear();
}

void PackageLists::take_header(std::string_view bytes) {
    const auto header = RpmHeader::read(bytes);
    if (!header) return;
    const RpmPackage package = header->package();
    name_package(package.name);
    if (!has_package_) return;
    facts_.packages.back().version = plain(package.evr());
    facts_.packages.back().architecture = plain(package.architecture);
    if (package.installed) facts_.newest_time = std::max(facts_.newest_time, std::int64_t{*package.installed});
    std::string path;
    header->each_file([&](const RpmFile& file) {
        if (!file.regular) return;
        path.assign(file.folder).append(file.name);
        const std::size_t size = file.kind == DigestKind::md5 ? 16 : 32;
        const auto digest = cut_digest(file.digest, size);
        const bool known = digest && file.kind != DigestKind::none;
        add_file(path, known ? file.kind : DigestKind::none, digest.value_or(FileDigest{}));
    });
}

// A folder stands in front of what is in it; that is how it is known for one.
void PackageLists::list_line(std::string_view text) {
    const bool is_folder = text.size() > listed_.size() && text.starts_with(listed_) &&
                           text[listed_.size()] == '/';
    if (!listed_.empty() && listed_ != "/." && !is_folder && has_package_) {
        std::string_view path = listed_;
        while (path.starts_with('/')) path.remove_prefix(1);
        waiting_.push_back({packaged_path_key(path), {},
                            static_cast<std::uint32_t>(facts_.packages.size() - 1),
                            DigestKind::none, path.starts_with("usr/")});
        if (waiting_.size() >= packaged_files_a_layer) flush_listed();
    }
    listed_ = text;
}

// What a package's digests say need not be kept twice.
void PackageLists::flush_listed() {
    std::vector<ListedFile> files = std::exchange(waiting_, {});
    if (files.empty()) return;
    std::set<PathKey> told;
    for (auto file = facts_.files.rbegin(); file != facts_.files.rend(); ++file) {
        if (file->package + 1 != facts_.packages.size() || file->package == files[0].package) break;
        told.insert(file->path);
    }
    for (const ListedFile& file : files) {
        if (told.contains(file.path)) continue;
        if (facts_.files.size() < packaged_files_a_layer) {
            facts_.files.push_back(file);
        } else {
            ++facts_.untold;
        }
    }
}

void PackageLists::md5sums_line(std::string_view text) {
    constexpr std::size_t digits = 32;
    const auto digest = md5_of(text.substr(0, digits));
    if (!digest || text.substr(digits, 2) != "  ") return;
    add_file(text.substr(digits + 2), DigestKind::md5, *digest);
}

void PackageLists::status_line(std::string_view text) {
    constexpr std::string_view package = "Package: ", version = "Version: ";
    constexpr std::string_view architecture = "Architecture: ";
    if (text.empty()) {
        has_package_ = conffiles_ = false;
    } else if (text.starts_with(package)) {
        name_package(text.substr(package.size()));
    } else if (has_package_ && text.starts_with(version)) {
        facts_.packages.back().version = plain(text.substr(version.size()));
    } else if (has_package_ && text.starts_with(architecture)) {
        facts_.packages.back().architecture = plain(text.substr(architecture.size()));
    } else if (text.front() != ' ') {
        conffiles_ = text.starts_with("Conffiles:");
    } else if (conffiles_) {
        // Paths may hold spaces; what stands behind the last path has none.
        for (std::size_t space = text.find(' ', 1); space != npos;
             space = text.find(' ', space + 1)) {
            const std::string_view rest = text.substr(space + 1);
            const auto digest = md5_of(rest.substr(0, rest.find(' ')));
            if (digest) return add_file(text.substr(1, space - 1), DigestKind::md5, *digest);
        }
    }
}

void PackageLists::apk_line(std::string_view text) {
    const bool ends_file = text.empty() || text.starts_with("R:") || text.starts_with("F:");
    if (ends_file && !file_told_) {
        file_told_ = true;
        add_file(file_, DigestKind::none, {});
    }
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
        case 'V':
            if (has_package_) facts_.packages.back().version = plain(value);
            return;
        case 'A':
            if (has_package_) facts_.packages.back().architecture = plain(value);
            return;
        case 't':
            if (has_package_) see_time(value);
            return;
        case 'F':
            folder_ = value;
            file_.clear();
            return;
        case 'R':
            file_ = folder_.empty() ? std::string(value) : folder_ + '/' + std::string(value);
            file_told_ = value.empty();
            return;
        case 'Z': break;
        default: return;
    }
    constexpr std::string_view sha1 = "Q1";
    constexpr std::size_t sha1_bytes = 20;
    if (file_told_ || !value.starts_with(sha1)) return;
    const auto bytes = evidence::decode_base64(value.substr(sha1.size()));
    if (!bytes || bytes->size() != sha1_bytes) return;
    FileDigest digest{};
    std::copy_n(bytes->begin(), digest.size(), digest.begin());
    file_told_ = true;
    add_file(file_, DigestKind::sha1, digest);
}

// Seconds since 1970 in digits, of a year that has four.
void PackageLists::see_time(std::string_view digits) {
    constexpr std::int64_t year_10000 = 253'402'300'800;
    std::int64_t time = 0;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), time);
    if (error != std::errc() || end != digits.data() + digits.size() || time >= year_10000) return;
    facts_.newest_time = std::max(facts_.newest_time, time);
}

void PackageLists::name_package(std::string_view name) {
    has_package_ = false;
    if (name.empty() || name.size() > longest_name || !has_only(name, "+-._")) return;
    if (facts_.packages.size() >= packages_a_layer) {
        ++facts_.untold;
        return;
    }
    facts_.packages.push_back(
        {std::string(name), static_cast<std::uint32_t>(facts_.lists.size() - 1), {}, {}});
    has_package_ = true;
}

void PackageLists::add_file(std::string_view path, DigestKind kind, const FileDigest& digest) {
    if (!has_package_) return;
    if (facts_.files.size() >= packaged_files_a_layer) {
        ++facts_.untold;
        return;
    }
    while (path.starts_with('/')) path.remove_prefix(1);
    facts_.files.push_back({packaged_path_key(path), digest,
                            static_cast<std::uint32_t>(facts_.packages.size() - 1), kind,
                            path.starts_with("usr/")});
}

PackageFacts PackageLists::take() {
    if (open_) end();
    flush_listed();
    std::sort(facts_.files.begin(), facts_.files.end());
    return std::move(facts_);
}

}  // namespace stratascan::layer
