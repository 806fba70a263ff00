// Keys of cloud vendors that say something about themselves. An AWS access key
// id carries the number of the account it belongs to: after the four letters of
// its kind come base-32 characters whose first six bytes hold the number in
// their upper bits. That names the owner of a leaked key without a single call.
// Ids from before 2019 (`AKIAI…`, `AKIAJ…`) are random and name nobody.
#include <algorithm>
#include <cstdint>
#include <optional>

#include <fmt/format.h>

#include "scanner/evidence/checks.hpp"
#include "scanner/evidence/codec.hpp"

namespace stratascan::evidence::checks {

namespace {

/// AWS marks its published ids and secrets with this word at the end.
bool calls_itself_example(std::string_view key) noexcept {
    return key.ends_with("EXAMPLE") || key.ends_with("EXAMPLEKEY");
}

/// The first 48 bits of a base-32 text (RFC 4648), or nothing.
std::optional<std::uint64_t> base32_head(std::string_view text) {
    constexpr std::string_view digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    constexpr std::size_t needed = 10;  // 50 bits
    if (text.size() < needed) return std::nullopt;
    std::uint64_t value = 0;
    for (const char c : text.substr(0, needed)) {
        const std::size_t digit = digits.find(c);
        if (digit == std::string_view::npos) return std::nullopt;
        value = (value << 5U) | digit;
    }
    return value >> 2U;
}

/// A parameter's value in the query that stands round `place` of `text`.
std::string_view parameter(std::string_view text, std::size_t place, std::string_view name) {
    constexpr std::string_view outside = " \t\r\n\"'`<>;,\\";
    const std::size_t before = text.substr(0, place).find_last_of(outside);
    const std::size_t begin = before == text.npos ? 0 : before + 1;
    std::string_view query = text.substr(begin, text.find_first_of(outside, place) - begin);
    for (std::size_t at = query.find(name); at != query.npos; at = query.find(name, at + 1)) {
        const std::size_t value = at + name.size();
        if (value >= query.size() || query[value] != '=') continue;
        if (at > 0 && query[at - 1] != '?' && query[at - 1] != '&') continue;
        return query.substr(value + 1, query.find_first_of("&#", value + 1) - value - 1);
    }
    return {};
}

/// The day of "2030-01-31T…".
std::string_view day_of(std::string_view time) {
    constexpr std::string_view form = "dddd-dd-dd";
    if (time.size() < form.size()) return {};
    for (std::size_t i = 0; i < form.size(); ++i) {
        const bool digit = time[i] >= '0' && time[i] <= '9';
        if (form[i] == 'd' ? !digit : time[i] != form[i]) return {};
    }
    return time.substr(0, form.size());
}

}  // namespace

/// A shared access signature says until when it holds and what it allows (Azure Storage,
/// "Create a service SAS": `se`, `sp`). A scan does not compare that with today.
Output azure_sas(const Input& input) {
    if (!placeholder_reason(input.secret).empty()) return placeholder();
    const std::size_t place = input.around.find(input.secret);
    if (place == input.around.npos) return {};
    const std::string_view ends = parameter(input.around, place, "se");
    const std::string_view allows = parameter(input.around, place, "sp");
    std::string detail;
    if (const std::string_view day = day_of(ends); !day.empty()) {
        detail = fmt::format("expires {}", day);
    } else if (!ends.empty() && ends.size() <= 12 &&
               ends.find_first_not_of("0123456789") == ends.npos) {
        detail = fmt::format("expires {} seconds after 1970", ends);  // of Service Bus
    }
    if (!allows.empty()) {
        detail += fmt::format("{}permissions {}", detail.empty() ? "" : ", ",
                              printable(allows, 20));
    }
    if (detail.empty()) return {};
    return outcome(Evidence::well_formed, std::move(detail));
}

Output aws_access_key(const Input& input) {
    constexpr std::size_t prefix_size = 4;
    constexpr std::size_t id_size = 20;
    const std::string_view id = input.secret;
    if (calls_itself_example(id)) {
        return outcome(Evidence::known_example, "published example", -1);
    }
    if (id.size() != id_size) return {};
    if (!placeholder_reason(id.substr(prefix_size)).empty()) return placeholder();
    const auto head = base32_head(id.substr(prefix_size));
    if (!head) return outcome(Evidence::pattern, "not base-32", -1);
    if (id.starts_with("AKIAI") || id.starts_with("AKIAJ")) {
        return outcome(Evidence::well_formed, "older form, names no account");
    }
    const std::uint64_t account = (*head & 0x7fffffffff80U) >> 7U;
    // Twelve digits are all that an account has; the field could hold more.
    if (account > 999'999'999'999U) return outcome(Evidence::pattern, "no account number", -1);
    return outcome(Evidence::well_formed, fmt::format("account {:012}", account));
}

Output aws_secret(const Input& input) {
    const std::string_view secret = input.secret;
    if (calls_itself_example(secret) || is_published_value(secret)) {
        return outcome(Evidence::known_example, "published example", -1);
    }
    if (!placeholder_reason(secret).empty()) return placeholder();
    const auto bytes = decode_base64(secret);
    if (secret.size() != 40 || !bytes) return {};
    const bool hex_only = std::all_of(secret.begin(), secret.end(), [](char c) {
        return is_digit(c) || (c >= 'a' && c <= 'f');
    });
    if (hex_only) return outcome(Evidence::pattern, "looks like a SHA-1 digest", -1);
    return outcome(Evidence::pattern, "40 base64 characters");
}

Output azure_storage_key(const Input& input) {
    if (is_published_value(input.secret)) {
        return outcome(Evidence::known_example, "published emulator key", -1);
    }
    const auto bytes = decode_base64(input.secret);
    if (!bytes || bytes->size() != 64) {
        if (!placeholder_reason(input.secret).empty()) return placeholder();
        return outcome(Evidence::pattern, "not 64 bytes of base64", -1);
    }
    if (entropy(*bytes) < 4.0) return placeholder();
    return outcome(Evidence::well_formed, "64 bytes");
}

}  // namespace stratascan::evidence::checks
