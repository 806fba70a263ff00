// JSON from outside, read under limits: a document nested a million deep, or one
// with a byte that is not UTF-8, must neither crash the reader nor hide what
// else it says. Readers in Go take a bad byte for U+FFFD and go on, so this one
// does too.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "stratascan/error.hpp"

namespace stratascan::source {

/// Elements taken of one list of a document: layers, manifests, diff IDs.
inline constexpr std::size_t max_list_items = 10'000;

/// Parses a document of at most max_document_bytes. Errors: `over_limit`,
/// `malformed`. None of them repeats the document's text.
[[nodiscard]] Result<nlohmann::json> parse_json(std::string_view bytes);

/// Calls `take` with each text of the list that the document's object has for a member of this
/// name, until it says false, and makes no tree of the document: of a list of short texts that is
/// thirty times its bytes. Errors as of parse_json(), before the first text.
[[nodiscard]] Result<void> each_text(std::string_view bytes, std::string_view member,
                                     const std::function<bool(std::string&& text)>& take);

/// A member of an object: its text, or "" where it is absent or no string.
[[nodiscard]] std::string text_member(const nlohmann::json& object, const char* name);

/// A member of an object: a whole number of 0 or more, or -1.
[[nodiscard]] std::int64_t count_member(const nlohmann::json& object, const char* name);

/// A member of an object if it is a list, or nullptr.
[[nodiscard]] const nlohmann::json* list_member(const nlohmann::json& object, const char* name);

/// A member of an object if it is an object, or nullptr.
[[nodiscard]] const nlohmann::json* object_member(const nlohmann::json& object, const char* name);

/// A member of an object that maps strings to strings; other values are left out.
[[nodiscard]] std::map<std::string, std::string> map_member(const nlohmann::json& object,
                                                            const char* name);

}  // namespace stratascan::source
