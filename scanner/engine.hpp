// The engine as a process has it: rules, database and key, loaded once.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "scanner/identity/secret_key.hpp"
#include "scanner/match/database.hpp"
#include "scanner/match/extension.hpp"
#include "scanner/match/ruleset.hpp"
#include "scanner/sieve/sieve.hpp"
#include "stratascan/error.hpp"
#include "stratascan/scanner.hpp"

namespace stratascan {

struct Engine {
    std::shared_ptr<const match::RuleSet> rules;
    std::shared_ptr<const match::Database> database;
    std::shared_ptr<const sieve::Sieve> sieve;  ///< may be null
    std::string ruleset;  ///< "sha256:…", the name of all that results depend on
    std::vector<std::string> notes;  ///< what of the given rules could not be carried over
};

/// The rules that the program carries, and those of `rule_files`; checked for
/// known matches before it is believed. A stranger may have written such files, so this may
/// be called inside of the sandbox: what is kept of them is written outside.
[[nodiscard]] Result<Engine> load_engine(const std::vector<std::string>& rule_files);

/// The same, for rules that were read before.
[[nodiscard]] Result<Engine> load_engine_with(match::Extension extension);

/// What layers' results depend on besides their bytes, and the key that names secrets:
/// "sha256:…" of the engine's rules and of every option that changes a result. The memory
/// ceiling is none: where it made a difference, LayerResult::over_decoder_memory is set.
[[nodiscard]] std::string results_name(const Engine& engine, const Options& options);

/// The rules that the program carries, as the build completed them.
[[nodiscard]] Result<match::RuleFile> carried_rules();

}  // namespace stratascan
