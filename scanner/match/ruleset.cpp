#include "scanner/match/ruleset.hpp"

#include <fmt/format.h>
#include <openssl/sha.h>

#include <algorithm>
#include <array>
#include <map>
#include <set>

#include "scanner/layer/window.hpp"
#include "scanner/evidence/identifier.hpp"
#include "scanner/match/anchors.hpp"
#include "scanner/match/database.hpp"
#include "scanner/match/pack.hpp"
#include "scanner/match/packed_token.hpp"
#include "scanner/match/regex_tree.hpp"
#include "scanner/match/rule_limits.hpp"

namespace stratascan::match {

namespace {

Error about(const Rule& rule, const Error& error) {
    Error told = error;
    told.what = fmt::format("rule \"{}\": {}", rule.id, error.what);
    told.where = fmt::format("{}:{}", rule.file, rule.line);
    return told;
}

std::string sha256_hex(std::string_view bytes) {
    std::array<unsigned char, SHA256_DIGEST_LENGTH> digest{};
    SHA256(reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size(), digest.data());
    std::string text;
    for (const unsigned char byte : digest) text += fmt::format("{:02x}", byte);
    return text;
}

// `size` counts the instructions of all of them.
Result<void> check_regexes(const Rule& rule, std::uint64_t& size) {
    const re2::RE2 pattern(rule.pattern, regex_options());
    if (!pattern.ok()) return fail(ErrorCode::invalid_argument, "`pattern`: " + pattern.error());
    const auto secret = pattern.NamedCapturingGroups().find("secret");
    if (secret != pattern.NamedCapturingGroups().end() && secret->second > most_groups) {
        return fail(ErrorCode::invalid_argument,
                    fmt::format("`secret` is group {}; {} may stand before it", secret->second,
                                most_groups - 1),
                    {}, "write (?:…) for groups without a name");
    }
    for (const std::string& text : rule.allow) {
        const re2::RE2 allow(text, regex_options());
        if (!allow.ok()) return fail(ErrorCode::invalid_argument, "`allow`: " + allow.error());
        size += instructions_of(allow);
        if (size > most_instructions) break;  // the whole is refused
    }
    for (const AllowList& list : rule.allowlists) {
        if (auto sound = check_allow_list(list, size); !sound) return sound;
    }
    const re2::RE2 path(rule.path, regex_options());
    if (!path.ok()) return fail(ErrorCode::invalid_argument, "`path`: " + path.error());
    size += instructions_of(pattern) + instructions_of(path);
    if (rule.first_group && pattern.NumberOfCapturingGroups() > most_groups) {
        return fail(ErrorCode::invalid_argument,
                    fmt::format("the pattern has more than {} groups", most_groups), {},
                    "write (?:…) for groups that hold no secret");
    }
    for (const std::string& name : rule.section) {
        if (!is_section_name(name)) {
            return fail(ErrorCode::invalid_argument, "`section`: \"" + name + "\" is no name", {},
                        "write 3 to 32 small letters and digits");
        }
    }
    if (!rule.section.empty()) {
        const re2::RE2 form(secret_form(rule.pattern), regex_options());
        if (secret == pattern.NamedCapturingGroups().end() || !form.ok()) {
            return fail(ErrorCode::invalid_argument,
                        "`section`: the pattern has no group `secret` that stands for itself");
        }
        size += instructions_of(form);
    }
    if (!rule.identifier.empty() && !evidence::is_identifier_kind(rule.identifier)) {
        return fail(ErrorCode::invalid_argument,
                    "there is no kind of identifier `" + rule.identifier + "`");
    }
    if (!rule.check.empty() && evidence::find_check(rule.check) == nullptr) {
        return fail(ErrorCode::invalid_argument, "there is no check `" + rule.check + "`");
    }
    return {};
}

Result<void> complete_width(Rule& rule, const RegexNode& tree) {
    if (rule.width == 0) {
        const auto width = widest(tree);
        if (width && *width == 0) {
            return fail(ErrorCode::invalid_argument, "a match has no bytes");
        }
        if (!width || *width > layer::margin) {
            return fail(ErrorCode::invalid_argument, "a match may be of any length", {},
                        "bound its repeats or state `width`");
        }
        rule.width = static_cast<std::uint32_t>(*width);
    }
    std::size_t around = std::max<std::size_t>(std::size_t{2} * rule.reach, rule.context_within);
    if (std::any_of(rule.allowlists.begin(), rule.allowlists.end(), [](const AllowList& list) {
            return list.target == AllowList::Target::line;
        })) {
        around = std::max<std::size_t>(around, rule.reach + line_sight);
    }
    if (rule.width + around + widest_gate > layer::margin) {
        return fail(ErrorCode::invalid_argument,
                    fmt::format("a match may have {} bytes; {} is the most", rule.width,
                                layer::margin - widest_gate - around));
    }
    return {};
}

Result<void> check_gate(const Rule& rule) {
    const re2::RE2 gate(rule.gate, regex_options());
    if (!gate.ok()) return fail(ErrorCode::invalid_argument, "`gate`: " + gate.error());
    const auto width = gate_width(rule.gate);
    if (!width) {
        Error told = width.error();
        told.what = "`gate`: " + told.what;
        return std::unexpected(std::move(told));
    }
    if (*width > widest_gate) {
        return fail(ErrorCode::invalid_argument,
                    fmt::format("`gate` may match {} bytes, more than {}", *width, widest_gate));
    }
    return {};
}

// What the engine looks for on the rule's behalf.
Result<void> complete_anchors(Rule& rule, const RegexNode& tree) {
    if (!rule.gate.empty()) return check_gate(rule);
    if (rule.anchors.empty()) {
        auto derived = derive_anchors(rule.pattern);
        if (!derived) return std::unexpected(derived.error());
        rule.anchors = std::move(derived->literals);
        rule.nocase = derived->nocase;
    }
    for (const std::string& anchor : rule.anchors) {
        if (anchor.size() < shortest_anchor || anchor.size() > widest_gate) {
            return fail(ErrorCode::invalid_argument,
                        fmt::format("anchor \"{}\" must have {} to {} bytes", anchor,
                                    shortest_anchor, widest_gate));
        }
    }
    if (rule.reach > 0) return {};
    if (const auto lead = anchor_within(tree, rule.anchors, rule.nocase, rule.width)) {
        rule.lead = static_cast<std::uint32_t>(*lead);
        return {};
    }
    // A match without any of the anchors may be possible. What is narrow enough is
    // looked for as a whole, and then nothing is left to prove.
    rule.gate = rule.pattern;
    if (rule.gate.size() <= longest_gate && check_gate(rule)) {
        rule.anchors.clear();
        return {};
    }
    return fail(ErrorCode::invalid_argument,
                "a match without any of the anchors is possible: it would be missed", {},
                "name more anchors, or write a `gate`");
}

// Numbers expressions, so that rules and programs that want the same share one.
class Numbering {
public:
    explicit Numbering(std::vector<Expression>& expressions) : expressions_(expressions) {}

