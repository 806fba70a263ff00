// A damaged page hides the rows that are on it, or below it, and no others: SQLite goes
// from the root of a table to a row by its key. So a table is copied by ranges of keys,
// and a range that fails is halved until the rows that can't be read are left out alone.
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <filesystem>

#include "scanner/source/file_blob.hpp"
#include "scanner/store/repair.hpp"
#include "scanner/store/schema.hpp"

namespace stratascan::store {

namespace {

using source::UniqueFd;

struct Table {
    std::string_view name, key;  ///< a whole number that rows are sorted by
};

constexpr std::array tables = {
    Table{"hmac_key", "id"},      Table{"ruleset", "id"},
    Table{"registry", "id"},      Table{"repository", "id"},
    Table{"manifest", "id"},      Table{"manifest_child", "parent"},
    Table{"blob", "id"},          Table{"manifest_layer", "manifest"},
    Table{"layer_scan", "id"},    Table{"layer_part", "layer_scan"},
    Table{"name", "id"},          Table{"path", "id"},
    Table{"secret", "id"},        Table{"finding", "layer_scan"},
    Table{"program", "layer_scan"}, Table{"image_scan", "id"},
    Table{"image_layer", "image_scan"}, Table{"hidden", "image_scan"},
    Table{"repo_manifest", "id"}, Table{"tag_history", "id"},
};

// Keys count from 1; a sweep of years does not come near.
constexpr std::int64_t largest_key = std::int64_t{1} << 40;

struct Copied {
    std::int64_t rows = 0, failures = 0;
    bool whole = true;
};

// Halves a range no deeper than the keys have bits.
void copy_range(Database& into, const Table& table, std::int64_t first, std::int64_t last,
                Copied& copied) {
    // A table whose root is gone fails in every range.
    if (copied.failures > 2000 + 20 * copied.rows) {
        copied.whole = false;
        return;
    }
    into.run(fmt::format("insert or ignore into main.{0} select * from old.{0} "
                         "where {1} between ? and ?",
                         table.name, table.key),
             first, last);
    if (!into.failed()) {
        copied.rows += into.changed();
        return;
    }
    if (into.failure().code != ErrorCode::malformed) return;  // no room, or no memory
    into.forgive();
    ++copied.failures;
    if (first == last) {
        copied.whole = false;
        return;
    }
    const std::int64_t middle = first + (last - first) / 2;
    copy_range(into, table, first, middle, copied);
    if (!into.failed()) copy_range(into, table, middle + 1, last, copied);
}

/// Each table by a connection of its own: one that met a table without a root reads nothing
/// any more. False: rows were lost; `copied` says how many were not.
Result<bool> copy_table(const std::string& fresh, const std::string& old, const Table& table,
                        Copied& copied) {
    auto into = Database::open(fresh, Database::Mode::read_write, 1000);
    if (!into) return std::unexpected(into.error());
    (*into)->script("pragma foreign_keys = off");
    (*into)->run("attach database ? as old", old);
    // Not "immediate", which would lock the old file as well.
    (*into)->run("begin");
    if ((*into)->failed()) return std::unexpected((*into)->failure());
    copy_range(**into, table, 0, largest_key, copied);
    if ((*into)->failed() && copied.whole) return std::unexpected((*into)->failure());
    (*into)->forgive();
    (*into)->run("commit");
    if ((*into)->failed()) copied.rows = 0;
    return copied.whole && !(*into)->failed();
}

/// Copies all that can be read; what was lost, a line a table.
Result<std::vector<std::string>> copy_all(const std::string& fresh, const std::string& old) {
    std::vector<std::string> lines;
    bool lost = false;
    for (const Table& table : tables) {
        Copied copied;
        const auto whole = copy_table(fresh, old, table, copied);
        if (!whole) return std::unexpected(whole.error());
        if (*whole) continue;
        lost = true;
        lines.push_back(fmt::format("{}: {} rows are saved, others can't be read", table.name,
                                    copied.rows));
    }
    auto into = Database::open(fresh, Database::Mode::read_write, 1000);
    if (!into) return std::unexpected(into.error());
    (*into)->script("pragma foreign_keys = off");
    Transaction transaction(**into);
    for (std::string& line : mend_rows(**into)) lines.push_back(std::move(line));
    // Rows that are not there leave no trace in those that are.
    if (lost) {
        (*into)->run("update image_scan set complete = 0");
        lines.emplace_back("every image counts as not read in full, until it is scanned again");
    }
    if (auto done = transaction.commit(); !done) return std::unexpected(done.error());
    return lines;
}

/// The bytes of `path` with the first hundred, SQLite's header, as those of a file of this
/// program's: the page size, the encoding and the form are always the same.
Result<void> copy_with_header_of(const std::string& fresh, const std::string& path,
                                 const std::string& to) {
    constexpr std::size_t header_bytes = 100;
    std::array<char, header_bytes> header{};
    const UniqueFd sound(::open(fresh.c_str(), O_RDONLY | O_CLOEXEC));
    const UniqueFd out(::open(to.c_str(), O_WRONLY | O_CLOEXEC));
    std::error_code error;
    std::filesystem::copy_file(path, to, std::filesystem::copy_options::overwrite_existing, error);
    if (error || ::pread(sound.get(), header.data(), header.size(), 0) != header_bytes) {
        return fail(ErrorCode::unreadable, "no room to copy it: " + error.message(), path);
    }
    const auto put = [&header](std::size_t at, std::uint32_t value) {
        for (int i = 0; i < 4; ++i) {
            header[at + static_cast<std::size_t>(i)] = static_cast<char>(value >> (24 - 8 * i));
        }
    };
    constexpr std::uint32_t page_bytes = 4096;
    put(28, static_cast<std::uint32_t>(std::filesystem::file_size(to, error) / page_bytes));
    put(32, 0);  // no free pages are known
    put(36, 0);
    put(24, 1);  // the size above is that of this change
    put(92, 1);
    if (::pwrite(out.get(), header.data(), header.size(), 0) != header_bytes) {
        return fail(ErrorCode::unreadable, source::system_message(errno), to);
    }
    return {};
}

/// A new file beside `path`, of a name that nobody could know before.
Result<std::string> new_file(const std::string& path) {
    std::string name = path + ".XXXXXX";
    const UniqueFd file(::mkostemp(name.data(), O_CLOEXEC));
    if (file.get() < 0) {
        return fail(ErrorCode::unreadable,
                    "no new file can be made: " + source::system_message(errno), path);
    }
    return name;
}

struct Removed {
    std::string path;
    ~Removed() {
        if (path.empty()) return;
        for (const char* beside : {"", "-wal", "-shm"}) ::unlink((path + beside).c_str());
    }
};

/// `malformed`: not even its list of tables can be read.
Result<std::vector<std::string>> copy_from(const std::string& fresh, const std::string& old) {
    {
        auto first = Database::open(old, Database::Mode::read_write, 1000);
        const auto known =
            first ? (*first)->number("select count(*) from sqlite_master") : std::nullopt;
        if (known.value_or(0) == 0) {
            return fail(ErrorCode::malformed, "its first page can't be read", old);
        }
    }
    return copy_all(fresh, old);
}

/// A damaged file may refuse the lock for its damage alone; that is no reason to leave it.
Result<void> nobody_writes(const std::string& path) {
    const auto database = Database::open(path, Database::Mode::read_write, 1000);
    if (database) (*database)->run("begin immediate");
    const bool busy = database ? (*database)->failed() &&
                                     (*database)->failure().code == ErrorCode::unreadable
                               : database.error().code == ErrorCode::unreadable;
    if (!busy) return {};
    return std::unexpected(database ? (*database)->failure() : database.error());
}

}  // namespace

Result<std::vector<std::string>> salvage(const std::string& path) {
    const std::string aside = path + ".damaged";
    if (std::filesystem::exists(aside)) {
        return fail(ErrorCode::invalid_argument, "it is the damaged store of an earlier repair",
                    aside, "move it away");
    }
    if (auto unused = nobody_writes(path); !unused) return std::unexpected(unused.error());
    auto name = new_file(path);
    if (!name) return std::unexpected(name.error());
    Removed fresh{*name};
    {
        auto into = Database::open(*name, Database::Mode::read_write, 1000);
        if (!into) return std::unexpected(into.error());
        if (auto ready = migrate(**into); !ready) return std::unexpected(ready.error());
    }
    auto lines = copy_from(*name, path);
    if (!lines && lines.error().code == ErrorCode::malformed) {
        auto patched = new_file(path);
        if (!patched) return std::unexpected(patched.error());
        const Removed draft{*patched};
        if (auto copied = copy_with_header_of(*name, path, *patched); !copied) {
            return std::unexpected(copied.error());
        }
        lines = copy_from(*name, *patched);
        if (!lines && lines.error().code == ErrorCode::malformed) {
            lines = std::vector<std::string>{"nothing in it can be read: the new store is empty"};
        }
    }
    if (!lines) return std::unexpected(lines.error());
    for (const char* beside : {"", "-wal", "-shm"}) {
        const bool moved = ::rename((path + beside).c_str(), (aside + beside).c_str()) == 0;
        // The log and its index need not be there; the file must not be written over.
        if (!moved && (errno != ENOENT || *beside == '\0')) {
            return fail(ErrorCode::unreadable, source::system_message(errno), path + beside);
        }
    }
    if (::rename(name->c_str(), path.c_str()) != 0) {
        return fail(ErrorCode::unreadable, source::system_message(errno), path);
    }
    fresh.path.clear();
    lines->push_back("the damaged file is now " + aside);
    return lines;
}

}  // namespace stratascan::store
