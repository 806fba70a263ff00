#include "scanner/policy/toml_reader.hpp"

#include "scanner/text_file.hpp"

namespace stratascan::policy {

Result<toml::table> parse_toml(std::string_view text, const std::string& name) {
    if (text.size() > largest_toml_file) {
        return fail(ErrorCode::over_limit, "it is larger than such a file may be", name);
    }
    try {
        return read_toml(text, name);
    } catch (const toml::parse_error& error) {
        return fail(ErrorCode::malformed, description_of(error),
                    fmt::format("{}:{}", name, error.source().begin.line),
                    "it must be TOML, see https://toml.io");
    }
}

Result<std::string> read_small_file(const std::string& path, std::string_view what) {
    return read_given_file(path, what, largest_toml_file >> 20);
}

}  // namespace stratascan::policy
