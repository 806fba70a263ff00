// What a sweep came to: each repository with what it holds, and why not all of it was
// covered.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "stratascan/error.hpp"
#include "stratascan/report.hpp"

namespace stratascan::sweep {

/// Why something that was listed is not covered.
enum class Problem : std::uint8_t {
    unauthorized,  ///< the registry refuses it
    gone,          ///< listed, and not there
    unsupported,   ///< a form that is not read: encrypted, held elsewhere, unknown
    over_limit,    ///< larger than a limit
    damaged,       ///< not what its digest says, or broken
    unreachable,   ///< no answer, or none in full
    partly_read,   ///< read, with gaps: `report` has each of them
    stopped,       ///< by the user
    failed,        ///< anything else
};
inline constexpr std::size_t problem_kinds = 9;

[[nodiscard]] std::string_view to_string(Problem problem) noexcept;
[[nodiscard]] Problem problem_of(ErrorCode code) noexcept;

struct RepositorySummary {
    std::string registry, repository;
    bool listed = true;     ///< false: nothing of it could be listed
    bool gone = false;      ///< the registry does not hold it any more
    bool finished = false;  ///< false: the sweep ended before
    std::uint64_t tags = 0;             ///< looked at
    std::uint64_t tags_left_out = 0;    ///< by the user's choice
    std::uint64_t images = 0, accessories = 0, layers = 0, programs = 0;
    std::array<std::int64_t, 5> findings{};  ///< by Severity

    struct Trouble {
        std::uint64_t count = 0;
        std::vector<std::string> examples;  ///< a few, printable by report::printable()
    };
    std::map<Problem, Trouble> problems;

    void add(Problem problem, const std::string& example);
    /// Everything that it lists was read.
    [[nodiscard]] bool covered() const noexcept { return gone || (finished && problems.empty()); }
    /// "complete", "incomplete", "gone", "failed"
    [[nodiscard]] std::string_view state() const noexcept;
    [[nodiscard]] std::uint64_t all_findings() const noexcept;
};

struct TargetTrouble {
    std::string target;
    Problem problem = Problem::failed;
    std::string reason;
};

struct Plan {
    std::uint64_t repositories = 0, tags = 0, manifests = 0, manifests_known = 0;
    std::uint64_t layers_known = 0;   ///< among those of manifests that are not known
    std::uint64_t layers = 0, bytes = 0;  ///< to fetch
    std::uint64_t requests = 0;       ///< so far
    std::uint64_t requests_ahead = 0; ///< at least
};

struct SweepSummary {
    std::vector<RepositorySummary> repositories;  ///< by name
    std::vector<TargetTrouble> troubles;          ///< lists that were not had, or not in full
    Plan plan;
    bool planned_only = false, stopped = false;
    std::uint64_t layers_fetched = 0, bytes_fetched = 0, requests = 0;
    double seconds = 0;

    [[nodiscard]] std::uint64_t all_findings() const noexcept;
    [[nodiscard]] bool covered() const noexcept;
    /// 2 where not all was covered, 1 where something was found, 0 elsewhere; 0 for a plan
    /// that covers all.
    [[nodiscard]] int exit_code() const noexcept;
};

struct SummaryStyle {
    std::size_t width = 100;
    bool colour = false;
};
[[nodiscard]] std::string write_table(const SweepSummary& summary, const SummaryStyle& style);
[[nodiscard]] std::string write_json(const SweepSummary& summary);
/// A line for each repository, and a last one for the whole.
[[nodiscard]] std::string write_jsonl(const SweepSummary& summary);
[[nodiscard]] std::string plan_text(const Plan& plan);

}  // namespace stratascan::sweep
