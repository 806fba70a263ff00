#include "scanner/program/script.hpp"

#include <algorithm>
#include <utility>

namespace stratascan::program {
namespace {

constexpr auto npos = std::string_view::npos;
constexpr std::size_t longest_line = 512;
constexpr std::size_t longest_name = 64;

std::string_view base_of(std::string_view path) { return path.substr(path.rfind('/') + 1); }

std::string_view take_word(std::string_view& in) {
    in.remove_prefix(std::min(in.find_first_not_of(" \t"), in.size()));
    const std::string_view word = in.substr(0, in.find_first_of(" \t"));
    in.remove_prefix(word.size());
    return word;
}

std::string_view take_line(std::string_view& in) {
    std::string_view line = in.substr(0, in.find('\n'));
    in.remove_prefix(std::min(line.size() + 1, in.size()));
    if (line.ends_with('\r')) line.remove_suffix(1);
    return line;
}

bool is_version(std::string_view text) {
    return !text.empty() && text.size() <= longest_name && text[0] >= '0' && text[0] <= '9' &&
           std::all_of(text.begin(), text.end(), [](char c) {
               return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                      c == '.' || c == '-' || c == '+' || c == '_' || c == '~' || c == '!';
           });
}

/// PEP 503: names are the same in any case, and with any of these between words.
std::string plain_name(std::string_view name) {
    std::string plain;
    for (const char c : name.substr(0, longest_name)) {
        const bool joins = c == '_' || c == '.' || c == '-';
        if (joins && plain.ends_with('-')) continue;
        plain += joins ? '-' : c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    }
    return plain;
}

/// "Name: pip", "Version: 23.0.1", in front of the first empty line.
std::optional<ModuleFile> read_core_metadata(std::string_view head) {
    ModuleFile module;
    bool is_metadata = false;
    while (!head.empty()) {
        const std::string_view line = take_line(head);
        if (line.empty()) break;
        const auto value = [&line](std::string_view key) {
            return line.starts_with(key) ? line.substr(key.size()) : std::string_view();
        };
        is_metadata = is_metadata || line.starts_with("Metadata-Version: ");
        if (const auto name = value("Name: "); !name.empty()) module.name = plain_name(name);
        if (const auto version = value("Version: "); is_version(version)) module.version = version;
    }
    if (!is_metadata || module.name.empty()) return std::nullopt;
    return module;
}

/// The text of a member of the outermost object, wherever it stands in it.
std::string_view member_of(std::string_view json, std::string_view name) {
    int depth = 0;
    std::string_view key;
    bool is_value = false;
    for (std::size_t at = 0; at < json.size(); ++at) {
        const char c = json[at];
        if (c == '{' || c == '[') ++depth;
        if (c == '}' || c == ']') --depth;
        if (c == ':') is_value = true;
        if (c == ',' || c == '{') is_value = false;
        if (c != '"') continue;
        const std::size_t begin = ++at;
        while (at < json.size() && json[at] != '"') at += json[at] == '\\' ? 2 : 1;
        if (at >= json.size()) return {};
        const std::string_view text = json.substr(begin, at - begin);
        if (depth != 1) continue;
        if (!is_value) {
            key = text;
        } else if (key == name) {
            return text;
        }
    }
    return {};
}

std::optional<ModuleFile> read_package_json(std::string_view folder, std::string_view head) {
    const std::string_view name = member_of(head, "name");
    // A scope is the folder above.
    const bool its_folder =
        name == base_of(folder) || (name.starts_with('@') && folder.ends_with(name));
    if (name.empty() || !its_folder || name.size() > longest_name) return std::nullopt;
    const std::string_view version = member_of(head, "version");
    return ModuleFile{std::string(name), std::string(is_version(version) ? version : "")};
}

/// "bundler-2.3.15.gemspec"
std::optional<ModuleFile> read_gemspec(std::string_view file, std::string_view head) {
    if (head.find("Gem::Specification") == npos) return std::nullopt;
    file.remove_suffix(std::string_view(".gemspec").size());
    const std::size_t dash = file.rfind('-');
    if (dash == npos || !is_version(file.substr(dash + 1))) return std::nullopt;
    return ModuleFile{std::string(file.substr(0, dash)), std::string(file.substr(dash + 1))};
}

}  // namespace

std::string script_interpreter(std::string_view head) {
    if (!head.starts_with("#!")) return {};
    std::string_view line = head.substr(2, longest_line);
    line = line.substr(0, line.find_first_of("\r\n"));
    std::string_view name = base_of(take_word(line));
    if (name == "env") {
        do {
            name = take_word(line);
        } while (name.starts_with('-') || name.find('=') != npos);
        name = base_of(name);
    }
    const bool plain =
        name.size() <= longest_name &&
        std::all_of(name.begin(), name.end(), [](char c) { return c > ' ' && c <= '~'; });
    return plain ? std::string(name) : std::string();
}

std::optional<ModuleFile> read_module(std::string_view path, std::string_view head) {
    const std::size_t slash = path.rfind('/');
    if (slash == npos) return std::nullopt;
    const std::string_view folder = path.substr(0, slash), file = path.substr(slash + 1);
    if (file == "package.json") return read_package_json(folder, head);
    const bool python = (file == "METADATA" && folder.ends_with(".dist-info")) ||
                        (file == "PKG-INFO" && folder.ends_with(".egg-info")) ||
                        file.ends_with(".egg-info");
    if (python) return read_core_metadata(head);
    if (file.ends_with(".gemspec") && (folder.ends_with("specifications") ||
                                       folder.ends_with("specifications/default"))) {
        return read_gemspec(file, head);
    }
    return std::nullopt;
}

}  // namespace stratascan::program
