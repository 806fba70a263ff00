// Reads the lists in which package managers keep their files' checksums, as they
// pass in a layer's windows:
//
//   var/lib/dpkg/info/NAME.md5sums       "<32 hex digits>  <path>" a line (deb-md5sums(5));
//   var/lib/dpkg/status.d/NAME.md5sums   the same, as images without dpkg have it
//   var/lib/dpkg/status, status.d/NAME   stanzas (deb822(5)); below "Conffiles:" lines
//                                        " <path> <MD5> [obsolete]"
//   lib/apk/db/installed, usr/lib/apk/…  "P:" names a package, "F:" a folder, "R:" a file
//                                        in it, "Z:Q1" its SHA-1 in base64
//                                        (apk-tools, doc/apk-v2.5.scd and database.c)
//
// A line is read at a time, and what it says kept in 28 bytes; a list of any size
// costs no more than the limits. Hostile lists say false things of their own image
// and nothing else.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "scanner/layer/package_facts.hpp"
#include "scanner/layer/window.hpp"

namespace stratascan::layer {

inline constexpr std::size_t packaged_files_a_layer = 400'000;
inline constexpr std::size_t packages_a_layer = 50'000;

class PackageLists {
public:
    /// Windows of the layer's own stream come in order.
    void add(const Window& window);

    /// All that was read. Call once, at the end.
    [[nodiscard]] PackageFacts take();

    /// One list in pieces, for those who have no windows. False: it is none.
    bool begin(std::string_view path, std::uint32_t ordinal);
    void feed(std::string_view bytes);
    void end();

private:
    enum class Form : std::uint8_t { md5sums, status, apk };

    void line(std::string_view text);
    void md5sums_line(std::string_view text);
    void status_line(std::string_view text);
    void apk_line(std::string_view text);
    void name_package(std::string_view name);
    void add_file(std::string_view path, const FileDigest& digest);
    [[nodiscard]] static std::optional<Form> form_of(std::string_view path) noexcept;

    PackageFacts facts_;
    bool open_ = false;
    std::uint32_t ordinal_ = 0;  // of the list that is open
    Form form_ = Form::md5sums;
    std::string cut_;            // the beginning of a line
    bool too_long_ = false;      // that line
    bool has_package_ = false;
    bool conffiles_ = false;     // below that field
    std::string folder_, file_;  // of apk
};

}  // namespace stratascan::layer
