// The passes over a chunk, for any kind of vectors. Each kernel includes this
// where its processor's instructions are switched on, so that the plain loops
// below become vectors, too.
//
// `Simd` looks at 64 bytes at a time:
//     static void kinds<encoded>(text, blocks, chunk): its bits of single bytes,
//         `encoded`: those of what may be encoded, too
//     static std::uint64_t marked(text): places that a way of mark_tables allows
//     static void prints(text, blocks, prints)
//     static std::size_t list(bits, blocks, numbers): of blocks that have a bit
//     Simd(const KeyTable&), std::uint64_t keys(text): places that a bucket allows
//     static std::uint64_t keys(first, second, text): those that one of two allows
#pragma once

#include "scanner/sieve/byte_kinds.hpp"
#include "scanner/sieve/kernel_block.hpp"

namespace stratascan::sieve {

/// Where at least `wanted` (8 or 16) set bits go on.
template <unsigned wanted>
void find_runs(const std::uint64_t* bits, std::size_t blocks, std::uint64_t* runs) noexcept {
    static_assert(wanted == 8 || wanted == 16);
    for (std::size_t i = 0; i < blocks; ++i) {
        std::uint64_t run = bits[i], next = bits[i + 1];
        run &= (run >> 1) | (next << 63);
        next &= next >> 1;
        run &= (run >> 2) | (next << 62);
        next &= next >> 2;
        run &= (run >> 4) | (next << 60);
        if constexpr (wanted == 16) {
            next &= next >> 4;
            run &= (run >> 8) | (next << 56);
        }
        runs[i] = run;
    }
}

/// Where in each block a run of tokens covers a digit, and where the middles of
/// long runs are. Nothing is known of what is in front of the first block: see
/// find_near().
inline void find_telling(ChunkBits& run_bits, ChunkBits& digit_bits, std::size_t blocks,
                         ChunkBits& told_bits, ChunkBits& middle_bits) noexcept {
    static_assert(run_bytes == 16 && long_run_bytes == 32 && match::digitless == 64);
    run_bits[-1] = middle_bits[-1] = 0;
    const std::uint64_t* const runs = run_bits.data();
    const std::uint64_t* const digits = digit_bits.data();
    std::uint64_t* const told = told_bits.data();
    std::uint64_t* const middles = middle_bits.data();
    const auto count = static_cast<std::ptrdiff_t>(blocks);
    for (std::ptrdiff_t i = 0; i < count; ++i) {
        middles[i] = runs[i] & ((runs[i] << 16) | (runs[i - 1] >> 48));
    }
    for (std::ptrdiff_t i = 0; i < count; ++i) {
        // A run covers the places where it begins, and 15 more behind each.
        std::uint64_t covered = runs[i], before = runs[i - 1];
        covered |= (covered << 1) | (before >> 63);
        before |= before << 1;
        covered |= (covered << 2) | (before >> 62);
        before |= before << 2;
        covered |= (covered << 4) | (before >> 60);
        before |= before << 4;
        covered |= (covered << 8) | (before >> 56);
        // Of a run of 64, middles stand 32 places apart.
        told[i] = (covered & digits[i]) |
                  (middles[i] & ((middles[i] << 32) | (middles[i - 1] >> 32)));
    }
}

/// Whether a bit is set in a block, the one before it, or the `near_blocks` behind
/// it. What stands in front of the first block is taken to be telling.
inline void find_near(ChunkBits& bits, std::size_t blocks, std::uint64_t* near) noexcept {
    static_assert(near_blocks == 4 && near_behind_bytes == 64);
    bits[-1] = ~std::uint64_t{0};
    const std::uint64_t* const b = bits.data();
    const auto count = static_cast<std::ptrdiff_t>(blocks);
    for (std::ptrdiff_t i = 0; i < count; ++i) {
        near[i] = b[i - 1] | b[i] | b[i + 1] | b[i + 2] | b[i + 3] | b[i + 4];
    }
}

/// Where runs of `long_run_bytes` begin.
inline void find_long_runs(const std::uint64_t* runs, std::size_t blocks,
                           std::uint64_t* long_runs) noexcept {
    for (std::size_t i = 0; i < blocks; ++i) {
        long_runs[i] = runs[i] & ((runs[i] >> 16) | (runs[i + 1] << 48));
    }
}

/// A group's tables, in registers.
template <typename Simd, Group group>
class GroupKeys {
public:
    explicit GroupKeys(const Tables& tables) noexcept
        : first_(tables.bytes.keys[number][0]), second_(tables.bytes.keys[number][1]) {}

