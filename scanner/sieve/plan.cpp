#include "scanner/sieve/plan.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <map>
#include <tuple>

#include "scanner/layer/window.hpp"
#include "scanner/match/database.hpp"
#include "scanner/match/wire.hpp"
#include "scanner/sieve/buckets.hpp"
#include "scanner/sieve/follow.hpp"
#include "scanner/sieve/required.hpp"

namespace stratascan::sieve {

namespace {

using match::Expression;
using match::RegexNode;
using States = match::Automaton::States;

// Rules' matches are no wider than a window's margin.
constexpr std::uint64_t widest_range = layer::margin;
constexpr std::string_view magic = "stratascan sieve 5\n";

std::bitset<256> token_bytes() {
    std::bitset<256> bytes;
    for (unsigned byte = 0; byte < 256; ++byte) {
        bytes[byte] = is_token_byte(static_cast<unsigned char>(byte));
    }
    return bytes;
}

bool prints(char byte) noexcept { return byte >= 0x20 && byte < 0x7f; }

std::uint32_t key_of(std::string_view text) {
    std::uint32_t bytes = 0;
    std::memcpy(&bytes, text.data(), sizeof bytes);
    return folded(bytes);
}

class Planner {
public:
    explicit Planner(const match::RuleSet& rules) : rules_(rules) {}

    // What has the same rules in another plan keeps its needles.
    void take_over(const match::RuleSet& rules, const Plan& plan) {
        plan_.texts = plan.texts;
        plan_.follows = plan.follows;
        std::map<std::uint32_t, std::vector<const Needle*>> needles;
        for (const Needle& needle : plan.needles) needles[needle.expression].push_back(&needle);
        std::map<std::tuple<std::string, std::string, bool>, std::uint32_t> numbers;
        for (std::uint32_t i = 0; i < rules.expressions().size(); ++i) {
            numbers.emplace(name_of(rules.expressions()[i]), i);
        }
        taken_over_.resize(rules_.expressions().size());
        for (std::uint32_t i = 0; i < rules_.expressions().size(); ++i) {
            const auto known = numbers.find(name_of(rules_.expressions()[i]));
            if (known == numbers.end() || !same_rules(rules, known->second, i)) continue;
            taken_over_[i] = true;
            for (const Needle* needle : needles[known->second]) {
                plan_.needles.push_back(*needle);
                plan_.needles.back().expression = i;
            }
        }
    }

    Result<Plan> make() {
        const std::size_t placed = plan_.needles.size();
        taken_over_.resize(rules_.expressions().size());
        for (number_ = 0; number_ < rules_.expressions().size(); ++number_) {
            if (taken_over_[number_]) continue;
            if (auto done = add(rules_.expressions()[number_]); !done) {
                return std::unexpected(done.error());
            }
        }
        assign_buckets(plan_, placed);
        fill_tables(plan_);
        for (Needle& needle : plan_.needles) {
            needle.key = key_of(plan_.text(needle).substr(needle.key_at));
        }
        std::sort(plan_.needles.begin(), plan_.needles.end(),
                  [](const Needle& a, const Needle& b) {
                      return std::tie(a.key, a.expression, a.text) <
                             std::tie(b.key, b.expression, b.text);
                  });
        return std::move(plan_);
    }

private:
    struct Pattern {
        RegexNode whole, open;  // with and without what must end with the text
    };
    // States behind a string, in automata without and with what must end the text.
    struct Behind {
        States open, whole;
    };
    struct Strings {
        Pattern pattern;
        std::vector<Required> required;
        const match::Rule* rule;
    };

    static std::tuple<std::string, std::string, bool> name_of(const Expression& expression) {
        return {expression.literal, expression.gate, expression.nocase};
    }

    [[nodiscard]] bool same_rules(const match::RuleSet& rules, std::uint32_t theirs,
                                  std::uint32_t ours) const {
        // A file may replace a rule by another one of the same name.
        const auto same = [](const match::Rule& a, const match::Rule& b) {
            return std::tie(a.id, a.pattern, a.anchors, a.gate, a.reach, a.width, a.lead, a.digit,
                            a.first_group) == std::tie(b.id, b.pattern, b.anchors, b.gate, b.reach,
                                                       b.width, b.lead, b.digit, b.first_group);
        };
        return std::ranges::equal(rules.expressions()[theirs].rules,
                                  rules_.expressions()[ours].rules,
                                  [&](std::uint32_t a, std::uint32_t b) {
                                      return same(rules.rules()[a]->rule(),
                                                  rules_.rules()[b]->rule());
                                  }) &&
               rules.expressions()[theirs].programs.empty() ==
                   rules_.expressions()[ours].programs.empty();
    }

