// The program on a machine that fails: reads, writes, memory, clocks and the kernel fail as
// tests/faults/shim.hpp has it.
#pragma once

#include "tests/e2e/store.hpp"

#ifndef STRATASCAN_FAULT_SHIM
#define STRATASCAN_FAULT_SHIM "build/release/tests/libfault_shim.so"
#endif

namespace stratascan::e2e {

using Faults = std::map<std::string, std::string>;

/// Sanitizers must be the first library of a process, and have their own allocator.
constexpr bool may_preload = !is_sanitized;

/// Skips the test where faults can't be made.
#define SKIP_WITHOUT_FAULTS() \
    if (!may_preload) GTEST_SKIP() << "a sanitizer has the allocator and the first place"

inline Command with(Faults faults, Command command = {}) {
    if (faults.empty()) return command;
    faults["LD_PRELOAD"] = setting("STRATASCAN_FAULT_SHIM", STRATASCAN_FAULT_SHIM);
    for (const auto& [name, value] : faults) command.environment[name] = value;
    return command;
}

/// The arguments that name the recipe's targets, as absolute paths.
inline std::vector<std::string> targets_of(const Built& built) {
    std::vector<std::string> targets;
    for (const std::string word : built.expect.at("arguments")) {
        const std::size_t colon = word.find(':');
        const fs::path path = built.folder / (colon == word.npos ? word : word.substr(colon + 1));
        targets.push_back(colon == word.npos ? path.string()
                                             : word.substr(0, colon + 1) + path.string());
    }
    return targets;
}

/// scan --format json with these options, of a recipe.
inline Ran scan_faulty(const Built& built, const Faults& faults,
                       std::vector<std::string> options = {"--no-store"}) {
    options.insert(options.begin(), {"scan", "--format", "json"});
    for (const std::string& target : targets_of(built)) options.push_back(target);
    return stratascan(options, with(faults));
}

inline bool has(const std::string& text, const std::string& part) {
    return text.find(part) != std::string::npos;
}

/// No file of this folder but those that are named.
inline void expect_only(const fs::path& folder, const std::vector<std::string>& names) {
    for (const auto& file : fs::directory_iterator(folder)) {
        EXPECT_NE(std::find(names.begin(), names.end(), file.path().filename().string()),
                  names.end())
            << "left behind: " << file.path();
    }
}

}  // namespace stratascan::e2e