    /// The places of a block that a bucket allows.
    [[nodiscard]] std::uint64_t of(const char* block) const noexcept {
        if constexpr (tables_of(group) == 1) return first_.keys(block);
        return Simd::keys(first_, second_, block);
    }

private:
    static constexpr auto number = static_cast<std::size_t>(group);
    Simd first_, second_;
};

/// Where units of UTF-16 begin that at least `views::least_units` go on from.
inline void find_pairs(const std::uint64_t* texts, const std::uint64_t* zeros,
                       std::size_t blocks, std::uint64_t* pairs) noexcept {
    static_assert(views::least_units == 15);
    for (std::size_t i = 0; i < blocks; ++i) {
        std::uint64_t pair = texts[i] & ((zeros[i] >> 1) | (zeros[i + 1] << 63));
        std::uint64_t next = texts[i + 1] & ((zeros[i + 1] >> 1) | (zeros[i + 2] << 63));
        pair &= (pair >> 2) | (next << 62);
        next &= next >> 2;
        pair &= (pair >> 4) | (next << 60);
        next &= next >> 4;
        pair &= (pair >> 8) | (next << 56);
        next &= next >> 8;
        // Eight and eight, of which one is in both.
        pairs[i] = pair & ((pair >> 14) | (next << 50));
    }
}

/// Adds the places in [from, to) that views::HintPlaces are said to be. REQUIRES:
/// the chunk's bits of single bytes, and where runs are told.
template <typename Simd>
void tell_encoded(Chunk& chunk, const char* text, std::size_t from, std::size_t to,
                  views::HintPlaces& places) {
    const std::size_t blocks = (to - from + 63) / 64;
    const std::uint64_t in_last = ~std::uint64_t{0} >> (63 - (to - from - 1) % 64);
    // Gives those of a block's bits that are left when the ones given are taken.
    const auto each = [&](std::uint64_t* bits, views::Places32& out, auto left) {
        const std::size_t count = Simd::list(bits, blocks, chunk.listed.data());
        for (std::size_t i = 0; i < count; ++i) {
            const std::size_t block = chunk.listed[i];
            std::uint64_t rest = left(block);
            if (block + 1 == blocks) rest &= in_last;
            std::uint32_t* const room = out.room(64);
            std::size_t found = 0;
            for (; rest != 0; rest &= rest - 1) {
                room[found++] = static_cast<std::uint32_t>(
                    from + block * 64 + static_cast<std::size_t>(std::countr_zero(rest)));
            }
            out.took(found);
        }
    };
    // What is in front of the chunk may belong to a run that goes on in it.
    if ((chunk.base64[0] & 1U) != 0) places.runs.add(from);
    each(chunk.told.data(), places.runs, [&](std::size_t block) {
        // One of each row of characters is enough. Added to the row, the lowest turns
        // to nothing and is carried on through the row, in which all others stay.
        const std::uint64_t row = chunk.base64.data()[block];
        const std::uint64_t told = chunk.told.data()[block] & row;
        return told & ~(row + told);
    });
    each(chunk.marks.data(), places.marks,
         [&](std::size_t block) { return Simd::marked(text + from + block * 64); });
    std::uint64_t any_zero = 0;
    for (std::size_t i = 0; i < blocks; ++i) any_zero |= chunk.zeros.data()[i];
    if (any_zero == 0) return;
    std::uint64_t* const pairs = chunk.near.data();
    find_pairs(chunk.texts.data(), chunk.zeros.data(), blocks, pairs);
    pairs[-1] = 0;
    each(pairs, places.pairs, [&](std::size_t block) {
        const std::uint64_t* const here = pairs + block;
        return *here & ~((*here << 2) | (here[-1] >> 62));
    });
}

/// As kernel.hpp says of EncodedKernel.
template <typename Simd>
void scan_encoded(const char* text, std::size_t from, std::size_t to,
                  views::HintPlaces& places) {
    Chunk chunk;
    const std::size_t seen = (to - from + 63) / 64 + near_blocks;
    Simd::template kinds<true>(text + from, seen + 1, chunk);
    find_runs<run_bytes>(chunk.tokens.data(), seen, chunk.runs.data());
    find_telling(chunk.runs, chunk.digits, seen, chunk.told, chunk.middles);
    tell_encoded<Simd>(chunk, text, from, to, places);
}

template <typename Simd>
std::size_t scan(const Tables& tables, const char* text, std::size_t from, std::size_t to,
                 bool programs, std::uint32_t* places, views::HintPlaces* encoded) {
    Chunk chunk;
    const char* const first = text + from;
    const std::size_t blocks = (to - from + 63) / 64;
    const std::size_t seen = blocks + near_blocks;
    std::uint64_t* const runs = chunk.runs.data();
    std::uint64_t* const keys = chunk.keys.data();
    std::uint64_t* const near = chunk.near.data();
    // Asks the group's tables about the blocks with a bit in `near`; `mask` keeps
    // those of the places that have one.
    const auto look = [&]<Group group>(bool mask) {
        const GroupKeys<Simd, group> table(tables);
        const std::size_t count = Simd::list(near, blocks, chunk.listed.data());
        for (std::size_t i = 0; i < count; ++i) {
            const std::size_t block = chunk.listed[i];
            const std::uint64_t kept = mask ? near[block] : ~std::uint64_t{0};
            keys[block] |= table.of(first + block * 64) & kept;
        }
    };

    if (encoded != nullptr) {
        Simd::template kinds<true>(first, seen + 1, chunk);
    } else {
        Simd::template kinds<false>(first, seen + 1, chunk);
    }
    find_runs<run_bytes>(chunk.tokens.data(), seen, runs);
    find_telling(chunk.runs, chunk.digits, seen, chunk.told, chunk.middles);
    if (encoded != nullptr) tell_encoded<Simd>(chunk, text, from, to, *encoded);

    const GroupKeys<Simd, Group::plain> plain(tables);
    for (std::size_t i = 0; i < blocks; ++i) keys[i] = plain.of(first + i * 64);
    find_near(chunk.told, blocks, near);
    look.template operator()<Group::digit>(false);
    find_near(chunk.middles, blocks, near);
    look.template operator()<Group::near>(false);
    find_long_runs(runs, blocks, near);
    look.template operator()<Group::long_run>(true);
    if (programs) {
        Simd::prints(first, blocks + 1, chunk.prints.data());
        find_runs<print_bytes>(chunk.prints.data(), blocks, near);
        look.template operator()<Group::program>(true);
    }
    if ((to - from) % 64 != 0) {
        keys[blocks - 1] &= (std::uint64_t{1} << ((to - from) % 64)) - 1;
    }
    const std::size_t found = list_places(keys, blocks, from, places);
    return keep_keys(programs ? tables.all_keys : tables.secret_keys, text, places, found);
}

}  // namespace stratascan::sieve
