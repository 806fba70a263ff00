// What the TOML files of this folder have in common: values of the right type, and
// complaints that say file, line and what to do.
#pragma once

#include <fmt/format.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "scanner/match/toml.hpp"
#include "stratascan/error.hpp"

namespace stratascan::policy {

inline constexpr std::size_t largest_toml_file = 1 << 20;

class TomlPlace {
public:
    TomlPlace(std::string file, std::string inside) : file_(std::move(file)), in_(std::move(inside)) {}

    [[nodiscard]] std::unexpected<Error> wrong(const toml::node& at, const std::string& what,
                                               std::string hint = {}) const {
        return wrong(at.source().begin.line, what, std::move(hint));
    }
    [[nodiscard]] std::unexpected<Error> wrong(std::uint32_t line, const std::string& what,
                                               std::string hint = {}) const {
        return fail(ErrorCode::invalid_argument, in_.empty() ? what : in_ + ": " + what,
                    where(line), std::move(hint));
    }
    [[nodiscard]] std::string where(std::uint32_t line) const {
        return fmt::format("{}:{}", file_, line);
    }
    [[nodiscard]] TomlPlace inside(std::string what) const { return {file_, std::move(what)}; }

    [[nodiscard]] Result<std::string> text(std::string_view key, const toml::node& node) const {
        if (const auto value = node.value_exact<std::string>()) return *value;
        return wrong(node, fmt::format("`{}` must be a string", key));
    }
    [[nodiscard]] Result<bool> flag(std::string_view key, const toml::node& node) const {
        if (const auto value = node.value_exact<bool>()) return *value;
        return wrong(node, fmt::format("`{}` must be true or false", key));
    }
    [[nodiscard]] Result<std::int64_t> number(std::string_view key, const toml::node& node) const {
        constexpr std::int64_t most = 1'000'000'000;
        const auto value = node.value_exact<std::int64_t>();
        if (value && *value >= 0 && *value <= most) return *value;
        return wrong(node, fmt::format("`{}` must be a whole number from 0 to {}", key, most));
    }
    [[nodiscard]] Result<std::vector<std::string>> texts(std::string_view key,
                                                         const toml::node& node) const {
        const toml::array* array = node.as_array();
        if (array == nullptr) return wrong(node, fmt::format("`{}` must be a list of strings", key));
        std::vector<std::string> all;
        for (const toml::node& element : *array) {
            auto one = text(key, element);
            if (!one) return std::unexpected(one.error());
            all.push_back(std::move(*one));
        }
        return all;
    }

private:
    std::string file_, in_;
};

/// Parses within bounds; never throws.
[[nodiscard]] Result<toml::table> parse_toml(std::string_view text, const std::string& name);

/// A file of at most `largest_toml_file`.
[[nodiscard]] Result<std::string> read_small_file(const std::string& path, std::string_view what);

}  // namespace stratascan::policy
