#include "scanner/match/extension.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <iterator>
#include <utility>

#include "scanner/match/rule_limits.hpp"
#include "scanner/match/ruleset.hpp"

namespace stratascan::match {

namespace {

// Files that extend each other in a circle end here.
constexpr int deepest_extension = 8;

Rule* find(std::vector<Rule>& rules, const std::string& id) {
    const auto found =
        std::find_if(rules.begin(), rules.end(), [&](const Rule& rule) { return rule.id == id; });
    return found == rules.end() ? nullptr : &*found;
}

// Reads one file and those that it extends.
class Reading {
public:
    explicit Reading(Extension& into) : all_(into) {}

    Result<void> add(const std::string& path) {
        auto rules = rules_of(path, 0);
        if (!rules) return std::unexpected(rules.error());
        std::move(rules->begin(), rules->end(), std::back_inserter(all_.rules.rules));
        for (const std::size_t count : {all_.rules.rules.size(), all_.rules.programs.size()}) {
            if (count <= most_rules) continue;
            return fail(ErrorCode::over_limit,
                        fmt::format("with this file there are {} rules; {} is the most", count,
                                    most_rules),
                        path, "give fewer at once");
        }
        return {};
    }

private:
    Result<std::vector<Rule>> rules_of(const std::string& path, int depth) {
        const auto text = read_rule_text(path);
        if (!text) return std::unexpected(text.error());
        if (is_gitleaks_file(*text)) return rules_of_gitleaks(*text, path, depth);
        auto file = parse_rule_file(*text, path);
        if (!file) return std::unexpected(file.error());
        std::move(file->programs.begin(), file->programs.end(),
                  std::back_inserter(all_.rules.programs));
        return std::move(file->rules);
    }

    Result<std::vector<Rule>> rules_of_gitleaks(const std::string& text, const std::string& path,
                                                int depth) {
        auto file = parse_gitleaks_file(text, path);
        if (!file) return std::unexpected(file.error());
        std::move(file->notes.begin(), file->notes.end(), std::back_inserter(all_.notes));
        std::vector<Rule> rules;
        if (!file->extend_path.empty()) {
            auto base = rules_of_base(*file, path, depth);
            if (!base) return base;
            rules = std::move(*base);
        } else if (!file->use_default && depth == 0) {
            all_.notes.push_back(path + ": no `useDefault`: the rules that the program carries are "
                                        "looked for all the same, without this file's allowlists");
        }
        disable(*file, rules);
        for (Rule& rule : file->rules) {
            all_.without.push_back({rule.id, fmt::format("{}:{}", rule.file, rule.line), true});
            if (find(rules, rule.id) != nullptr) refine(std::move(rule), rules);
            else rules.push_back(std::move(rule));
        }
        allow(*file, rules);
        return rules;
    }

    // As gitleaks does: what a rule does not say is that of the one that it stands for, whose
    // allowlists stay.
    void refine(Rule rule, std::vector<Rule>& rules) {
        Rule& base = *find(rules, rule.id);
        const std::string where = fmt::format("{}:{}", rule.file, rule.line);
        const std::vector<AllowList> inherited = std::move(base.allowlists);
        if (rule.title == rule.id) rule.title = base.title;
        if (rule.entropy == 0) rule.entropy = base.entropy;
        if (rule.path.empty()) rule.path = base.path;
        base = std::move(rule);
        for (const AllowList& list : inherited) apply({list, {base.id}, where}, rules, all_.notes);
    }

    Result<std::vector<Rule>> rules_of_base(const GitleaksFile& file, const std::string& path,
                                            int depth) {
        if (depth >= deepest_extension) {
            return fail(ErrorCode::over_limit,
                        fmt::format("files extend each other more than {} deep",
                                    deepest_extension),
                        file.extend_where);
        }
        const std::filesystem::path folder = std::filesystem::path(path).parent_path();
        return rules_of((folder / file.extend_path).string(), depth + 1);
    }

    void disable(const GitleaksFile& file, std::vector<Rule>& rules) {
        for (const std::string& id : file.disabled) {
            const bool found =
                std::erase_if(rules, [&id](const Rule& rule) { return rule.id == id; }) > 0;
            if (found) continue;
            if (file.use_default) {
                all_.without.push_back({id, file.extend_where, false});
            } else {
                all_.notes.push_back(
                    fmt::format("{}: `disabledRules`: there is no rule \"{}\" to leave out",
                                file.extend_where, id));
            }
        }
    }

    void allow(const GitleaksFile& file, std::vector<Rule>& rules) {
        for (const auto& refinement : file.refinements) {
            const bool carried =
                file.use_default && find(rules, refinement.ids.front()) == nullptr;
            if (carried) all_.allowances.push_back(refinement);
            else apply(refinement, rules, all_.notes);
        }
        for (const auto& allowance : file.everywhere) {
            // Those that are named may be of this file, or carried ones.
            Extension::Allowance own = allowance, carried = allowance;
            std::erase_if(own.ids, [&](const auto& id) { return find(rules, id) == nullptr; });
            std::erase_if(carried.ids, [&](const auto& id) { return find(rules, id) != nullptr; });
            const bool all = allowance.ids.empty();
            if (all || !own.ids.empty()) apply(own, rules, all_.notes);
            if (file.use_default && (all || !carried.ids.empty())) {
                all_.allowances.push_back(std::move(carried));
            } else if (!carried.ids.empty()) {
                apply(carried, rules, all_.notes);
            }
        }
    }

    Extension& all_;
};

}  // namespace

Result<Extension> read_extension(const std::vector<std::string>& paths) {
    Extension all;
    for (const std::string& path : paths) {
        const auto files = rule_files_below(path);
        if (!files) return std::unexpected(files.error());
        for (const std::string& file : *files) {
            if (auto added = Reading(all).add(file); !added) return std::unexpected(added.error());
        }
    }
    return all;
}

void apply(const Extension::Allowance& allowance, std::vector<Rule>& rules,
           std::vector<std::string>& notes) {
    const auto& [list, ids, where] = allowance;
    for (const std::string& id : ids) {
        if (find(rules, id) != nullptr) continue;
        notes.push_back(fmt::format("{}: allowlist: there is no rule \"{}\"", where, id));
    }
    for (Rule& rule : rules) {
        if (!ids.empty() && std::find(ids.begin(), ids.end(), rule.id) == ids.end()) continue;
        // That there is room for lines is known of a rule that has such a list.
        const bool has_lines =
            std::any_of(rule.allowlists.begin(), rule.allowlists.end(),
                        [](const auto& one) { return one.target == AllowList::Target::line; });
        if (list.target != AllowList::Target::line || has_lines) {
            rule.allowlists.push_back(list);
            continue;
        }
        Rule wider = rule;
        wider.allowlists.push_back(list);
        auto complete = complete_rule(std::move(wider));
        if (complete) {
            rule.allowlists = std::move(complete->allowlists);
        } else {
            notes.push_back(fmt::format("{}: rule \"{}\": the allowlist is not carried over: {}",
                                        where, rule.id, complete.error().what));
        }
    }
}

}  // namespace stratascan::match
