// Options that several commands have: how registries are spoken to, what is scanned and how.
#pragma once

#include <string>

#include "stratascan/scanner.hpp"

namespace CLI {
class App;
}

namespace stratascan::cli {

/// `password_from_input` is set where read_password() is to be called.
void add_registry_options(CLI::App& command, Options::Registries& options,
                          bool& password_from_input);

/// The first line of standard input. False where there is none.
[[nodiscard]] bool read_password(std::string& password);

/// The options of what is scanned and how, that every such command has.
struct ScanChoices {
    bool secrets_only = false, programs_only = false;
};
/// Without `choices` both halves are looked for.
void add_scan_options(CLI::App& command, Options& options, ScanChoices* choices);

}  // namespace stratascan::cli
