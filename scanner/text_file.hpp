// Small files of the user's, read as a whole: rules, policies, baselines, credentials.
#pragma once

#include <cstddef>
#include <string>

#include "stratascan/error.hpp"

namespace stratascan {

/// All bytes of the file. Errors: `not_found`, `unreadable` (also where reading fails on
/// the way: the beginning of a file is not the file), `over_limit`. A link is followed.
[[nodiscard]] Result<std::string> read_text_file(const std::string& path, std::size_t limit);

/// The same of an open file.
[[nodiscard]] Result<std::string> read_text_file(int descriptor, const std::string& name,
                                                 std::size_t limit);

}  // namespace stratascan
