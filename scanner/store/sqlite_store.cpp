#include "scanner/store/sqlite_store.hpp"

#include <ctime>

#include "scanner/store/place.hpp"
#include "scanner/store/repair.hpp"
#include "scanner/store/schema.hpp"

namespace stratascan::store {

Result<std::unique_ptr<Store>> Store::open(const std::string& path, bool make, int wait_ms) {
    if (auto place = prepare_place(path, make); !place) return std::unexpected(place.error());
    auto database = Database::open(path, Database::Mode::read_write, wait_ms);
    if (!database) return std::unexpected(database.error());
    if (auto ready = migrate(**database); !ready) {
        Error error = ready.error();
        if (error.where.empty()) error.where = path;
        return std::unexpected(std::move(error));
    }
    return std::make_unique<SqliteStore>(std::move(*database), path);
}

Result<std::vector<std::string>> Store::salvage(const std::string& path) {
    if (auto place = prepare_place(path, false); !place) return std::unexpected(place.error());
    auto lines = store::salvage(path);
    if (!lines) return lines;
    // The rows that were saved may hold bytes that were not.
    const auto store = open(path, false);
    const auto mended = store ? (*store)->repair() : std::unexpected(store.error());
    if (!mended) return std::unexpected(mended.error());
    lines->insert(lines->end() - 1, mended->begin(), mended->end());
    return lines;
}

Time current_time() { return static_cast<Time>(std::time(nullptr)); }

std::unique_lock<std::mutex> SqliteStore::begin() {
    std::unique_lock lock(mutex_);
    database_->forgive();
    return lock;
}

std::int64_t SqliteStore::hmac_key_id(const std::string& public_id) {
    database_->run("insert into hmac_key(public_id) values(?) on conflict do nothing", public_id);
    return database_->number("select id from hmac_key where public_id = ?", public_id).value_or(0);
}

std::optional<std::int64_t> SqliteStore::known_ruleset(const Ruleset& ruleset) {
    return database_->number(
        "select r.id from ruleset r join hmac_key k on k.id = r.hmac_key "
        "where r.hash = ? and k.public_id = ?",
        ruleset.hash, ruleset.hmac_key);
}

std::int64_t SqliteStore::ruleset_id(const Ruleset& ruleset) {
    if (const auto known = known_ruleset(ruleset)) return *known;
    return database_
        ->number("insert into ruleset(hash, hmac_key, engine, rules, secrets, programs, "
                 "first_used) values(?, ?, ?, ?, ?, ?, ?) returning id",
                 ruleset.hash, hmac_key_id(ruleset.hmac_key), ruleset.engine, ruleset.rules,
                 ruleset.secrets, ruleset.programs, current_time())
        .value_or(0);
}

Ruleset SqliteStore::ruleset_of(std::int64_t id) {
    Rows row = database_->query(
        "select r.hash, k.public_id, r.engine, r.rules, r.secrets, r.programs "
        "from ruleset r join hmac_key k on k.id = r.hmac_key where r.id = ?",
        id);
    if (!row.next()) return {};
    return {row.text(0), row.text(1), row.text(2),
            row.text(3), row.number(4) != 0, row.number(5) != 0};
}

std::int64_t SqliteStore::blob_id(const std::string& digest, std::int64_t bytes) {
    database_->run("insert into blob(digest, bytes) values(?, ?) on conflict do nothing", digest,
                   bytes);
    return database_->number("select id from blob where digest = ?", digest).value_or(0);
}

}  // namespace stratascan::store
