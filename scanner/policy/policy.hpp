// Policies: data of the program (patterns/policies/) and of its users.
//
//     id = "mine"
//     title = "What we ask of every image"
//     extends = ["forge"]            # ids of the program's policies, or paths of files
//     fail_on = "high"               # optional: see Policy::fail_on
//     accept_incomplete = "why"      # optional: an image that was not read in full may pass
//
//     [checks.image-age]             # each check by its id; see checks.toml
//     level = "must"                 # or "should"; must where it is not said
//     days = 90                      # any of the check's settings
//     severity = "critical"
//     section = "3.1"
//     allow_paths = ["opt/tool/**"]  # also allow_programs, allow_bases, allow_labels
//                                    # (check.hpp, AllowList, says what counts as a base)
//     accept_unknown = true
//
//     [checks.no-shell]
//     off = true                     # what an extended policy asks for is not asked
//
//     [[exempt]]                     # a documented use case, told in every report
//     check = "no-shell"
//     program = "busybox"
//     use_case = "…"
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "scanner/policy/check.hpp"
#include "stratascan/error.hpp"

namespace stratascan::policy {

struct Exemption {
    std::string check, program, use_case;
    std::string where;  ///< "file:line"
};

struct Policy {
    std::string id, title, source;
    std::vector<PolicyCheck> checks;  ///< in the catalogue's order
    std::vector<Exemption> exemptions;
    /// Set: checks fail the gate that are of this severity or worse, whatever their
    /// level. Else every `must` does, and no `should`.
    std::optional<Severity> fail_on;
    std::string accept_incomplete;  ///< why an image that was not read in full may pass

    [[nodiscard]] const PolicyCheck* find(std::string_view check) const;
};

/// All texts that reports repeat of it. What it sets or allows is among them: with a secret in
/// it that is no longer asked for as it stood, so nothing passes by it.
[[nodiscard]] std::vector<std::string*> told_texts(Policy& policy);

/// About how much memory what files say in it takes.
[[nodiscard]] std::size_t bytes_of(Policy& policy);

/// A file that is carried in the program: its id and its text.
struct CarriedFile {
    std::string_view id, text;
};

/// patterns/policies/ without the catalogue, by id.
[[nodiscard]] const std::vector<CarriedFile>& carried_policies();
/// The one of that id, or null.
[[nodiscard]] const CarriedFile* carried_policy(std::string_view id);

/// All checks that there are.
[[nodiscard]] Result<std::vector<CheckInfo>> read_catalogue(std::string_view text,
                                                            const std::string& name);
[[nodiscard]] const std::vector<CheckInfo>& catalogue();

/// `name` is an id of the program's own or a path. An Error names file and line and
/// says what to do.
[[nodiscard]] Result<Policy> load_policy(const std::string& name);

/// The policy of a text. Files that it extends are looked for beside `name`.
[[nodiscard]] Result<Policy> parse_policy(std::string_view text, const std::string& name);

}  // namespace stratascan::policy
