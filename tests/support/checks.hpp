// Runs one offline check on a value, and fills in templates of values.
#pragma once

#include <gtest/gtest.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "scanner/evidence/evidence.hpp"
#include "scanner/match/example.hpp"

namespace stratascan::test {

/// What `check` says of `secret`; `match` and `around` are the secret itself where
/// they are left out.
inline evidence::Output run(std::string_view check, std::string_view secret,
                            std::string_view match = {}, std::string_view around = {}) {
    const evidence::Check found = evidence::find_check(check);
    if (found == nullptr) {
        ADD_FAILURE() << "no check " << check;
        return {};
    }
    const std::string_view whole = match.empty() ? secret : match;
    return found({secret, whole, around.empty() ? whole : around});
}

/// The template's text for a seed.
inline std::string example(std::string_view text, std::uint64_t seed = 1) {
    auto expanded = match::expand_example(text, seed);
    if (!expanded) {
        ADD_FAILURE() << expanded.error().message();
        return {};
    }
    return std::move(*expanded);
}

}  // namespace stratascan::test
