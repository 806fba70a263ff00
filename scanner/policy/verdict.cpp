#include "scanner/policy/verdict.hpp"

#include <fmt/format.h>
#include <openssl/sha.h>

#include <algorithm>
#include <array>

#include "scanner/policy/glob.hpp"

namespace stratascan::policy {

namespace {

/// Patterns of a policy; all share the work that they may take.
class Globs {
public:
    Globs(const std::vector<std::string>& patterns, GlobWork& work)
        : globs_(patterns.begin(), patterns.end()), work_(work) {}

    bool any_matches(std::string_view text) const {
        if (globs_.empty() || text.empty()) return false;
        const GlobText places(text);
        return std::any_of(globs_.begin(), globs_.end(),
                           [&](const Glob& glob) { return glob.matches(places, work_); });
    }

private:
    std::vector<Glob> globs_;
    GlobWork& work_;
};

// By the image's own word.
std::string claimed_base(const image::GateFacts& facts) {
    for (const auto* map : {&facts.annotations, &facts.labels}) {
        const auto found = map->find("org.opencontainers.image.base.name");
        if (found != map->end()) return found->second;
    }
    return {};
}

// Why the policy does not ask this of the image at all; "" where it does.
std::string not_asked(const PolicyCheck& check, const image::GateFacts& facts, GlobWork& work) {
    const std::string base = claimed_base(facts);
    if (!check.info.proof && Globs(check.allow.bases, work).any_matches(base)) {
        return "the policy does not ask it of images that say they are built on " + base;
    }
    for (const std::string& label : check.allow.labels) {
        const std::size_t equals = label.find('=');
        const auto found = facts.labels.find(label.substr(0, equals));
        if (found == facts.labels.end()) continue;
        if (equals == label.npos ||
            Glob(label.substr(equals + 1)).matches(GlobText(found->second), work)) {
            return "the policy does not ask it of images with the label " + label;
        }
    }
    return {};
}

// One report under one policy.
class Judge {
public:
    Judge(const Subject& subject, const Policy& policy, Suppressor& suppressor, GlobWork& work,
          const GateSettings& settings)
        : subject_(subject), policy_(policy), suppressor_(suppressor), work_(work),
          settings_(settings) {}

    PolicyVerdict run();

private:
    [[nodiscard]] Answer ask(const PolicyCheck& check) const;
    /// What lets something that a check found pass.
    struct Allowed {
        Globs programs, paths, bases;
    };
    void settle_item(const PolicyCheck& check, const Allowed& allowed, Item& item) const;
    void settle(CheckResult& result) const;
    [[nodiscard]] bool weighs(const PolicyCheck& check) const;

