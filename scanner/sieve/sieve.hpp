// Which stretches of a text the engine must see. See plan.hpp for how it is told.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "scanner/sieve/kernel.hpp"
#include "scanner/sieve/plan.hpp"
#include "scanner/sieve/tables.hpp"

namespace stratascan::sieve {

/// A run of a text, by positions in it.
struct Stretch {
    std::size_t begin = 0, end = 0;
    auto operator<=>(const Stretch&) const = default;
};

/// A stretch in which an expression may match.
struct Chance {
    Stretch stretch;
    std::uint32_t expression = 0;
    auto operator<=>(const Chance&) const = default;
};

class Sieve {
public:
    Sieve(Plan plan, Kernel kernel);

    /// For this processor; nothing when it has no instructions that make a sieve
    /// faster than the engine alone, or gets other results with them than without.
    [[nodiscard]] static std::shared_ptr<const Sieve> for_this_processor(Plan plan);

    /// Appends the stretches of `text` in which an expression may match that goes
    /// by a needle in [from, to), in no order and overlapping. `programs`: in this
    /// run of the text the programs' literals count, too. Every byte of `text` may
    /// be looked at, none beyond it. An expression may match elsewhere; but every
    /// match of a rule, and every program's literal, has a chance.
    ///
    /// `edges` are the places, ascending, where one file ends and something else
    /// begins: a match lies between two. All those in `text` must be there.
    ///
    /// Adds what may be encoded in [from, to) to `encoded`, if not null.
    void look(std::string_view text, std::size_t from, std::size_t to, bool programs,
              std::span<const std::size_t> edges, std::vector<Chance>& chances,
              views::HintPlaces* encoded = nullptr) const;

    /// How far behind its needle a match may end.
    [[nodiscard]] std::size_t reach() const noexcept { return reach_; }
    /// How far in front of its needle a match may begin.
    [[nodiscard]] std::size_t lead() const noexcept { return lead_; }
    /// Bytes of the widest stretch of one chance.
    [[nodiscard]] std::size_t widest() const noexcept { return widest_; }

private:
    // What is asked of a needle, in one line of the cache: first as many bytes as a
    // register holds, from its key on, which settles almost all places that only
    // share a hash.
    struct alignas(64) Entry {
        std::uint64_t bytes = 0, mask = 0, fold = 0;
        const char* text = nullptr;
        const std::uint16_t* follow = nullptr;  // nullptr: nothing to ask
        std::uint32_t expression = 0;
        std::uint16_t before = 0, behind = 0;
        std::uint16_t size = 0, key_at = 0;
        bool nocase = false, program = false;
        bool whole = false;  // `bytes` are the whole needle
    };
    static constexpr unsigned slot_bits = 13;
    static constexpr std::size_t batch = 64;

    [[nodiscard]] static std::uint32_t slot_of(std::uint32_t key) noexcept {
        return (key * 0x9e3779b1U) >> (32 - slot_bits);
    }
    [[nodiscard]] Entry entry_of(const Needle& needle) const;
    // `edges`: those behind the first place; it goes on with those that are left.
    void confirm(std::string_view text, const std::uint32_t* places, std::size_t count,
                 std::size_t shift, bool programs, std::span<const std::size_t>& edges,
                 std::vector<Chance>& chances) const;
    // `edges`: all those behind the needle's key, at least.
    [[nodiscard]] static bool stands_at(const Entry& entry, std::string_view text,
                                        std::size_t begin, std::span<const std::size_t> edges);

    Plan plan_;
    Tables tables_;
    Kernel kernel_;
    std::vector<Entry> entries_;        // by slot
    std::vector<std::uint16_t> slots_;  // where a slot's entries begin
    std::size_t reach_ = 0, lead_ = 0, widest_ = 0;
};

/// The stretches of `chances`, which are put in order and cut to [from, to): in
/// order, none touching another.
void merge(std::vector<Chance>& chances, std::size_t from, std::size_t to,
           std::vector<Stretch>& stretches);

}  // namespace stratascan::sieve
