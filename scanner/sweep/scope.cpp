#include "scanner/sweep/scope.hpp"

#include <algorithm>
#include <array>
#include <chrono>

#include "scanner/registry/reference.hpp"

namespace stratascan::sweep {

namespace {

/// Digits alone, of this many places.
std::optional<int> number_at(std::string_view text, std::size_t at, std::size_t places) {
    if (at + places > text.size()) return std::nullopt;
    int number = 0;
    for (const char c : text.substr(at, places)) {
        if (c < '0' || c > '9') return std::nullopt;
        number = number * 10 + (c - '0');
    }
    return number;
}

bool any_matches(const std::vector<store::Glob>& globs, std::string_view name) {
    return std::ranges::any_of(globs, [&](const store::Glob& g) { return g.matches(name); });
}

}  // namespace

bool SweepTarget::covers(std::string_view repository) const noexcept {
    if (prefix.empty() || repository == prefix) return true;
    return repository.size() > prefix.size() && repository.starts_with(prefix) &&
           repository[prefix.size()] == '/';
}

Result<SweepTarget> parse_sweep_target(std::string_view text) {
    while (text.ends_with('/')) text.remove_suffix(1);
    const std::size_t slash = text.find('/');
    auto registry = registry::parse_registry(text.substr(0, slash));
    if (!registry) return std::unexpected(registry.error());
    SweepTarget target{*std::move(registry), {}};
    if (slash == std::string_view::npos) return target;
    target.prefix = text.substr(slash + 1);
    if (!registry::is_repository_name(target.prefix)) {
        return fail(ErrorCode::malformed, "no name of repositories", std::string(text),
                    "a sweep takes host[:port] or host[:port]/repository; `scan` takes one image");
    }
    return target;
}

std::string owner_of(const SweepTarget& target, registry::Service service) {
    using registry::Service;
    if (service == Service::catalog || service == Service::azure || service == Service::ecr) {
        return {};
    }
    if (service == Service::gitlab) return target.prefix;
    std::size_t end = target.prefix.find('/');
    if (service == Service::artifact_registry && end != std::string::npos) {
        end = target.prefix.find('/', end + 1);
    }
    return target.prefix.substr(0, end);
}

Filter::Filter(const std::vector<std::string>& include, const std::vector<std::string>& exclude) {
    for (const std::string& pattern : include) include_.emplace_back(pattern);
    for (const std::string& pattern : exclude) exclude_.emplace_back(pattern);
}

bool Filter::takes(std::string_view name) const {
    return (include_.empty() || any_matches(include_, name)) && !any_matches(exclude_, name);
}

std::optional<std::int64_t> parse_time(std::string_view text) {
    const auto year = number_at(text, 0, 4);
    const auto month = number_at(text, 5, 2);
    const auto day = number_at(text, 8, 2);
    const auto hour = number_at(text, 11, 2);
    const auto minute = number_at(text, 14, 2);
    const auto second = number_at(text, 17, 2);
    if (!year || !month || !day || !hour || !minute || !second || *year < 1990) {
        return std::nullopt;
    }
    const std::chrono::year_month_day date{std::chrono::year(*year),
                                           std::chrono::month(static_cast<unsigned>(*month)),
                                           std::chrono::day(static_cast<unsigned>(*day))};
    if (!date.ok() || *hour > 23 || *minute > 59 || *second > 60) return std::nullopt;
    std::int64_t seconds =
        std::chrono::duration_cast<std::chrono::seconds>(
            std::chrono::sys_days(date).time_since_epoch())
            .count() +
        std::int64_t{*hour} * 3600 + std::int64_t{*minute} * 60 + *second;
    const std::size_t zone = text.find_first_of("+-", 19);
    if (zone != std::string_view::npos) {
        const auto hours = number_at(text, zone + 1, 2);
        const auto minutes = number_at(text, zone + 4, 2);
        if (!hours || !minutes) return std::nullopt;
        const std::int64_t ahead = std::int64_t{*hours} * 3600 + std::int64_t{*minutes} * 60;
        seconds -= text[zone] == '+' ? ahead : -ahead;
    }
    return seconds;
}

std::vector<std::string> choose_tags(std::vector<DatedTag> tags, std::size_t newest,
                                     std::optional<std::int64_t> oldest) {
    std::vector<std::string> chosen;
    std::erase_if(tags, [&](DatedTag& tag) {
        if (tag.created) return oldest && *tag.created < *oldest;
        chosen.push_back(std::move(tag.tag));
        return true;
    });
    std::ranges::sort(tags, [](const DatedTag& a, const DatedTag& b) {
        return *a.created != *b.created ? *a.created > *b.created : a.tag < b.tag;
    });
    if (newest > 0 && tags.size() > newest) tags.resize(newest);
    for (DatedTag& tag : tags) chosen.push_back(std::move(tag.tag));
    std::ranges::sort(chosen);
    return chosen;
}

Result<std::int64_t> parse_interval(std::string_view text) {
    constexpr std::array<std::pair<char, std::int64_t>, 4> units = {
        {{'s', 1}, {'m', 60}, {'h', 3600}, {'d', 86400}}};
    std::int64_t unit = 1;
    for (const auto& [letter, seconds] : units) {
        if (!text.empty() && text.back() == letter) {
            unit = seconds;
            text.remove_suffix(1);
            break;
        }
    }
    const auto number = text.empty() || text.size() > 7 ? std::nullopt
                                                         : number_at(text, 0, text.size());
    if (!number || *number == 0) {
        return fail(ErrorCode::invalid_argument, "no interval", std::string(text),
                    "as in 15m, 6h or 1d");
    }
    return *number * unit;
}

}  // namespace stratascan::sweep
