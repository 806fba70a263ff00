#include "scanner/store/database.hpp"

#include <fmt/format.h>
#include <sqlite3.h>

namespace stratascan::store {

namespace {

Error error_of(sqlite3* handle, int code, const std::string& path) {
    const int kind = code & 0xff;
    if (kind == SQLITE_BUSY || kind == SQLITE_LOCKED) {
        return {ErrorCode::unreadable, "another process has written to the store for too long",
                path, "try again when it is done"};
    }
    if (kind == SQLITE_NOTADB) {
        return {ErrorCode::malformed, "this is no store", path,
                "name another with --store, or move this file away"};
    }
    if (kind == SQLITE_CORRUPT) {
        return {ErrorCode::malformed, "the store is damaged", path,
                "see `stratascan store check`; move the file away to begin a new one"};
    }
    // A message may repeat SQL, never values.
    const bool same = handle != nullptr && sqlite3_extended_errcode(handle) == code;
    const char* text = same ? sqlite3_errmsg(handle) : sqlite3_errstr(code);
    return {ErrorCode::unreadable, fmt::format("the store: {}", text), path, {}};
}

}  // namespace

Rows::~Rows() {
    if (statement_ == nullptr) return;
    if (busy_ == nullptr) {
        sqlite3_finalize(statement_);
        return;
    }
    sqlite3_reset(statement_);
    sqlite3_clear_bindings(statement_);
    *busy_ = false;
}

bool Rows::next() {
    if (statement_ == nullptr || database_.failed()) return false;
    const int code = sqlite3_step(statement_);
    if (code == SQLITE_ROW) return true;
    if (code != SQLITE_DONE) database_.note_failure();
    return false;
}

std::int64_t Rows::number(int column) const { return sqlite3_column_int64(statement_, column); }

std::string_view Rows::view(int column) const {
    const void* bytes = sqlite3_column_blob(statement_, column);
    if (bytes == nullptr) {
        // Nothing is there, or there was no memory to hand it out.
        if (sqlite3_column_type(statement_, column) != SQLITE_NULL &&
            sqlite3_column_bytes(statement_, column) > 0) {
            database_.note_failure(SQLITE_NOMEM);
        }
        return {};
    }
    return {static_cast<const char*>(bytes),
            static_cast<std::size_t>(sqlite3_column_bytes(statement_, column))};
}

bool Rows::is_null(int column) const {
    return sqlite3_column_type(statement_, column) == SQLITE_NULL;
}

// Values are lent: they outlive the statement's run, for every caller holds them.
void Rows::bind(int at, std::int64_t value) {
    check(sqlite3_bind_int64(statement_, at, value));
}
void Rows::bind(int at, std::string_view value) {
    check(sqlite3_bind_text64(statement_, at, value.data() == nullptr ? "" : value.data(),
                              value.size(), SQLITE_TRANSIENT, SQLITE_UTF8));
}
void Rows::bind(int at, Bytes value) {
    check(sqlite3_bind_blob64(statement_, at, value.view.data() == nullptr ? "" : value.view.data(),
                              value.view.size(), SQLITE_TRANSIENT));
}
void Rows::bind(int at, std::nullptr_t) { check(sqlite3_bind_null(statement_, at)); }

void Rows::check(int code) {
    if (code != SQLITE_OK) database_.note_failure(code);
}

Result<std::unique_ptr<Database>> Database::open(const std::string& path, Mode mode,
                                                 int wait_ms) {
    sqlite3* handle = nullptr;
    const int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE |
                      (mode == Mode::create ? SQLITE_OPEN_CREATE : 0);
    const int code = sqlite3_open_v2(path.c_str(), &handle, flags, nullptr);
    std::unique_ptr<Database> database(new Database(handle, path));
    if (code != SQLITE_OK) return std::unexpected(error_of(handle, code, path));
    sqlite3_busy_timeout(handle, wait_ms);
    // A file of somebody else's making is data and nothing more.
    sqlite3_db_config(handle, SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr);
    sqlite3_db_config(handle, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, nullptr);
    sqlite3_db_config(handle, SQLITE_DBCONFIG_ENABLE_TRIGGER, 0, nullptr);
    sqlite3_db_config(handle, SQLITE_DBCONFIG_ENABLE_VIEW, 0, nullptr);
    // In WAL a killed process loses nothing that it had committed, without waiting for
    // the disk at each commit.
    database->script(
        "pragma journal_mode = wal; pragma synchronous = normal; pragma foreign_keys = on;"
        "pragma cell_size_check = on; pragma mmap_size = 0; pragma cache_size = -16000;"
        // Threads in the sandbox make no files.
        "pragma temp_store = memory;"
        // Pages that are written again and again are copied back less often.
        "pragma wal_autocheckpoint = 8000;");
    if (database->failed()) return std::unexpected(database->failure());
    return database;
}

Database::~Database() {
    for (auto& [sql, prepared] : prepared_) sqlite3_finalize(prepared.statement);
    sqlite3_close(handle_);
}

Rows Database::prepare(std::string_view sql) {
    if (failed()) return {*this, nullptr, nullptr};
    auto kept = prepared_.find(sql);
    if (kept != prepared_.end() && !kept->second.busy) {
        kept->second.busy = true;
        return {*this, kept->second.statement, &kept->second.busy};
    }
    sqlite3_stmt* statement = nullptr;
    if (sqlite3_prepare_v2(handle_, sql.data(), static_cast<int>(sql.size()), &statement,
                           nullptr) != SQLITE_OK) {
        note_failure();
        return {*this, nullptr, nullptr};
    }
    if (kept != prepared_.end()) return {*this, statement, nullptr};  // a second one at once
    Prepared& fresh = prepared_[std::string(sql)];
    fresh = {statement, true};
    return {*this, statement, &fresh.busy};
}

void Database::script(const std::string& sql) {
    if (failed()) return;
    if (sqlite3_exec(handle_, sql.c_str(), nullptr, nullptr, nullptr) != SQLITE_OK) {
        note_failure();
    }
}

std::int64_t Database::changed() const { return sqlite3_changes64(handle_); }

void Database::note_failure() { note_failure(sqlite3_extended_errcode(handle_)); }

void Database::note_failure(int code) {
    if (!failure_) failure_ = error_of(handle_, code, path_);
}

void Database::roll_back() noexcept {
    sqlite3_exec(handle_, "rollback", nullptr, nullptr, nullptr);
}

void Database::fail_with(Error error) {
    if (!failure_) failure_ = std::move(error);
}

Transaction::Transaction(Database& database) : database_(database) {
    database_.run("begin immediate");
    open_ = !database_.failed();
}

Transaction::~Transaction() {
    if (open_) database_.roll_back();
}

Result<void> Transaction::commit() {
    if (!database_.failed()) database_.run("commit");
    if (database_.failed()) return std::unexpected(database_.failure());
    open_ = false;
    return {};
}

}  // namespace stratascan::store
