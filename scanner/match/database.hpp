// The Hyperscan database: block mode, no start of match. Start of match would
// cost four fifths of the speed and refuse every third rule; a second look at a
// small window costs nothing that can be measured.
//
// The engine is trusted only after a test. Vectorscan 5.4.9 as Debian 12 ships
// it misses matches on amd64 that depend on where in a block a literal stands;
// a scanner on such an engine is worse than none. So every process scans a few
// known texts at many alignments first, and refuses to run when one is missed.
#pragma once

#include <hs.h>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "scanner/match/pack.hpp"
#include "scanner/match/ruleset.hpp"
#include "stratascan/error.hpp"

namespace stratascan::match {

/// Widest match of a gate, in bytes: a scan that starts this much before a place
/// sees every match that ends behind it. Literals are shorter.
inline constexpr std::size_t widest_gate = 256;

/// Where an expression's match ends, in bytes from the start of what was scanned.
struct Hit {
    std::uint32_t end = 0;
    std::uint32_t expression = 0;
    auto operator<=>(const Hit&) const = default;
};

struct FreeScratch {
    void operator()(hs_scratch_t* scratch) const noexcept { hs_free_scratch(scratch); }
};
using Scratch = std::unique_ptr<hs_scratch_t, FreeScratch>;

class Database {
public:
    /// Compiles for this processor.
    [[nodiscard]] static Result<std::shared_ptr<const Database>> compile(const RuleSet& rules);
    /// The first of the pack's databases that this processor can run.
    [[nodiscard]] static Result<std::shared_ptr<const Database>> load(const Pack& pack);
    [[nodiscard]] static Result<std::shared_ptr<const Database>> deserialize(
        std::string_view bytes, std::string level);

    /// A scratch for one thread.
    [[nodiscard]] Scratch make_scratch() const;

    /// Appends every hit in `bytes` (at most 4 GiB), in order of their ends.
    /// An Error is a bug or a broken engine, never the input's doing.
    [[nodiscard]] Result<void> scan(std::string_view bytes, hs_scratch_t* scratch,
                                    std::vector<Hit>& hits) const;

    [[nodiscard]] Result<std::string> serialize() const;
    [[nodiscard]] const std::string& level() const noexcept { return level_; }
    [[nodiscard]] std::size_t bytes() const noexcept;

private:
    struct FreeDatabase {
        void operator()(hs_database_t* database) const noexcept { hs_free_database(database); }
    };
    std::unique_ptr<hs_database_t, FreeDatabase> database_;
    Scratch prototype_;
    std::string level_;
};

/// What Hyperscan is asked to look for, as (expression, flags).
struct EngineExpression {
    std::string text;
    unsigned flags = 0;
};
/// An Error when the gate is not understood.
[[nodiscard]] Result<EngineExpression> engine_expression(const Expression& expression);

/// Serialized databases of `rules` for every processor level, best first.
struct LevelDatabases {
    std::vector<std::string> levels, databases;
};
[[nodiscard]] Result<LevelDatabases> compile_levels(const RuleSet& rules);

/// Longest match of a gate in bytes. An Error when it is not bounded, or when the gate
/// is not understood or Hyperscan does not take it.
[[nodiscard]] Result<std::uint32_t> gate_width(const std::string& gate);

/// Scans every literal of the rules at several alignments; an Error names the
/// first that is missed. Takes well under a millisecond.
[[nodiscard]] Result<void> check_engine(const Database& database,
                                        const std::vector<Expression>& expressions);

}  // namespace stratascan::match
