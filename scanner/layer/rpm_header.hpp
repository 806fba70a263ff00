// A header of rpm: what a package is and which files it has. The database holds one a
// package, without the magic that stands in front of it in a package file.
//
// Two numbers of 32 bits, big endian: how many entries there are, and how many bytes
// of data behind them. An entry is 16 bytes: tag, type, offset into the data, count.
// Linux Standard Base, "Package File Format", "Header Structure"; rpm,
// docs/manual/hregions.md: the first entry of a region names no value of its own.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "scanner/layer/package_facts.hpp"

namespace stratascan::layer {

/// No header that rpm itself would take has more entries or files.
inline constexpr std::size_t rpm_files_a_package = 1'000'000;

struct RpmPackage {
    std::string_view name, version, release, architecture;
    std::optional<std::uint32_t> epoch;
    std::optional<std::uint32_t> installed;  ///< seconds since 1970

    /// "[EPOCH:]VERSION-RELEASE".
    [[nodiscard]] std::string evr() const;
};

struct RpmFile {
    std::string_view folder;  ///< "/usr/bin/"
    std::string_view name;
    std::string_view digest;  ///< hex; empty: none
    DigestKind kind = DigestKind::none;
    bool regular = true;
};

/// Reads a header in place; nothing points outside of `blob`, whatever it holds.
class RpmHeader {
public:
    /// Nothing: it is no header. Bytes behind it do no harm.
    [[nodiscard]] static std::optional<RpmHeader> read(std::string_view blob);

    [[nodiscard]] RpmPackage package() const;

    /// Every file, in order; false when lists of names, folders and their numbers do
    /// not fit together: then those told are right as far as they go.
    bool each_file(const std::function<void(const RpmFile&)>& take) const;

private:
    struct Values {
        std::uint32_t type = 0;
        std::uint32_t count = 0;
        std::string_view bytes;  // from its offset to the data's end
    };
    [[nodiscard]] std::optional<Values> find(std::uint32_t tag) const;
    [[nodiscard]] std::string_view text(std::uint32_t tag) const;
    [[nodiscard]] std::optional<std::uint32_t> number(std::uint32_t tag) const;

    std::string_view index_, data_;
};

}  // namespace stratascan::layer
