#include "scanner/match/pack.hpp"

#include <cmath>

#include "scanner/match/wire.hpp"

namespace stratascan::match {

namespace {

// The rules' hash begins with it, and databases are kept by that hash: it has another
// number also when something else is made of the same rules.
constexpr std::string_view rules_magic = "stratascan rules 8\n";
constexpr std::string_view pack_magic = "stratascan pack 4\n";

void write_allow_list(WireWriter& out, const AllowList& list) {
    out.text(list.description);
    out.number(list.all ? 1 : 0);
    out.texts(list.paths);
    out.texts(list.regexes);
    out.number(static_cast<std::uint64_t>(list.target));
    out.texts(list.stopwords);
}

AllowList read_allow_list(WireReader& in) {
    AllowList list;
    list.description = in.text();
    list.all = in.number() != 0;
    list.paths = in.texts();
    list.regexes = in.texts();
    list.target = static_cast<AllowList::Target>(in.number() % 3);
    list.stopwords = in.texts();
    return list;
}

void write_rule(WireWriter& out, const Rule& rule) {
    out.text(rule.id);
    out.text(rule.title);
    out.number(static_cast<std::uint64_t>(rule.severity));
    out.number(static_cast<std::uint64_t>(rule.confidence));
    out.text(rule.pattern);
    out.number(rule.first_group ? 1 : 0);
    out.text(rule.path);
    out.texts(rule.anchors);
    out.number(rule.nocase ? 1 : 0);
    out.text(rule.gate);
    out.number(rule.reach);
    out.number(rule.width);
    out.number(rule.lead);
    out.text(rule.beginnings);
    out.number(rule.packed_least);
    out.number(rule.packed_most);
    out.number(static_cast<std::uint64_t>(std::llround(rule.entropy * 1000)));
    out.number((rule.digit ? 1U : 0U) | (rule.gate_in_secret ? 2U : 0U));
    out.texts(rule.context);
    out.number(rule.context_within);
    out.texts(rule.allow);
    out.number(rule.allowlists.size());
    for (const AllowList& list : rule.allowlists) write_allow_list(out, list);
    out.text(rule.check);
    out.texts(rule.pairs_with);
    out.number(rule.pair_within);
    out.text(rule.identifier);
    out.texts(rule.section);
    out.number(static_cast<std::uint64_t>(rule.public_prefix) + 1);  // of -1 it is 0
    out.texts(rule.examples);
    out.texts(rule.counter_examples);
    out.text(rule.reference);
    out.text(rule.note);
    out.text(rule.short_literal_reason);
    out.text(rule.file);
    out.number(rule.line);
}

Rule read_rule(WireReader& in) {
    Rule rule;
    rule.id = in.text();
    rule.title = in.text();
    rule.severity = static_cast<Severity>(in.number() % 5);
    rule.confidence = static_cast<Confidence>(in.number() % 3);
    rule.pattern = in.text();
    rule.first_group = in.number() != 0;
    rule.path = in.text();
    rule.anchors = in.texts();
    rule.nocase = in.number() != 0;
    rule.gate = in.text();
    rule.reach = static_cast<std::uint32_t>(in.number());
    rule.width = static_cast<std::uint32_t>(in.number());
    rule.lead = static_cast<std::uint32_t>(in.number());
    rule.beginnings = in.text();
    rule.packed_least = static_cast<std::uint32_t>(in.number());
    rule.packed_most = static_cast<std::uint32_t>(in.number());
    rule.entropy = static_cast<double>(in.number() % 8001) / 1000;
    const auto flags = in.number();
    rule.digit = (flags & 1U) != 0;
    rule.gate_in_secret = (flags & 2U) != 0;
    rule.context = in.texts();
    rule.context_within = static_cast<std::uint32_t>(in.number());
    rule.allow = in.texts();
    for (std::uint64_t left = in.count(); left > 0 && in.ok(); --left) {
        rule.allowlists.push_back(read_allow_list(in));
    }
    rule.check = in.text();
    rule.pairs_with = in.texts();
    rule.pair_within = static_cast<std::uint32_t>(in.number());
    rule.identifier = in.text();
    rule.section = in.texts();
    rule.public_prefix = static_cast<std::int32_t>(in.number() % 4096) - 1;
    rule.examples = in.texts();
    rule.counter_examples = in.texts();
    rule.reference = in.text();
    rule.note = in.text();
    rule.short_literal_reason = in.text();
    rule.file = in.text();
    rule.line = static_cast<std::uint32_t>(in.number());
    return rule;
}

void write_program(WireWriter& out, const program::ProgramRule& rule) {
    out.text(rule.id);
    out.text(rule.title);
    out.text(rule.program_class);
    out.number(rule.identity.size());
    for (const auto& set : rule.identity) out.texts(set);
    out.texts(rule.shebang);
    out.texts(rule.modules);
    out.text(rule.version_from_library);
    out.number(rule.runs_commands ? 1 : 0);
    out.texts(rule.unless);
    out.texts(rule.embedded_when);
    out.text(rule.version);
    out.texts(rule.version_near);
    out.text(rule.version_reason);
    out.text(rule.multicall);
    out.text(rule.table_anchor);
    out.text(rule.applets_before);
    out.text(rule.applets_behind);
    out.texts(rule.names);
    out.texts(rule.examples);
}

program::ProgramRule read_program(WireReader& in) {
    program::ProgramRule rule;
    rule.id = in.text();
    rule.title = in.text();
    rule.program_class = in.text();
    for (std::uint64_t left = in.count(); left > 0 && in.ok(); --left) {
        rule.identity.push_back(in.texts());
    }
    rule.shebang = in.texts();
    rule.modules = in.texts();
    rule.version_from_library = in.text();
    rule.runs_commands = in.number() != 0;
    rule.unless = in.texts();
    rule.embedded_when = in.texts();
    rule.version = in.text();
    rule.version_near = in.texts();
    rule.version_reason = in.text();
    rule.multicall = in.text();
    rule.table_anchor = in.text();
    rule.applets_before = in.text();
    rule.applets_behind = in.text();
    rule.names = in.texts();
    rule.examples = in.texts();
    return rule;
}

}  // namespace

std::string write_rules(const RuleFile& rules) {
    WireWriter out;
    out.text(rules_magic);
    out.number(rules.rules.size());
    for (const Rule& rule : rules.rules) write_rule(out, rule);
    out.number(rules.programs.size());
    for (const auto& rule : rules.programs) write_program(out, rule);
    return out.bytes();
}

Result<RuleFile> read_rules(std::string_view bytes) {
    WireReader in(bytes);
    RuleFile file;
    const bool known = in.view() == rules_magic;
    if (known) {
        for (std::uint64_t left = in.count(); left > 0 && in.ok(); --left) {
            file.rules.push_back(read_rule(in));
        }
        for (std::uint64_t left = in.count(); left > 0 && in.ok(); --left) {
            file.programs.push_back(read_program(in));
        }
    }
    if (!known || !in.ok()) return fail(ErrorCode::malformed, "the compiled rules are damaged");
    return file;
}

std::string write_pack(const std::string& rules, const std::string& rules_hash,
                       const std::string& engine, const std::string& sieve,
                       const std::vector<std::string>& levels,
                       const std::vector<std::string>& databases) {
    WireWriter out;
    out.text(pack_magic);
    out.text(rules);
    out.text(rules_hash);
    out.text(engine);
    // The sieve's numbers are read where they stand, if that is an even place.
    out.text(std::string(out.bytes().size() % 2, '\0'));
    out.text(sieve);
    out.texts(levels);
    out.texts(databases);
    return out.bytes();
}

Result<Pack> read_pack(std::string_view bytes) {
    WireReader in(bytes);
    Pack pack;
    if (in.view() != pack_magic) return fail(ErrorCode::malformed, "this is no pack of rules");
    const std::string_view rules = in.view();
    pack.rules_hash = in.text();
    pack.engine = in.text();
    static_cast<void>(in.view());
    pack.sieve = in.view();
    pack.levels = in.texts();
    for (std::uint64_t left = in.count(); left > 0; --left) pack.databases.push_back(in.view());
    if (!in.ok() || pack.levels.size() != pack.databases.size()) {
        return fail(ErrorCode::malformed, "the pack of rules is damaged");
    }
    auto read = read_rules(rules);
    if (!read) return std::unexpected(read.error());
    pack.rules = std::move(*read);
    return pack;
}

}  // namespace stratascan::match
