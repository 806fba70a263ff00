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

// Rules that can't be sieved are for the engine alone: slower, and as complete.
std::shared_ptr<const sieve::Sieve> sieve_for(const match::RuleSet& rules) {
    if (sieve::best_kernel() == nullptr) return nullptr;
    const auto bytes = match::cached_bytes(rules, "sieve", [&]() -> Result<std::string> {
        const auto plan = sieve::make_plan(rules);
        if (!plan) return std::unexpected(plan.error());
        return sieve::write_plan(*plan);
    });
    if (!bytes) return nullptr;
    auto plan = sieve::read_plan(*bytes);
    return plan ? sieve::Sieve::for_this_processor(std::move(*plan)) : nullptr;
}

Result<Engine> load_with(match::Pack pack, const std::vector<std::string>& rule_files) {
    auto more = match::read_rule_files(rule_files);
    if (!more) return std::unexpected(more.error());
    match::RuleFile& all = pack.rules;
    std::move(more->rules.begin(), more->rules.end(), std::back_inserter(all.rules));
    std::move(more->programs.begin(), more->programs.end(), std::back_inserter(all.programs));
    auto rules = match::RuleSet::build(std::move(all));
    if (!rules) return std::unexpected(rules.error());
    auto database = match::cached_database(**rules);
    if (!database) return std::unexpected(database.error());
    return Engine{*rules, *database, sieve_for(**rules), {}};
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
