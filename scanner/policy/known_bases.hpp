// Images that others are built on, by the digests of their layers: patterns/known-bases.tsv,
// which the program carries, and tables of the same form of its users. Lines of
//
//     name <TAB> platform <TAB> date <TAB> digests of blobs <TAB> diff IDs
//
// lowest layer first, with commas; the last field may be left out. "#" begins a comment.
// patterns/known-bases.py writes them from any registry.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "scanner/policy/base_image.hpp"
#include "stratascan/error.hpp"

namespace stratascan::policy {

/// An Error names the table and the line.
[[nodiscard]] Result<std::vector<BaseImage>> parse_known_bases(std::string_view text,
                                                               const std::string& name);

[[nodiscard]] Result<std::vector<BaseImage>> load_known_bases(const std::string& path);

/// All texts that reports repeat of them.
[[nodiscard]] std::vector<std::string*> told_texts(std::vector<BaseImage>& bases);

/// Those that the program carries.
[[nodiscard]] const std::vector<BaseImage>& known_bases();

}  // namespace stratascan::policy
