#include "scanner/policy/toml_reader.hpp"

#include <filesystem>

#include "scanner/text_file.hpp"

namespace stratascan::policy {

Result<toml::table> parse_toml(std::string_view text, const std::string& name) {
    if (text.size() > largest_toml_file) {
        return fail(ErrorCode::over_limit, "it is larger than such a file may be", name);
    }
    try {
        return read_toml(text, name);
    } catch (const toml::parse_error& error) {
        return fail(ErrorCode::malformed, std::string(error.description()),
                    fmt::format("{}:{}", name, error.source().begin.line),
                    "it must be TOML, see https://toml.io");
    }
}

Result<std::string> read_small_file(const std::string& path, std::string_view what) {
    std::error_code error;
    const auto status = std::filesystem::status(path, error);
    if (!std::filesystem::exists(status)) {
        return fail(ErrorCode::not_found, fmt::format("there is no such {}", what), path);
    }
    if (!std::filesystem::is_regular_file(status)) {
        return fail(ErrorCode::unreadable, fmt::format("the {} is no regular file", what), path);
    }
    auto text = read_text_file(path, largest_toml_file);
    if (text) return text;
    if (text.error().code == ErrorCode::over_limit) {
        return fail(ErrorCode::over_limit, fmt::format("the {} may have 1 MiB", what), path);
    }
    return fail(ErrorCode::unreadable, fmt::format("the {}: {}", what, text.error().what), path);
}

}  // namespace stratascan::policy
