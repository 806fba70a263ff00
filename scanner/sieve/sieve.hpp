// Which stretches of a text the engine must see. See plan.hpp for how it is told.
#pragma once

#include <cstdint>
#include <memory>
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

class Sieve {
public:
    Sieve(Plan plan, Kernel kernel);

    /// For this processor; nothing when it has no instructions that make a sieve
    /// faster than the engine alone.
    [[nodiscard]] static std::shared_ptr<const Sieve> for_this_processor(Plan plan);

    /// Appends the stretches of `text` in which an expression may match that goes
    /// by a needle in [from, to), in no order and overlapping. `programs`: in this
    /// run of the text the programs' literals count, too. Every byte of `text` may
    /// be looked at, none beyond it.
    void look(std::string_view text, std::size_t from, std::size_t to, bool programs,
              std::vector<Stretch>& stretches) const;

    /// How far behind its needle a match may end.
    [[nodiscard]] std::size_t reach() const noexcept { return reach_; }

private:
    // Of a needle as many bytes as a register holds, from its key on: settles
    // almost all places that only share a hash.
    struct Entry {
        std::uint64_t bytes = 0, mask = 0, fold = 0;
        std::uint32_t needle = 0;
    };
    static constexpr unsigned slot_bits = 13;

    [[nodiscard]] static std::uint32_t slot_of(std::uint32_t key) noexcept {
        return (key * 0x9e3779b1U) >> (32 - slot_bits);
    }
    [[nodiscard]] Entry entry_of(const Needle& needle) const;
    void confirm(std::string_view text, std::size_t place, bool programs,
                 std::vector<Stretch>& stretches) const;
    [[nodiscard]] bool stands_at(const Needle& needle, std::string_view text,
                                 std::size_t begin) const;

    Plan plan_;
    Tables tables_;
    Kernel kernel_;
    std::vector<Entry> entries_;         // by slot
    std::vector<std::uint32_t> slots_;  // where a slot's entries begin
    std::size_t reach_ = 0;
};

/// In order, none touching another, each within [from, to).
void merge(std::vector<Stretch>& stretches, std::size_t from, std::size_t to);

}  // namespace stratascan::sieve
