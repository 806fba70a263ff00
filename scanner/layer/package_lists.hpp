// Reads the lists in which package managers keep their files' checksums, as they
// pass in a layer's windows:
//
//   var/lib/dpkg/info/NAME.md5sums       "<32 hex digits>  <path>" a line (deb-md5sums(5));
//   var/lib/dpkg/status.d/NAME.md5sums   the same, as images without dpkg have it
//   var/lib/dpkg/status, status.d/NAME   stanzas (deb822(5)); below "Conffiles:" lines
//                                        " <path> <MD5> [obsolete]"
//   var/lib/dpkg/info/NAME.list          "/<path>" a line, folders too
//   lib/apk/db/installed, usr/lib/apk/…  "P:" names a package, "V:" its version, "t:" when
//                                        it was built, "F:" a folder, "R:" a file in it, "Z:Q1" its SHA-1 in
//                                        base64 (apk-tools, doc/apk-v2.5.scd, database.c)
//   var/lib/rpm, usr/lib/sysimage/rpm, usr/share/rpm: Packages, Packages.db (see
//                                        rpm_database.hpp), and the rows of
//                                        rpmdb.sqlite as nested/ tells them
//
// A line or a header is read at a time, and what it says of a file kept in 32 bytes; a
// list of any size costs no more than the limits. Hostile lists say false things of
// their own image and nothing else.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "scanner/layer/ordinal_gap.hpp"
#include "scanner/layer/package_facts.hpp"
#include "scanner/layer/rpm_database.hpp"
#include "scanner/layer/window.hpp"

namespace stratascan::layer {

inline constexpr std::size_t packaged_files_a_layer = 400'000;
inline constexpr std::size_t packages_a_layer = 50'000;

class PackageLists {
public:
    /// Windows of one stream come in order.
    void add(const Window& window);

    /// All that was read. Call once, at the end.
    [[nodiscard]] PackageFacts take();
    /// What of the lists was not read.
    [[nodiscard]] std::vector<OrdinalGap>& gaps() noexcept { return gaps_; }

    /// One list in pieces, for those who have no windows. False: it is none.
    bool begin(std::string_view path, std::uint32_t ordinal);
    void feed(std::string_view bytes);
    void end();

private:
    enum class Form : std::uint8_t { md5sums, list, status, apk, rpm, rpm_row };

    bool begin(const Member& member);
    void start(Form form, std::string_view path, std::uint32_t ordinal);
    void feed_row(std::string_view bytes);
    void end_row();
    void take_header(std::string_view header);
    void list_line(std::string_view text);
    void flush_listed();
    void line(std::string_view text);
    void md5sums_line(std::string_view text);
    void status_line(std::string_view text);
    void apk_line(std::string_view text);
    void see_time(std::string_view digits);
    void name_package(std::string_view name);
    void add_file(std::string_view path, DigestKind kind, const FileDigest& digest);
    [[nodiscard]] std::string_view open_package() const;
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
    bool file_told_ = true;      // of apk: that file
    std::string listed_;         // of a .list: the line before
    std::vector<ListedFile> waiting_;  // of a .list, until its package's digests are read
    RpmDatabase rpm_{nullptr};
    std::uint64_t row_bytes_ = 0;  // of a row that is too long
    std::vector<OrdinalGap> gaps_;
};

}  // namespace stratascan::layer
