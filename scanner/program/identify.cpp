// Building a set of program rules, and reading the bytes round one literal.
//
// Literals are chosen from what a program says to its users: measured over two
// Debian releases, usage and error texts kept from one release to the next,
// source paths and help blobs did not. All of 254 such literals lay in load
// segments, so they survive renaming, stripping and the loss of section headers.
#include "scanner/program/identify.hpp"

#include <algorithm>
#include <array>
#include <map>
#include <optional>
#include <set>
#include <utility>

#include <fmt/format.h>

#include "scanner/program/program_index.hpp"
#include "scanner/program/version.hpp"

namespace stratascan::program {
namespace {

constexpr std::size_t shortest_literal = 4;
constexpr std::size_t longest_literal = 256;
constexpr std::size_t longest_name = 63;

using Complaint = std::optional<std::string>;

Complaint check_literals(const std::vector<std::string>& literals) {
    for (const std::string& literal : literals) {
        if (literal.size() < shortest_literal) return "a literal is shorter than 4 bytes";
        if (literal.size() > longest_literal) return "a literal is longer than 256 bytes";
    }
    return std::nullopt;
}

Complaint check_rule(const ProgramRule& rule) {
    if (rule.id.empty()) return "it has no id";
    if (rule.program_class.empty()) return "it has no class";
    if (rule.identity.empty() && rule.modules.empty()) return "it has no identity";
    if (!rule.identity.empty() && !rule.modules.empty() && rule.shebang.empty()) {
        return "only a script has modules";
    }
    for (const std::string& name : rule.shebang) {
        if (name.empty() || name.size() > longest_name) return "a shebang is empty or too long";
    }
    constexpr std::array<std::string_view, 5> ways = {"busybox", "toybox", "coreutils", "dropbear",
                                                      "u-root"};
    if (!rule.multicall.empty() && std::ranges::find(ways, rule.multicall) == ways.end()) {
        return "multicall is neither busybox, toybox, coreutils, dropbear nor u-root";
    }
    for (const std::string* const mark : {&rule.applets_before, &rule.applets_behind}) {
        if (mark->empty()) continue;
        if (rule.multicall != "u-root" && rule.multicall != "coreutils") {
            return "only u-root and coreutils have marks of single applets";
        }
        if (auto complaint = check_literals({*mark})) return complaint;
    }
    for (const std::string& name : rule.names) {
        if (name.empty() || name.size() > longest_name) return "a name is empty or too long";
    }
    for (const auto& set : rule.identity) {
        if (set.empty()) return "an identity set is empty, so every file would match it";
        if (auto complaint = check_literals(set)) return complaint;
    }
    if (!rule.table_anchor.empty()) {
        if (rule.multicall != "busybox" && rule.multicall != "coreutils") {
            return "only a busybox or coreutils has a table_anchor";
        }
        if (auto complaint = check_literals({rule.table_anchor})) return complaint;
    }
    if (auto complaint = check_literals(rule.version_near)) return complaint;
    if (auto complaint = check_literals(rule.unless)) return complaint;
    return check_literals(rule.embedded_when);
}

// Of RE2's programs for all version expressions: some seconds of compilation, and some hundred MiB.
constexpr std::uint64_t most_version_instructions = 1'000'000;

Complaint check_version(const re2::RE2& expression) {
    if (!expression.ok()) return "its version expression: " + expression.error();
    if (expression.NumberOfCapturingGroups() != 1) {
        return "its version expression needs exactly one capture";
    }
    return std::nullopt;
}

/// Numbers literals in the order of their first use.
class LiteralTable {
public:
    LiteralTable(std::vector<std::string>& literals, std::vector<LiteralUse>& uses)
        : literals_(literals), uses_(uses) {}

    std::uint32_t number(const std::string& literal) {
        const auto next = static_cast<std::uint32_t>(literals_.size());
        const auto [place, is_new] = numbers_.emplace(literal, next);
        if (is_new) {
            literals_.push_back(literal);
            uses_.emplace_back();
        }
        return place->second;
    }

