// The formats: docker's config.json (docker/cli, "auths", "credHelpers",
// "credsStore"; entries are {} where a store has the secret), containers-auth.json(5),
// and the answers of credential helpers (docker-credential-helpers, "get" and "list").
#include <algorithm>

#include "scanner/evidence/codec.hpp"
#include "scanner/registry/credentials.hpp"
#include "scanner/source/json_document.hpp"

namespace stratascan::registry {

namespace {

using nlohmann::json;
using source::object_member;
using source::text_member;

constexpr std::size_t max_entries = 10'000;

Credentials read_entry(const json& entry) {
    Credentials found;
    if (!entry.is_object()) return found;
    found.identity_token = text_member(entry, "identitytoken");
    found.registry_token = text_member(entry, "registrytoken");
    found.user = text_member(entry, "username");
    found.password = text_member(entry, "password");
    const auto pair = evidence::decode_base64(text_member(entry, "auth"));
    if (!pair) return found;
    const std::size_t colon = pair->find(':');
    if (colon == std::string::npos) return found;
    found.user = pair->substr(0, colon);
    found.password = pair->substr(colon + 1);
    // Docker pads what it writes with NULs.
    while (found.password.ends_with('\0')) found.password.pop_back();
    return found;
}

void read_entries(const json& map, CredentialFile& file) {
    for (const auto& [key, entry] : map.items()) {
        if (file.auths.size() == max_entries) return;
        Credentials found = read_entry(entry);
        if (!found.empty()) file.auths.emplace(normalised_key(key), std::move(found));
    }
}

}  // namespace

bool is_helper_name(std::string_view name) noexcept {
    return !name.empty() && name.size() <= 128 && std::ranges::all_of(name, [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
               c == '.' || c == '_' || c == '-';
    });
}

std::string normalised_key(std::string_view key) {
    for (const std::string_view scheme : {"https://", "http://"}) {
        if (!key.starts_with(scheme)) continue;
        key.remove_prefix(scheme.size());
        key = key.substr(0, key.find('/'));  // a URL's path was never a namespace
    }
    while (key.ends_with('/')) key.remove_suffix(1);
    const std::size_t slash = key.find('/');
    const std::string_view host = key.substr(0, slash);
    std::string name(host);
    if (name == "index.docker.io" || name == "registry-1.docker.io") name = "docker.io";
    if (slash != std::string_view::npos) name += key.substr(slash);
    return name;
}

Result<CredentialFile> parse_credential_file(std::string_view text) {
    const auto parsed = source::parse_json(text);
    if (!parsed) return std::unexpected(parsed.error());
    if (!parsed->is_object()) return fail(ErrorCode::malformed, "not a JSON object");
    CredentialFile file;
    const json* const auths = object_member(*parsed, "auths");
    if (auths != nullptr) read_entries(*auths, file);
    if (const json* const helpers = object_member(*parsed, "credHelpers")) {
        for (const auto& [host, helper] : helpers->items()) {
            if (file.helpers.size() == max_entries || !helper.is_string()) continue;
            const std::string name = helper.get<std::string>();
            if (is_helper_name(name)) file.helpers.emplace(normalised_key(host), name);
        }
    }
    const std::string store = text_member(*parsed, "credsStore");
    if (is_helper_name(store)) file.store = store;
    const bool old_form = auths == nullptr && file.helpers.empty() && file.store.empty();
    if (old_form) read_entries(*parsed, file);
    return file;
}

std::vector<std::string> credential_keys(const Repository& repository) {
    std::vector<std::string> keys;
    std::string key = repository.name.empty() ? repository.registry : repository.text();
    while (true) {
        keys.push_back(key);
        const std::size_t slash = key.rfind('/');
        if (slash == std::string::npos) return keys;
        key.resize(slash);
    }
}

Result<std::optional<Credentials>> parse_helper_answer(std::string_view output, bool succeeded) {
    if (!succeeded) {
        // What helpers print where they have nothing; other texts may hold anything.
        if (output.find("credentials not found") != std::string_view::npos ||
            output.find("no credentials server URL") != std::string_view::npos) {
            return std::optional<Credentials>();
        }
        return fail(ErrorCode::unreadable, "the credential helper failed");
    }
    const auto parsed = source::parse_json(output);
    if (!parsed || !parsed->is_object()) {
        return fail(ErrorCode::malformed, "the credential helper's answer is no JSON object");
    }
    Credentials found;
    found.user = text_member(*parsed, "Username");
    const std::string secret = text_member(*parsed, "Secret");
    if (found.user == "<token>") {
        found.user.clear();
        found.identity_token = secret;
    } else {
        found.password = secret;
    }
    if (found.empty()) return std::optional<Credentials>();
    return std::optional(std::move(found));
}

std::map<std::string, std::string> parse_helper_list(std::string_view output) {
    std::map<std::string, std::string> names;
    const auto parsed = source::parse_json(output);
    if (!parsed || !parsed->is_object()) return names;
    for (const auto& [server, user] : parsed->items()) {
        if (names.size() == max_entries) break;
        // It goes to the helper as one line.
        const bool plain = std::ranges::all_of(
            server, [](char c) { return c > ' ' && static_cast<unsigned char>(c) < 0x7f; });
        if (plain && !server.empty() && server.size() <= 1024) {
            names.emplace(normalised_key(server), server);
        }
    }
    return names;
}

}  // namespace stratascan::registry
