#include "scanner/layer/rpm_header.hpp"

#include <vector>

#include "scanner/nested/bytes.hpp"

namespace stratascan::layer {

namespace {

using nested::big_endian;

constexpr std::size_t entry_bytes = 16;

// Tags and types: rpm, include/rpm/rpmtag.h.
constexpr std::uint32_t tag_name = 1000, tag_version = 1001, tag_release = 1002, tag_epoch = 1003;
constexpr std::uint32_t tag_install_time = 1008;
constexpr std::uint32_t tag_architecture = 1022, tag_modes = 1030, tag_digests = 1035;
constexpr std::uint32_t tag_folder_numbers = 1116, tag_names = 1117, tag_folders = 1118;
constexpr std::uint32_t tag_digest_algorithm = 5011;
constexpr std::uint32_t type_int16 = 3, type_int32 = 4, type_string = 6, type_strings = 8;
// RFC 4880, section 9.4, whose numbers rpm uses; without the tag it is MD5.
constexpr std::uint32_t algorithm_md5 = 1, algorithm_sha256 = 8;

constexpr unsigned mode_kind = 0170000, mode_regular = 0100000;

// Moves `in` past one string and its NUL; nothing where there is no NUL.
std::optional<std::string_view> take_string(std::string_view& in) noexcept {
    const std::size_t end = in.find('\0');
    if (end == std::string_view::npos) return std::nullopt;
    const std::string_view text = in.substr(0, end);
    in.remove_prefix(end + 1);
    return text;
}

DigestKind kind_of(std::uint32_t algorithm) noexcept {
    if (algorithm == algorithm_md5) return DigestKind::md5;
    return algorithm == algorithm_sha256 ? DigestKind::sha256 : DigestKind::none;
}

}  // namespace

std::string RpmPackage::evr() const {
    std::string text = epoch ? std::to_string(*epoch) + ':' : std::string();
    text += version;
    if (!release.empty()) (text += '-') += release;
    return text;
}

std::optional<RpmHeader> RpmHeader::read(std::string_view blob) {
    if (blob.size() < 8) return std::nullopt;
    const std::uint64_t entries = big_endian(blob, 0, 4);
    const std::uint64_t bytes = big_endian(blob, 4, 4);
    blob.remove_prefix(8);
    if (entries == 0 || entries > blob.size() / entry_bytes) return std::nullopt;
    if (bytes > blob.size() - entries * entry_bytes) return std::nullopt;
    RpmHeader header;
    header.index_ = blob.substr(0, entries * entry_bytes);
    header.data_ = blob.substr(entries * entry_bytes, bytes);
    return header;
}

std::optional<RpmHeader::Values> RpmHeader::find(std::uint32_t tag) const {
    for (std::size_t at = 0; at < index_.size(); at += entry_bytes) {
        if (big_endian(index_, at, 4) != tag) continue;
        const std::uint64_t offset = big_endian(index_, at + 8, 4);
        if (offset >= data_.size()) return std::nullopt;
        return Values{static_cast<std::uint32_t>(big_endian(index_, at + 4, 4)),
                      static_cast<std::uint32_t>(big_endian(index_, at + 12, 4)),
                      data_.substr(offset)};
    }
    return std::nullopt;
}

std::string_view RpmHeader::text(std::uint32_t tag) const {
    auto values = find(tag);
    if (!values || values->type != type_string) return {};
    return take_string(values->bytes).value_or("");
}

std::optional<std::uint32_t> RpmHeader::number(std::uint32_t tag) const {
    const auto values = find(tag);
    if (!values || values->type != type_int32 || values->bytes.size() < 4) return std::nullopt;
    return static_cast<std::uint32_t>(big_endian(values->bytes, 0, 4));
}

RpmPackage RpmHeader::package() const {
    return {text(tag_name), text(tag_version), text(tag_release), text(tag_architecture),
            number(tag_epoch), number(tag_install_time)};
}

bool RpmHeader::each_file(const std::function<void(const RpmFile&)>& take) const {
    auto names = find(tag_names);
    if (!names) return true;
    auto folders = find(tag_folders);
    const auto numbers = find(tag_folder_numbers);
    if (!folders || !numbers || names->type != type_strings || folders->type != type_strings ||
        numbers->type != type_int32 || names->count > rpm_files_a_package) {
        return false;
    }
    std::vector<std::string_view> folder_names;
    for (std::uint32_t i = 0; i < folders->count; ++i) {
        const auto folder = take_string(folders->bytes);
        if (!folder) return false;
        folder_names.push_back(*folder);
    }
    auto digests = find(tag_digests);
    if (digests && digests->type != type_strings) digests.reset();
    const auto modes = find(tag_modes);
    const bool has_modes = modes && modes->type == type_int16;
    const DigestKind kind = kind_of(number(tag_digest_algorithm).value_or(algorithm_md5));
    for (std::uint32_t i = 0; i < names->count; ++i) {
        RpmFile file;
        const auto name = take_string(names->bytes);
        if (!name || numbers->bytes.size() / 4 <= i) return false;
        const std::uint64_t folder = big_endian(numbers->bytes, 4 * std::size_t{i}, 4);
        if (folder >= folder_names.size()) return false;
        file.name = *name;
        file.folder = folder_names[folder];
        if (digests) file.digest = take_string(digests->bytes).value_or("");
        file.kind = file.digest.empty() ? DigestKind::none : kind;
        if (has_modes && modes->bytes.size() / 2 > i) {
            file.regular =
                (big_endian(modes->bytes, 2 * std::size_t{i}, 2) & mode_kind) == mode_regular;
        }
        take(file);
    }
    return true;
}

}  // namespace stratascan::layer
