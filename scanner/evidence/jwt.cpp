// A JSON Web Token is three base64url parts joined by dots (RFC 7519, in the
// compact form of RFC 7515): a header and a payload, both JSON that anyone can
// read, and a signature that can't be checked without the issuer's key. So a
// token is at best well-formed. What its payload says about issuer and expiry
// tells a reader at once whether it matters; a scan does not compare the expiry
// with today, because its result must not depend on the day it ran.
#include <cstdint>
#include <optional>

#include <fmt/format.h>

#include "scanner/evidence/checks.hpp"
#include "scanner/evidence/codec.hpp"
#include "scanner/evidence/json.hpp"

namespace stratascan::evidence::checks {

namespace {

constexpr std::size_t shown_bytes = 60;

struct Parts {
    std::string_view header;
    std::string_view payload;
    std::string_view rest;  ///< the signature; more parts where it is encrypted
};

std::optional<Parts> split(std::string_view token) {
    const std::size_t first = token.find('.');
    if (first == std::string_view::npos) return std::nullopt;
    const std::size_t second = token.find('.', first + 1);
    if (second == std::string_view::npos) return std::nullopt;
    return Parts{token.substr(0, first), token.substr(first + 1, second - first - 1),
                 token.substr(second + 1)};
}

std::optional<nlohmann::json> object_of(std::string_view part) {
    const auto bytes = decode_base64(part);
    return bytes ? json_object(*bytes) : std::nullopt;
}

/// The day of a Unix time, by the civil calendar (no locale, no time zone).
std::string day_of(double seconds) {
    constexpr double last_second = 253402300799.0;  // of the year 9999
    if (!(seconds >= 0 && seconds <= last_second)) return "out of range";
    // Days are counted from 0000-03-01, so that the leap day ends a year.
    const std::int64_t days = static_cast<std::int64_t>(seconds) / 86400 + 719468;
    const std::int64_t era = days / 146097;
    const std::int64_t day_of_era = days % 146097;
    const std::int64_t year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
    const std::int64_t day_of_year =
        day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    const std::int64_t shifted_month = (5 * day_of_year + 2) / 153;
    const std::int64_t day = day_of_year - (153 * shifted_month + 2) / 5 + 1;
    const std::int64_t month = shifted_month < 10 ? shifted_month + 3 : shifted_month - 9;
    const std::int64_t year = year_of_era + era * 400 + (month <= 2 ? 1 : 0);
    return fmt::format("{:04}-{:02}-{:02}", year, month, day);
}

/// Claims of tokens that documentation and demonstrations are full of, under
/// every algorithm and signature, which a list of whole tokens could not cover.
bool is_sample(const nlohmann::json& payload) {
    const std::string subject = json_string(payload, "sub");
    const bool john_doe = subject == "1234567890" && json_string(payload, "name") == "John Doe";
    return john_doe || json_string(payload, "iss") == "supabase-demo";
}

/// Whether a claim says whose the token is, of whom, for what or until when. Those
/// of documentation often say nothing.
bool names_anything(const nlohmann::json& payload) {
    constexpr std::array<const char*, 8> claims = {"iss", "sub", "aud",  "exp",
                                                   "iat", "jti", "role", "scope"};
    return payload.size() > 2 || std::any_of(claims.begin(), claims.end(), [&](const char* claim) {
               return payload.contains(claim);
           });
}

std::string claims_of(const nlohmann::json& payload) {
    std::string detail;
    if (const std::string issuer = json_string(payload, "iss"); !issuer.empty()) {
        detail += ", iss " + printable(issuer, shown_bytes);
    }
    if (const std::string role = json_string(payload, "role"); !role.empty()) {
        detail += ", role " + printable(role, 20);
    }
    const auto expiry = payload.find("exp");
    if (expiry != payload.end() && expiry->is_number()) {
        detail += ", expires " + day_of(expiry->get<double>());
    }
    return detail;
}

}  // namespace

Output jwt(const Input& input) {
    const auto parts = split(input.secret);
    if (!parts) return {};
    const auto header = object_of(parts->header);
    if (!header) return outcome(Evidence::pattern, "header is not JSON", -1);
    const std::string algorithm = json_string(*header, "alg");
    if (algorithm.empty()) return outcome(Evidence::pattern, "header names no algorithm", -1);
    std::string detail = "alg " + printable(algorithm, 20);

    const auto payload = object_of(parts->payload);
    if (!payload) {
        if (header->contains("enc")) {
            return outcome(Evidence::well_formed, detail + ", encrypted");
        }
        // A window or a line break cut it, or a writer made it up.
        return outcome(Evidence::pattern, detail + ", payload is not JSON", -1);
    }
    detail += claims_of(*payload);
    if (is_sample(*payload) || is_published_value(input.secret)) {
        return outcome(Evidence::known_example, detail, -1);
    }
    if (!placeholder_reason(parts->rest).empty()) return placeholder();
    const bool unsigned_token = lowered(algorithm) == "none" || parts->rest.empty();
    if (unsigned_token) return outcome(Evidence::well_formed, detail + ", not signed", -1);
    // The anonymous role of a hosted database is meant to be published.
    const bool anonymous = json_string(*payload, "role") == "anon";
    return outcome(Evidence::well_formed, detail, anonymous || !names_anything(*payload) ? -1 : 0);
}

}  // namespace stratascan::evidence::checks
