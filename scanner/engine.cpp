#include "scanner/engine.hpp"

#include <fmt/format.h>
#include <openssl/sha.h>

#include <array>

#include "scanner/match/database_cache.hpp"
#include "scanner/match/pack.hpp"
#include "scanner/match/rule_file.hpp"

namespace stratascan {

namespace {

std::string ruleset_name(const match::RuleSet& rules) {
    const std::string all = fmt::format("{}\n{}\n{}", version(), hs_version(), rules.hash());
    std::array<unsigned char, SHA256_DIGEST_LENGTH> digest{};
    SHA256(reinterpret_cast<const unsigned char*>(all.data()), all.size(), digest.data());
    std::string name = "sha256:";
    for (const unsigned char byte : digest) name += fmt::format("{:02x}", byte);
    return name;
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
    return Engine{*rules, *database, sieve::Sieve::for_this_processor(std::move(*plan)), {}};
}

Result<Engine> load_with(match::Pack pack, const std::vector<std::string>& rule_files) {
    auto more = match::read_rule_files(rule_files);
    if (!more) return std::unexpected(more.error());
    const auto carried = match::RuleSet::assemble(pack.rules, true);
    if (!carried) return std::unexpected(carried.error());
    match::RuleFile& all = pack.rules;
    for (match::Rule& rule : more->rules) {
        auto complete = match::complete_rule(std::move(rule));
        if (!complete) return std::unexpected(complete.error());
        all.rules.push_back(std::move(*complete));
    }
    std::move(more->programs.begin(), more->programs.end(), std::back_inserter(all.programs));
    auto rules = match::RuleSet::assemble(std::move(all));
    if (!rules) return std::unexpected(rules.error());
    auto database = match::cached_database(**rules);
    if (!database) return std::unexpected(database.error());
    auto plan = sieve::read_plan(pack.sieve);
    if (!plan) return std::unexpected(plan.error());
    // Rules that can't be sieved are for the engine alone: slower, and as complete.
    auto extended = sieve::extend_plan(**carried, *plan, **rules);
    auto sieve = extended ? sieve::Sieve::for_this_processor(std::move(*extended)) : nullptr;
    return Engine{*rules, *database, std::move(sieve), {}};
}

}  // namespace

Result<Engine> load_engine(const std::vector<std::string>& rule_files) {
    auto pack = match::read_pack(match::embedded_pack());
    if (!pack) return std::unexpected(pack.error());
    auto engine = rule_files.empty() ? load_carried(std::move(*pack))
                                     : load_with(std::move(*pack), rule_files);
    if (!engine) return engine;
    const auto sound = match::check_engine(*engine->database, engine->rules->expressions());
    if (!sound) return std::unexpected(sound.error());
    engine->ruleset = ruleset_name(*engine->rules);
    return engine;
}

}  // namespace stratascan
