// rpm's package databases, as they stream by: a Berkeley DB hash (`Packages`) and
// rpm's own NDB (`Packages.db`). What is wanted of them are the headers, one a
// package. The third kind, SQLite, is read row by row in nested/, and its rows come
// here from there.
//
// Berkeley DB 5.3, src/dbinc/db_page.h: pages of one size, each with a head of 26
// bytes. A header stands in a chain of overflow pages; the first has no page before
// it, the last none behind. Chains are put together as their pages pass, in whatever
// order; in a database that rpm made one page mostly follows the other, so that what
// is kept is a header and little more. What is smaller stands in the hash pages.
//
// NDB, rpm, lib/backend/ndb/rpmpkg.c: slots of 16 bytes in the first pages say in
// which blocks of 16 bytes each package's blob is.
//
// Rejected: keeping the whole file, as for SQLite, whose pages do not say what they
// are. These databases have 10 to 100 MB, and a header in flight has one.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace stratascan::layer {

/// Bytes of headers in flight. A single header may be as large.
inline constexpr std::size_t rpm_bytes_kept = 8 << 20;

class RpmDatabase {
public:
    /// `take` gets each header; it may be called while feed() or end() run.
    explicit RpmDatabase(std::function<void(std::string_view)> take) : take_(std::move(take)) {}

    /// The file from its first byte, cut anywhere.
    void feed(std::string_view bytes);
    void end();

    /// Why not all packages are known; empty: they are. `lost()` are bytes of pages
    /// and blobs that were not read.
    [[nodiscard]] const std::string& reason() const noexcept { return reason_; }
    [[nodiscard]] std::uint64_t lost() const noexcept { return lost_; }

private:
    enum class Form : std::uint8_t { start, berkeley, ndb_slots, ndb_blobs, ignored };
    struct Page {
        std::uint32_t next = 0;
        std::string bytes;
    };
    struct Blob {
        std::uint64_t offset = 0, bytes = 0;
        auto operator<=>(const Blob&) const = default;
    };

    [[nodiscard]] std::size_t wanted() const noexcept;
    void step(std::string_view unit);
    void begin(std::string_view head);
    void berkeley_page(std::string_view page);
    void hash_page(std::string_view page);
    void overflow_page(std::string_view page);
    void join_pages(std::uint32_t next, std::string chain);
    void ndb_slots(std::string_view pages);
    void ndb_feed(std::string_view bytes);
    void ndb_blob(std::string_view blob);
    [[nodiscard]] std::uint64_t number(std::string_view bytes, std::size_t at,
                                       std::size_t size) const noexcept;
    void lose(std::string reason, std::uint64_t bytes);

    std::function<void(std::string_view)> take_;
    Form form_ = Form::start;
    bool big_endian_ = false;
    std::size_t page_bytes_ = 0;
    std::string held_;       // of the page, or of the slots, that is cut
    std::uint64_t at_ = 0;   // in the file
    std::uint64_t pages_end_ = 0;  // where Berkeley DB's last page ends
    std::map<std::uint32_t, std::string> chains_;  // by the page that they go on with
    std::map<std::uint32_t, Page> pages_;    // that passed before their turn
    std::size_t kept_ = 0;
    std::vector<Blob> blobs_;  // sorted
    std::size_t blob_ = 0;
    std::string reason_;
    std::uint64_t lost_ = 0;
};

}  // namespace stratascan::layer
