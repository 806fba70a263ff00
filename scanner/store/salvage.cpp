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

/// Copies all that can be read; what was lost, a line a table.
Result<std::vector<std::string>> copy_all(Database& into) {
    std::vector<std::string> lines;
    bool lost = false;
    into.script("pragma foreign_keys = off");
    // Not "immediate", which would lock the old file as well: whoever repairs has it locked.
    into.run("begin");
    for (const Table& table : tables) {
        Copied copied;
        copy_range(into, table, 0, largest_key, copied);
        if (into.failed()) return std::unexpected(into.failure());
        if (copied.whole) continue;
        lost = true;
        lines.push_back(fmt::format("{}: {} rows are saved, others can't be read", table.name,
                                    copied.rows));
    }
    for (std::string& line : mend_rows(into)) lines.push_back(std::move(line));
    // Rows that are not there leave no trace in those that are.
    if (lost) {
        into.run("update image_scan set complete = 0");
        lines.emplace_back("every image counts as not read in full, until it is scanned again");
    }
    into.run("commit");
    if (into.failed()) return std::unexpected(into.failure());
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

Result<std::vector<std::string>> copy_from(Database& into, const std::string& old) {
    into.run("attach database ? as old", old);
    if (into.failed()) {
        Error error = into.failure();
        into.forgive();
        return std::unexpected(std::move(error));
    }
    const auto known = into.number("select count(*) from old.sqlite_master");
    if (into.failed() || known.value_or(0) == 0) {
        auto failure = fail(ErrorCode::malformed, "its first page can't be read", old);
        into.forgive();
        into.run("detach database old");
        into.forgive();
        return failure;
    }
    auto lines = copy_all(into);
    into.forgive();
    into.run("detach database old");
    into.forgive();
    return lines;
}

}  // namespace

Result<std::vector<std::string>> salvage(const std::string& path) {
    const std::string aside = path + ".damaged";
    if (std::filesystem::exists(aside)) {
        return fail(ErrorCode::invalid_argument, "it is the damaged store of an earlier repair",
                    aside, "move it away");
    }
    // Who would write into the old file meanwhile waits, and is then told that it is damaged.
    const auto guard = Database::open(path, Database::Mode::read_write, 1000);
    if (!guard && guard.error().code == ErrorCode::unreadable) {
        return std::unexpected(guard.error());
    }
    if (guard) {
        (*guard)->run("begin immediate");
        if ((*guard)->failed() && (*guard)->failure().code == ErrorCode::unreadable) {
            return std::unexpected((*guard)->failure());
        }
    }
    auto name = new_file(path);
    if (!name) return std::unexpected(name.error());
    Removed fresh{*name};
    auto into = Database::open(*name, Database::Mode::read_write, 1000);
    if (!into) return std::unexpected(into.error());
    if (auto ready = migrate(**into); !ready) return std::unexpected(ready.error());
    auto lines = copy_from(**into, path);
    if (!lines && lines.error().code == ErrorCode::malformed) {
        (*into)->run("pragma wal_checkpoint(truncate)");
        auto patched = new_file(path);
        if (!patched) return std::unexpected(patched.error());
        const Removed draft{*patched};
        if (auto copied = copy_with_header_of(*name, path, *patched); !copied) {
            return std::unexpected(copied.error());
        }
        lines = copy_from(**into, *patched);
        if (!lines && lines.error().code == ErrorCode::malformed) {
            lines = std::vector<std::string>{"nothing in it can be read: the new store is empty"};
        }
    }
    if (!lines) return std::unexpected(lines.error());
    into->reset();  // all of it is in the one file now
    for (const char* beside : {"", "-wal", "-shm"}) {
        ::rename((path + beside).c_str(), (aside + beside).c_str());
    }
    if (::rename(name->c_str(), path.c_str()) != 0) {
        return fail(ErrorCode::unreadable, source::system_message(errno), path);
    }
    fresh.path.clear();
    lines->push_back("the damaged file is now " + aside);
    return lines;
}

}  // namespace stratascan::store
