// A rule for one type of credential, as `patterns/secrets/*.toml` writes it.
//
// Matching takes three looks. (1) One Hyperscan pass over every byte reports
// each place where one of the rule's anchors ends: a required literal, or a
// `gate`, a short regular expression of bounded width. (2) Round each such
// place RE2 runs the whole `pattern` in a window of bounded width and gives the
// exact span and the secret's capture. (3) Entropy, context, allow conditions
// and the offline check decide what the finding is worth. So a rule needs a
// literal that every match contains, and a finite width; the linter proves both.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "stratascan/report.hpp"

namespace stratascan::match {

/// Secrets of this many bytes need no digit, whatever their rule says.
inline constexpr std::size_t digitless = 64;

/// A condition under which a candidate is no secret, as the TOML of gitleaks has
/// them. It holds when one of its parts does; with `all`, when each part that is
/// not empty does.
struct AllowList {
    enum class Target : std::uint8_t { secret, match, line };

    std::string description;
    bool all = false;
    std::vector<std::string> paths;    ///< RE2 over the file's path
    std::vector<std::string> regexes;  ///< RE2 over what `target` says
    Target target = Target::secret;
    std::vector<std::string> stopwords;  ///< anywhere in the secret, ASCII case ignored
};

struct Rule {
    std::string id;     ///< "github-pat-classic"; unique, kebab case
    std::string title;  ///< "GitHub personal access token (classic)"
    Severity severity = Severity::high;
    Confidence confidence = Confidence::high;  ///< before evidence raises or lowers it

    /// RE2 syntax over bytes (Latin-1). A group named `secret` captures the
    /// secret; without one the whole match is the secret.
    std::string pattern;

    /// The secret is the first group that holds anything, not the one of that name.
    /// Only rules in the form of gitleaks have it.
    bool first_group = false;

    /// RE2 over the file's path, with and without a leading slash; a file whose path
    /// it does not match is not looked at. Empty: all are. Only rules in the form of
    /// gitleaks have it.
    std::string path;

    /// Literals of which every match contains at least one; 4 bytes or more.
    /// Empty in the file: derived from the pattern. Matched without regard to
    /// ASCII case when `nocase` says so (derived: when the pattern does).
    std::vector<std::string> anchors;
    bool nocase = false;

    /// Instead of bare anchors: an expression, in the syntax of `pattern`, that
    /// Hyperscan looks for. It ends inside every match and costs fewer second
    /// looks than the anchors would. Must itself contain a literal of 4 bytes.
    /// Width at most 256.
    std::string gate;

    /// With `reach` > 0 the anchors stand near the match and not inside it (a
    /// provider's name beside a shapeless token): matches are looked for within
    /// `reach` bytes before and behind the anchor. At most 1024.
    std::uint32_t reach = 0;

    /// Longest match in bytes. 0 in the file: computed from the pattern. At most
    /// 16384 - 64.
    std::uint32_t width = 0;

    /// Computed: every match has had an anchor end within this many bytes of its
    /// beginning, so that is how far back the second look begins. 0: `width`.
    std::uint32_t lead = 0;
    /// Where a match can begin, as Beginnings::bytes() gives it; derived.
    std::string beginnings;
    /// Bytes of the token where strings have nothing between them (packed_token.hpp);
    /// derived. 0: it is not looked for there.
    std::uint32_t packed_least = 0, packed_most = 0;

    /// At least this many bits a byte in the secret; 0: not asked.
    double entropy = 0;

    /// The secret holds a digit, or it has `digitless` bytes or more.
    bool digit = false;
    /// The gate's last byte is one of the secret's, which has no white space, quotes or angle
    /// brackets in it: where it can't have its digit, no second look is needed.
    bool gate_in_secret = false;

    /// Words of which one must stand within `context_within` bytes of the match
    /// (ASCII case ignored). Empty: none asked.
    std::vector<std::string> context;
    std::uint32_t context_within = 256;

    /// RE2 expressions over the secret; a match drops the candidate as not a secret.
    std::vector<std::string> allow;

    /// Further conditions of that kind. Only rules in the form of gitleaks have them.
    std::vector<AllowList> allowlists;

    /// Name of the offline check (evidence/), or empty.
    std::string check;

    /// Rules whose findings are the other half of this one's: an access key's id for
    /// its secret. The nearest finding of one of them in the same file, no further off
    /// than `pair_within` bytes, is reported as its pair.
    std::vector<std::string> pairs_with;
    std::uint32_t pair_within = 512;

    /// What is looked for near a finding to say whose it is (evidence/identifier.hpp):
    /// "user", "client-id"; or empty.
    std::string identifier;

    /// Names of sections (sections.hpp) under which an assigned token in the form of the group
    /// `secret` is this rule's: "datadog". Lower case, letters and digits alone.
    std::vector<std::string> section;

    /// The number of leading bytes of the secret that are public (a token's
    /// prefix) and may be shown. Empty in the file: the anchor, when the secret
    /// starts with it.
    std::int32_t public_prefix = -1;

    /// For the pair tests: templates of texts that hold one secret, or none.
    /// `{{alnum:36}}` and its kin are filled in from a seed when a test runs, so
    /// that no file of the project holds anything that looks like a secret.
    std::vector<std::string> examples;
    std::vector<std::string> counter_examples;

    std::string reference;  ///< where the vendor describes the format
    std::string note;       ///< what else a reader should know; instead of a reference, too

    /// Why what the engine looks for has fewer than `lint::long_literal` bytes.
    std::string short_literal_reason;

    bool carried_over = false;  ///< read from a file in the form of gitleaks
    std::string file;           ///< the rule file, for messages
    std::uint32_t line = 0;
};

}  // namespace stratascan::match