    LiteralNumbers numbers(const std::vector<std::string>& literals) {
        LiteralNumbers result;
        for (const std::string& literal : literals) result.push_back(number(literal));
        return result;
    }

private:
    std::vector<std::string>& literals_;
    std::vector<LiteralUse>& uses_;
    std::map<std::string, std::uint32_t> numbers_;
};

/// Says of each literal of one rule what to look for near it. A literal reports
/// one version, so rules that share it must agree on how.
Complaint set_uses(const ProgramRule& rule, const RuleIndex& index,
                   const VersionExpression* version, std::vector<LiteralUse>& uses) {
    if (rule.multicall == "busybox") {
        for (const LiteralNumbers& set : index.identity) {
            for (const std::uint32_t literal : set) uses[literal].busybox_table = true;
        }
    }
    if (rule.multicall == "dropbear") {
        for (const LiteralNumbers& set : index.identity) uses[set.front()].usage_lines = true;
    }
    if (version == nullptr) return std::nullopt;
    for (const std::uint32_t literal : index.versioned) {
        LiteralUse& use = uses[literal];
        if (use.version != nullptr && use.version->text() != version->text()) {
            return "it shares a literal with a rule of another version expression";
        }
        use.version = version;
    }
    return std::nullopt;
}

/// What Go's linker says stands in one place, and says more than what a rule asks for.
void add_go_literals(const std::vector<ProgramRule>& rules, LiteralTable& table,
                     std::vector<LiteralUse>& uses) {
    const bool any = std::ranges::any_of(rules, [](const ProgramRule& rule) {
        return std::ranges::any_of(rule.identity, [](const auto& set) {
            return std::ranges::any_of(set,
                                       [](const auto& one) { return one.starts_with("path\t"); });
        });
    });
    if (!any) return;
    uses[table.number(std::string(go_build_magic))].go_magic = true;
    uses[table.number(std::string(go_flags_line))].go_line = true;
    uses[table.number(std::string(go_revision_line))].go_line = true;
}

RuleIndex index_rule(const ProgramRule& rule, LiteralTable& table) {
    RuleIndex index;
    for (const auto& literals : rule.identity) index.identity.push_back(table.numbers(literals));
    index.unless = table.numbers(rule.unless);
    index.embedded_when = table.numbers(rule.embedded_when);
    index.versioned = table.numbers(rule.version_near);
    if (!index.versioned.empty()) return index;
    for (const LiteralNumbers& set : index.identity) {
        index.versioned.insert(index.versioned.end(), set.begin(), set.end());
    }
    return index;
}

}  // namespace

ProgramSet::ProgramSet() : impl_(std::make_unique<Impl>()) {}
ProgramSet::~ProgramSet() = default;

const re2::RE2& VersionExpression::get() const {
    std::call_once(once_, [this] {
        re2::RE2::Options options;
        options.set_encoding(re2::RE2::Options::EncodingLatin1);
        options.set_log_errors(false);
        options.set_max_mem(1 << 20);
        compiled_ = std::make_unique<re2::RE2>(text_, options);
    });
    return *compiled_;
}

Result<std::shared_ptr<const ProgramSet>> ProgramSet::build(std::vector<ProgramRule> rules,
                                                            bool trusted) {
    std::shared_ptr<ProgramSet> set(new ProgramSet);
    Impl& impl = *set->impl_;
    LiteralTable table(impl.literals, impl.uses);
    std::set<std::string> ids;
    std::uint64_t instructions = 0;  // of version expressions
    for (const ProgramRule& rule : rules) {
        const auto bad = [&](std::string what) {
            return fail(ErrorCode::invalid_argument, std::move(what),
                        fmt::format("program rule '{}'", rule.id));
        };
        if (auto complaint = check_rule(rule)) return bad(std::move(*complaint));
        if (!ids.insert(rule.id).second) return bad("its id is taken");
        const VersionExpression* version = nullptr;
        if (!rule.version.empty()) {
            version =
                impl.versions.emplace_back(std::make_unique<VersionExpression>(rule.version)).get();
            if (!trusted) {
                if (auto complaint = check_version(version->get())) {
                    return bad(std::move(*complaint));
                }
                instructions += static_cast<std::uint64_t>(version->get().ProgramSize());
                if (instructions > most_version_instructions) {
                    return bad("with this one version expressions are too large together: write "
                               "shorter repeats");
                }
            }
        }
        const RuleIndex& index = impl.indexes.emplace_back(index_rule(rule, table));
        if (auto complaint = set_uses(rule, index, version, impl.uses)) {
            return bad(std::move(*complaint));
        }
        if (!rule.table_anchor.empty()) {
            LiteralUse& use = impl.uses[table.number(rule.table_anchor)];
            (rule.multicall == "busybox" ? use.busybox_table : use.list_of_names) = true;
        }
        if (rule.multicall == "coreutils") {
            for (const LiteralNumbers& texts : index.identity) {
                for (const std::uint32_t literal : texts) impl.uses[literal].needs_bytes = true;
            }
        }
        if (!rule.applets_before.empty()) {
            impl.uses[table.number(rule.applets_before)].applet_before = true;
        }
        if (!rule.applets_behind.empty()) {
            impl.uses[table.number(rule.applets_behind)].applet_behind = true;
        }
    }
    add_go_literals(rules, table, impl.uses);
    for (std::uint32_t i = 0; i < rules.size(); ++i) {
        impl.has_scripts = impl.has_scripts || !rules[i].shebang.empty();
        for (const std::string& module : rules[i].modules) impl.modules.emplace(module, i);
    }
    impl.rules = std::move(rules);
    return set;
}

const std::vector<std::string>& ProgramSet::literals() const noexcept { return impl_->literals; }

const std::vector<ProgramRule>& ProgramSet::rules() const noexcept { return impl_->rules; }

bool ProgramSet::tells_an_applet(std::uint32_t literal) const noexcept {
    const LiteralUse& use = impl_->uses[literal];
    return use.applet_before || use.applet_behind;
}

bool ProgramSet::needs_bytes(std::uint32_t literal) const noexcept {
    return impl_->uses[literal].needs_bytes;
}

bool ProgramSet::has_scripts() const noexcept { return impl_->has_scripts; }

const ProgramRule* ProgramSet::rule_of_module(std::string_view name) const {
    const auto found = impl_->modules.find(name);
    return found == impl_->modules.end() ? nullptr : &impl_->rules[found->second];
}

Observation ProgramSet::observe(std::uint32_t literal, std::uint64_t file_offset,
                                std::string_view around, std::size_t at) const {
    Observation seen;
    seen.literal = literal;
    seen.offset = file_offset;
    if (literal >= impl_->uses.size() || at > around.size()) return seen;
    const LiteralUse& use = impl_->uses[literal];
    if (use.version != nullptr) {
        const std::size_t length = impl_->literals[literal].size();
        if (auto near = nearest_version(use.version->get(), around, at, length)) {
            seen.version = std::move(near->text);
            seen.version_distance = near->distance;
        }
    }
    if (use.busybox_table) seen.applets = busybox_applets(around);
    if (use.list_of_names || use.usage_lines) {
        const std::string_view list = around.substr(at);
        NameList found = use.list_of_names ? listed_applets(list) : quoted_applets(list);
        seen.applets = std::move(found.names);
        seen.applets_cut = found.cut;
    }
    if (use.applet_before) seen.applets = applet_before(around.substr(0, at));
    if (use.applet_behind) {
        seen.applets = applet_behind(around.substr(at + impl_->literals[literal].size()));
    }
    if (use.go_magic) seen.go = read_go_build(around.substr(at));
    if (use.go_line) read_go_lines(around.substr(at), seen.go.emplace());
    return seen;
}

}  // namespace stratascan::program