    Result<void> add(const Expression& expression) {
        if (!expression.gate.empty()) return add_gate(expression);
        if (!expression.programs.empty()) add_program(expression);
        if (!expression.rules.empty()) return add_literal(expression);
        return {};
    }

    void add_program(const Expression& expression) {
        const std::string& text = expression.literal;
        std::size_t at = rarest_key(text);
        const auto printing = [&](std::size_t from) {
            return text.size() - from >= print_bytes &&
                   std::all_of(text.begin() + static_cast<std::ptrdiff_t>(from),
                               text.begin() + static_cast<std::ptrdiff_t>(from + print_bytes),
                               prints);
        };
        for (std::size_t i = 0; !printing(at) && i + print_bytes <= text.size(); ++i) {
            if (printing(i)) at = i;
        }
        Needle needle = needle_of(text, at, expression.nocase, 0, text.size());
        needle.group = printing(at) ? Group::program : Group::plain;
        needle.program = 1;
        plan_.needles.push_back(needle);
    }

    // Every rule that the literal stands for says what follows it; it is enough
    // that one of them may.
    Result<void> add_literal(const Expression& expression) {
        Patterns open, whole;
        Behind behind;
        bool anything = false;
        Near nearest = {true, true};
        for (const std::uint32_t number : expression.rules) {
            const match::Rule& rule = rules_.rules()[number]->rule();
            anything = anything || rule.reach > 0;
            if (anything) break;
            const auto pattern = parse(rule);
            if (!pattern) return std::unexpected(pattern.error());
            const auto first_open = open.add(pattern->open, rule.anchors, rule.nocase);
            const auto first_whole = whole.add(pattern->whole, rule.anchors, rule.nocase);
            if (!first_open || !first_whole) return unprovable(rule.id);
            const auto at = std::find(rule.anchors.begin(), rule.anchors.end(), expression.literal);
            const auto index = static_cast<std::size_t>(at - rule.anchors.begin());
            join(behind.open, (*first_open)[index]);
            join(behind.whole, (*first_whole)[index]);
            // What tells one rule's matches need not tell another's.
            const Near near = nearness(rule, pattern->whole, rule.anchors, rule.nocase,
                                       rule.lead > 0 ? rule.lead : rule.width);
            nearest.digit = nearest.digit && near.digit;
            nearest.run = nearest.run && near.run;
        }
        std::string text = expression.literal;
        if (expression.nocase) std::transform(text.begin(), text.end(), text.begin(), lower);
        // An anchor that is never the first of a match's need not be looked for.
        if (!anything && behind.whole.empty()) return {};
        behind.open = open.automaton().closed(std::move(behind.open));
        behind.whole = whole.automaton().closed(std::move(behind.whole));
        add_needle(text, expression.nocase, 0, text.size(),
                   anything ? Group::plain : group_of(nearest),
                   anything ? nullptr : &behind, open, whole);
        return {};
    }

    // Strings of the patterns that the gate stands for; where that costs much more
    // than the gate's own, these.
    Result<void> add_gate(const Expression& expression) {
        auto gate = parse(expression.gate);
        if (!gate) return std::unexpected(gate.error());
        auto of_gate = required_strings(gate->whole);
        double cost_of_rules = 0;
        bool near = true;  // something telling stands near each rule's strings
        std::vector<Strings> of_rules;
        for (const std::uint32_t number : expression.rules) {
            const match::Rule& rule = rules_.rules()[number]->rule();
            auto pattern = parse(rule);
            if (!pattern) return std::unexpected(pattern.error());
            auto strings = required_strings(pattern->whole);
            if (!strings) break;
            cost_of_rules += cost(*strings);
            of_rules.push_back({std::move(*pattern), std::move(*strings), &rule});
            near = near && group_of(nearness(of_rules.back())) != Group::plain;
        }
        if (of_rules.size() == expression.rules.size() &&
            (!of_gate || cost_of_rules < (near ? 10 : 3) * cost(*of_gate))) {
            for (const Strings& one : of_rules) {
                // The gate ends inside the match, but may begin before it.
                const std::uint64_t width = match::widest(gate->whole).value_or(match::widest_gate);
                if (auto done = add_strings(one, width); !done) return done;
            }
            return {};
        }
        if (!of_gate) {
            return fail(ErrorCode::invalid_argument,
                        "no few strings are required by the gate " + expression.gate);
        }
        return add_strings({std::move(*gate), std::move(*of_gate), nullptr}, 0);
    }

