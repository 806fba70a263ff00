// What a layer's package lists say of files, and the digests of those files of a
// layer that something was found in. Both depend on the layer's bytes alone; which
// file is an unmodified part of which package is settled when the layers of an image
// are joined (image/packaged.hpp), since lists and files may stand in different ones.
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace stratascan::layer {

enum class PackageManager : std::uint8_t { dpkg, apk, rpm };

[[nodiscard]] std::string_view to_string(PackageManager manager) noexcept;

/// MD5, or the first 16 bytes of SHA-1 or SHA-256. It can be forged by whoever
/// made the image, who can as well change the list: no more is lost by the cut.
using FileDigest = std::array<std::uint8_t, 16>;

enum class DigestKind : std::uint8_t { none, md5, sha1, sha256 };

/// A file by its path: 64 bits of FNV-1a over the normalised path, in which `bin`,
/// `sbin` and `lib…` at the root are those of `usr`, because lists keep the names of
/// the time before they were merged. Equal numbers are no proof: the digest is.
using PathKey = std::uint64_t;
[[nodiscard]] PathKey packaged_path_key(std::string_view normalised) noexcept;

/// Whether packages of a distribution put files there at all. Saves work, no more:
/// nothing under `usr/local`, `home` or a folder of the image's own at the root does.
[[nodiscard]] bool may_be_packaged(std::string_view normalised) noexcept;

/// A file that a list is in.
struct PackageList {
    PackageManager manager = PackageManager::dpkg;
    std::string path;           ///< normalised
    std::uint32_t ordinal = 0;  ///< of the layer's member
};

/// A package that a list names. Of dpkg one stands in several: the status has its
/// version, and its own lists have its files.
struct ListedPackage {
    std::string name;
    std::uint32_t list = 0;  ///< index into PackageFacts::lists
    std::string version, architecture;  ///< empty where the list does not say
};

struct ListedFile {
    PathKey path = 0;
    FileDigest digest{};
    std::uint32_t package = 0;  ///< index into PackageFacts::packages
    DigestKind kind = DigestKind::none;
    bool below_usr = false;     ///< the path that is listed begins with "usr/"
    auto operator<=>(const ListedFile&) const = default;
};

struct PackageFacts {
    std::vector<PackageList> lists;
    std::vector<ListedPackage> packages;
    std::vector<ListedFile> files;  ///< sorted
    std::uint64_t untold = 0;       ///< files or packages past the limits
    /// When the newest package was built (apk) or installed (rpm), as the list claims it:
    /// seconds since 1970; 0: no list says.
    std::int64_t newest_time = 0;
};

/// Of a member's whole contents; all, or those that the layer's managers use.
struct MemberDigest {
    std::uint32_t ordinal = 0;
    std::optional<FileDigest> md5, sha1, sha256;

    [[nodiscard]] const std::optional<FileDigest>& of(DigestKind kind) const noexcept;
};

/// Managers that leave a file or folder of this path in the trees that they made.
struct ManagerHints {
    bool dpkg = false, apk = false, rpm = false;

    void see(std::string_view normalised) noexcept;
};

}  // namespace stratascan::layer
