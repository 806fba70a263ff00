#include "scanner/policy/date.hpp"

#include <fmt/format.h>

#include <chrono>

namespace stratascan::policy {

namespace {

std::optional<int> digits(std::string_view text, std::size_t at, std::size_t count) noexcept {
    if (text.size() < at + count) return std::nullopt;
    int value = 0;
    for (std::size_t i = at; i < at + count; ++i) {
        if (text[i] < '0' || text[i] > '9') return std::nullopt;
        value = value * 10 + (text[i] - '0');
    }
    return value;
}

// "Z", "+01:00"; seconds to take away.
std::optional<std::int64_t> zone_of(std::string_view text) noexcept {
    if (text == "Z" || text == "z") return 0;
    if (text.size() != 6 || (text[0] != '+' && text[0] != '-') || text[3] != ':') return {};
    const auto hours = digits(text, 1, 2);
    const auto minutes = digits(text, 4, 2);
    if (!hours || !minutes || *hours > 23 || *minutes > 59) return std::nullopt;
    const std::int64_t seconds = (std::int64_t{*hours} * 60 + *minutes) * 60;
    return text[0] == '+' ? seconds : -seconds;
}

}  // namespace

std::optional<std::int64_t> days_of(std::int64_t year, unsigned month, unsigned day) noexcept {
    if (year < 1 || year > 9999) return std::nullopt;
    const std::chrono::year_month_day date{std::chrono::year(static_cast<int>(year)),
                                           std::chrono::month(month), std::chrono::day(day)};
    if (!date.ok()) return std::nullopt;
    return std::chrono::sys_days(date).time_since_epoch().count();
}

std::optional<std::int64_t> read_date(std::string_view text) noexcept {
    const auto year = digits(text, 0, 4), month = digits(text, 5, 2), day = digits(text, 8, 2);
    if (!year || !month || !day || text[4] != '-' || text[7] != '-') return std::nullopt;
    const auto days =
        days_of(*year, static_cast<unsigned>(*month), static_cast<unsigned>(*day));
    if (!days) return std::nullopt;
    if (text.size() == 10) return *days * seconds_a_day;
    const auto hour = digits(text, 11, 2), minute = digits(text, 14, 2), second = digits(text, 17, 2);
    const bool shaped = (text[10] == 'T' || text[10] == 't' || text[10] == ' ') && hour && minute &&
                        second && text[13] == ':' && text[16] == ':';
    // 60 is a leap second.
    if (!shaped || *hour > 23 || *minute > 59 || *second > 60) return std::nullopt;
    std::string_view rest = text.substr(19);
    if (rest.starts_with('.')) {
        const std::size_t end = rest.find_first_not_of("0123456789", 1);
        if (end == std::string_view::npos || end == 1) return std::nullopt;
        rest = rest.substr(end);
    }
    const auto zone = zone_of(rest);
    if (!zone) return std::nullopt;
    return *days * seconds_a_day + (std::int64_t{*hour} * 60 + *minute) * 60 + *second - *zone;
}

std::string written_date(std::int64_t seconds) {
    const std::int64_t days =
        seconds / seconds_a_day - (seconds % seconds_a_day < 0 ? 1 : 0);
    const std::chrono::year_month_day date{
        std::chrono::sys_days(std::chrono::days(static_cast<int>(days)))};
    return fmt::format("{:04}-{:02}-{:02}", static_cast<int>(date.year()),
                       static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()));
}

}  // namespace stratascan::policy
