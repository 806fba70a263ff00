// What programs of an image say of each other, and what their packages say of them:
// versions that stand in a library, a module or the package alone, and which commands
// of a multi-call program can be reached by name.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "stratascan/report.hpp"

namespace stratascan::image {

/// The folders in which the image's own PATH looks for programs, normalised; those of
/// a shell without one where the config names none.
[[nodiscard]] std::vector<std::string> program_folders(std::string_view config);

/// Fills in versions that the files themselves do not carry, and `reachable`. A file
/// that differs from its package's has no version of the package.
void complete_programs(std::vector<Program>& programs, const std::vector<std::string>& folders);

}  // namespace stratascan::image
