// A check, what a policy makes of it, and what it answers.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "stratascan/report.hpp"

namespace stratascan::policy {

enum class Outcome : std::uint8_t {
    pass,
    fail,
    unknown,         ///< the image could tell, but this one does not
    not_applicable,  ///< there is nothing here that it could be about
    undecidable,     ///< no image can tell
};

/// As RFC 2119 has them. A `should` that fails is told and lets the gate pass.
enum class Level : std::uint8_t { must, should };

[[nodiscard]] std::string_view to_string(Outcome) noexcept;
[[nodiscard]] std::string_view to_string(Level) noexcept;

using Setting = std::variant<std::int64_t, bool, std::string, std::vector<std::string>>;
using Settings = std::map<std::string, Setting, std::less<>>;

/// Of the catalogue (patterns/policies/checks.toml), which describes the fields.
struct CheckInfo {
    std::string id, title, reason;
    Severity severity = Severity::medium;
    std::vector<std::string> nist, cis, bsi;
    std::string decided, mend;
    std::string undecidable;   ///< why no image can answer; empty: one can
    std::string unreferenced;  ///< why it has no reference to NIST, CIS and BSI, where it has none
    /// About what may be a secret: what an image says of its own base lets nothing of it pass.
    bool proof = false;
    Settings settings;
};

/// What a policy lets pass, by globs; a label is "key=value" or "key". Labels are the word of
/// whoever built the image. So is a base's name in its annotation, which counts where the check
/// needs no proof; where the base was given and its layers are there, the name that it was given
/// by counts, for these layers.
struct AllowList {
    std::vector<std::string> programs, paths, bases, labels;
};

/// A check as a policy asks for it: the catalogue's entry with the policy's changes.
struct PolicyCheck {
    CheckInfo info;
    Level level = Level::must;
    std::string section;  ///< of the policy's source
    AllowList allow;
    bool accept_unknown = false;
    bool exemptible = true;
};

/// One thing that a check found, or that an answer rests on.
struct Item {
    std::string text;  ///< what it is, without its place
    std::string path;  ///< of a file, or of a member of the config
    std::vector<std::string> inner_path;
    std::uint64_t line = 0;
    int layer_index = -1;
    std::string layer;  ///< digest; filled in by judge()
    std::string created_by;
    std::string program, rule, secret_id;
    /// What it is recognised by in another report, beside the check: nothing that moves
    /// with lines or layers. Empty: path and text.
    std::string key;

    bool counts = true;      ///< false: told for completeness
    bool of_base = false;    ///< of the base's layers, with --only-own-layers
    bool in_baseline = false;
    std::string allowed;     ///< why the policy lets it pass; empty: it does not
    int suppressed_by = -1;  ///< index into the verdict's suppressions
    [[nodiscard]] bool open() const {
        return counts && !of_base && !in_baseline && allowed.empty() && suppressed_by < 0;
    }
};

struct Answer {
    Outcome outcome = Outcome::unknown;
    std::string reason;        ///< one line, what the outcome rests on
    std::vector<Item> items;
    std::size_t left_out = 0;  ///< items past `items_told`
    bool unread = false;       ///< unknown because not everything was read
    std::optional<Severity> at_most = std::nullopt;  ///< what was found is no worse than that
};

/// Of one check; a report with more is no longer read.
inline constexpr std::size_t items_told = 1000;

[[nodiscard]] std::int64_t number(const Settings& settings, std::string_view name);
[[nodiscard]] bool flag(const Settings& settings, std::string_view name);
[[nodiscard]] const std::string& text(const Settings& settings, std::string_view name);
[[nodiscard]] const std::vector<std::string>& texts(const Settings& settings,
                                                    std::string_view name);

}  // namespace stratascan::policy
