#include "scanner/engine.hpp"

#include <fmt/format.h>
#include <openssl/sha.h>

#include <algorithm>
#include <array>
#include <iterator>
#include <map>

#include "scanner/evidence/known_keys.hpp"
#include "scanner/match/database_cache.hpp"
#include "scanner/match/pack.hpp"
#include "scanner/match/rule_file.hpp"
#include "scanner/sandbox/free_threads.hpp"

namespace stratascan {

// Made by the build: a hash of the engine's own sources (cmake/EngineRevision.cmake), so
// that no result of an older engine is taken for one of this.
extern const char* const engine_revision;

namespace {

std::string name_of(const std::string& all) {
    std::array<unsigned char, SHA256_DIGEST_LENGTH> digest{};
    SHA256(reinterpret_cast<const unsigned char*>(all.data()), all.size(), digest.data());
    std::string name = "sha256:";
    for (const unsigned char byte : digest) name += fmt::format("{:02x}", byte);
    return name;
}

std::string ruleset_name(const match::RuleSet& rules) {
    return name_of(fmt::format("{}\n{}\n{}\n{}\n{}\n{}", version(), engine_revision,
                               STRATASCAN_HAVE_ISAL, hs_version(), rules.hash(),
                               evidence::known_key_list()));
}

Result<Engine> load_carried(match::Pack pack) {
    auto rules = match::RuleSet::assemble(std::move(pack.rules), true);
    if (!rules) return std::unexpected(rules.error());
    if ((*rules)->hash() != pack.rules_hash || pack.engine != hs_version()) {
        return fail(ErrorCode::engine,
                    fmt::format("the program was built with the engine {}, but runs with {}",
                                pack.engine, hs_version()),
                    {}, "build it again on this system");
    }
    auto database = match::Database::load(pack);
    if (!database) return std::unexpected(database.error());
    auto plan = sieve::read_plan(pack.sieve);
    if (!plan) return std::unexpected(plan.error());
    return Engine{*rules, *database, sieve::Sieve::for_this_processor(std::move(*plan)), {}, {}};
}

// The carried rules as the extension wants them; what can't be is noted.
void adapt(match::RuleFile& carried, match::Extension& extension) {
    std::map<std::string, std::size_t> left_out;
    for (const auto& [id, where, replaced] : extension.without) {
        const bool found = std::erase_if(carried.rules, [&id](const match::Rule& rule) {
                               return rule.id == id;
                           }) > 0;
        if (found && !replaced && !where.empty()) ++left_out[where];
        if (where.empty() || found == !replaced) continue;
        extension.notes.push_back(
            found ? fmt::format("{}: rule \"{}\": takes the place of the program's own rule of "
                                "that id",
                                where, id)
                  : fmt::format("{}: `disabledRules`: there is no rule \"{}\" to leave out", where,
                                id));
    }
    for (const auto& [where, count] : left_out) {
        extension.notes.push_back(fmt::format(
            "{}: leaves out {} of the program's own rules", where, count));
    }
    for (const auto& allowance : extension.allowances) {
        match::apply(allowance, carried.rules, extension.notes);
        extension.notes.push_back(fmt::format(
            "{}: this allowlist counts for {} of the program's own rules, too (--stats says how "
            "many candidates allowlists drop)",
            allowance.where, allowance.ids.empty() ? "all" : std::to_string(allowance.ids.size())));
    }
}

Result<Engine> load_with(match::Pack pack, match::Extension extension) {
    const auto carried = match::RuleSet::assemble(pack.rules, true);
    if (!carried) return std::unexpected(carried.error());
    match::RuleFile& all = pack.rules;
    adapt(all, extension);
    auto complete = match::complete_rules(std::move(extension.rules.rules));
    if (!complete) return std::unexpected(complete.error());
    std::move(complete->begin(), complete->end(), std::back_inserter(all.rules));
    std::move(extension.rules.programs.begin(), extension.rules.programs.end(),
              std::back_inserter(all.programs));
    auto rules = match::RuleSet::assemble(std::move(all));
    if (!rules) return std::unexpected(rules.error());
    std::string unkept;
    const auto outside = [](const auto& work) { FreeThreads::instance().run(work); };
    auto database = match::cached_database(**rules, outside, unkept);
    if (!database) return std::unexpected(database.error());
    if (!unkept.empty()) {
        extension.notes.push_back("what is compiled of these rules is not kept for the next run: " +
                                  unkept);
    }
    auto plan = sieve::read_plan(pack.sieve);
    if (!plan) return std::unexpected(plan.error());
    // Rules that can't be sieved are for the engine alone: slower, and as complete.
    auto extended = sieve::extend_plan(**carried, *plan, **rules);
    auto sieve = extended ? sieve::Sieve::for_this_processor(std::move(*extended)) : nullptr;
    return Engine{*rules, *database, std::move(sieve), {}, std::move(extension.notes)};
}

}  // namespace

Result<Engine> load_engine_with(match::Extension extension) {
    auto pack = match::read_pack(match::embedded_pack());
    if (!pack) return std::unexpected(pack.error());
    const bool as_carried = extension.rules.rules.empty() && extension.rules.programs.empty() &&
                            extension.without.empty() && extension.allowances.empty();
    std::vector<std::string> notes;
    if (as_carried) notes = std::move(extension.notes);
    auto engine = as_carried ? load_carried(std::move(*pack))
                             : load_with(std::move(*pack), std::move(extension));
    if (!engine) return engine;
    if (as_carried) engine->notes = std::move(notes);
    const auto sound = match::check_engine(*engine->database, engine->rules->expressions());
    if (!sound) return std::unexpected(sound.error());
    engine->ruleset = ruleset_name(*engine->rules);
    return engine;
}

Result<Engine> load_engine(const std::vector<std::string>& rule_files) {
    auto extension = match::read_extension(rule_files);
    if (!extension) return std::unexpected(extension.error());
    return load_engine_with(std::move(*extension));
}

std::string results_name(const Engine& engine, const Options& options) {
    const Options::Limits& limits = options.limits;
    return name_of(fmt::format("{}\n{} {}\n{} {} {} {} {} {} {} {} {}", engine.ruleset,
                               options.secrets, options.programs, limits.output_bytes,
                               limits.ratio, limits.members, limits.findings_a_file, limits.depth,
                               limits.path_bytes, limits.header_bytes, limits.looks_a_file,
                               limits.seconds_a_file));
}

Result<match::RuleFile> carried_rules() {
    auto pack = match::read_pack(match::embedded_pack());
    if (!pack) return std::unexpected(pack.error());
    return std::move(pack->rules);
}

}  // namespace stratascan
