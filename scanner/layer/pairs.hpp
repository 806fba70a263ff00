// What the findings of one file say of each other, once they are settled.
#pragma once

#include <vector>

#include "scanner/layer/window_scan.hpp"
#include "scanner/match/pair_rules.hpp"

namespace stratascan::layer {

/// Joins the halves of credentials: the nearest two first, each finding in one pair at
/// most; of equally near ones the first in the file. `pairs` may be null.
void pair_up(std::vector<WindowFinding>& findings, const match::PairRules* pairs);

/// Takes identifiers away that are, or overlap, what is itself a finding: those are
/// secrets, or are named by their pair.
void drop_told_secrets(std::vector<WindowFinding>& findings);

/// Joins those that stand in different variables of one environment, where each kind of
/// half is there once: nothing else says what belongs together.
void pair_variables(std::vector<Finding>& findings, const match::RuleSet& rules);

/// The partner that each is told to have. The paths are the findings' own.
void join_pair(Finding& secret, Finding& id);

}  // namespace stratascan::layer
