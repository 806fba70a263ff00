// Any text as a pattern. Where RE2 takes it, the tree is no narrower than RE2; and
// whatever is asked of the tree is answered in bounded time.
#include <re2/re2.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "scanner/match/database.hpp"
#include "scanner/match/regex_tree.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace stratascan::match;
    // "pattern NUL anchor NUL text"
    const std::string_view all(reinterpret_cast<const char*>(data), size);
    const std::size_t one = std::min(all.find('\0'), size);
    const std::size_t two = std::min(all.find('\0', std::min(one + 1, size)), size);
    const std::string pattern(all.substr(0, one));
    const std::string anchor(all.substr(std::min(one + 1, size), two - std::min(one + 1, two)));
    const std::string text(all.substr(std::min(two + 1, size)));

    static_cast<void>(engine_expression({{}, pattern, false, {}, {}}));
    const auto tree = parse_regex(pattern);
    if (!tree) return 0;
    const auto width = widest(*tree);
    const Beginnings beginnings(*tree);
    const auto within = anchor_within(*tree, {anchor}, size % 2 == 0, 1000);

    re2::RE2::Options options;
    options.set_encoding(re2::RE2::Options::EncodingLatin1);
    options.set_log_errors(false);
    options.set_max_mem(1 << 20);
    const re2::RE2 regex(pattern, options);
    re2::StringPiece found;
    if (!regex.ok() ||
        !regex.Match(text, 0, text.size(), re2::RE2::UNANCHORED, &found, 1)) {
        return 0;
    }
    const std::string_view match(found.data(), found.size());
    if (width && match.size() > *width) __builtin_trap();
    if (!beginnings.possible(match)) __builtin_trap();
    if (within && size % 2 == 1 && match.size() <= 1000) {
        const std::size_t at = match.find(anchor);
        if (at == std::string_view::npos || at + anchor.size() > *within) __builtin_trap();
    }
    return 0;
}
