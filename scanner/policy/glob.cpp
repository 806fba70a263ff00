#include "scanner/policy/glob.hpp"

#include <algorithm>
#include <cctype>
#include <cstddef>
#include <vector>

namespace stratascan::policy {

namespace {

// One place of the pattern: a byte, or a star that stays where it is.
struct Token {
    char byte = 0;
    enum class Kind { byte, one, star, all } kind = Kind::byte;
};

std::vector<Token> tokens_of(std::string_view pattern) {
    std::vector<Token> tokens;
    for (std::size_t i = 0; i < pattern.size(); ++i) {
        if (pattern[i] == '*') {
            const bool two = i + 1 < pattern.size() && pattern[i + 1] == '*';
            while (i + 1 < pattern.size() && pattern[i + 1] == '*') ++i;
            tokens.push_back({0, two ? Token::Kind::all : Token::Kind::star});
        } else if (pattern[i] == '?') {
            tokens.push_back({0, Token::Kind::one});
        } else {
            tokens.push_back({pattern[i], Token::Kind::byte});
        }
    }
    return tokens;
}

}  // namespace

// All places of the pattern at once, so that no pattern takes more than its length
// for each byte. Most pairs are told apart by what stands before the first star and
// behind the last one.
bool glob_matches(std::string_view pattern, std::string_view text) noexcept {
    const std::size_t first = pattern.find_first_of("*?");
    if (first == std::string_view::npos) return pattern == text;
    if (text.size() > longest_globbed || !text.starts_with(pattern.substr(0, first)) ||
        !text.ends_with(pattern.substr(pattern.find_last_of("*?") + 1))) {
        return false;
    }
    const std::vector<Token> tokens = tokens_of(pattern);
    std::vector<char> now(tokens.size() + 1), next(tokens.size() + 1);
    const auto skip_stars = [&](std::vector<char>& places) {
        for (std::size_t i = 0; i < tokens.size(); ++i) {
            const bool star = tokens[i].kind == Token::Kind::star || tokens[i].kind == Token::Kind::all;
            if (places[i] != 0 && star) places[i + 1] = 1;
        }
    };
    now[0] = 1;
    skip_stars(now);
    for (const char c : text) {
        std::fill(next.begin(), next.end(), '\0');
        for (std::size_t i = 0; i < tokens.size(); ++i) {
            if (now[i] == 0) continue;
            switch (tokens[i].kind) {
                case Token::Kind::byte:
                    if (tokens[i].byte == c) next[i + 1] = 1;
                    break;
                case Token::Kind::one:
                    if (c != '/') next[i + 1] = 1;
                    break;
                case Token::Kind::star:
                    if (c != '/') next[i] = 1;
                    break;
                case Token::Kind::all: next[i] = 1; break;
            }
        }
        skip_stars(next);
        now.swap(next);
    }
    return now.back() != 0;
}

bool glob_is_blanket(std::string_view pattern) noexcept {
    return std::none_of(pattern.begin(), pattern.end(), [](char c) {
        return std::isalnum(static_cast<unsigned char>(c)) != 0;
    });
}

}  // namespace stratascan::policy
