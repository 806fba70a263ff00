#include "scanner/policy/check.hpp"

#include <array>

namespace stratascan::policy {

namespace {

constexpr std::array<std::string_view, 5> outcomes = {"pass", "fail", "unknown", "not-applicable",
                                                      "undecidable"};

// The catalogue gives every setting its type; a check that asks for another is a bug.
template <typename Value>
const Value& setting(const Settings& settings, std::string_view name) {
    return std::get<Value>(settings.find(name)->second);
}

}  // namespace

std::string_view to_string(Outcome outcome) noexcept {
    return outcomes[static_cast<std::size_t>(outcome)];
}

std::string_view to_string(Level level) noexcept {
    return level == Level::must ? "must" : "should";
}

std::int64_t number(const Settings& settings, std::string_view name) {
    return setting<std::int64_t>(settings, name);
}
bool flag(const Settings& settings, std::string_view name) {
    return setting<bool>(settings, name);
}
const std::string& text(const Settings& settings, std::string_view name) {
    return setting<std::string>(settings, name);
}
const std::vector<std::string>& texts(const Settings& settings, std::string_view name) {
    return setting<std::vector<std::string>>(settings, name);
}

}  // namespace stratascan::policy
