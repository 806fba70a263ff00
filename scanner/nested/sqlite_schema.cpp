#include "scanner/nested/sqlite_schema.hpp"

#include <algorithm>
#include <cctype>
#include <map>
#include <optional>

#include "scanner/nested/bytes.hpp"
#include "scanner/nested/sqlite_row.hpp"

namespace stratascan::nested {

namespace {

struct Token {
    std::string text;
    bool quoted = false;

    [[nodiscard]] bool is(std::string_view word) const {
        return !quoted && text.size() == word.size() &&
               std::equal(text.begin(), text.end(), word.begin(), [](char a, char b) {
                   return std::toupper(static_cast<unsigned char>(a)) == b;
               });
    }
};

bool is_word(char c) {
    return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_' || c == '$' ||
           (static_cast<unsigned char>(c) & 0x80U) != 0;
}

class Tokens {
public:
    explicit Tokens(std::string_view sql) : rest_(sql) {}

    std::optional<Token> next() {
        skip_space();
        if (rest_.empty()) return std::nullopt;
        const char first = rest_.front();
        if (first == '"' || first == '`' || first == '\'' || first == '[') {
            return quoted(first == '[' ? ']' : first);
        }
        std::size_t size = 1;
        if (is_word(first)) {
            while (size < rest_.size() && is_word(rest_[size])) ++size;
        }
        Token token{std::string(rest_.substr(0, size)), false};
        rest_.remove_prefix(size);
        return token;
    }

private:
    // A quote in quotes is doubled, but for brackets.
    Token quoted(char end) {
        rest_.remove_prefix(1);
        Token token{{}, true};
        while (!rest_.empty()) {
            const char c = rest_.front();
            rest_.remove_prefix(1);
            if (c == end) {
                if (end == ']' || !rest_.starts_with(end)) break;
                rest_.remove_prefix(1);
            }
            token.text += c;
        }
        return token;
    }

    void skip_space() {
        for (;;) {
            while (!rest_.empty() && std::isspace(static_cast<unsigned char>(rest_.front())) != 0) {
                rest_.remove_prefix(1);
            }
            const std::string_view end = rest_.starts_with("--")   ? "\n"
                                         : rest_.starts_with("/*") ? "*/"
                                                                   : "";
            if (end.empty()) return;
            const std::size_t at = rest_.find(end, 2);
            rest_.remove_prefix(at == rest_.npos ? rest_.size() : at + end.size());
        }
    }

    std::string_view rest_;
};

struct Definition {
    std::vector<std::string> columns, key;
    bool without_rowid = false;
};

// One definition between commas: a column, or a constraint of the table.
void take_definition(const std::vector<Token>& tokens, Definition& table) {
    if (tokens.empty()) return;
    const Token& first = tokens.front();
    const auto has = [&](std::string_view word) {
        return std::any_of(tokens.begin() + 1, tokens.end(),
                           [&](const Token& token) { return token.is(word); });
    };
    const bool constraint = first.is("CONSTRAINT") || first.is("PRIMARY") || first.is("UNIQUE") ||
                            first.is("CHECK") || first.is("FOREIGN");
    const auto primary = std::find_if(tokens.begin(), tokens.end(),
                                      [](const Token& token) { return token.is("PRIMARY"); });
    if (constraint) {
        // PRIMARY KEY ( name [ASC], name )
        bool at_name = false;
        for (auto at = primary; at != tokens.end(); ++at) {
            if (at_name) table.key.push_back(at->text);
            at_name = !at->quoted && (at->text == "(" || at->text == ",");
            if (!at->quoted && at->text == ")") break;
        }
        return;
    }
    // What is computed as it is read is in no row.
    if (has("AS") && !has("STORED")) return;
    if (primary != tokens.end()) table.key.push_back(first.text);
    table.columns.push_back(first.text.substr(0, longest_sqlite_name));
}

}  // namespace

std::vector<std::string> sqlite_columns(std::string_view create_table) {
    Tokens tokens(create_table);
    Definition table;
    std::vector<Token> definition;
    std::size_t depth = 0;
    while (const auto token = tokens.next()) {
        const bool opens = !token->quoted && token->text == "(";
        const bool closes = !token->quoted && token->text == ")";
        if (depth == 0) {
            // CREATE TABLE … AS SELECT has been written out by the time it is stored.
            if (token->is("WITHOUT")) table.without_rowid = true;
            depth = opens ? 1 : 0;
            continue;
        }
        if (opens) ++depth;
        if (closes) --depth;
        const bool ends = depth == 0 || (depth == 1 && !token->quoted && token->text == ",");
        if (!ends) {
            definition.push_back(*token);
            continue;
        }
        take_definition(definition, table);
        definition.clear();
        if (table.columns.size() >= most_sqlite_columns) break;
    }
    if (!table.without_rowid) return table.columns;
    // The key's own order may be another.
    std::map<std::string_view, std::size_t> order;
    for (const std::string& name : table.key) order.try_emplace(name, order.size());
    const auto place = [&](const std::string& name) {
        const auto found = order.find(name);
        return found == order.end() ? order.size() : found->second;
    };
    std::stable_sort(table.columns.begin(), table.columns.end(),
                     [&](const std::string& left, const std::string& right) {
                         return place(left) < place(right);
                     });
    return table.columns;
}

namespace {

const std::vector<std::string> schema_columns = {"type", "name", "tbl_name", "rootpage", "sql"};
constexpr std::size_t longest_definition = 256 << 10;

// As SQLite goes by when it reads its schema, whatever the column `type` says.
bool creates_table(std::string_view sql) {
    Tokens tokens(sql);
    const auto first = tokens.next(), second = tokens.next();
    return first && second && first->is("CREATE") && second->is("TABLE");
}

}  // namespace

SqliteTable sqlite_schema_table() { return {"sqlite_schema", 1, schema_columns, 0}; }

std::optional<SqliteTable> sqlite_table_of(SqliteFile& file, SqlitePayload row) {
    const std::vector<std::string> values =
        SqliteRow(file, row, schema_columns).values(schema_columns.size(), longest_definition);
    const auto root = digits(values[3], 10);
    if (!root || *root == 0) return std::nullopt;
    if (values[0] != "table" && !creates_table(values[4])) return std::nullopt;
    return SqliteTable{values[1].substr(0, longest_sqlite_name), static_cast<std::uint32_t>(*root),
                       sqlite_columns(values[4]), values[1].size() + values[4].size() + 256};
}

}  // namespace stratascan::nested
