#include <algorithm>
#include <array>

#include "stratascan/report.hpp"
#include "stratascan/scanner.hpp"

namespace stratascan {

namespace {

constexpr std::array<std::string_view, 5> severities = {"info", "low", "medium", "high",
                                                        "critical"};
constexpr std::array<std::string_view, 3> confidences = {"low", "medium", "high"};
constexpr std::array<std::string_view, 5> evidences = {"pattern", "well-formed", "bad-checksum",
                                                       "verified", "known-example"};
constexpr std::array<std::string_view, 15> sources = {
    "file",        "env",        "label",  "history",  "entrypoint",
    "command",     "healthcheck", "annotation", "config", "manifest",
    "attestation", "whiteout",   "xattr",  "header",   "trailer"};
constexpr std::array<std::string_view, 3> visibilities = {"visible", "deleted", "overwritten"};
constexpr std::array<std::string_view, 5> states = {"complete", "partial", "failed", "unsupported",
                                                    "encrypted"};
constexpr std::array<std::string_view, 3> roles = {"is", "embeds", "mentions"};
constexpr std::array<std::string_view, 5> ownerships = {"unknown", "unpackaged", "unchecked",
                                                        "modified", "unmodified"};

template <typename Names, typename Value>
std::string_view name_of(const Names& names, Value value) noexcept {
    const auto index = static_cast<std::size_t>(value);
    return index < names.size() ? names[index] : std::string_view("unknown");
}

template <typename Value, typename Names>
std::optional<Value> value_of(const Names& names, std::string_view name) noexcept {
    const auto found = std::find(names.begin(), names.end(), name);
    if (found == names.end()) return std::nullopt;
    return static_cast<Value>(found - names.begin());
}

}  // namespace

std::string_view to_string(Severity value) noexcept { return name_of(severities, value); }
std::string_view to_string(Confidence value) noexcept { return name_of(confidences, value); }
std::string_view to_string(Evidence value) noexcept { return name_of(evidences, value); }
std::string_view to_string(Source value) noexcept { return name_of(sources, value); }
std::string_view to_string(Visibility value) noexcept { return name_of(visibilities, value); }
std::string_view to_string(LayerState value) noexcept { return name_of(states, value); }
std::string_view to_string(Role value) noexcept { return name_of(roles, value); }
std::string_view to_string(Ownership value) noexcept { return name_of(ownerships, value); }

std::optional<Severity> severity_from(std::string_view name) noexcept {
    return value_of<Severity>(severities, name);
}
std::optional<Confidence> confidence_from(std::string_view name) noexcept {
    return value_of<Confidence>(confidences, name);
}

int exit_code(const Report& report) noexcept {
    bool found = false;
    bool incomplete = report.cancelled;
    for (const TargetReport& target : report.targets) {
        found = found || std::any_of(target.findings.begin(), target.findings.end(),
                                     [](const Finding& one) { return !one.suppressed; });
        incomplete = incomplete || !target.coverage.complete;
    }
    if (found) return 1;
    return incomplete ? 2 : 0;
}

const char* version() noexcept { return STRATASCAN_VERSION; }

}  // namespace stratascan
