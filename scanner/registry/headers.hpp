// The header fields of a registry's answers, each from text to values. All of it
// is outside bytes: what does not have the field's form is left out, and lists
// end at a limit.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace stratascan::registry {

/// Fields of an answer in the order in which they came, names in lower case.
class Headers {
public:
    void add(std::string_view name, std::string value);
    void clear() { fields_.clear(); }

    /// The first field of that name (lower case), or "".
    [[nodiscard]] const std::string& get(std::string_view name) const;
    [[nodiscard]] std::vector<std::string> all(std::string_view name) const;

private:
    std::vector<std::pair<std::string, std::string>> fields_;
};

/// One challenge of WWW-Authenticate (RFC 9110, section 11.6.1).
struct Challenge {
    std::string scheme;                         ///< lower case: "bearer", "basic", "negotiate"
    std::map<std::string, std::string> values;  ///< names in lower case

    [[nodiscard]] std::string value(const std::string& name) const;
};

/// The challenges of one field; a field may hold several.
[[nodiscard]] std::vector<Challenge> parse_challenges(std::string_view field);

/// The target of the first link with rel=next (RFC 8288), or nothing.
[[nodiscard]] std::optional<std::string> parse_next_link(std::string_view field);

/// Retry-After (RFC 9110, section 10.2.3): seconds, or a date. `now` is what a
/// date is held against. Also the durations that Go prints ("454.813µs", "1m30s").
/// Never negative; nothing where the field has no such form.
[[nodiscard]] std::optional<std::chrono::milliseconds> parse_retry_after(
    std::string_view field, std::chrono::system_clock::time_point now);

/// What a host says of how much it may be asked still: the fields "RateLimit-Limit",
/// "RateLimit-Remaining" and "RateLimit-Reset" (draft-ietf-httpapi-ratelimit-headers-03,
/// and as Docker Hub has them: "100;w=21600"), or the same with "X-" in front, where
/// GitHub's reset is a moment in seconds since 1970.
struct RateLimit {
    std::uint64_t limit = 0;          ///< in a window; 0: not said
    std::uint64_t remaining = 0;      ///< of them
    std::chrono::seconds window{0};   ///< until there are more, at most; 0: not said

    [[nodiscard]] bool operator==(const RateLimit&) const = default;
};
/// Nothing where the answer does not say how many remain.
[[nodiscard]] std::optional<RateLimit> parse_rate_limit(const Headers& headers,
                                                        std::chrono::system_clock::time_point now);

/// "bytes first-last/complete" (RFC 9110, section 14.4).
struct ContentRange {
    std::uint64_t first = 0, last = 0;
    std::optional<std::uint64_t> complete;  ///< nothing for "*"
};
[[nodiscard]] std::optional<ContentRange> parse_content_range(std::string_view field);

/// The text of a warning (RFC 7234, section 5.5) with the code 299, as the
/// distribution specification has it; nothing for other codes.
[[nodiscard]] std::optional<std::string> parse_warning(std::string_view field);

/// A whole number of decimal digits and nothing else.
[[nodiscard]] std::optional<std::uint64_t> parse_number(std::string_view text);

/// A media type without its parameters, in lower case.
[[nodiscard]] std::string bare_media_type(std::string_view field);

}  // namespace stratascan::registry
