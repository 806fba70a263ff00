// Tokens whose structure can be taken apart: base64 that must decode to a known
// shape, webhook paths with typed ids, hashes of a fixed length. What parses is
// well-formed; what does not stays a pattern match and loses confidence.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>

#include "scanner/evidence/checks.hpp"
#include "scanner/evidence/codec.hpp"
#include "scanner/evidence/json.hpp"

namespace stratascan::evidence::checks {

namespace {

constexpr auto npos = std::string_view::npos;

bool is_printable(std::string_view text) noexcept {
    return std::all_of(text.begin(), text.end(), [](char c) { return c >= ' ' && c <= '~'; });
}

bool all_digits(std::string_view text) noexcept {
    return !text.empty() && std::all_of(text.begin(), text.end(), is_digit);
}

/// The n-th part of `text` between `mark`s, counted from 0; empty past the end.
std::string_view part(std::string_view text, char mark, std::size_t index) noexcept {
    for (; index > 0; --index) {
        const std::size_t at = text.find(mark);
        if (at == npos) return {};
        text.remove_prefix(at + 1);
    }
    return text.substr(0, text.find(mark));
}

}  // namespace

/// `auths.<registry>.auth` of a Docker config: base64 of "user:password".
Output docker_auth(const Input& input) {
    if (!placeholder_reason(input.secret).empty()) return placeholder();
    const auto bytes = decode_base64(trimmed(input.secret));
    if (!bytes) return outcome(Evidence::pattern, "not base64", -1);
    const std::string_view text = *bytes;
    const std::size_t colon = text.find(':');
    if (colon == npos || colon == 0 || !is_printable(text)) {
        return outcome(Evidence::pattern, "not base64 of user:password", -1);
    }
    const std::string_view password = text.substr(colon + 1);
    const std::string detail = "user " + printable(text.substr(0, colon), 60);
    if (password.empty()) return outcome(Evidence::pattern, detail + ", no password", -1);
    if (!placeholder_reason(password).empty()) return placeholder();
    Output output = outcome(Evidence::well_formed, detail);
    output.user = printable(text.substr(0, colon), 60);
    return output;
}

/// hooks.slack.com/services/T<workspace>/B<app>/<24 characters>
Output slack_webhook(const Input& input) {
    constexpr std::string_view services = "/services/";
    std::string_view path = input.match;
    std::size_t start = path.find(services);
    if (start == npos) {
        path = input.secret;
        start = path.find(services);
    }
    if (start != npos) path.remove_prefix(start + services.size());
    const std::string_view workspace = part(path, '/', 0);
    const std::string_view app = part(path, '/', 1);
    const std::string_view key = part(path, '/', 2);
    if (workspace.size() < 2 || app.size() < 2 || key.empty()) return {};
    if (!placeholder_reason(key).empty() || !placeholder_reason(workspace.substr(1)).empty()) {
        return placeholder();
    }
    if (workspace.front() != 'T' || app.front() != 'B') return {};
    return outcome(Evidence::well_formed, "workspace and app ids in place");
}

/// The first part is base64 of the bot's user id, a number that grows with time.
Output discord_bot(const Input& input) {
    if (!placeholder_reason(input.secret).empty()) return placeholder();
    const auto id = decode_base64(part(input.secret, '.', 0));
    if (!id || !all_digits(*id) || id->size() < 15 || id->size() > 20) {
        return outcome(Evidence::pattern, "names no user id", -1);
    }
    return outcome(Evidence::well_formed, "bot user " + *id);
}

namespace {

struct Macaroon {
    std::string_view location;
    std::size_t caveats = 0;
};

/// A macaroon of version 2 (libmacaroons, doc/format.txt): a byte 2, sections of fields
/// that a zero ends (the location, 1, and the identifier, 2; of each caveat its
/// identifier), a zero behind the last, and the signature, 6, of 32 bytes. A field is its
/// number, its length (both as varints) and its bytes. Nothing: it is none, or not whole.
std::optional<Macaroon> read_macaroon(std::string_view bytes) {
    const auto varint = [&]() -> std::optional<std::size_t> {
        std::size_t value = 0;
        for (unsigned shift = 0; shift < 21 && !bytes.empty(); shift += 7) {
            const auto byte = static_cast<unsigned char>(bytes.front());
            bytes.remove_prefix(1);
            value |= std::size_t{byte & 0x7fU} << shift;
            if ((byte & 0x80U) == 0) return value;
        }
        return std::nullopt;
    };
    const auto field = [&]() -> std::optional<std::string_view> {
        const auto size = varint();
        if (!size || *size > bytes.size()) return std::nullopt;
        const std::string_view value = bytes.substr(0, *size);
        bytes.remove_prefix(*size);
        return value;
    };
    if (!bytes.starts_with('\x02')) return std::nullopt;
    bytes.remove_prefix(1);
    Macaroon macaroon;
    bool in_section = false;
    for (std::size_t sections = 0;;) {
        const auto kind = varint();
        if (!kind) return std::nullopt;
        if (*kind == 0 && !in_section) {
            macaroon.caveats = sections - std::min<std::size_t>(sections, 1);
            break;
        }
        if (*kind == 0) {
            in_section = false;
            ++sections;
            continue;
        }
        const auto value = field();
        if (!value) return std::nullopt;
        if (*kind == 1 && sections == 0) macaroon.location = *value;
        in_section = true;
    }
    if (varint() != std::size_t{6} || field().value_or("").size() != 32) return std::nullopt;
    return macaroon;
}

}  // namespace

/// `pypi-` and a macaroon in base64url, whose location is "pypi.org" or
/// "test.pypi.org".
Output pypi_macaroon(const Input& input) {
    std::string_view body = input.secret;
    if (body.starts_with("pypi-")) body.remove_prefix(5);
    // The capture may stop inside a group of four characters.
    if (body.size() % 4 == 1) body.remove_suffix(1);
    const auto bytes = decode_base64(body);
    if (!bytes) return outcome(Evidence::pattern, "not base64", -1);
    if (bytes->find("pypi.org") == std::string::npos) {
        return outcome(Evidence::pattern, "not a macaroon of PyPI", -1);
    }
    const auto macaroon = read_macaroon(*bytes);
    if (!macaroon) return outcome(Evidence::pattern, "begins like a macaroon, but is none");
    return outcome(Evidence::well_formed,
                   fmt::format("macaroon for {}, {} caveat{}", printable(macaroon->location, 20),
                               macaroon->caveats, macaroon->caveats == 1 ? "" : "s"));
}

/// `sntrys_` + base64 of a JSON object with the time of issue, `_`, a signature.
Output sentry_json(const Input& input) {
    const auto bytes = decode_base64(part(input.secret, '_', 1));
    const auto object = bytes ? json_object(*bytes) : std::nullopt;
    if (!object) return outcome(Evidence::pattern, "payload is not JSON", -1);
    if (!object->contains("iat")) {
        return outcome(Evidence::pattern, "payload has no time of issue", -1);
    }
    const std::string organisation = json_string(*object, "org");
    if (organisation.empty()) return outcome(Evidence::well_formed, "payload parses");
    return outcome(Evidence::well_formed, "organisation " + printable(organisation, 60));
}

/// `ops_` + base64url of the JSON that a 1Password service account signs in with.
Output onepassword_json(const Input& input) {
    std::string_view body = input.secret;
    if (body.starts_with("ops_")) body.remove_prefix(4);
    const auto bytes = decode_base64(body);
    const auto object = bytes ? json_object(*bytes) : std::nullopt;
    if (!object) return outcome(Evidence::pattern, "payload is not JSON", -1);
    const bool whole = object->contains("email") || object->contains("signInAddress") ||
                       object->contains("secretKey");
    if (!whole) return outcome(Evidence::pattern, "payload names no account", -1);
    return outcome(Evidence::well_formed, "service account payload parses");
}

/// Whether a key is one for tests or one for real, by the words that vendors put into it.
Output key_mode(const Input& input) {
    const std::string_view key = input.secret;
    if (is_published_value(key)) return outcome(Evidence::known_example, "published example", -1);
    const std::size_t last = key.find_last_of("_-$");
    if (last != npos && last + 1 < key.size() && !placeholder_reason(key.substr(last + 1)).empty())
        return placeholder();
    // The words stand in front, and what follows is drawn.
    const std::string head = lowered(key.substr(0, 24));
    const auto has = [&](std::initializer_list<std::string_view> words) {
        return std::ranges::any_of(words, [&](std::string_view word) {
            const std::size_t at = head.find(word);
            if (at == head.npos) return false;
            const std::size_t end = at + word.size();
            const bool begins = at == 0 || !is_alnum(head[at - 1]);
            return begins && end < key.size() && !is_alnum(key[end]);
        });
    };
    if (has({"test", "sandbox", "sbox", "sdbx", "development", "dev"}))
        return outcome(Evidence::pattern, "test mode", -1);
    if (has({"live", "production", "prod", "live_prod"})) return outcome(Evidence::pattern, "live mode");
    return {};
}

/// crypt(5): `$id$` and parameters, salt and hash; and what web servers add.
Output crypt_hash(const Input& input) {
    struct Kind {
        std::string_view prefix;
        std::string_view name;
        std::size_t hash_size;  ///< characters of the last part; 0: not fixed
    };
    static constexpr std::array<Kind, 16> kinds = {{{"$1$", "md5crypt", 22},
                                                    {"$2a$", "bcrypt", 53},
                                                    {"$2b$", "bcrypt", 53},
                                                    {"$2x$", "bcrypt", 53},
                                                    {"$2y$", "bcrypt", 53},
                                                    {"$5$", "sha256crypt", 43},
                                                    {"$6$", "sha512crypt", 86},
                                                    {"$7$", "scrypt", 0},
                                                    {"$y$", "yescrypt", 43},
                                                    {"$gy$", "gost-yescrypt", 43},
                                                    {"$apr1$", "apr1", 22},
                                                    {"$argon2", "argon2", 0},
                                                    {"$pbkdf2", "pbkdf2", 0},
                                                    {"$scrypt$", "scrypt", 0},
                                                    {"{SSHA}", "salted SHA-1", 0},
                                                    {"{SHA}", "SHA-1", 28}}};
    std::string_view text = trimmed(input.secret);
    const bool locked = !text.empty() && (text.front() == '!' || text.front() == '*');
    while (!text.empty() && (text.front() == '!' || text.front() == '*')) text.remove_prefix(1);
    if (text.empty() || text == "x") return not_a_secret("locked account");
    const auto kind = std::find_if(kinds.begin(), kinds.end(), [text](const Kind& each) {
        return text.starts_with(each.prefix);
    });
    if (kind == kinds.end()) return {};
    std::string detail(kind->name);
    if (locked) detail += ", account locked";
    const std::string_view body = text.substr(kind->prefix.size());
    const std::size_t mark = body.rfind('$');
    const std::string_view hash = mark == npos ? body : body.substr(mark + 1);
    const bool fits = kind->hash_size == 0 ? hash.size() >= 16 : hash.size() == kind->hash_size;
    if (!fits) return outcome(Evidence::pattern, detail + ", not of full length", -1);
    if (!placeholder_reason(hash).empty()) return placeholder();
    return outcome(Evidence::well_formed, detail);
}

}  // namespace stratascan::evidence::checks
