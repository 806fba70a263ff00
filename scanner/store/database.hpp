// A thin skin over SQLite's C interface: a connection, statements that are prepared once,
// transactions. All that is SQLite's own is here and in dialect.hpp; SQL text elsewhere
// is the part of the language that PostgreSQL reads, too.
//
// Errors stay: after the first one every call does nothing and gives zeros and empty
// texts, and who asked looks at failure() at the end. A file that is damaged or locked
// fails at any step, and this way no step can forget it.
#pragma once

#include <concepts>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "stratascan/error.hpp"

struct sqlite3;
struct sqlite3_stmt;

namespace stratascan::store {

/// Bytes as a value of a column, where a string is text.
struct Bytes {
    std::string_view view;
};

class Database;

/// A statement under way: its rows, one after the other. Lives no longer than its
/// database, and is over before the same text is run again.
class Rows {
public:
    Rows(const Rows&) = delete;
    Rows& operator=(const Rows&) = delete;
    Rows(Rows&& other) noexcept
        : database_(other.database_), statement_(std::exchange(other.statement_, nullptr)),
          busy_(other.busy_) {}
    ~Rows();

    /// Goes to the next row; false at the end and after an error.
    bool next();
    [[nodiscard]] std::int64_t number(int column) const;
    /// Text or bytes; dies with the next call of next().
    [[nodiscard]] std::string_view view(int column) const;
    [[nodiscard]] std::string text(int column) const { return std::string(view(column)); }
    [[nodiscard]] bool is_null(int column) const;

private:
    friend class Database;
    Rows(Database& database, sqlite3_stmt* statement, bool* busy)
        : database_(database), statement_(statement), busy_(busy) {}

    void bind(int at, std::int64_t value);
    void bind(int at, std::string_view value);
    void bind(int at, Bytes value);
    void bind(int at, std::nullptr_t);
    /// A value that did not arrive must not be kept as NULL.
    void check(int code);
    template <typename T>
    void bind(int at, const std::optional<T>& value) {
        if (value) bind(at, *value);
        else bind(at, nullptr);
    }
    template <std::integral T>
    void bind(int at, T value) {
        bind(at, static_cast<std::int64_t>(value));
    }
    void bind(int at, const std::string& value) { bind(at, std::string_view(value)); }
    void bind(int at, const char* value) { bind(at, std::string_view(value)); }

    Database& database_;
    sqlite3_stmt* statement_;  ///< null after an error
    bool* busy_;               ///< null: the statement is this object's own
};

/// One thread at a time.
class Database {
public:
    enum class Mode : std::uint8_t { read_write, create };

    /// Waits up to `wait_ms` where another process writes.
    [[nodiscard]] static Result<std::unique_ptr<Database>> open(const std::string& path,
                                                                Mode mode, int wait_ms);
    ~Database();
    Database(const Database&) = delete;
    Database& operator=(const Database&) = delete;

    /// A statement with these values for its `?`.
    template <typename... Values>
    [[nodiscard]] Rows query(std::string_view sql, const Values&... values) {
        Rows rows = prepare(sql);
        if (rows.statement_ != nullptr) {
            int at = 0;
            (rows.bind(++at, values), ...);
        }
        return rows;
    }
    /// Runs it to its end.
    template <typename... Values>
    void run(std::string_view sql, const Values&... values) {
        Rows rows = query(sql, values...);
        while (rows.next()) {
        }
    }
    /// The first column of the first row; nothing where there is none.
    template <typename... Values>
    [[nodiscard]] std::optional<std::int64_t> number(std::string_view sql,
                                                     const Values&... values) {
        Rows rows = query(sql, values...);
        if (!rows.next() || rows.is_null(0)) return std::nullopt;
        return rows.number(0);
    }
    /// Several statements without values.
    void script(const std::string& sql);
    /// Rows that the last statement changed.
    [[nodiscard]] std::int64_t changed() const;

    [[nodiscard]] bool failed() const noexcept { return failure_.has_value(); }
    /// REQUIRES: failed().
    [[nodiscard]] const Error& failure() const { return *failure_; }
    /// Forgets the failure: the next call is tried again.
    void forgive() { failure_.reset(); }
    void fail_with(Error error);

private:
    friend class Rows;
    explicit Database(sqlite3* handle, std::string path)
        : handle_(handle), path_(std::move(path)) {}
    [[nodiscard]] Rows prepare(std::string_view sql);
    void note_failure();
    void note_failure(int code);
    /// Ends the transaction as if it had never been. What fails here fails again at the
    /// next begin.
    friend class Transaction;
    friend class Snapshot;
    void roll_back() noexcept;

    struct Prepared {
        sqlite3_stmt* statement = nullptr;
        bool busy = false;
    };

    sqlite3* handle_;
    std::string path_;
    std::map<std::string, Prepared, std::less<>> prepared_;
    std::optional<Error> failure_;
};

/// Everything until commit(), or nothing.
class Transaction {
public:
    explicit Transaction(Database& database);
    ~Transaction();
    Transaction(const Transaction&) = delete;
    Transaction& operator=(const Transaction&) = delete;

    /// The database's failure, if there was one since the beginning.
    [[nodiscard]] Result<void> commit();

private:
    Database& database_;
    bool open_ = true;
};

/// All questions until its end see the store as it is at the first of them, whoever writes
/// meanwhile; and they cost less than each on its own.
class Snapshot {
public:
    explicit Snapshot(Database& database) : database_(database) { database_.run("begin"); }
    ~Snapshot() { database_.roll_back(); }
    Snapshot(const Snapshot&) = delete;
    Snapshot& operator=(const Snapshot&) = delete;

private:
    Database& database_;
};

}  // namespace stratascan::store
