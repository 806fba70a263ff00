// Which applets a multi-call program has: of all ways to tell, those that its rule names.
#pragma once

#include <map>
#include <span>
#include <string>
#include <vector>

#include "scanner/program/identify.hpp"
#include "scanner/program/program_rule.hpp"

namespace stratascan::program {

/// What was seen of a file while it passed.
struct AppletSight {
    std::span<const Observation> loaded;  ///< where the kernel would load it
    const std::map<std::uint32_t, SingleApplets>& singles;  ///< by literal
    const std::vector<std::string>& literals;
};

/// Sets `applets` and `applets_from` of a program whose rule has `multicall`: from its table
/// or usage text where there is one, else from marks of single ones. `file.elf` is there.
/// Whether there are more than were told.
[[nodiscard]] bool add_applets(Program& program, const ProgramRule& rule, const JudgedFile& file,
                               const AppletSight& sight);

}  // namespace stratascan::program
