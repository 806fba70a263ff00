#include <fmt/format.h>

#include <algorithm>

#include "scanner/match/database.hpp"

namespace stratascan::match {

namespace {

struct Planted {
    std::string text;
    std::vector<Hit> expected;
};

// Every literal once, `shift` bytes and more apart, so that over a few shifts
// each stands at many places relative to the vector registers' edges.
Planted plant(const std::vector<Expression>& expressions, std::size_t shift) {
    Planted planted;
    for (std::uint32_t i = 0; i < expressions.size(); ++i) {
        if (expressions[i].literal.empty()) continue;
        planted.text.append(1 + (shift * 7 + std::size_t{i} * 13) % 67, '\x01');
        planted.text += expressions[i].literal;
        planted.expected.push_back({static_cast<std::uint32_t>(planted.text.size()), i});
    }
    return planted;
}

}  // namespace

Result<void> check_engine(const Database& database, const std::vector<Expression>& expressions) {
    const Scratch scratch = database.make_scratch();
    std::vector<Hit> hits;
    const auto missed = [&](const Planted& planted) -> Result<void> {
        hits.clear();
        if (auto scanned = database.scan(planted.text, scratch.get(), hits); !scanned) {
            return scanned;
        }
        std::sort(hits.begin(), hits.end());
        for (const Hit& hit : planted.expected) {
            if (std::binary_search(hits.begin(), hits.end(), hit)) continue;
            return fail(ErrorCode::engine,
                        fmt::format("the pattern engine {} misses known matches (expression {} at "
                                    "byte {})",
                                    hs_version(), hit.expression, hit.end),
                        {}, "build with Hyperscan; Vectorscan 5.4.9 is known to do this");
        }
        return {};
    };
    for (std::size_t shift = 0; shift < 4; ++shift) {
        if (auto ok = missed(plant(expressions, shift)); !ok) return ok;
    }
    for (std::uint32_t i = 0; i < expressions.size(); ++i) {
        const std::string& literal = expressions[i].literal;
        if (literal.empty()) continue;
        Planted alone{std::string(i % 3, '\x01') + literal, {}};
        alone.expected.push_back({static_cast<std::uint32_t>(alone.text.size()), i});
        if (auto ok = missed(alone); !ok) return ok;
    }
    return {};
}

}  // namespace stratascan::match
