#include "scanner/sweep/summary.hpp"

#include <algorithm>
#include <numeric>

namespace stratascan::sweep {

namespace {

constexpr std::size_t most_examples = 3;

}  // namespace

std::string_view to_string(Problem problem) noexcept {
    switch (problem) {
        case Problem::unauthorized: return "unauthorized";
        case Problem::gone: return "gone";
        case Problem::unsupported: return "unsupported";
        case Problem::over_limit: return "over a limit";
        case Problem::damaged: return "damaged";
        case Problem::unreachable: return "unreachable";
        case Problem::partly_read: return "partly read";
        case Problem::stopped: return "stopped";
        case Problem::failed: break;
    }
    return "failed";
}

Problem problem_of(ErrorCode code) noexcept {
    switch (code) {
        case ErrorCode::unauthorized: return Problem::unauthorized;
        case ErrorCode::not_found: return Problem::gone;
        case ErrorCode::unsupported: return Problem::unsupported;
        case ErrorCode::over_limit: return Problem::over_limit;
        case ErrorCode::digest_mismatch:
        case ErrorCode::malformed: return Problem::damaged;
        case ErrorCode::unreachable:
        case ErrorCode::unreadable: return Problem::unreachable;
        case ErrorCode::cancelled: return Problem::stopped;
        default: return Problem::failed;
    }
}

void RepositorySummary::add(Problem problem, const std::string& example) {
    Trouble& trouble = problems[problem];
    ++trouble.count;
    if (!example.empty() && trouble.examples.size() < most_examples) {
        trouble.examples.push_back(example);
    }
}

std::string_view RepositorySummary::state() const noexcept {
    if (gone) return "gone";
    if (!listed) return "failed";
    return covered() ? "complete" : "incomplete";
}

std::uint64_t RepositorySummary::all_findings() const noexcept {
    return static_cast<std::uint64_t>(
        std::accumulate(findings.begin(), findings.end(), std::int64_t{0}));
}

std::uint64_t SweepSummary::all_findings() const noexcept {
    std::uint64_t all = 0;
    for (const RepositorySummary& of : repositories) all += of.all_findings();
    return all;
}

bool SweepSummary::covered() const noexcept {
    return !stopped && troubles.empty() &&
           std::ranges::all_of(repositories, [&](const RepositorySummary& of) {
               return of.covered() || (planned_only && of.problems.empty());
           });
}

int SweepSummary::exit_code() const noexcept {
    if (!covered()) return 2;
    return !planned_only && all_findings() > 0 ? 1 : 0;
}

}  // namespace stratascan::sweep
