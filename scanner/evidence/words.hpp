// Telling written words from drawn characters, without a dictionary.
#pragma once

#include <string_view>
#include <vector>

namespace stratascan::evidence {

/// A run of letters or of digits inside a value. Letters are cut where the case
/// says a new word begins: "getHTTPToken2" is get, HTTP, Token, 2.
using Piece = std::string_view;

/// The pieces of `value`; other characters separate them.
[[nodiscard]] std::vector<Piece> pieces_of(std::string_view value);

/// The share of neighbouring letters that English and its abbreviations often
/// put side by side, over all the pieces of letters: words reach 0.8 and more,
/// random letters about 0.45. 1 where no two letters are neighbours.
[[nodiscard]] double likeness_to_words(const std::vector<Piece>& pieces) noexcept;

/// Whether a value whose pieces these are reads as words and not as a random
/// string: letters only, in pieces of a word's length, with a word's letters.
[[nodiscard]] bool read_as_words(const std::vector<Piece>& pieces) noexcept;

/// Whether the digits in the value belong to names of the trade: sha256,
/// utf8, oauth2, x509, v1. False when a piece of digits has no such reason.
[[nodiscard]] bool digits_belong_to_names(const std::vector<Piece>& pieces);

}  // namespace stratascan::evidence
