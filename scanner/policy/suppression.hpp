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
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "scanner/policy/glob.hpp"
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
    /// What selects, as it may be told: by then, what selects may have been a secret.
    std::vector<std::pair<std::string_view, std::string>> about;

    /// Whether all match that are no pattern.
    [[nodiscard]] bool matches_but_path(const Suppressible& what) const;
    /// What it is about, in a few words.
    [[nodiscard]] std::string words() const;
};

struct SuppressionFile {
    std::vector<Suppression> entries;
    bool given = false;   ///< there is one
    std::string trouble;  ///< Suppressor::trouble() of a report that was marked
};

/// Holds all entries against one thing after the other, and a pattern against a path once.
class Suppressor {
public:
    /// `entries` must outlive it, and stay where they are.
    explicit Suppressor(std::vector<Suppression>& entries);

    /// Counts in every entry that matches. Gives the index of the first one in force, or -1.
    int suppress(const Suppressible& what);

    /// That patterns were not held against every path; empty: all were.
    [[nodiscard]] std::string trouble() const;

private:
    enum class Match : std::uint8_t { unknown, no, yes };

    bool path_matches(std::size_t entry, const GlobText& text, Match& known);

    std::vector<Suppression>& entries_;
    std::vector<Glob> globs_;  ///< of each entry; of one without a path, ""
    std::map<std::string, std::vector<Match>, std::less<>> asked_;  ///< of paths: by entry
    GlobWork work_;
};

inline constexpr std::string_view default_suppressions = ".stratascan.toml";
inline constexpr std::int64_t longest_suppression_days = 366;
inline constexpr std::size_t most_suppressions = 2000;

/// An Error names file and line: an entry that selects nothing or everything, or has no
/// reason, owner or end, or an end more than a year away, spoils the file.
[[nodiscard]] Result<SuppressionFile> parse_suppressions(std::string_view text,
                                                         const std::string& name,
                                                         std::int64_t now);

/// All texts that reports and warnings repeat of it.
[[nodiscard]] std::vector<std::string*> told_texts(SuppressionFile& file);

/// Whether a file is named, or the default one is there.
[[nodiscard]] bool has_suppressions(const std::string& path);

/// The file at `path`; where that is empty, the default one if it is there.
[[nodiscard]] Result<SuppressionFile> load_suppressions(const std::string& path, std::int64_t now);

/// An entry as TOML, as `suppress` appends it. An Error where parse_suppressions() would
/// refuse it.
[[nodiscard]] Result<std::string> write_suppression(const Suppression& entry, std::int64_t now);

}  // namespace stratascan::policy