    Expression& literal(const std::string& bytes, bool nocase) {
        return numbered({bytes, nocase}, [&](Expression& expression) {
            expression.literal = bytes;
            expression.nocase = nocase;
        });
    }
    Expression& gate(const std::string& text) {
        return numbered({"\1gate " + text, false},
                        [&](Expression& expression) { expression.gate = text; });
    }

private:
    template <typename Fill>
    Expression& numbered(const std::pair<std::string, bool>& key, Fill fill) {
        const auto [found, fresh] = numbers_.try_emplace(key, expressions_.size());
        if (fresh) fill(expressions_.emplace_back());
        return expressions_[found->second];
    }

    std::vector<Expression>& expressions_;
    std::map<std::pair<std::string, bool>, std::size_t> numbers_;
};

}  // namespace

CompiledRule::CompiledRule(Rule rule, std::shared_ptr<RegexPool> conditions)
    : rule_(std::move(rule)), conditions_(std::move(conditions)), check_(evidence::find_check(rule_.check)),
      generic_(rule_.id.starts_with("generic-")) {}

void CompiledRule::compile_pattern() const {
    std::call_once(pattern_once_, [this] {
        pattern_ = std::make_unique<re2::RE2>(rule_.pattern, regex_options());
        const auto& groups = pattern_->NamedCapturingGroups();
        const auto secret = groups.find("secret");
        secret_group_ = secret == groups.end() ? 0 : secret->second;
        last_group_ = rule_.first_group ? pattern_->NumberOfCapturingGroups() : secret_group_;
    });
}

void CompiledRule::compile_conditions() const {
    std::call_once(conditions_once_, [this] {
        for (const std::string& text : rule_.allow) allow_.push_back(&conditions_->get(text));
        for (const AllowList& list : rule_.allowlists) allow_lists_.emplace_back(list);
        if (!rule_.path.empty()) path_ = std::make_unique<re2::RE2>(rule_.path, regex_options());
    });
}

const re2::RE2& CompiledRule::pattern() const {
    compile_pattern();
    return *pattern_;
}

const Beginnings& CompiledRule::beginnings() const {
    std::call_once(beginnings_once_, [this] { beginnings_ = Beginnings::read(rule_.beginnings); });
    return beginnings_;
}

int CompiledRule::secret_group() const {
    compile_pattern();
    return secret_group_;
}

int CompiledRule::last_group() const {
    compile_pattern();
    return last_group_;
}

bool CompiledRule::has_form(std::string_view secret) const {
    std::call_once(form_once_, [this] {
        form_ = std::make_unique<re2::RE2>(secret_form(rule_.pattern), regex_options());
    });
    return re2::RE2::FullMatch({secret.data(), secret.size()}, *form_);
}

const re2::RE2* CompiledRule::allowed_by(std::string_view secret) const {
    compile_conditions();
    const re2::StringPiece text(secret.data(), secret.size());
    const auto found = std::find_if(allow_.begin(), allow_.end(), [&](const auto& allow) {
        return re2::RE2::PartialMatch(text, *allow);
    });
    return found == allow_.end() ? nullptr : *found;
}

const AllowList* CompiledRule::allowed_by(const Candidate& candidate) const {
    compile_conditions();
    const auto found = std::find_if(allow_lists_.begin(), allow_lists_.end(),
                                    [&](const auto& list) { return list.holds(candidate); });
    return found == allow_lists_.end() ? nullptr : &found->list();
}

bool CompiledRule::looks_at(std::string_view path) const {
    if (rule_.path.empty()) return true;
    compile_conditions();
    return !path.empty() && matches_path(*path_, path);
}

Result<Rule> complete_rule(Rule rule, std::uint64_t* instructions) {
    if (const auto sized = check_size(rule); !sized) {
        return std::unexpected(about(rule, sized.error()));
    }
    const auto tree = parse_regex(rule.pattern);
    if (!tree) return std::unexpected(about(rule, tree.error()));
    std::uint64_t size = 0;
    Result<void> done = check_regexes(rule, size);
    if (instructions != nullptr) *instructions += size;
    if (done && size > most_instructions) done = RuleSizes().add(rule, size);
    if (done) done = complete_width(rule, *tree);
    if (done) done = complete_anchors(rule, *tree);
    if (!done) return std::unexpected(about(rule, done.error()));
    rule.beginnings = Beginnings(*tree).bytes();
    if (const auto packed = packed_token(*tree);
        packed && rule.reach == 0 && rule.context.empty() && !rule.first_group) {
        rule.packed_least = packed->least;
        rule.packed_most = packed->most;
    }
    return rule;
}

Result<std::vector<Rule>> complete_rules(std::vector<Rule> rules) {
    RuleSizes sizes;
    for (Rule& rule : rules) {
        std::uint64_t instructions = 0;
        auto complete = complete_rule(std::move(rule), &instructions);
        if (!complete) return std::unexpected(complete.error());
        rule = std::move(*complete);
        if (const auto sized = sizes.add(rule, instructions); !sized) {
            return std::unexpected(about(rule, sized.error()));
        }
    }
    return rules;
}

namespace {

// A rule that is not there, because a user left it out, pairs with nothing.
std::shared_ptr<const PairRules> pair_rules(
    const std::vector<std::unique_ptr<CompiledRule>>& rules) {
    auto pairs = std::make_shared<PairRules>();
    std::map<std::string_view, std::uint32_t> numbers;
    for (std::uint32_t i = 0; i < rules.size(); ++i) numbers.emplace(rules[i]->rule().id, i);
    for (std::uint32_t i = 0; i < rules.size(); ++i) {
        PairRule pair;
        pair.within = rules[i]->rule().pair_within;
        for (const std::string& id : rules[i]->rule().pairs_with) {
            const auto found = numbers.find(id);
            if (found != numbers.end()) pair.ids.push_back(found->second);
        }
        std::sort(pair.ids.begin(), pair.ids.end());
        if (!pair.ids.empty()) pairs->emplace(i, std::move(pair));
    }
    return pairs;
}

}  // namespace

Result<std::shared_ptr<const RuleSet>> RuleSet::build(RuleFile file) {
    auto complete = complete_rules(std::move(file.rules));
    if (!complete) return std::unexpected(complete.error());
    file.rules = std::move(*complete);
    return assemble(std::move(file));
}

Result<std::shared_ptr<const RuleSet>> RuleSet::assemble(RuleFile file, bool trusted) {
    auto set = std::make_shared<RuleSet>();
    set->hash_ = sha256_hex(write_rules(file));
    Numbering numbering(set->expressions_);
    std::set<std::string> ids;
    const auto conditions = std::make_shared<RegexPool>(regex_options());
    for (Rule& rule : file.rules) {
        if (!ids.insert(rule.id).second) {
            return std::unexpected(about(
                rule, Error{ErrorCode::invalid_argument, "the id stands twice", {}, {}}));
        }
        const auto number = static_cast<std::uint32_t>(set->rules_.size());
        if (!rule.gate.empty()) {
            numbering.gate(rule.gate).rules.push_back(number);
        } else {
            for (const std::string& anchor : rule.anchors) {
                numbering.literal(anchor, rule.nocase).rules.push_back(number);
            }
        }
        for (const std::string& name : rule.section) set->sections_.add(name, number);
        set->rules_.push_back(std::make_unique<CompiledRule>(std::move(rule), conditions));
    }
    set->pairs_ = pair_rules(set->rules_);
    auto programs = program::ProgramSet::build(std::move(file.programs), trusted);
    if (!programs) return std::unexpected(programs.error());
    set->programs_ = std::move(*programs);
    std::uint32_t literal = 0;
    for (const std::string& bytes : set->programs_->literals()) {
        numbering.literal(bytes, false).programs.push_back(literal++);
    }
    return set;
}

std::optional<Section> RuleSet::section_of(std::string_view text, std::size_t begin,
                                           std::size_t end) const {
    const std::string_view secret = text.substr(begin, end - begin);
    return sections_.find(text, begin, end,
                          [&](std::uint32_t rule) { return rules_[rule]->has_form(secret); });
}

}  // namespace stratascan::match
