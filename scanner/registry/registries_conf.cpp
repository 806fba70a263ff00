#include "scanner/registry/registries_conf.hpp"

#include <algorithm>
#include <cstdlib>
#include <filesystem>

#include "scanner/match/toml.hpp"
#include "scanner/registry/credentials.hpp"
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
    Repository& repository = place.reference.repository;
    repository.name = name.substr(slash + 1);
    if (*registry != repository.registry) repository.stands_for = repository.registry;
    repository.registry = *std::move(registry);
    // "mirror/x" is a name of Docker Hub, and no host called mirror: as c/image has it, a host
    // has a dot or a port, or is localhost.
    const auto again = parse_reference(place.reference.text());
    if (!again || again->text() != place.reference.text()) {
        return fail(ErrorCode::malformed, "registries.conf leads to no host of a registry",
                    reference.text());
    }
    return place;
}

/// /dev/null is how one says that there is none. What is in `path` is added to `all`.
Result<void> read_file(const std::string& path, RegistriesFile& all) {
    if (path == "/dev/null") return {};
    auto reader = source::open_file_blob(path);
    if (!reader && reader.error().code == ErrorCode::not_found) return {};
    if (!reader) return std::unexpected(reader.error());
    const auto text = source::read_whole(**reader, max_file_bytes);
    if (!text) return std::unexpected(text.error());
    auto found = parse_registries_conf(*text);
    if (!found) return fail(found.error().code, found.error().what, path);
    std::ranges::move(found->rules, std::back_inserter(all.rules));
    if (found->helpers) all.helpers = std::move(found->helpers);
    return {};
}

Result<void> read_folder(const std::string& folder, RegistriesFile& all) {
    std::vector<std::string> files;
    std::error_code failed;
    for (fs::directory_iterator entry(folder, failed), end;
         !failed && entry != end && files.size() < 1000; entry.increment(failed)) {
        if (entry->path().extension() == ".conf") files.push_back(entry->path().string());
    }
    std::ranges::sort(files);
    for (const std::string& file : files) {
        if (auto read = read_file(file, all); !read) return read;
    }
    return {};
}

/// Empty where nothing says where the user's settings are.
std::string user_folder() {
    const char* const config = std::getenv("XDG_CONFIG_HOME");
    if (config != nullptr && *config != '\0') return std::string(config) + "/containers";
    const char* const home = std::getenv("HOME");
    if (home != nullptr && *home != '\0') return std::string(home) + "/.config/containers";
    return {};
}

/// A name that is none of a helper is left out, as is what is no text.
std::vector<std::string> read_helpers(const toml::array& names) {
    std::vector<std::string> helpers;
    for (const toml::node& node : names) {
        const auto name = node.value<std::string>();
        if (name && is_helper_name(*name) && helpers.size() < 100) helpers.push_back(*name);
    }
    return helpers;
}

}  // namespace

Result<RegistriesFile> parse_registries_conf(std::string_view text) {
    RegistriesFile file;
    try {
        const toml::table document = read_toml(text);
        if (const toml::array* const names = document["credential-helpers"].as_array()) {
            if (!names->empty()) file.helpers = read_helpers(*names);
        }
        const toml::array* const tables = document["registry"].as_array();
        if (tables == nullptr) return file;
        for (const toml::node& node : *tables) {
            const toml::table* const table = node.as_table();
            if (table == nullptr || file.rules.size() == max_rules) continue;
            RegistryRule rule = read_rule(*table);
            if (!rule.prefix.empty()) file.rules.push_back(std::move(rule));
        }
    } catch (const toml::parse_error& error) {
        return fail(ErrorCode::malformed,
                    "no TOML at line " + std::to_string(error.source().begin.line));
    }
    return file;
}

RegistriesConf::RegistriesConf(std::vector<RegistryRule> rules,
                               std::optional<std::vector<std::string>> helpers)
    : helpers_(std::move(helpers)) {
    for (RegistryRule& rule : rules) {
        std::string prefix = rule.prefix;
        rules_.insert_or_assign(std::move(prefix), std::move(rule));
    }
}

Result<RegistriesConf> RegistriesConf::load() {
    RegistriesFile all;
    const auto done = [&](const Result<void>& read) -> Result<RegistriesConf> {
        if (!read) return std::unexpected(read.error());
        return RegistriesConf(std::move(all.rules), std::move(all.helpers));
    };
    const char* const named = std::getenv("CONTAINERS_REGISTRIES_CONF");
    if (named != nullptr && *named != '\0') return done(read_file(named, all));
    const std::string system = "/etc/containers";
    const std::string user = user_folder();
    std::error_code failed;
    const bool users_own = !user.empty() && fs::exists(user + "/registries.conf", failed);
    auto read = read_file((users_own ? user : system) + "/registries.conf", all);
    if (read && !users_own) read = read_folder(system + "/registries.conf.d", all);
    if (read && !user.empty()) read = read_folder(user + "/registries.conf.d", all);
    return done(read);
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
