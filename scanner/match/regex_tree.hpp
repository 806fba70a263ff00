// A rule's pattern as a tree, to reason about it: how wide can a match be, and
// does every match contain one of the anchors, and how early?
//
// Those answers decide what is never missed, so they are proved and not sampled.
// The tree stands for a superset of the pattern's language: assertions (\b, ^, $)
// count as nothing, a dot as any byte. What holds for every text of the superset
// holds for every match. RE2's own prefilter answers the same question, but gives
// up on classes and short literals, and with them on every fifth rule.
#pragma once

#include <bitset>
#include <cstdint>
#include <cstring>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "stratascan/error.hpp"

namespace stratascan::match {

struct RegexNode {
    enum class Kind : std::uint8_t { empty, bytes, sequence, choice, repeat };
    static constexpr std::uint32_t unbounded = ~std::uint32_t{0};

    Kind kind = Kind::empty;
    std::bitset<256> bytes;           ///< kind bytes: one of these
    std::vector<RegexNode> children;  ///< sequence, choice; repeat has one
    std::uint32_t least = 1, most = 1;
    bool secret = false;  ///< the group of that name; its one child is what it holds
};

/// What a $ stands for that asks for the end of the text (one after (?m) asks for
/// a line's, and counts as nothing).
enum class EndOfText : std::uint8_t {
    nothing,  ///< the superset that proofs are about
    never,    ///< only texts of the pattern behind which something else may stand
};

/// Reads RE2 syntax (Latin-1), and what Hyperscan shares of it. An Error names
/// what is not understood; nesting is limited to 200.
[[nodiscard]] Result<RegexNode> parse_regex(std::string_view pattern,
                                            EndOfText end = EndOfText::nothing);

/// The tree in Hyperscan's syntax, for HS_FLAG_DOTALL: every class written out as its
/// bytes, without flags and assertions. What RE2 and Hyperscan read differently (\s and
/// \v, the case of Latin-1's letters) is decided here, as RE2 reads it.
[[nodiscard]] std::string engine_syntax(const RegexNode& node);

/// Longest text in bytes; nothing when there is none.
[[nodiscard]] std::optional<std::uint64_t> widest(const RegexNode& node);

/// The node that is the secret; null when there is none.
[[nodiscard]] const RegexNode* secret_of(const RegexNode& node);

/// Shortest text in bytes.
[[nodiscard]] std::uint64_t narrowest(const RegexNode& node);

/// How far behind the beginning of any match an anchor is sure to have ended:
/// the bound within which the second look begins. Nothing when a match without
/// any anchor is possible. `width` bounds the whole match, where repeats don't.
[[nodiscard]] std::optional<std::uint64_t> anchor_within(const RegexNode& node,
                                                         const std::vector<std::string>& anchors,
                                                         bool nocase, std::uint64_t width);

/// Tells in a few nanoseconds where no match can begin, by the first bytes there.
class Beginnings {
public:
    /// Everywhere.
    Beginnings() = default;
    explicit Beginnings(const RegexNode& node);

    /// The form in which the rules carry them: the number of places (1 byte), for
    /// each a set of bytes (32 bytes, the lowest bit first), then the slots that are
    /// taken (2 bytes each, little endian, ascending).
    [[nodiscard]] std::string bytes() const;
    /// What is no such form says that a match can begin everywhere.
    [[nodiscard]] static Beginnings read(std::string_view bytes);

    /// False only where no match begins that lies in `text` as a whole.
    [[nodiscard]] bool possible(std::string_view text) const noexcept {
        if (text.size() < places_.size()) return false;
        if (!slots_.empty()) {
            const std::size_t slot = slot_of(text.data());
            return (slots_[slot / 64] >> (slot % 64) & 1U) != 0;
        }
        for (std::size_t i = 0; i < places_.size(); ++i) {
            if (!places_[i][static_cast<unsigned char>(text[i])]) return false;
        }
        return true;
    }

private:
    static constexpr std::size_t prefix_bytes = 4;
    static constexpr std::size_t slot_words = (std::size_t{1} << 16) / 64;
    /// Upper and lower case letters share a slot, and some other bytes do.
    [[nodiscard]] static std::size_t slot_of(const char* prefix) noexcept {
        std::uint32_t word = 0;
        std::memcpy(&word, prefix, sizeof word);
        return ((word | 0x20202020U) * 0x9e3779b1U) >> 16;
    }
    void take(std::size_t slot) { slots_[slot / 64] |= std::uint64_t{1} << (slot % 64); }

    /// What may stand at each of the first places; as many as every match has.
    std::vector<std::bitset<256>> places_;
    /// Of the prefixes of 4 bytes, hashed, a bit for each slot: where a pattern begins
    /// with one of a few hundred words, its places alone tell little. Empty: too many.
    std::vector<std::uint64_t> slots_;
};

}  // namespace stratascan::match
