// Small files of the user's, read as a whole: rules, policies, baselines, credentials.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "stratascan/error.hpp"

namespace stratascan {

/// All bytes of the file. Errors: `not_found`, `unreadable` (also where reading fails on
/// the way: the beginning of a file is not the file), `over_limit`. A link is followed.
[[nodiscard]] Result<std::string> read_text_file(const std::string& path, std::size_t limit);

/// The same of an open file.
[[nodiscard]] Result<std::string> read_text_file(int descriptor, const std::string& name,
                                                 std::size_t limit);

/// Whether a file that the user gives, called `what` in errors, is one that has an end: a regular
/// one. Errors: `not_found`; `unreadable`, also of a device, a pipe, a folder and links that lead
/// to each other.
[[nodiscard]] Result<void> check_given_file(const std::string& path, std::string_view what);

/// Such a file, of at most so many MiB.
[[nodiscard]] Result<std::string> read_given_file(const std::string& path, std::string_view what,
                                                  std::size_t mebibytes);

}  // namespace stratascan
