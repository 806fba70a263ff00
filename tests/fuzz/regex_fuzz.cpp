// Any text as a pattern. Where RE2 takes it, the tree is no narrower than RE2, nor is what
// Hyperscan is asked in a gate's place; and whatever is asked of the tree is answered in
// bounded time.
#include <hs.h>
#include <re2/re2.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "scanner/match/database.hpp"
#include "scanner/match/regex_tree.hpp"

namespace {

constexpr std::size_t longest_compiled = 64;  // what is longer takes Hyperscan too long

struct Free {
    void operator()(hs_database_t* database) const { hs_free_database(database); }
    void operator()(hs_scratch_t* scratch) const { hs_free_scratch(scratch); }
};

struct Sought {
    unsigned long long end = 0;
    bool seen = false;
};

int on_match(unsigned, unsigned long long, unsigned long long to, unsigned, void* context) {
    Sought& sought = *static_cast<Sought*>(context);
    sought.seen = sought.seen || to == sought.end;
    return 0;
}

/// Whether Hyperscan sees that a match of the gate ends there; also true of a gate that it
/// refuses.
bool engine_sees(const stratascan::match::EngineExpression& gate, const std::string& text,
                 std::size_t end) {
    hs_database_t* database = nullptr;
    hs_compile_error_t* error = nullptr;
    if (hs_compile(gate.text.c_str(), gate.flags, HS_MODE_BLOCK, nullptr, &database, &error) !=
        HS_SUCCESS) {
        hs_free_compile_error(error);
        return true;
    }
    const std::unique_ptr<hs_database_t, Free> owned(database);
    hs_scratch_t* scratch = nullptr;
    if (hs_alloc_scratch(database, &scratch) != HS_SUCCESS) return false;
    const std::unique_ptr<hs_scratch_t, Free> owned_scratch(scratch);
    Sought sought{end, false};
    return hs_scan(database, text.data(), static_cast<unsigned>(text.size()), 0, scratch,
                   &on_match, &sought) == HS_SUCCESS &&
           sought.seen;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace stratascan::match;
    // "pattern NUL anchor NUL text"
    const std::string_view all(reinterpret_cast<const char*>(data), size);
    const std::size_t one = std::min(all.find('\0'), size);
    const std::size_t two = std::min(all.find('\0', std::min(one + 1, size)), size);
    const std::string pattern(all.substr(0, one));
    const std::string anchor(all.substr(std::min(one + 1, size), two - std::min(one + 1, two)));
    const std::string text(all.substr(std::min(two + 1, size)));

    const auto gate = engine_expression({{}, pattern, false, {}, {}});
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
    const bool narrow = pattern.size() <= longest_compiled && width && *width <= widest_gate;
    if (narrow && !pattern.empty() && !match.empty() &&
        !engine_sees(*gate, text, static_cast<std::size_t>(match.data() - text.data()) + match.size())) {
        __builtin_trap();
    }
    if (within && size % 2 == 1 && match.size() <= 1000) {
        const std::size_t at = match.find(anchor);
        if (at == std::string_view::npos || at + anchor.size() > *within) __builtin_trap();
    }
    return 0;
}
