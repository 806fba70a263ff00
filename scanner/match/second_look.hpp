// The second look: from "an anchor ends here" to a finding, or to nothing.
//
// It is a function of the bytes in a window of bounded width round the anchor
// and of nothing else, so it gives the same answer wherever slabs, windows or
// chunks end, and an input full of anchors costs each of them that width, once.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "scanner/identity/secret_key.hpp"
#include "scanner/match/ruleset.hpp"
#include "stratascan/report.hpp"

namespace stratascan::match {

/// A finding at a place in the text that was looked at.
struct Match {
    std::uint32_t rule = 0;
    std::size_t begin = 0, end = 0;  ///< of the secret, in the text
    Finding finding;                 ///< rule, evidence and secret fields; no place
    /// There is no finding, but a certificate.
    std::shared_ptr<const evidence::Certificate> certificate{};
    std::size_t identifier = 0;  ///< where the finding's stands, if it has one
};

/// A candidate that became no finding, and why (drop_reason.hpp).
struct Dropped {
    std::uint32_t rule = 0;
    std::size_t match_begin = 0, match_end = 0;  ///< of the pattern's match, in the text
    std::size_t begin = 0, end = 0;              ///< of what would have been the secret
    std::string_view reason;
};

/// What a look is told of the file, and who wants to know what it dropped.
struct Beside {
    std::string_view path;  ///< empty where the text is of no file
    std::vector<Dropped>* dropped = nullptr;
    bool thorough = false;  ///< candidates that plainly lack their digit are dropped by name
    bool packed = false;    ///< strings may stand there with nothing between them
};

class SecondLook {
public:
    SecondLook(const RuleSet& rules, const identity::SecretKey& key, bool show_secrets)
        : rules_(rules), key_(key), show_secrets_(show_secrets) {}

    /// Judges the rule's anchor that ends at `anchor_end` in `text`, whose bytes
    /// belong to one file, and appends what it finds. `text` must reach
    /// `layer::margin` bytes to either side of the anchor, or end where the file
    /// does.
    void look(std::uint32_t rule, std::string_view text, std::size_t anchor_end,
              std::vector<Match>& matches, const Beside& beside = {}) const;

    /// What a reader is shown of a candidate in `text` that became no finding: rule,
    /// title, length, and the secret that it is not, redacted unless secrets are shown.
    [[nodiscard]] Finding candidate(const Dropped& one, std::string_view text) const;

private:
    struct Range {
        std::size_t begin = 0, end = 0;
    };
    void look_packed(std::uint32_t rule, std::string_view text, std::size_t anchor_end,
                     std::vector<Match>& matches, const Beside& beside) const;
    /// Appends what it finds; or says why it is nothing.
    [[nodiscard]] std::string_view judge(std::uint32_t rule, std::string_view text, Range match,
                                         Range secret, std::string_view path,
                                         std::vector<Match>& matches) const;

    /// Of what a generic rule found: as the rule would have it whose section it stands in.
    /// Whether there is one.
    [[nodiscard]] bool judge_in_section(std::string_view text, Range match, Range secret,
                                        std::string_view path, std::vector<Match>& matches) const;

    [[nodiscard]] std::string_view judge_packed(std::uint32_t rule, std::string_view text,
                                                Range token, std::string_view path,
                                                std::vector<Match>& matches) const;

    const RuleSet& rules_;
    const identity::SecretKey& key_;
    bool show_secrets_;
};

}  // namespace stratascan::match
