// What SQL databases spell differently, in one place. The schema is written with names
// in braces; another database behind the same interface brings another list.
#pragma once

#include <array>
#include <string>
#include <string_view>
#include <utility>

namespace stratascan::store {

using Dialect = std::array<std::pair<std::string_view, std::string_view>, 4>;

/// PostgreSQL would say bigserial primary key, bytea, bigint and nothing.
inline constexpr Dialect sqlite_dialect = {{
    {"{id}", "integer primary key"},
    {"{bytes}", "blob"},
    {"{number}", "integer"},
    {"{clustered}", "without rowid"},  ///< rows lie in the order of their primary key
}};

[[nodiscard]] inline std::string in_dialect(std::string_view sql, const Dialect& dialect) {
    std::string text(sql);
    for (const auto& [name, spelling] : dialect) {
        for (std::size_t at = text.find(name); at != text.npos; at = text.find(name, at)) {
            text.replace(at, name.size(), spelling);
            at += spelling.size();
        }
    }
    return text;
}

}  // namespace stratascan::store
