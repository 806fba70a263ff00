#include "scanner/match/second_look.hpp"

#include <algorithm>
#include <array>
#include <cctype>

#include "scanner/evidence/allowed_value.hpp"
#include "scanner/evidence/identifier.hpp"
#include "scanner/match/database.hpp"
#include "scanner/match/drop_reason.hpp"
#include "scanner/match/packed_token.hpp"

namespace stratascan::match {

namespace {

// How much of the file round a match a check gets to see.
constexpr std::size_t check_sight = 1024;

char lower(char c) noexcept { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; }

bool contains_word(std::string_view text, std::string_view word) {
    const auto found = std::search(text.begin(), text.end(), word.begin(), word.end(),
                                   [](char a, char b) { return lower(a) == lower(b); });
    return found != text.end();
}

bool has_context(const Rule& rule, std::string_view text, std::size_t begin, std::size_t end) {
    if (rule.context.empty()) return true;
    const std::size_t from = begin > rule.context_within ? begin - rule.context_within : 0;
    const std::size_t to = std::min(text.size(), end + rule.context_within);
    const std::string_view near = text.substr(from, to - from);
    return std::any_of(rule.context.begin(), rule.context.end(),
                       [&](const std::string& word) { return contains_word(near, word); });
}

// Random texts without one are rare, identifiers with one are.
bool has_digit(std::string_view secret) noexcept {
    return secret.size() >= digitless ||
           std::any_of(secret.begin(), secret.end(), [](char c) { return c >= '0' && c <= '9'; });
}

// "abcd1234efgh5678ijkl": typed in for a secret, but with a secret's length and its
// kinds of characters. Worth a line of low confidence, where "changeme" is not.
bool has_form_of_token(std::string_view secret, std::string_view placeholder) noexcept {
    constexpr std::size_t shortest = 12;
    const auto any = [secret](char first, char last) {
        return std::any_of(secret.begin(), secret.end(),
                           [=](char c) { return lower(c) >= first && lower(c) <= last; });
    };
    const bool typed = placeholder == "sequential characters" || placeholder == "repeated characters";
    return typed && secret.size() >= shortest && any('0', '9') && any('a', 'z');
}

void add_detail(Finding& finding, std::string_view detail) {
    if (!finding.evidence_detail.empty()) finding.evidence_detail += ", ";
    finding.evidence_detail += detail;
}

Confidence shifted(Confidence confidence, int shift) {
    const int value = std::clamp(static_cast<int>(confidence) + shift, 0, 2);
    return static_cast<Confidence>(value);
}

// The part of the secret that tells nothing: what the rule says, or the anchor
// that the secret begins with.
std::size_t public_prefix(const Rule& rule, std::string_view secret) {
    if (rule.public_prefix >= 0) return static_cast<std::size_t>(rule.public_prefix);
    for (const std::string& anchor : rule.anchors) {
        if (secret.size() > anchor.size() && contains_word(secret.substr(0, anchor.size()), anchor)) {
            return anchor.size();
        }
    }
    return 0;
}

struct Span {
    std::size_t begin = 0, end = 0;
};

// Where matches are looked for, and which of them belong to the anchor. A match
// belongs when it begins before `begins_before` and ends at or behind `ends_at`.
struct Sight {
    Span search;
    std::size_t begins_before = 0, ends_at = 0;
};

// Most places are told apart by a match's first bytes, and an attempt at one
// place fails within a few. A text made of beginnings would cost each of them a
// match's width: behind so many failed attempts one search takes over.
constexpr unsigned most_attempts = 16;

Sight sight_of(const Rule& rule, std::size_t size, std::size_t anchor_end) {
    Sight sight;
    if (rule.reach > 0) {
        const std::size_t near = rule.reach + widest_gate;
        const std::size_t back = near + rule.width;
        sight.search = {anchor_end > back ? anchor_end - back : 0,
                        std::min(size, anchor_end + rule.reach + rule.width)};
        sight.begins_before = anchor_end + rule.reach;
        sight.ends_at = anchor_end > near ? anchor_end - near : 0;
        return sight;
    }
    const std::size_t lead = rule.lead > 0 ? rule.lead : rule.width;
    sight.search = {anchor_end > lead ? anchor_end - lead : 0,
                    std::min(size, anchor_end + rule.width)};
    sight.begins_before = sight.ends_at = anchor_end;
    return sight;
}

using Groups = std::array<re2::StringPiece, most_groups + 1>;

// The group that is the secret; of several, the first that holds anything.
const re2::StringPiece& secret_of(const Groups& groups, int group, int last) {
    for (int one = group + 1; one <= last; ++one) {
        const re2::StringPiece& piece = groups[static_cast<std::size_t>(one)];
        if (!piece.empty()) return piece;
    }
    return groups[static_cast<std::size_t>(group)];
}

/// Whether the secret that a gate's last byte is in may have a digit, or be long enough to
/// need none: it goes no further than to white space, quotes and angle brackets, or to a
/// control byte, which makes it binary; but a vertical tab at its end would be trimmed.
bool may_hold_digit(std::string_view text, std::size_t gate_end) noexcept {
    const auto ends = [](char c) {
        return (c >= '\0' && c <= ' ' && c != '\v') || c == '"' || c == '\'' || c == '`' ||
               c == '<' || c == '>';
    };
    const auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
    std::size_t begin = gate_end, end = gate_end;
    for (; begin > 0 && gate_end - begin < digitless && !ends(text[begin - 1]); --begin) {
        if (is_digit(text[begin - 1])) return true;
    }
    for (; end < text.size() && end - begin < digitless && !ends(text[end]); ++end) {
        if (is_digit(text[end])) return true;
    }
    return end - begin >= digitless;
}

}  // namespace

void SecondLook::look(std::uint32_t number, std::string_view text, std::size_t anchor_end,
                      std::vector<Match>& matches, const Beside& beside) const {
    const CompiledRule& compiled = *rules_.rules()[number];
    const Rule& rule = compiled.rule();
    if (rule.digit && rule.gate_in_secret && !beside.thorough &&
        !may_hold_digit(text, anchor_end)) {
        return;
    }
    const Sight sight = sight_of(rule, text.size(), anchor_end);
    // One byte more on either side, for \b and the like.
    const std::size_t from = sight.search.begin > 0 ? sight.search.begin - 1 : 0;
    const std::size_t to = std::min(text.size(), sight.search.end + 1);
    const re2::StringPiece near(text.data() + from, to - from);
    Groups groups;

    const auto offset = [&](const re2::StringPiece& piece) {
        return static_cast<std::size_t>(piece.data() - text.data());
    };
    const Beginnings& beginnings = compiled.beginnings();
    unsigned failed = 0;
    bool candidates = false;
    std::size_t at = sight.search.begin;
    while (at < sight.begins_before && at < sight.search.end) {
        const bool attempt = failed < most_attempts;
        if (attempt && !beginnings.possible({text.data() + at, sight.search.end - at})) {
            ++at;
            continue;
        }
        // Whether there is a match costs a fraction of what its groups cost.
        const auto anchor = attempt ? re2::RE2::ANCHOR_START : re2::RE2::UNANCHORED;
        const auto matches_here = [&](re2::StringPiece* into, int count) {
            return compiled.pattern().Match(near, at - from, sight.search.end - from, anchor, into,
                                            count);
        };
        const int last_group = compiled.last_group();
        if (!matches_here(nullptr, 0) || !matches_here(groups.data(), last_group + 1)) {
            if (!attempt) break;
            ++failed;
            ++at;
            continue;
        }
        const std::size_t begin = offset(groups[0]);
        const std::size_t end = begin + groups[0].size();
        if (begin >= sight.begins_before) break;
        const re2::StringPiece& captured = secret_of(groups, compiled.secret_group(), last_group);
        const bool has_secret = captured.data() != nullptr && !captured.empty();
        const std::size_t secret_end =
            has_secret ? offset(captured) + captured.size() : std::max(end, begin + 1);
        if (has_secret && end >= sight.ends_at) {
            candidates = true;
            const Range secret{offset(captured), secret_end};
            const std::string_view why =
                judge(number, text, {begin, end}, secret, beside.path, matches);
            if (!why.empty() && beside.dropped != nullptr) {
                beside.dropped->push_back({number, begin, end, secret.begin, secret.end, why});
            }
        }
        at = std::max(secret_end, begin + 1);
    }
    if (beside.packed && rule.packed_least > 0 && !candidates) {
        look_packed(number, text, anchor_end, matches, beside);
    }
}

// What stands beside the token is left out of sight, so that boundaries hold. Of which
// length it is must be clear from its own bytes.
void SecondLook::look_packed(std::uint32_t number, std::string_view text, std::size_t anchor_end,
                             std::vector<Match>& matches, const Beside& beside) const {
    const CompiledRule& compiled = *rules_.rules()[number];
    const Rule& rule = compiled.rule();
    const Sight sight = sight_of(rule, text.size(), anchor_end);
    Groups groups;
    for (std::size_t at = sight.search.begin; at < sight.begins_before; ++at) {
        if (!compiled.beginnings().possible({text.data() + at, sight.search.end - at})) continue;
        std::size_t length = 0, lengths = 0;
        const std::size_t most = std::min<std::size_t>(rule.packed_most, text.size() - at);
        for (std::size_t size = rule.packed_least; size <= most && lengths < 2; ++size) {
            const bool whole =
                compiled.pattern().Match({text.data() + at, size}, 0, size, re2::RE2::ANCHOR_BOTH,
                                         groups.data(), compiled.last_group() + 1) &&
                secret_of(groups, compiled.secret_group(), compiled.last_group()).size() == size;
            if (!whole) continue;
            length = size;
            ++lengths;
        }
        if (lengths != 1 || at + length < sight.ends_at) continue;
        const Range token{at, at + length};
        const std::string_view why = judge_packed(number, text, token, beside.path, matches);
        if (!why.empty() && beside.dropped != nullptr) {
            beside.dropped->push_back({number, token.begin, token.end, token.begin, token.end, why});
        }
        return;
    }
}

// Words in a row, and names in a program's table of symbols, may begin as a token does.
std::string_view SecondLook::judge_packed(std::uint32_t number, std::string_view text, Range token,
                                          std::string_view path,
                                          std::vector<Match>& matches) const {
    const std::string_view behind_prefix =
        text.substr(token.begin, token.end - token.begin).substr(packed_prefix);
    if (behind_prefix.find_first_of("0123456789") == behind_prefix.npos) {
        return dropped::unlikely;
    }
    const std::size_t before = matches.size();
    const std::string_view why = judge(number, text, token, token, path, matches);
    if (matches.size() == before) return why;
    Finding& finding = matches.back().finding;
    if (finding.evidence == Evidence::bad_checksum) {
        matches.pop_back();
        return dropped::unlikely;
    }
    if (finding.evidence == Evidence::pattern || finding.evidence == Evidence::well_formed) {
        finding.confidence = shifted(finding.confidence, -1);
        add_detail(finding, "nothing parts it from what stands beside it");
    }
    return why;
}

// The name may belong to what stands beside the token: it is not as sure as one in the token's
// own name.
bool SecondLook::judge_in_section(std::string_view text, Range match, Range secret,
                                  std::string_view path, std::vector<Match>& matches) const {
    const auto section = rules_.section_of(text, secret.begin, secret.end);
    if (!section) return false;
    const std::size_t before = matches.size();
    const std::string_view why = judge(section->rule, text, match, secret, path, matches);
    if (!why.empty() || matches.size() == before) return false;
    Finding& finding = matches.back().finding;
    finding.confidence = std::min(finding.confidence, Confidence::medium);
    add_detail(finding, "stands under the name " + std::string(section->name));
    return true;
}

Finding SecondLook::candidate(const Dropped& one, std::string_view text) const {
    const Rule& rule = rules_.rules()[one.rule]->rule();
    const std::string_view secret = text.substr(one.begin, one.end - one.begin);
    Finding shown;
    shown.rule = rule.id;
    shown.title = rule.title;
    shown.length = secret.size();
    shown.redacted = identity::redact(secret, 0);
    if (show_secrets_) shown.clear_text = std::string(secret);
    return shown;
}

std::string_view SecondLook::judge(std::uint32_t number, std::string_view text, Range match,
                                   Range secret_at, std::string_view path,
                                   std::vector<Match>& matches) const {
    const CompiledRule& compiled = *rules_.rules()[number];
    const Rule& rule = compiled.rule();
    std::string_view secret = text.substr(secret_at.begin, secret_at.end - secret_at.begin);
    // First, for most of these no scan comes to look at, and reasons are to agree.
    if (rule.digit && !has_digit(secret)) return dropped::no_digit;
    // Filler where a form leaves no doubt what is meant is an example; elsewhere it
    // is nothing.
    const bool dull = rule.entropy > 0 && evidence::entropy(secret) < rule.entropy;
    if (dull && (compiled.is_generic() || rule.confidence < Confidence::high)) {
        return dropped::low_entropy;
    }
    if (!has_context(rule, text, match.begin, match.end)) return dropped::no_context;
    if (compiled.allowed_by(secret) != nullptr) {
        const std::string_view why = evidence::allowed_reason(secret);
        return why.empty() ? dropped::allowed : why;
    }
    if (!compiled.looks_at(path)) return dropped::other_path;
    if (!rule.allowlists.empty() &&
        compiled.allowed_by({text, match.begin, match.end, secret, path}) != nullptr) {
        return dropped::allow_list;
    }

    evidence::Output proof;
    if (compiled.check() != nullptr) {
        const std::size_t from = match.begin > check_sight ? match.begin - check_sight : 0;
        // Of what is wider than its pattern says, the check sees the rule's width.
        const std::size_t to =
            std::min(text.size(), std::max(match.end + check_sight, match.begin + rule.width));
        proof = compiled.check()({secret, text.substr(match.begin, match.end - match.begin),
                                  text.substr(from, to - from)});
        if (!proof.drop_reason.empty()) return proof.drop_reason;
        if (proof.certificate) {
            matches.push_back({number, match.begin, match.end, {}, std::move(proof.certificate), 0});
            return {};
        }
    }
    if (!proof.decoded.empty()) secret = proof.decoded;
    const std::size_t prefix = public_prefix(rule, secret);
    std::string_view placeholder =
        evidence::placeholder_reason(secret.substr(std::min(prefix, secret.size() - 1)));
    if (placeholder.empty() && dull) placeholder = "few different characters";
    if (placeholder.empty() && evidence::is_published_example(secret)) {
        placeholder = "published example";
    }
    if (!placeholder.empty()) {
        if (compiled.is_generic() && !has_form_of_token(secret, placeholder)) return placeholder;
        if (proof.level == Evidence::pattern || proof.level == Evidence::bad_checksum) {
            proof.level = Evidence::known_example;
            proof.detail = placeholder == "published example" ? placeholder : "placeholder";
        }
    }

    if (compiled.is_generic() && proof.decoded.empty() &&
        judge_in_section(text, match, secret_at, path, matches)) {
        return {};
    }

    Match found;
    found.rule = number;
    found.begin = secret_at.begin;
    found.end = secret_at.end;
    Finding& finding = found.finding;
    finding.rule = rule.id;
    finding.title = rule.title;
    finding.severity = rule.severity;
    finding.confidence = shifted(rule.confidence, proof.confidence_shift);
    finding.evidence = proof.level;
    finding.evidence_detail = proof.detail;
    finding.public_fingerprint = proof.public_fingerprint;
    if (proof.level == Evidence::known_example) {
        finding.confidence = Confidence::low;
        finding.severity = Severity::low;
    }
    finding.public_key_sha256 = proof.spki_sha256;
    finding.length = secret_at.end - secret_at.begin;
    if (!proof.decoded.empty()) finding.inner_path.emplace_back("base64");
    finding.redacted = identity::redact(secret, prefix);
    finding.secret_id = key_.name(secret);
    if (show_secrets_) finding.clear_text = std::string(secret);
    if (!proof.user.empty()) {
        finding.identifier = Identifier{"user", proof.user, key_.name(proof.user)};
        found.identifier = secret_at.end;
    } else if (!rule.identifier.empty()) {
        const auto at =
            evidence::find_identifier(rule.identifier, text, secret_at.begin, secret_at.end);
        if (at) {
            const std::string_view value = text.substr(at->begin, at->end - at->begin);
            finding.identifier = Identifier{rule.identifier, std::string(value), key_.name(value)};
            found.identifier = at->begin;
        }
    }
    matches.push_back(std::move(found));
    return {};
}

}  // namespace stratascan::match
