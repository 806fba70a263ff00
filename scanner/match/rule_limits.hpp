// How much rule files may ask for. Rules are taken over from strangers, and a short one can make
// the engine's compiler or RE2's work for hours; neither has a limit of time. So what they are
// given is bounded by its size, before it is compiled. What the shipped rules need is far below
// (a gate of 435 bytes at most); what each bound costs at worst was measured on one core of the
// machine of bench/: a gate of 0.5 KiB in which every byte may be left out takes up to 0.7 s, so 64
// of them, which is as many as there may be, some 45 s (the cost grows with the fourth power of a
// gate's length); 1,000 anchors take 0.3 s, and 100,000 of RE2's instructions, with the proofs
// about a rule's pattern, up to 3 s.
#pragma once

#include <cstddef>
#include <cstdint>

#include "scanner/match/rule.hpp"
#include "stratascan/error.hpp"

namespace stratascan::match {

// Of one rule.
inline constexpr std::size_t longest_expression = 64 << 10;  ///< bytes of pattern or condition
inline constexpr std::size_t longest_gate = 1 << 10;         ///< bytes, also of one that is derived
inline constexpr std::size_t most_anchors = 250;
/// Literals of which the fewest that suffice are looked for: that takes the third power.
inline constexpr std::size_t most_derived_anchors = 40;

// Of all that `--rules` names.
inline constexpr std::size_t most_rules = 5'000;  ///< and so many programs
inline constexpr std::size_t most_gate_bytes = 32 << 10;
inline constexpr std::size_t most_anchors_of_all = 20'000;
inline constexpr std::uint64_t most_instructions = 500'000;  ///< of RE2's programs

/// What is bounded of one rule; to be asked before its expressions are compiled.
[[nodiscard]] Result<void> check_size(const Rule& rule);

/// Adds up what rules ask for.
class RuleSizes {
public:
    /// A rule that is complete; `instructions` are those of its expressions. An Error says by
    /// what it is one too many.
    [[nodiscard]] Result<void> add(const Rule& rule, std::uint64_t instructions);

private:
    std::size_t gate_bytes_ = 0, anchors_ = 0;
    std::uint64_t instructions_ = 0;
};

}  // namespace stratascan::match
