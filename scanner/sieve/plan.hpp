// What the sieve looks for, made from the rules when the project is built.
//
// The sieve tells, for almost all bytes of a stream, that no expression of the
// engine ends there that could begin a finding; only the rest is given to the
// engine. It goes by needles: strings of which every match of an expression has
// one, with what must stand behind. A needle is found in three steps, each for
// the few places that the one before lets pass:
//
//   1. six bytes of it, of which the first four are its key, in vector registers:
//      each needle is in one of its group's buckets, and a table a place says which
//      buckets a byte allows (after Teddy, Hyperscan's matcher for small sets). Most
//      needles have a condition besides, which is told for 64 places at once: bytes
//      that tokens are made of must follow, or a token must stand near
//      (token_run.hpp);
//   2. the hash of four or six bytes in a bitmap;
//   3. the needle itself, and Follow behind it.
//
// That no match is missed is not tested but made so: needles come from the
// patterns' trees (required.hpp, follow.hpp). An expression for which that fails
// makes a plan impossible, and then the engine sees everything.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "scanner/match/ruleset.hpp"
#include "scanner/sieve/token_run.hpp"
#include "stratascan/error.hpp"

namespace stratascan::sieve {

/// What a bucket's needles have in common.
enum class Group : std::uint8_t {
    long_run,  ///< from the key on stand `long_run_bytes` bytes of tokens
    digit,     ///< a telling digit stands near the key
    near,      ///< the middle of a long run stands near the key
    plain,     ///< nothing
    program,   ///< of programs; from the key on stand `print_bytes` that print
};
inline constexpr std::size_t groups = 5;
/// Needles that are asked about most often have two tables.
[[nodiscard]] constexpr std::size_t tables_of(Group group) noexcept {
    return group == Group::plain || group == Group::digit ? 2 : 1;
}

inline constexpr std::uint32_t no_follow = ~std::uint32_t{0};

struct Needle {
    std::uint32_t text = 0;    ///< where in Plan::texts
    std::uint32_t follow = no_follow;  ///< where in Plan::follows, or nothing to ask
    std::uint32_t key = 0;     ///< the key, as folded() gives it
    std::uint32_t expression = 0;  ///< the one that it is a needle of
    std::uint16_t before = 0;  ///< bytes of the expression before the needle, at most
    std::uint16_t behind = 0;  ///< behind the needle's beginning, at most
    std::uint16_t size = 0;    ///< of the text
    std::uint16_t key_at = 0;  ///< where in the text the key begins
    std::uint8_t certain = 0;  ///< bytes behind the text before a match may end
    std::uint8_t nocase = 0;   ///< the text is in lower case, to be met in any
    std::uint8_t bucket = 0;   ///< of the group's
    std::uint8_t program = 0;  ///< only told in ELF files
    Group group = Group::plain;
    std::uint8_t tail_run = 0;  ///< token bytes that follow the text, at least
    std::uint8_t unused[2] = {};
};

/// The key as hashed: four bytes, little endian, each with bit 5 set.
[[nodiscard]] constexpr std::uint32_t folded(std::uint32_t bytes) noexcept {
    return bytes | 0x20202020U;
}
[[nodiscard]] constexpr std::uint64_t folded(std::uint64_t bytes) noexcept {
    return bytes | 0x2020202020202020U;
}

/// A table tells 8 buckets apart by the bytes at this many places.
inline constexpr std::uint8_t table_buckets = 8;
inline constexpr std::size_t table_places = 6;
/// The buckets in which a byte may stand at each place, for bytes under 128. Bytes
/// from 128 on are looked up as if their highest bit were not set; later steps
/// tell them apart.
using KeyTable = std::array<std::array<std::uint8_t, 128>, table_places>;

/// What the first step reads. A group may have two tables: 16 buckets.
struct ByteTables {
    alignas(64) std::array<std::array<KeyTable, 2>, groups> keys{};
};

/// Forms of Follow, one behind the other. Most of a start would go by copying them out of
/// the program, so they may stay where they are.
class FollowForms {
public:
    [[nodiscard]] const std::uint16_t* data() const noexcept {
        return borrowed_.empty() ? made_.data() : borrowed_.data();
    }
    [[nodiscard]] std::size_t size() const noexcept {
        return borrowed_.empty() ? made_.size() : borrowed_.size();
    }
    /// `forms` outlive all that is made of this.
    void borrow(std::span<const std::uint16_t> forms) { borrowed_ = forms; }
    void append(std::span<const std::uint16_t> form) {
        made_.insert(made_.end(), borrowed_.begin(), borrowed_.end());
        borrowed_ = {};
        made_.insert(made_.end(), form.begin(), form.end());
    }
    [[nodiscard]] bool operator==(const FollowForms& other) const {
        return std::equal(data(), data() + size(), other.data(), other.data() + other.size());
    }

private:
    std::vector<std::uint16_t> made_;
    std::span<const std::uint16_t> borrowed_;
};

struct Plan {
    std::vector<Needle> needles;  ///< in order of their keys
    std::string texts;
    FollowForms follows;
    ByteTables bytes;

    [[nodiscard]] std::string_view text(const Needle& needle) const noexcept {
        return std::string_view(texts).substr(needle.text, needle.size);
    }
};

/// An Error names the expression that can't be sieved.
[[nodiscard]] Result<Plan> make_plan(const match::RuleSet& rules);

/// As make_plan() for `rules`, of which `known` are some, unchanged, with their
/// `plan`: takes the time of the others only.
[[nodiscard]] Result<Plan> extend_plan(const match::RuleSet& known, const Plan& plan,
                                       const match::RuleSet& rules);

[[nodiscard]] std::string write_plan(const Plan& plan);
/// `bytes` outlive the plan, and what is made of it.
[[nodiscard]] Result<Plan> read_plan(std::string_view bytes);

}  // namespace stratascan::sieve
