#include "scanner/match/rule_limits.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <string>

namespace stratascan::match {

namespace {

Result<void> within(std::string_view what, std::uint64_t is, std::uint64_t most,
                    std::string advice) {
    if (is <= most) return {};
    return fail(ErrorCode::over_limit, fmt::format("{}; {} is the most", what, most), {},
                std::move(advice));
}

Result<void> check_length(std::string_view name, const std::string& expression) {
    return within(fmt::format("`{}` has {} bytes", name, expression.size()), expression.size(),
                  longest_expression, "write it shorter, or as several rules");
}

}  // namespace

Result<void> check_size(const Rule& rule) {
    Result<void> done = check_length("pattern", rule.pattern);
    if (done) done = check_length("path", rule.path);
    for (const std::string& one : rule.allow) {
        if (done) done = check_length("allow", one);
    }
    for (const AllowList& list : rule.allowlists) {
        for (const std::string& one : list.paths) {
            if (done) done = check_length("paths", one);
        }
        for (const std::string& one : list.regexes) {
            if (done) done = check_length("regexes", one);
        }
    }
    if (done) {
        done = within(fmt::format("`gate` has {} bytes", rule.gate.size()), rule.gate.size(),
                      longest_gate, "write a shorter one: what every match has is enough");
    }
    if (done) {
        done = within(fmt::format("there are {} `anchors`", rule.anchors.size()),
                      rule.anchors.size(), most_anchors, "make several rules of it");
    }
    return done;
}

Result<void> RuleSizes::add(const Rule& rule, std::uint64_t instructions) {
    gate_bytes_ += rule.gate.size();
    anchors_ += rule.anchors.size();
    instructions_ += instructions;
    Result<void> done = within(fmt::format("with this one gates have {} bytes", gate_bytes_),
                               gate_bytes_, most_gate_bytes,
                               "give rules `anchors`, or fewer of them a `gate`");
    if (done) {
        done = within(fmt::format("with this one there are {} anchors", anchors_), anchors_,
                      most_anchors_of_all, "give fewer rules at once");
    }
    if (done) {
        done = within(fmt::format("with this one regular expressions have {} instructions",
                                  instructions_),
                      instructions_, most_instructions,
                      "write shorter repeats, or give fewer rules at once");
    }
    return done;
}

}  // namespace stratascan::match
