// Random strings betray themselves by their neighbours: of the 676 pairs of
// letters, 306 make up 95 % of the pairs in the words that programs are written
// in, but a random string has one of them in fewer than every second place.
// The table below was counted over the 18,000 words of three letters and more in
// the source of Python's standard library and site packages, each word once. A
// dictionary would be sharper, and would have to be carried, searched and kept.
#include "scanner/evidence/words.hpp"

#include <algorithm>
#include <array>
#include <cstdint>

#include "scanner/evidence/codec.hpp"

namespace stratascan::evidence {

namespace {

/// Bit j of row i: the pair of the i-th and the j-th letter is a common one.
constexpr std::array<std::uint32_t, 26> common_pairs = {
    0x1febd6f, 0x1164b17, 0x01e5dbd, 0x01e493f, 0x1fff97f, 0x01e493d, 0x0166991,
    0x01a4111, 0x2aef87f, 0x0000000, 0x0040111, 0x11cc93d, 0x01cd91b, 0x03ced7d,
    0x0fefd6f, 0x11ec99d, 0x0100000, 0x13efd7f, 0x11ffdfd, 0x15ef9bd, 0x00ef97f,
    0x0004111, 0x0066191, 0x0088114, 0x00ca800, 0x0000010};

bool is_common_pair(char left, char right) noexcept {
    const auto row = static_cast<std::size_t>(to_lower(left) - 'a');
    const auto column = static_cast<unsigned>(to_lower(right) - 'a');
    return ((common_pairs[row] >> column) & 1U) != 0;
}

/// Where the piece that begins at `from` ends.
std::size_t piece_end(std::string_view value, std::size_t from) noexcept {
    std::size_t end = from + 1;
    if (is_digit(value[from])) {
        while (end < value.size() && is_digit(value[end])) ++end;
        return end;
    }
    const auto upper_at = [value](std::size_t at) {
        return at < value.size() && is_upper(value[at]);
    };
    const auto lower_at = [value](std::size_t at) {
        return at < value.size() && is_lower(value[at]);
    };
    if (is_upper(value[from]) && upper_at(end)) {
        // Capitals: the last one belongs to the word that follows ("HTTPToken"),
        // but not a plural's or a lone letter's ("URLs").
        while (upper_at(end)) ++end;
        if (lower_at(end) && lower_at(end + 1) && end - from > 1) --end;
        return end;
    }
    while (lower_at(end)) ++end;
    return end;
}

bool is_one_of(std::string_view text, std::string_view list) noexcept {
    // `list` is words between single blanks, with one at each end.
    for (std::size_t at = list.find(text); at != std::string_view::npos;
         at = list.find(text, at + 1)) {
        if (at > 0 && list[at - 1] == ' ' && list[at + text.size()] == ' ') return true;
    }
    return false;
}

}  // namespace

std::vector<Piece> pieces_of(std::string_view value) {
    std::vector<Piece> pieces;
    for (std::size_t at = 0; at < value.size();) {
        if (!is_alnum(value[at])) {
            ++at;
            continue;
        }
        const std::size_t end = piece_end(value, at);
        pieces.push_back(value.substr(at, end - at));
        at = end;
    }
    return pieces;
}

double likeness_to_words(const std::vector<Piece>& pieces) noexcept {
    std::size_t pairs = 0;
    std::size_t common = 0;
    for (const Piece piece : pieces) {
        if (is_digit(piece.front())) continue;
        for (std::size_t at = 1; at < piece.size(); ++at) {
            ++pairs;
            if (is_common_pair(piece[at - 1], piece[at])) ++common;
        }
    }
    return pairs == 0 ? 1.0 : static_cast<double>(common) / static_cast<double>(pairs);
}

bool read_as_words(const std::vector<Piece>& pieces) noexcept {
    std::size_t letters = 0;
    std::size_t words = 0;
    for (const Piece piece : pieces) {
        if (is_digit(piece.front())) continue;
        letters += piece.size();
        ++words;
    }
    if (words == 0) return false;
    // Drawn letters of both cases fall into pieces of fewer than two on average;
    // "OAuth" and "i-am-the-worst" have two and a half, "X-Api-Key" seven thirds.
    if (words > 1 && letters * 3 < words * 7) return false;
    return letters < 5 || likeness_to_words(pieces) >= 0.7;
}

bool digits_belong_to_names(const std::vector<Piece>& pieces) {
    struct Name {
        std::string_view letters;
        std::string_view digits;  ///< those that go with it, between blanks; empty: up to two
    };
    static constexpr std::array<Name, 40> names = {{{"sha", " 0 1 2 3 224 256 384 512 "},
                                                    {"md", " 2 4 5 "},
                                                    {"utf", " 8 16 32 "},
                                                    {"base", " 16 32 36 58 62 64 "},
                                                    {"b", " 64 "},
                                                    {"oauth", " 1 2 "},
                                                    {"auth", " 0 1 2 "},
                                                    {"aes", " 128 192 256 "},
                                                    {"rsa", " 1024 2048 3072 4096 256 512 "},
                                                    {"http", " 1 2 3 "},
                                                    {"x", " 25519 509 448 64 86 500 11 "},
                                                    {"ed", " 25519 448 "},
                                                    {"curve", " 25519 448 "},
                                                    {"p", " 12 256 384 521 7 8 "},
                                                    {"secp", " 256 384 521 "},
                                                    {"v", ""},
                                                    {"rc", " 2 4 5 6 "},
                                                    {"pbkdf", " 1 2 "},
                                                    {"argon", " 2 "},
                                                    {"blake", " 2 3 "},
                                                    {"des", " 3 "},
                                                    {"s", " 3 "},
                                                    {"ec", " 2 "},
                                                    {"k", " 8 "},
                                                    {"i", " 18 386 "},
                                                    {"int", " 8 16 32 64 128 "},
                                                    {"uint", " 8 16 32 64 128 "},
                                                    {"float", " 16 32 64 "},
                                                    {"amd", " 64 "},
                                                    {"win", " 32 64 "},
                                                    {"aws", " 4 "},
                                                    {"chacha", " 20 "},
                                                    {"poly", " 1305 "},
                                                    {"salsa", " 20 "},
                                                    {"hs", " 256 384 512 "},
                                                    {"rs", " 256 384 512 "},
                                                    {"es", " 5 6 256 384 512 "},
                                                    {"ps", " 256 384 512 "},
                                                    {"krb", " 4 5 "},
                                                    {"pkcs", " 1 5 7 8 11 12 "}}};
    for (std::size_t at = 0; at < pieces.size(); ++at) {
        if (!is_digit(pieces[at].front())) continue;
        if (at == 0) return false;
        if (is_digit(pieces[at - 1].front())) {
            // The next number of a version: "OAuth 2.0".
            if (pieces[at].size() > 2 || pieces[at - 1].size() > 2) return false;
            continue;
        }
        const std::string before = lowered(pieces[at - 1]);
        const auto name = std::find_if(names.begin(), names.end(), [&before](const Name& each) {
            return each.letters == before;
        });
        if (name == names.end()) return false;
        const bool fits = name->digits.empty() ? pieces[at].size() <= 2
                                               : is_one_of(pieces[at], name->digits);
        if (!fits) return false;
    }
    return true;
}

}  // namespace stratascan::evidence
