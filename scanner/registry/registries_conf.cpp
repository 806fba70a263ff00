#include "scanner/registry/registries_conf.hpp"

#include <algorithm>
#include <cstdlib>
#include <filesystem>

#include "scanner/match/toml.hpp"
#include "scanner/source/file_blob.hpp"

namespace stratascan::registry {

namespace {

namespace fs = std::filesystem;

constexpr std::size_t max_file_bytes = std::size_t{1} << 20;
constexpr std::size_t max_rules = 10'000;
constexpr std::size_t max_mirrors = 100;

std::string text_of(const toml::table& table, std::string_view key) {
    return table[key].value<std::string>().value_or("");
}

bool flag_of(const toml::table& table, std::string_view key) {
    return table[key].value<bool>().value_or(false);
}

Location read_location(const toml::table& table) {
    Location location;
    location.name = text_of(table, "location");
    location.insecure = flag_of(table, "insecure");
    const std::string when = text_of(table, "pull-from-mirror");
    location.for_digests = when != "tag-only";
    location.for_tags = when != "digest-only";
    return location;
}

RegistryRule read_rule(const toml::table& table) {
    RegistryRule rule;
    rule.location = read_location(table);
    rule.prefix = text_of(table, "prefix");
    if (rule.prefix.empty()) rule.prefix = rule.location.name;
    rule.blocked = flag_of(table, "blocked");
    const bool digests_only = flag_of(table, "mirror-by-digest-only");
    const toml::array* const mirrors = table["mirror"].as_array();
    if (mirrors == nullptr) return rule;
    for (const toml::node& mirror : *mirrors) {
        const toml::table* const values = mirror.as_table();
        if (values == nullptr || rule.mirrors.size() == max_mirrors) continue;
        rule.mirrors.push_back(read_location(*values));
        if (digests_only) rule.mirrors.back().for_tags = false;
    }
    return rule;
}

/// How much of a repository's name a prefix stands for; 0: it does not.
std::size_t matched(std::string_view prefix, const Repository& repository) {
    const std::string name = repository.text();
    if (prefix.starts_with("*.")) {
        const std::string_view end = prefix.substr(1);
        const std::string& host = repository.registry;
        const bool fits = host.size() > end.size() && host.ends_with(end);
        return fits ? host.size() : 0;
    }
    if (prefix.empty() || !name.starts_with(prefix)) return 0;
    return name.size() == prefix.size() || name[prefix.size()] == '/' ? prefix.size() : 0;
}

/// The image under `location` instead of the part of its name that matched.
Result<Place> rewritten(const Reference& reference, std::size_t part, const Location& location) {
    Place place{reference, location.insecure};
    if (location.name.empty()) return place;
    const std::string name = location.name + reference.repository.text().substr(part);
    const std::size_t slash = name.find('/');
    if (slash == std::string::npos) {
        return fail(ErrorCode::malformed, "registries.conf leads to a place without a repository",
                    reference.text());
    }
    auto registry = parse_registry(std::string_view(name).substr(0, slash));
    if (!registry || !is_repository_name(std::string_view(name).substr(slash + 1))) {
        return fail(ErrorCode::malformed, "registries.conf leads to no name of a repository",
                    reference.text());
    }
    place.reference.repository = {*std::move(registry), name.substr(slash + 1)};
    return place;
}

/// /dev/null is how one says that there is none.
Result<void> read_file(const std::string& path, std::vector<RegistryRule>& rules) {
    if (path == "/dev/null") return {};
    auto reader = source::open_file_blob(path);
    if (!reader && reader.error().code == ErrorCode::not_found) return {};
    if (!reader) return std::unexpected(reader.error());
    const auto text = source::read_whole(**reader, max_file_bytes);
    if (!text) return std::unexpected(text.error());
    auto found = parse_registries_conf(*text);
    if (!found) return fail(found.error().code, found.error().what, path);
    std::ranges::move(*found, std::back_inserter(rules));
    return {};
}

}  // namespace

Result<std::vector<RegistryRule>> parse_registries_conf(std::string_view text) {
    std::vector<RegistryRule> rules;
    try {
        const toml::table document = toml::parse(text);
        const toml::array* const tables = document["registry"].as_array();
        if (tables == nullptr) return rules;
        for (const toml::node& node : *tables) {
            const toml::table* const table = node.as_table();
            if (table == nullptr || rules.size() == max_rules) continue;
            RegistryRule rule = read_rule(*table);
            if (!rule.prefix.empty()) rules.push_back(std::move(rule));
        }
    } catch (const toml::parse_error& error) {
        return fail(ErrorCode::malformed,
                    "no TOML at line " + std::to_string(error.source().begin.line));
    }
    return rules;
}

RegistriesConf::RegistriesConf(std::vector<RegistryRule> rules) {
    for (RegistryRule& rule : rules) {
        std::string prefix = rule.prefix;
        rules_.insert_or_assign(std::move(prefix), std::move(rule));
    }
}

Result<RegistriesConf> RegistriesConf::load() {
    std::vector<RegistryRule> rules;
    const char* const named = std::getenv("CONTAINERS_REGISTRIES_CONF");
    if (named != nullptr && *named != '\0') {
        if (auto read = read_file(named, rules); !read) return std::unexpected(read.error());
        return RegistriesConf(std::move(rules));
    }
    std::vector<std::string> folders = {"/etc/containers"};
    const char* const config = std::getenv("XDG_CONFIG_HOME");
    const char* const home = std::getenv("HOME");
    if (config != nullptr && *config != '\0') {
        folders.push_back(std::string(config) + "/containers");
    } else if (home != nullptr && *home != '\0') {
        folders.push_back(std::string(home) + "/.config/containers");
    }
    for (const std::string& folder : folders) {
        if (auto read = read_file(folder + "/registries.conf", rules); !read) {
            return std::unexpected(read.error());
        }
        std::vector<std::string> files;
        std::error_code failed;
        for (fs::directory_iterator entry(folder + "/registries.conf.d", failed), end;
             !failed && entry != end && files.size() < 1000; entry.increment(failed)) {
            if (entry->path().extension() == ".conf") files.push_back(entry->path().string());
        }
        std::ranges::sort(files);
        for (const std::string& file : files) {
            if (auto read = read_file(file, rules); !read) return std::unexpected(read.error());
        }
    }
    return RegistriesConf(std::move(rules));
}

Result<std::vector<Place>> RegistriesConf::places(const Reference& reference) const {
    const RegistryRule* best = nullptr;
    std::size_t part = 0;
    for (const auto& [prefix, rule] : rules_) {
        const std::size_t length = matched(prefix, reference.repository);
        if (length > part) {
            part = length;
            best = &rule;
        }
    }
    if (best == nullptr) return std::vector<Place>{{reference, false}};
    if (best->blocked) {
        return fail(ErrorCode::unauthorized, "registries.conf blocks this registry",
                    reference.text());
    }
    std::vector<Place> places;
    const bool by_digest = !reference.digest.empty();
    for (const Location& mirror : best->mirrors) {
        if (!(by_digest ? mirror.for_digests : mirror.for_tags)) continue;
        auto place = rewritten(reference, part, mirror);
        if (!place) return std::unexpected(place.error());
        places.push_back(*std::move(place));
    }
    auto own = rewritten(reference, part, best->location);
    if (!own) return std::unexpected(own.error());
    places.push_back(*std::move(own));
    return places;
}

}  // namespace stratascan::registry
