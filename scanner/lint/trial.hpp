// Rules held against their own examples, through everything that a scan does: each
// text stands in a file of a layer that is decoded, walked, sieved, matched, looked
// at again, judged and settled. What a rule says that it finds it must find with
// 0, 7, 61 and 500 bytes of other lines round it, drawn from several seeds; what it
// says that it leaves alone must be no finding of medium confidence or more.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "scanner/engine.hpp"
#include "stratascan/error.hpp"

namespace stratascan::lint {

/// An example, or counter-example, that did not do what it should.
struct FailedExample {
    std::uint32_t rule = 0;
    bool counter = false;
    std::size_t number = 0;  ///< from 1, in the rule's list
    std::string how;         ///< "not found, with 61 bytes of padding (seed 2)"
};

/// Holds the rules of these numbers against their examples: one answer an example.
/// A finding may give way to that of another rule that tells more of the same
/// bytes. An Error means that nothing could be tried.
[[nodiscard]] Result<std::vector<FailedExample>> try_examples(
    const Engine& engine, const std::vector<std::uint32_t>& rules);

/// The numbers of all rules.
[[nodiscard]] std::vector<std::uint32_t> all_rules(const Engine& engine);

}  // namespace stratascan::lint
