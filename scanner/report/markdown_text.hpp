// Texts of strangers in Markdown.
#pragma once

#include <string>
#include <string_view>

namespace stratascan::report {

/// A code span with more backticks round it than there are in it (CommonMark 0.31, 6.1),
/// of 120 columns at most. A bar would end a table's cell even there, so it is escaped.
[[nodiscard]] std::string markdown_code(std::string_view text);

/// Text in which nothing is markup, a link or a mention.
[[nodiscard]] std::string markdown_plain(std::string_view text);

}  // namespace stratascan::report