    const Subject& subject_;
    const Policy& policy_;
    Suppressor& suppressor_;
    GlobWork& work_;
    const GateSettings& settings_;
};

Answer Judge::ask(const PolicyCheck& check) const {
    if (!check.info.undecidable.empty()) {
        return {Outcome::undecidable, check.info.undecidable, {}, 0, false};
    }
    if (std::string why = not_asked(check, subject_.facts, work_); !why.empty()) {
        return {Outcome::not_applicable, std::move(why), {}, 0, false};
    }
    const CheckFunction decide = function_of(check.info.id);
    Answer answer = decide(subject_, check.info.settings);
    const std::string base = claimed_base(subject_.facts);
    if (subject_.base_layers < 0 && Globs(check.allow.bases, work_).any_matches(base)) {
        Item item = {};
        item.text = "says that it is built on " + base + ", which is not proved: `allow_bases` "
                    "lets nothing pass (give --base TARGET)";
        item.counts = false;
        if (answer.items.size() < items_told) answer.items.push_back(std::move(item));
    }
    return answer;
}

void Judge::settle_item(const PolicyCheck& check, const Allowed& allowed, Item& item) const {
    const auto& layers = subject_.report.layers;
    if (item.layer_index >= 0 && static_cast<std::size_t>(item.layer_index) < layers.size()) {
        const LayerReport& layer = layers[static_cast<std::size_t>(item.layer_index)];
        item.layer = layer.digest;
        if (item.created_by.empty()) item.created_by = layer.created_by;
    }
    const bool in_base = item.layer_index >= 0 && item.layer_index < subject_.base_layers;
    item.of_base = settings_.only_own_layers && in_base;
    item.in_baseline = settings_.baseline.contains(identity_of(check.info.id, item));
    if (allowed.programs.any_matches(item.program)) {
        item.allowed = "the policy allows this program";
    } else if (allowed.paths.any_matches(item.path)) {
        item.allowed = "the policy allows this path";
    } else if (in_base) {
        for (const std::string& name : subject_.base_names) {
            if (allowed.bases.any_matches(name)) {
                item.allowed = "the policy allows what the base " + name + " brings";
            }
        }
    }
    for (const Exemption& exemption : policy_.exemptions) {
        if (exemption.check == check.info.id && !item.program.empty() &&
            exemption.program == item.program) {
            item.allowed = fmt::format("exempt ({}): {}", exemption.where, exemption.use_case);
        }
    }
    if (!item.counts) return;
    item.suppressed_by = suppressor_.suppress(
        {item.secret_id, item.rule, item.program, item.path, item.layer, check.info.id});
}

bool Judge::weighs(const PolicyCheck& check) const {
    const auto fail_on = settings_.fail_on ? settings_.fail_on : policy_.fail_on;
    return fail_on ? check.info.severity >= *fail_on : check.level == Level::must;
}

void Judge::settle(CheckResult& result) const {
    Answer& answer = result.answer;
    if (answer.outcome == Outcome::fail && answer.items.empty()) {
        answer.items.push_back({});
        answer.items.back().text = answer.reason;
    }
    const AllowList& allow = result.check.allow;
    const Allowed allowed{{allow.programs, work_}, {allow.paths, work_}, {allow.bases, work_}};
    for (Item& item : answer.items) settle_item(result.check, allowed, item);
    if (!weighs(result.check)) return;
    if (answer.outcome == Outcome::fail) {
        result.fails = answer.left_out > 0 ||
                       std::any_of(answer.items.begin(), answer.items.end(),
                                   [](const Item& item) { return item.open(); });
    } else if (answer.outcome == Outcome::unknown) {
        const bool accepted = answer.unread && !policy_.accept_incomplete.empty();
        result.blocks = !result.check.accept_unknown && !accepted;
    }
}

PolicyVerdict Judge::run() {
    PolicyVerdict verdict;
    verdict.policy = policy_.id;
    for (const PolicyCheck& check : policy_.checks) {
        CheckResult result{check, ask(check), false, false};
        Severity& severity = result.check.info.severity;
        severity = std::min(severity, result.answer.at_most.value_or(severity));
        settle(result);
        if (result.fails) verdict.verdict = Verdict::fail;
        if (result.blocks) verdict.verdict = std::max(verdict.verdict, Verdict::incomplete);
        verdict.results.push_back(std::move(result));
    }
    if (!subject_.report.coverage.complete) {
        if (policy_.accept_incomplete.empty()) {
            verdict.incomplete = "not everything was read";
            verdict.verdict = std::max(verdict.verdict, Verdict::incomplete);
        } else {
            verdict.accepted_incomplete = policy_.accept_incomplete;
        }
    }
    return verdict;
}

std::string short_hash(const std::string& text) {
    std::array<unsigned char, SHA256_DIGEST_LENGTH> digest{};
    SHA256(reinterpret_cast<const unsigned char*>(text.data()), text.size(), digest.data());
    std::string hex;
    for (std::size_t i = 0; i < 16; ++i) hex += fmt::format("{:02x}", digest[i]);
    return hex;
}

}  // namespace

std::string_view to_string(Verdict verdict) noexcept {
    switch (verdict) {
        case Verdict::pass: return "pass";
        case Verdict::incomplete: return "incomplete";
        case Verdict::fail: return "fail";
    }
    return "";
}

void add_manifest(GateReport& gate, ManifestVerdict manifest) {
    const Verdict verdict = !manifest.reasons.empty()  ? Verdict::fail
                            : !manifest.doubts.empty() ? Verdict::incomplete
                                                       : Verdict::pass;
    gate.verdict = std::max(gate.verdict, verdict);
    gate.manifest = std::move(manifest);
}

std::string secret_identity(std::string_view rule, std::string_view secret_id) {
    return short_hash(fmt::format("secret\n{}\n{}", rule, secret_id));
}

std::string program_identity(std::string_view program, std::string_view path) {
    return short_hash(fmt::format("program\n{}\n{}", program, path));
}

std::string identity_of(std::string_view check, const Item& item) {
    if (!item.secret_id.empty()) return secret_identity(item.rule, item.secret_id);
    if (!item.program.empty()) return program_identity(item.program, item.path);
    const std::string key = item.key.empty() ? item.path + '\n' + item.text : item.key;
    return short_hash(fmt::format("check\n{}\n{}", check, key));
}

GateReport judge(const Report& report, std::vector<Policy> policies, SuppressionFile suppressions,
                 const GateSettings& settings) {
    GateReport gate;
    gate.report = &report;
    gate.policies = std::move(policies);
    gate.suppressions = std::move(suppressions.entries);
    Suppressor suppressor(gate.suppressions);
    GlobWork work;
    SuppressionState state{suppressions.given, {}};
    for (const Suppression& one : gate.suppressions) {
        if (one.expired) state.expired.push_back(one.where + ": " + one.words());
    }
    for (const TargetReport& target : report.targets) {
        TargetVerdict verdict;
        verdict.report = &target;
        if (target.image.kind == "unread") {
            // Whatever a policy accepts of an image, this is none.
            for (const Policy& policy : gate.policies) {
                verdict.policies.push_back(
                    {policy.id, Verdict::incomplete, {}, target.gaps.front().reason, {}});
            }
            verdict.verdict = Verdict::incomplete;
            gate.verdict = std::max(gate.verdict, verdict.verdict);
            gate.targets.push_back(std::move(verdict));
            continue;
        }
        ProvedBase base;
        if (settings.base) base = settings.base(target);
        verdict.base_layers = base.layers;
        const Subject subject{target, *target.facts, settings.now, verdict.base_layers,
                              settings.signature ? settings.signature(target) : SignatureCheck{},
                              state, std::move(base.names)};
        for (const Policy& policy : gate.policies) {
            verdict.policies.push_back(Judge(subject, policy, suppressor, work, settings).run());
            verdict.verdict = std::max(verdict.verdict, verdict.policies.back().verdict);
        }
        gate.verdict = std::max(gate.verdict, verdict.verdict);
        gate.targets.push_back(std::move(verdict));
    }
    if (report.cancelled) gate.verdict = std::max(gate.verdict, Verdict::incomplete);
    if (suppressions.trouble.empty()) suppressions.trouble = suppressor.trouble();
    if (!suppressions.trouble.empty()) gate.warnings.push_back(suppressions.trouble);
    if (work.is_used_up()) {
        gate.warnings.emplace_back("what policies allow took too long: from some finding on they "
                                   "allow nothing (name fewer, or with fewer stars)");
    }
    for (const Suppression& one : gate.suppressions) {
        if (one.expired) {
            gate.warnings.push_back(one.where + ": this suppression has run out: " + one.words());
        } else if (one.matched == 0) {
            gate.warnings.push_back(one.where + ": this suppression matches nothing: " +
                                    one.words());
        }
    }
    return gate;
}

}  // namespace stratascan::policy
