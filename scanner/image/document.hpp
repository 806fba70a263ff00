// A JSON document from outside (a config, a manifest), parsed within bounds.
// nlohmann's parser copes with any bytes, but its values are freed recursively
// and cost many times their text, so depth and number are counted first.
#pragma once

#include <cstddef>
#include <initializer_list>
#include <nlohmann/json.hpp>
#include <string_view>

#include "stratascan/error.hpp"

namespace stratascan::image {

/// Registries take manifests of 4 MiB; no runtime reads a larger config.
inline constexpr std::size_t document_bytes_limit = std::size_t{4} << 20;
inline constexpr std::size_t document_values_limit = 400'000;

struct Document {
    nlohmann::json root;
    /// An object has a key twice. Readers disagree about which one counts, and
    /// the tree holds the last one only.
    bool repeated_keys = false;
};

/// An Error's text never quotes the document, which may hold secrets.
[[nodiscard]] Result<Document> parse_document(std::string_view bytes);

/// The member `key` if `object` is an object that has it, else nullptr.
[[nodiscard]] const nlohmann::json* member(const nlohmann::json& object, const char* key);

/// The member of a member, and so on, or nullptr.
[[nodiscard]] const nlohmann::json* inside(const nlohmann::json& object,
                                           std::initializer_list<const char*> keys);

/// The string member `key`, or "".
[[nodiscard]] std::string_view string_member(const nlohmann::json& object, const char* key);

}  // namespace stratascan::image
