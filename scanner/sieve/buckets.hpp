// Which needles share a bucket of the sieve's first pass.
#pragma once

#include <bitset>

#include "scanner/sieve/plan.hpp"

namespace stratascan::sieve {

/// Spreads each group's needles over its buckets, so that what a bucket lets
/// pass by chance is little, and writes them into the needles. The first `placed`
/// needles stay where they are.
void assign_buckets(Plan& plan, std::size_t placed);

/// Writes the tables of the needles' buckets.
void fill_tables(Plan& plan);

/// The bytes that may stand `place` bytes behind the beginning of a needle's key;
/// behind the needle's end as far as Follow tells. Bytes from 128 on count as
/// those 128 below.
[[nodiscard]] std::bitset<128> spellings(const Plan& plan, const Needle& needle,
                                         std::size_t place);

}  // namespace stratascan::sieve