    // `strings` are of a rule's pattern, or of a gate.
    Result<void> add_strings(const Strings& strings, std::uint64_t more_before) {
        std::vector<std::string> texts;
        texts.reserve(strings.required.size());
        for (const Required& string : strings.required) texts.push_back(string.text);
        Patterns open, whole;
        const bool nocase = strings.required.front().nocase;
        const auto first_open = open.add(strings.pattern.open, texts, nocase);
        const auto first_whole = whole.add(strings.pattern.whole, texts, nocase);
        const match::Rule* const rule = strings.rule;
        if (!first_open || !first_whole) {
            return unprovable(rule != nullptr ? rule->id : "a gate");
        }
        const Group nearest =
            rule == nullptr ? Group::plain : group_of(nearness(strings));
        for (std::size_t i = 0; i < texts.size(); ++i) {
            const Behind behind = {(*first_open)[i], (*first_whole)[i]};
            if (behind.whole.empty()) continue;
            const Required& string = strings.required[i];
            const std::uint64_t width = rule != nullptr ? rule->width : match::widest_gate;
            add_needle(string.text, nocase, std::min(string.before, width) + more_before,
                       std::min(string.behind, width), nearest, &behind, open, whole);
        }
        return {};
    }

    // What stands near the first of a pattern's strings in every match.
    struct Near {
        bool digit = false;  ///< a telling digit
        bool run = false;    ///< the middle of a long run
    };

    static Group group_of(Near near) {
        return near.digit ? Group::digit : near.run ? Group::near : Group::plain;
    }

    static Near nearness(const Strings& strings) {
        std::uint64_t lead = 0;
        std::vector<std::string> texts;
        for (const Required& string : strings.required) {
            lead = std::max(lead, string.before + string.text.size());
            texts.push_back(string.text);
        }
        return nearness(*strings.rule, strings.pattern.whole, texts,
                        strings.required.front().nocase, lead);
    }

    // What stands near the first of the strings in every match of the rule. That
    // string ends at most `lead` bytes behind the match's beginning.
    static Near nearness(const match::Rule& rule, const RegexNode& tree,
                         const std::vector<std::string>& strings, bool nocase,
                         std::uint64_t lead) {
        const Telling telling = telling_places(tree, rule.digit);
        const bool early = lead <= near_behind_bytes;
        const auto within = [](std::optional<std::uint64_t> distance) {
            return distance && *distance <= near_bytes;
        };
        const bool in_front = early || proved(before_secret(tree), strings, nocase);
        return {within(telling.digit) && in_front,
                (within(telling.run) && in_front) || (within(telling.run_anywhere) && early)};
    }

    // Whether every text of the tree has one of the strings.
    static bool proved(const RegexNode& tree, const std::vector<std::string>& strings,
                       bool nocase) {
        return Patterns().add(tree, strings, nocase).has_value();
    }

    // In some files nothing need part a token from what stands behind it.
    static Result<Pattern> parse(const match::Rule& rule) {
        if (rule.packed_least == 0) return parse(rule.pattern);
        const auto tree = match::parse_regex(rule.pattern);
        if (!tree) return std::unexpected(tree.error());
        const RegexNode* const token = match::secret_of(*tree);
        return Pattern{*token, *token};
    }

    static Result<Pattern> parse(const std::string& text) {
        auto whole = match::parse_regex(text);
        if (!whole) return std::unexpected(whole.error());
        auto open = match::parse_regex(text, match::EndOfText::never);
        if (!open) return std::unexpected(open.error());
        return Pattern{std::move(*whole), std::move(*open)};
    }

    static void join(States& states, const States& more) {
        states.insert(states.end(), more.begin(), more.end());
    }

    static std::unexpected<Error> unprovable(const std::string& what) {
        return fail(ErrorCode::invalid_argument, "the sieve might miss a match of " + what);
    }

