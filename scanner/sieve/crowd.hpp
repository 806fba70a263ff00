// How much a bucket lets pass by chance, counted on the sample.
#pragma once

#include <array>
#include <bitset>
#include <cstdint>
#include <string_view>
#include <vector>

#include "scanner/sieve/plan.hpp"

namespace stratascan::sieve {

/// The bytes that a needle allows at each place of a key.
using KeyBytes = std::array<std::bitset<128>, table_places>;

/// Places of a text, a bit each.
using PlaceBits = std::vector<std::uint64_t>;

/// A text by the bytes at its places: for each distance from a place and each
/// byte, the places at which that byte stands so far behind.
class PlacesByByte {
public:
    explicit PlacesByByte(std::string_view text);

    [[nodiscard]] std::size_t words() const noexcept { return words_; }
    /// The part of the places that has one of `bytes` at a distance.
    [[nodiscard]] double part(std::size_t distance, const std::bitset<128>& bytes) const;
    /// Adds to `bits` the places with one of `bytes` at a distance.
    void add(std::size_t distance, const std::bitset<128>& bytes, PlaceBits& bits) const;

private:
    std::size_t words_;
    std::vector<PlaceBits> places_;  // by distance and byte
    std::array<std::array<double, 128>, table_places> parts_{};
};

/// A needle's key with the places of the sample that it allows, by distance.
struct Key {
    KeyBytes bytes;
    std::array<PlaceBits, table_places> places;

    /// Places of the sample that have the key.
    [[nodiscard]] double met() const;
};
[[nodiscard]] Key key_with_places(const PlacesByByte& sample, const KeyBytes& bytes);

/// The needles of one bucket.
class Crowd {
public:
    /// `sample` must outlive it.
    explicit Crowd(const PlacesByByte& sample);

    void add(const KeyBytes& key);
    void remove(const KeyBytes& key);

    /// How many places of a text like the sample pass. What is counted says how
    /// bytes go together, and little of what is rare; the product of what is known
    /// of each distance says the opposite. It is both together.
    [[nodiscard]] double passing() const noexcept { return passing_; }
    /// As many, if the key were added, too; infinite when it is `most` or more.
    [[nodiscard]] double passing_with(const Key& key, double most) const;

private:
    void count();

    const PlacesByByte* sample_;
    std::array<std::array<std::uint32_t, 128>, table_places> held_{};  // needles by byte
    std::array<std::bitset<128>, table_places> bytes_{};  // of all of them
    std::array<PlaceBits, table_places> places_;
    double passing_ = 0;
};

}  // namespace stratascan::sieve
