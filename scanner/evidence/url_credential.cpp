// scheme://user:password@host. The password is the secret, and the host tells
// what it opens: `example.com` and its kin are reserved for documentation
// (RFC 2606), and an address of the machine itself opens nothing to strangers.
// A match ends at the host's first byte, so the host is read from what is behind
// it. Userinfo often holds a variable, because the text is a template.
#include <algorithm>
#include <array>

#include "scanner/evidence/checks.hpp"
#include "scanner/evidence/chosen.hpp"
#include "scanner/evidence/codec.hpp"
#include "scanner/evidence/template.hpp"

namespace stratascan::evidence::checks {

namespace {

constexpr auto npos = std::string_view::npos;

/// Host of a URL, lower case, without port; the brackets of IPv6 stay off.
std::string host_of(std::string_view url, std::string_view password) {
    // A password may itself hold '@' and '/', so the authority ends after it.
    const std::size_t at_password = password.empty() ? npos : url.rfind(password);
    std::size_t from = at_password == npos ? 0 : at_password + password.size();
    from = url.find('@', from);
    if (from == npos) return {};
    std::string_view host = url.substr(from + 1);
    host = host.substr(0, host.find_first_of("/?#\"' \t\r\n<>,;"));
    if (host.starts_with('[')) {
        host.remove_prefix(1);
        return lowered(host.substr(0, host.find(']')));
    }
    return lowered(host.substr(0, host.find(':')));
}

/// Whether the password is the user's name, as in the settings that servers come
/// with, or the one of Oracle's sample schema, which manuals have used since.
bool is_default_pair(std::string_view url, std::string_view password) {
    const std::size_t at = url.find("://");
    if (at == npos || url.size() < at + 3) return false;
    const std::string_view rest = url.substr(at + 3);
    const std::string user = lowered(rest.substr(0, rest.find(':')));
    return user == lowered(password) || (user == "scott" && password == "tiger");
}

/// Whether `host` is `domain` or stands under it.
bool under(std::string_view host, std::string_view domain) noexcept {
    if (!host.ends_with(domain)) return false;
    return host.size() == domain.size() || host[host.size() - domain.size() - 1] == '.';
}

bool is_documentation_host(std::string_view host) noexcept {
    static constexpr std::array<std::string_view, 9> domains = {
        "example", "example.com", "example.org", "example.net", "invalid",
        "test",    "domain.com",  "yourdomain.com", "foo.com"};
    return std::any_of(domains.begin(), domains.end(),
                       [host](std::string_view domain) { return under(host, domain); }) ||
           host == "host" || host == "hostname" || host == "server" || host == "domain";
}

bool is_own_host(std::string_view host) noexcept {
    return host == "localhost" || host.ends_with(".localhost") || host.starts_with("127.") ||
           host == "::1" || host == "0.0.0.0";
}

/// Words that stand for themselves in every description of a URL's form.
bool is_form_word(std::string_view password) {
    static constexpr std::array<std::string_view, 12> words = {
        "password", "passwd", "pass", "pwd",   "secret", "pw",
        "token",    "key",    "passw", "psswd", "mypass", "userpass"};
    return std::find(words.begin(), words.end(), lowered(password)) != words.end();
}

}  // namespace

Output url_credential(const Input& input) {
    const std::string_view password = input.secret;
    if (!template_reason(password).empty()) {
        return outcome(Evidence::known_example, "placeholder", -1);
    }
    const std::string host = host_of(seen_from_match(input), password);
    if (is_documentation_host(host)) {
        return outcome(Evidence::known_example, "documentation host", -1);
    }
    if (!placeholder_reason(password).empty()) return placeholder();
    if (host.find_first_of("${}<>%") != std::string::npos) {
        return outcome(Evidence::pattern, "host is a template", -2);
    }
    if (is_form_word(password)) return outcome(Evidence::pattern, "password is a plain word", -2);
    if (is_default_pair(input.match, password)) {
        return outcome(Evidence::known_example, "default user and password", -2);
    }
    const bool words = is_chosen_word(percent_decoded(password));
    if (is_own_host(host)) {
        return outcome(Evidence::pattern, words ? "password of words, local host" : "local host",
                       words ? -2 : -1);
    }
    if (words) return outcome(Evidence::pattern, "password of words", -1);
    return {};
}

}  // namespace stratascan::evidence::checks