    // `extent`: bytes of a match from the needle's beginning on. `behind` is nullptr
    // where anything may stand.
    void add_needle(const std::string& text, bool nocase, std::uint64_t before,
                    std::uint64_t extent, Group nearest, const Behind* behind,
                    const Patterns& open, const Patterns& whole) {
        static const std::bitset<256> tokens = token_bytes();
        Needle needle = needle_of(text, rarest_key(text), nocase, before, extent);
        std::size_t run = 0;
        while (needle.key_at + run < text.size() &&
               is_token_byte(static_cast<unsigned char>(text[needle.key_at + run]))) {
            ++run;
        }
        if (behind != nullptr) {
            needle.tail_run = static_cast<std::uint8_t>(whole.run_of(behind->whole, tokens));
            if (needle.key_at + run == text.size()) run += needle.tail_run;
            needle.certain = static_cast<std::uint8_t>(
                whole.run_of(behind->whole, std::bitset<256>().set()));
            if (const auto follow = Follow::from(open, behind->open)) {
                needle.follow = place_of(follow->form());
            }
        }
        needle.group = run >= long_run_bytes ? Group::long_run : nearest;
        plan_.needles.push_back(needle);
    }

    Needle needle_of(const std::string& text, std::size_t key_at, bool nocase,
                     std::uint64_t before, std::uint64_t behind) {
        Needle needle;
        needle.text = static_cast<std::uint32_t>(plan_.texts.size());
        plan_.texts += text;
        needle.expression = number_;
        needle.size = static_cast<std::uint16_t>(text.size());
        needle.key_at = static_cast<std::uint16_t>(key_at);
        needle.nocase = nocase ? 1 : 0;
        needle.before =
            static_cast<std::uint16_t>(std::min<std::uint64_t>(before, widest_range));
        needle.behind =
            static_cast<std::uint16_t>(std::min<std::uint64_t>(behind, widest_range));
        return needle;
    }

    std::uint32_t place_of(const std::vector<std::uint16_t>& form) {
        const auto [known, fresh] =
            places_.try_emplace(form, static_cast<std::uint32_t>(plan_.follows.size()));
        if (fresh) plan_.follows.append(form);
        return known->second;
    }

    const match::RuleSet& rules_;
    std::uint32_t number_ = 0;  // of the expression at hand
    std::vector<bool> taken_over_;
    Plan plan_;
    std::map<std::vector<std::uint16_t>, std::uint32_t> places_;
};

}  // namespace

Result<Plan> make_plan(const match::RuleSet& rules) { return Planner(rules).make(); }

Result<Plan> extend_plan(const match::RuleSet& known, const Plan& plan,
                         const match::RuleSet& rules) {
    Planner planner(rules);
    planner.take_over(known, plan);
    return planner.make();
}

// Numbers stand as this processor has them: a plan is made on the kind of machine
// that reads it, as the engine's databases are.
std::string write_plan(const Plan& plan) {
    match::WireWriter out;
    out.text(magic);
    out.text({reinterpret_cast<const char*>(plan.needles.data()),
              plan.needles.size() * sizeof(Needle)});
    // What comes next is read where it stands, if that is an even place.
    const bool odd = (out.bytes().size() + plan.texts.size()) % 2 != 0;
    out.text(odd ? plan.texts + '\0' : plan.texts);
    out.text({reinterpret_cast<const char*>(plan.follows.data()),
              plan.follows.size() * sizeof(std::uint16_t)});
    out.text({reinterpret_cast<const char*>(&plan.bytes), sizeof plan.bytes});
    return out.bytes();
}

Result<Plan> read_plan(std::string_view bytes) {
    match::WireReader in(bytes);
    const bool known = in.view() == magic;
    const std::string_view needles = in.view();
    Plan plan;
    plan.texts = in.text();
    const std::string_view follows = in.view();
    const std::string_view bytes_of_tables = in.view();
    if (!known || !in.ok() || needles.size() % sizeof(Needle) != 0 ||
        follows.size() % sizeof(std::uint16_t) != 0 ||
        bytes_of_tables.size() != sizeof plan.bytes) {
        return fail(ErrorCode::malformed, "the sieve's plan is damaged");
    }
    plan.needles.resize(needles.size() / sizeof(Needle));
    if (!needles.empty()) std::memcpy(plan.needles.data(), needles.data(), needles.size());
    const std::size_t numbers = follows.size() / sizeof(std::uint16_t);
    if (reinterpret_cast<std::uintptr_t>(follows.data()) % alignof(std::uint16_t) == 0) {
        plan.follows.borrow({reinterpret_cast<const std::uint16_t*>(follows.data()), numbers});
    } else {
        std::vector<std::uint16_t> copied(numbers);
        if (numbers > 0) std::memcpy(copied.data(), follows.data(), follows.size());
        plan.follows.append(copied);
    }
    std::memcpy(&plan.bytes, bytes_of_tables.data(), sizeof plan.bytes);
    return plan;
}

}  // namespace stratascan::sieve
