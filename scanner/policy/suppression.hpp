// Suppressions: what a team knows of and lets pass for a while. Each says what it is
// about, why, who answers for it, and until when, at most a year away. What is
// suppressed stays in every report, marked.
//
//     [[suppress]]
//     secret = "hmac-sha256:…"   # these select, and all that are given must match:
//     rule = "aws-access-key"    #   secret, rule, program, path (a glob), layer, check
//     path = "app/tests/**"
//     reason = "a key of the test account, revoked"
//     owner = "team-web@example.org"
//     until = 2027-01-31
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "stratascan/error.hpp"

namespace stratascan::policy {

/// What may be suppressed: an item of a check, a finding, a program.
struct Suppressible {
    std::string_view secret, rule, program, path, layer, check;
};

struct Suppression {
    std::string secret, rule, program, path, layer, check;
    std::string reason, owner;
    std::int64_t until = 0;  ///< the last second that it holds, since 1970
    std::string where;       ///< "file:line"
    bool expired = false;
    std::size_t matched = 0;

    [[nodiscard]] bool matches(const Suppressible& what) const;
    /// What it is about, in a few words.
    [[nodiscard]] std::string words() const;
};

struct SuppressionFile {
    std::vector<Suppression> entries;
    bool given = false;  ///< there is one
};

inline constexpr std::string_view default_suppressions = ".stratascan.toml";
inline constexpr std::int64_t longest_suppression_days = 366;
inline constexpr std::size_t most_suppressions = 2000;

/// An Error names file and line: an entry that selects nothing or everything, or has no
/// reason, owner or end, or an end more than a year away, spoils the file.
[[nodiscard]] Result<SuppressionFile> parse_suppressions(std::string_view text,
                                                         const std::string& name,
                                                         std::int64_t now);

/// The file at `path`; where that is empty, the default one if it is there.
[[nodiscard]] Result<SuppressionFile> load_suppressions(const std::string& path, std::int64_t now);

/// An entry as TOML, as `suppress` appends it. An Error where parse_suppressions() would
/// refuse it.
[[nodiscard]] Result<std::string> write_suppression(const Suppression& entry, std::int64_t now);

}  // namespace stratascan::policy
