// The rules that the program carries, in the form that loads in a millisecond:
// completed rules, and the pattern databases for each processor level. Made when
// the project is built, by compile_patterns from patterns/.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "scanner/match/rule_file.hpp"
#include "stratascan/error.hpp"

namespace stratascan::match {

struct Pack {
    RuleFile rules;  ///< completed
    std::string rules_hash;
    std::string engine;  ///< hs_version() of the engine that compiled the databases
    /// Serialized databases, best level first; views into the bytes given.
    std::vector<std::string_view> databases;
    std::string_view sieve;  ///< the sieve's plan; a view into the bytes given
    std::vector<std::string> levels;  ///< "avx512vbmi", "avx512", "avx2", "base"
};

[[nodiscard]] std::string write_rules(const RuleFile& rules);
[[nodiscard]] Result<RuleFile> read_rules(std::string_view bytes);

[[nodiscard]] std::string write_pack(const std::string& rules, const std::string& rules_hash,
                                     const std::string& engine, const std::string& sieve,
                                     const std::vector<std::string>& levels,
                                     const std::vector<std::string>& databases);
/// Checks form only; the caller compares hash and engine.
[[nodiscard]] Result<Pack> read_pack(std::string_view bytes);

/// The pack that was linked into this library; empty in the tool that makes it.
[[nodiscard]] std::string_view embedded_pack() noexcept;

}  // namespace stratascan::match
