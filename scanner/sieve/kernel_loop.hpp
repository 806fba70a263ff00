// The passes over a chunk, for any kind of vectors. Each kernel includes this
// where its processor's instructions are switched on, so that the plain loops
// below become vectors, too.
//
// `Simd` looks at 64 bytes at a time:
//     static void kinds(tables, text, blocks, tokens, digits, prints)
//     Simd(const KeyTable&), std::uint64_t keys(text): places that a bucket allows
#pragma once

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

/// Digits that a run of tokens covers, and the middles of long runs. A run that
/// began in front of the first block is not known here: it begins in front of
/// every key that is asked about.
inline void find_telling(const std::uint64_t* runs, const std::uint64_t* digits,
                         std::size_t blocks, std::uint64_t* told) noexcept {
    static_assert(run_bytes == 16);
    told[0] = 0;
    for (std::size_t i = 0; i < blocks; ++i) {
        std::uint64_t covered = runs[i], before = i > 0 ? runs[i - 1] : 0;
        const std::uint64_t middles = covered & ((covered << 16) | (before >> 48));
        covered |= (covered << 1) | (before >> 63);
        before |= before << 1;
        covered |= (covered << 2) | (before >> 62);
        before |= before << 2;
        covered |= (covered << 4) | (before >> 60);
        before |= before << 4;
        covered |= (covered << 8) | (before >> 56);
        told[i] = (covered & digits[i]) | middles;
    }
}

template <typename Simd>
std::size_t scan(const Tables& tables, const char* text, std::size_t from, std::size_t to,
                 bool programs, std::uint32_t* places) noexcept {
    const auto table = [&](Group group) -> const std::array<KeyTable, 2>& {
        return tables.bytes.keys[static_cast<std::size_t>(group)];
    };
    Chunk chunk;
    const char* const first = text + from;
    const std::size_t blocks = (to - from + 63) / 64;
    const std::size_t seen = blocks + near_blocks;
    std::uint64_t* const runs = chunk.runs.data();
    std::uint64_t* const told = chunk.told.data();
    std::uint64_t* const close = chunk.near.data();
    std::uint64_t* const keys = chunk.keys.data();
    Simd::kinds(tables.bytes, first, seen + 1, chunk.tokens.data(), chunk.digits.data(),
                chunk.prints.data());
    find_runs<run_bytes>(chunk.tokens.data(), seen, runs);
    find_telling(runs, chunk.digits.data(), seen, told);
    for (std::size_t i = 0; i < blocks; ++i) {
        static_assert(near_blocks == 4);
        close[i] = told[i] | told[i + 1] | told[i + 2] | told[i + 3] | told[i + 4];
    }
    const Simd plain(table(Group::plain)[0]), more_plain(table(Group::plain)[1]);
    for (std::size_t i = 0; i < blocks; ++i) {
        keys[i] = plain.keys(first + i * 64) | more_plain.keys(first + i * 64);
    }
    const Simd near(table(Group::near)[0]), more_near(table(Group::near)[1]);
    const Simd long_run(table(Group::long_run)[0]);
    for (std::size_t i = 0; i < blocks; ++i) {
        if (close[i] == 0) continue;
        const std::uint64_t long_runs = runs[i] & ((runs[i] >> 16) | (runs[i + 1] << 48));
        keys[i] |= near.keys(first + i * 64) | more_near.keys(first + i * 64) |
                   (long_run.keys(first + i * 64) & long_runs);
    }
    if (programs) {
        find_runs<print_bytes>(chunk.prints.data(), blocks, runs);
        const Simd program(table(Group::program)[0]);
        for (std::size_t i = 0; i < blocks; ++i) {
            if (runs[i] != 0) keys[i] |= program.keys(first + i * 64) & runs[i];
        }
    }
    if ((to - from) % 64 != 0) {
        keys[blocks - 1] &= (std::uint64_t{1} << ((to - from) % 64)) - 1;
    }
    const std::size_t listed = list_places(keys, blocks, from, places);
    return keep_keys(programs ? tables.all_keys : tables.secret_keys, text, places, listed);
}

}  // namespace stratascan::sieve
