// Dates as configs, labels and suppressions have them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace stratascan::policy {

inline constexpr std::int64_t seconds_a_day = 86'400;

/// RFC 3339: "2026-01-02T03:04:05.678+01:00", and a date alone. Seconds since 1970.
[[nodiscard]] std::optional<std::int64_t> read_date(std::string_view text) noexcept;

/// "2026-01-02"
[[nodiscard]] std::string written_date(std::int64_t seconds);

/// Days since 1970 of a day that there is, in years 1 to 9999.
[[nodiscard]] std::optional<std::int64_t> days_of(std::int64_t year, unsigned month,
                                                  unsigned day) noexcept;

}  // namespace stratascan::policy
