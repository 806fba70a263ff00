// The grammar is that of distribution's `reference` package: a first component
// is a host only where it has a dot, a colon or capitals, or is "localhost";
// everything else is a repository of Docker Hub, under "library/" when it has no
// further component.
#include "scanner/registry/reference.hpp"

#include <algorithm>

#include "scanner/source/digest.hpp"

namespace stratascan::registry {

namespace {

constexpr std::size_t max_name_bytes = 255;
constexpr std::size_t max_tag_bytes = 128;

bool is_lower(char c) noexcept { return c >= 'a' && c <= 'z'; }
bool is_digit(char c) noexcept { return c >= '0' && c <= '9'; }
bool is_letter(char c) noexcept { return is_lower(c) || (c >= 'A' && c <= 'Z'); }

/// Letters and digits in lower case, between them ".", "_", "__" or dashes.
bool is_path_component(std::string_view text) noexcept {
    std::size_t at = 0;
    const auto run = [&](auto&& wanted) {
        const std::size_t from = at;
        while (at < text.size() && wanted(text[at])) ++at;
        return at - from;
    };
    const auto alphanumeric = [](char c) { return is_lower(c) || is_digit(c); };
    if (run(alphanumeric) == 0) return false;
    while (at < text.size()) {
        const std::size_t dots = run([](char c) { return c == '.'; });
        const std::size_t lines = dots > 0 ? 0 : run([](char c) { return c == '_'; });
        if (dots > 1 || lines > 2) return false;
        if (dots + lines == 0 && run([](char c) { return c == '-'; }) == 0) return false;
        if (run(alphanumeric) == 0) return false;
    }
    return true;
}

bool is_port(std::string_view text) noexcept {
    return !text.empty() && text.size() <= 5 && std::ranges::all_of(text, is_digit);
}

bool is_host(std::string_view text) noexcept {
    if (text.empty() || text.size() > 253) return false;
    if (text.front() == '[') {
        const std::string_view address = text.substr(1, text.size() - 2);
        return text.size() > 3 && text.back() == ']' &&
               std::ranges::all_of(address, [](char c) {
                   return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F') ||
                          c == ':' || c == '.';
               });
    }
    const bool letters = std::ranges::all_of(
        text, [](char c) { return is_letter(c) || is_digit(c) || c == '.' || c == '-' || c == '_'; });
    return letters && text.front() != '.' && text.front() != '-' && text.back() != '-' &&
           text.find("..") == std::string_view::npos;
}

/// "host" and "port"; the port is empty where there is none.
std::pair<std::string_view, std::string_view> split_port(std::string_view text) noexcept {
    const std::size_t bracket = text.rfind(']');
    const std::size_t colon = text.rfind(':');
    if (colon == std::string_view::npos || (bracket != std::string_view::npos && colon < bracket)) {
        return {text, {}};
    }
    return {text.substr(0, colon), text.substr(colon + 1)};
}

bool looks_like_host(std::string_view first) noexcept {
    return first == "localhost" || first.find_first_of(".:[") != std::string_view::npos ||
           std::ranges::any_of(first, [](char c) { return c >= 'A' && c <= 'Z'; });
}

std::unexpected<Error> no_reference(std::string_view text, std::string what) {
    return fail(ErrorCode::malformed, std::move(what), std::string(text),
                "an image is named host[:port]/repository[:tag][@sha256:…]");
}

}  // namespace

std::string Reference::text() const {
    std::string text = repository.text();
    if (!tag.empty()) text += ':' + tag;
    if (!digest.empty()) text += '@' + digest;
    return text;
}

bool is_repository_name(std::string_view text) noexcept {
    if (text.empty() || text.size() > max_name_bytes) return false;
    while (true) {
        const std::size_t slash = text.find('/');
        if (!is_path_component(text.substr(0, slash))) return false;
        if (slash == std::string_view::npos) return true;
        text.remove_prefix(slash + 1);
    }
}

bool is_tag(std::string_view text) noexcept {
    if (text.empty() || text.size() > max_tag_bytes) return false;
    if (text.front() == '.' || text.front() == '-') return false;
    return std::ranges::all_of(text, [](char c) {
        return is_letter(c) || is_digit(c) || c == '_' || c == '.' || c == '-';
    });
}

Result<std::string> parse_registry(std::string_view text) {
    const auto [host, port] = split_port(text);
    const bool has_port = host.size() != text.size();
    if (!is_host(host) || (has_port && !is_port(port))) {
        return no_reference(text, "not the name of a registry");
    }
    std::string name(text);
    std::ranges::transform(name, name.begin(), [](char c) {
        return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    });
    if (name == "index.docker.io" || name == "registry-1.docker.io" ||
        name == "registry.hub.docker.com") {
        return std::string("docker.io");
    }
    // "Host/app" names a host by its capital alone, and "host/app" one of Docker Hub's.
    return looks_like_host(name) ? name : std::string(text);
}

Result<Reference> parse_reference(std::string_view text) {
    Reference reference;
    std::string_view rest = text;
    if (const std::size_t at = rest.find('@'); at != std::string_view::npos) {
        const auto digest = source::parse_digest(rest.substr(at + 1));
        if (!digest) return no_reference(text, digest.error().what);
        reference.digest = digest->text();
        rest = rest.substr(0, at);
    }
    std::string_view host;
    if (const std::size_t slash = rest.find('/');
        slash != std::string_view::npos && looks_like_host(rest.substr(0, slash))) {
        host = rest.substr(0, slash);
        rest.remove_prefix(slash + 1);
    }
    if (const std::size_t colon = rest.find(':'); colon != std::string_view::npos) {
        reference.tag = rest.substr(colon + 1);
        if (!is_tag(reference.tag)) return no_reference(text, "the tag has a form that none has");
        rest = rest.substr(0, colon);
    }
    auto registry = host.empty() ? Result<std::string>("docker.io") : parse_registry(host);
    if (!registry) return std::unexpected(registry.error());
    reference.repository = {*std::move(registry), std::string(rest)};
    std::string& name = reference.repository.name;
    if (reference.repository.registry == "docker.io" && name.find('/') == name.npos) {
        name.insert(0, "library/");
    }
    if (!is_repository_name(name)) {
        return no_reference(text, "the repository has a form that none has");
    }
    if (reference.tag.empty() && reference.digest.empty()) reference.tag = "latest";
    return reference;
}

std::string registry_host(std::string_view registry) {
    return registry == "docker.io" ? "registry-1.docker.io" : std::string(registry);
}

bool is_loopback_host(std::string_view registry) noexcept {
    const std::string_view host = split_port(registry).first;
    if (host == "localhost" || host == "[::1]") return true;
    return host.starts_with("127.") && std::ranges::all_of(host, [](char c) {
               return is_digit(c) || c == '.';
           });
}

}  // namespace stratascan::registry
