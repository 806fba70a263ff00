#include "scanner/registry/headers.hpp"

#include <curl/curl.h>

#include <algorithm>
#include <charconv>

namespace stratascan::registry {

namespace {

constexpr std::size_t max_fields = 200;
constexpr std::size_t max_challenges = 16;
constexpr std::size_t max_values = 32;

char lower(char c) noexcept { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

std::string lower(std::string_view text) {
    std::string out(text);
    std::ranges::transform(out, out.begin(), [](char c) { return lower(c); });
    return out;
}

/// RFC 9110, section 5.6.2.
bool is_token_character(char c) noexcept {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos;
}

/// Takes texts off the front of a field.
class Cursor {
public:
    explicit Cursor(std::string_view text) : rest_(text) {}

    [[nodiscard]] bool at_end() const noexcept { return rest_.empty(); }
    [[nodiscard]] std::string_view rest() const noexcept { return rest_; }

    void skip_spaces() {
        while (!rest_.empty() && (rest_.front() == ' ' || rest_.front() == '\t')) {
            rest_.remove_prefix(1);
        }
    }
    bool take(char c) {
        if (rest_.empty() || rest_.front() != c) return false;
        rest_.remove_prefix(1);
        return true;
    }
    template <typename Wanted>
    std::string_view take_while(Wanted&& wanted) {
        std::size_t at = 0;
        while (at < rest_.size() && wanted(rest_[at])) ++at;
        const std::string_view taken = rest_.substr(0, at);
        rest_.remove_prefix(at);
        return taken;
    }
    std::string_view take_token() { return take_while(is_token_character); }

    /// A quoted string without its quotes and escapes. REQUIRES: a quote is next.
    /// One that never closes goes to the end.
    std::string take_quoted() {
        std::string text;
        take('"');
        while (!rest_.empty()) {
            const char c = rest_.front();
            rest_.remove_prefix(1);
            if (c == '"') break;
            if (c == '\\' && !rest_.empty()) {
                text += rest_.front();
                rest_.remove_prefix(1);
            } else {
                text += c;
            }
        }
        return text;
    }

private:
    std::string_view rest_;
};

}  // namespace

void Headers::add(std::string_view name, std::string value) {
    if (fields_.size() == max_fields) return;
    fields_.emplace_back(lower(name), std::move(value));
}

const std::string& Headers::get(std::string_view name) const {
    static const std::string none;
    const auto found = std::ranges::find(fields_, name, [](const auto& f) { return f.first; });
    return found == fields_.end() ? none : found->second;
}

std::vector<std::string> Headers::all(std::string_view name) const {
    std::vector<std::string> values;
    for (const auto& [key, value] : fields_) {
        if (key == name) values.push_back(value);
    }
    return values;
}

std::string Challenge::value(const std::string& name) const {
    const auto found = values.find(name);
    return found == values.end() ? std::string() : found->second;
}

std::vector<Challenge> parse_challenges(std::string_view field) {
    std::vector<Challenge> challenges;
    Cursor cursor(field);
    while (!cursor.at_end()) {
        cursor.skip_spaces();
        if (cursor.take(',')) continue;
        const std::string_view word = cursor.take_token();
        if (word.empty()) break;
        Cursor ahead = cursor;
        ahead.skip_spaces();
        const bool is_value = !challenges.empty() && ahead.take('=') && !ahead.rest().starts_with('=');
        if (!is_value) {
            if (challenges.size() == max_challenges) break;
            challenges.push_back({lower(word), {}});
            cursor.skip_spaces();
            // A token68, as Negotiate has it: told from a name by what follows it.
            Cursor token = cursor;
            token.take_while([](char c) { return is_token_character(c) || c == '/'; });
            token.take_while([](char c) { return c == '='; });
            token.skip_spaces();
            const bool has_token68 = token.rest().size() != cursor.rest().size() &&
                                     (token.at_end() || token.rest().front() == ',');
            if (has_token68) cursor = token;
            continue;
        }
        cursor = ahead;
        cursor.skip_spaces();
        std::string value = cursor.rest().starts_with('"')
                                ? cursor.take_quoted()
                                : std::string(cursor.take_while([](char c) {
                                      return c != ',' && c != ' ' && c != '\t';
                                  }));
        auto& values = challenges.back().values;
        if (values.size() < max_values) values.emplace(lower(word), std::move(value));
    }
    return challenges;
}

std::optional<std::string> parse_next_link(std::string_view field) {
    Cursor cursor(field);
    while (!cursor.at_end()) {
        cursor.take_while([](char c) { return c == ' ' || c == '\t' || c == ','; });
        if (!cursor.take('<')) return std::nullopt;
        std::string target(cursor.take_while([](char c) { return c != '>'; }));
        if (!cursor.take('>')) return std::nullopt;
        bool next = false;
        cursor.skip_spaces();
        while (cursor.take(';')) {
            cursor.skip_spaces();
            const std::string name = lower(cursor.take_token());
            cursor.skip_spaces();
            std::string value;
            if (cursor.take('=')) {
                cursor.skip_spaces();
                value = cursor.rest().starts_with('"')
                            ? cursor.take_quoted()
                            : std::string(cursor.take_while(
                                  [](char c) { return c != ';' && c != ',' && c != ' '; }));
            }
            const std::string relations = ' ' + lower(value) + ' ';
            if (name == "rel" && relations.find(" next ") != std::string::npos) next = true;
            cursor.skip_spaces();
        }
        if (next && !target.empty()) return target;
        if (!cursor.at_end() && !cursor.rest().starts_with(',')) return std::nullopt;
    }
    return std::nullopt;
}

std::optional<std::uint64_t> parse_number(std::string_view text) {
    std::uint64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc() || end != text.data() + text.size() || text.empty()) {
        return std::nullopt;
    }
    return value;
}

namespace {

/// "1m30s", "454.813µs": what Go's time.Duration prints.
std::optional<std::chrono::milliseconds> parse_go_duration(std::string_view text) {
    struct Unit {
        std::string_view name;
        double milliseconds;
    };
    static constexpr Unit units[] = {{"ms", 1},    {"ns", 1e-6},         {"µs", 1e-3},
                                     {"us", 1e-3}, {"\xce\xbcs", 1e-3},  {"s", 1e3},
                                     {"m", 6e4},   {"h", 3.6e6}};
    double total = 0;
    if (text.empty()) return std::nullopt;
    while (!text.empty()) {
        double value = 0;
        const auto [end, error] =
            std::from_chars(text.data(), text.data() + text.size(), value,
                            std::chars_format::fixed);
        if (error != std::errc() || value < 0) return std::nullopt;
        text.remove_prefix(static_cast<std::size_t>(end - text.data()));
        const Unit* found = nullptr;
        for (const Unit& unit : units) {
            const bool longer = found == nullptr || unit.name.size() > found->name.size();
            if (text.starts_with(unit.name) && longer) found = &unit;
        }
        if (found == nullptr) return std::nullopt;
        text.remove_prefix(found->name.size());
        total += value * found->milliseconds;
        if (!(total < 1e15)) return std::nullopt;
    }
    return std::chrono::milliseconds(static_cast<std::int64_t>(total));
}

}  // namespace

std::optional<std::chrono::milliseconds> parse_retry_after(
    std::string_view field, std::chrono::system_clock::time_point now) {
    using std::chrono::seconds;
    constexpr std::int64_t longest = std::int64_t{1} << 30U;
    while (!field.empty() && field.front() == ' ') field.remove_prefix(1);
    while (!field.empty() && field.back() == ' ') field.remove_suffix(1);
    if (const auto number = parse_number(field)) {
        return seconds(static_cast<std::int64_t>(std::min<std::uint64_t>(*number, longest)));
    }
    if (const auto duration = parse_go_duration(field)) return duration;
    if (field.size() > 64) return std::nullopt;
    const std::time_t date = curl_getdate(std::string(field).c_str(), nullptr);
    if (date < 0) return std::nullopt;
    // In seconds: the clock counts nanoseconds, which do not reach the year 2263.
    const auto today = std::chrono::duration_cast<seconds>(now.time_since_epoch()).count();
    return seconds(std::clamp<std::int64_t>(std::int64_t{date} - today, 0, longest));
}

std::optional<RateLimit> parse_rate_limit(const Headers& headers,
                                          std::chrono::system_clock::time_point now) {
    constexpr std::uint64_t longest = 366ULL * 86'400;
    constexpr std::uint64_t first_moment = 1'000'000'000;  // more seconds than any window has
    for (const std::string_view prefix : {"ratelimit-", "x-ratelimit-"}) {
        const auto field = [&](std::string_view name) -> std::string_view {
            return headers.get(std::string(prefix) + std::string(name));
        };
        const auto number = [](std::string_view text) {
            return parse_number(text.substr(0, text.find_first_of(";, ")));
        };
        const auto remaining = number(field("remaining"));
        if (!remaining) continue;
        RateLimit rate;
        rate.remaining = *remaining;
        rate.limit = number(field("limit")).value_or(0);
        std::uint64_t window = 0;
        for (const std::string_view name : {"remaining", "limit"}) {
            const std::string_view text = field(name);
            const std::size_t at = text.find("w=");
            if (at == std::string_view::npos) continue;
            const std::string_view rest = text.substr(at + 2);
            if (const auto seconds = number(rest)) window = *seconds;
        }
        if (const auto reset = number(field("reset"))) {
            window = *reset;
            if (window >= first_moment) {
                const auto since = static_cast<std::uint64_t>(std::max<std::int64_t>(
                    0, std::chrono::duration_cast<std::chrono::seconds>(now.time_since_epoch())
                           .count()));
                window = window > since ? window - since : 1;
            }
        }
        rate.window = std::chrono::seconds(std::min(window, longest));
        return rate;
    }
    return std::nullopt;
}

std::optional<ContentRange> parse_content_range(std::string_view field) {
    if (lower(field.substr(0, 5)) != "bytes") return std::nullopt;
    field.remove_prefix(5);
    if (field.empty() || (field.front() != ' ' && field.front() != '=')) return std::nullopt;
    field.remove_prefix(1);
    const std::size_t dash = field.find('-');
    const std::size_t slash = field.find('/');
    if (dash == std::string_view::npos || slash == std::string_view::npos || slash < dash) {
        return std::nullopt;
    }
    const auto first = parse_number(field.substr(0, dash));
    const auto last = parse_number(field.substr(dash + 1, slash - dash - 1));
    const std::string_view complete = field.substr(slash + 1);
    if (!first || !last || *last < *first) return std::nullopt;
    ContentRange range{*first, *last, std::nullopt};
    if (complete == "*") return range;
    range.complete = parse_number(complete);
    if (!range.complete || *range.complete <= *last) return std::nullopt;
    return range;
}

std::optional<std::string> parse_warning(std::string_view field) {
    Cursor cursor(field);
    if (cursor.take_token() != "299") return std::nullopt;
    cursor.skip_spaces();
    cursor.take_while([](char c) { return c != ' ' && c != '\t'; });
    cursor.skip_spaces();
    if (!cursor.rest().starts_with('"')) return std::nullopt;
    return cursor.take_quoted();
}

std::string bare_media_type(std::string_view field) {
    field = field.substr(0, field.find(';'));
    while (!field.empty() && (field.back() == ' ' || field.back() == '\t')) field.remove_suffix(1);
    return lower(field);
}

}  // namespace stratascan::registry
