#include "scanner/sieve/crowd.hpp"

#include <algorithm>
#include <bit>
#include <limits>

namespace stratascan::sieve {

namespace {

constexpr std::size_t kinds_of_bytes = 128;
constexpr double too_many = std::numeric_limits<double>::infinity();

}  // namespace

PlacesByByte::PlacesByByte(std::string_view text)
    : words_(text.size() > table_places ? (text.size() - table_places) / 64 : 0),
      places_(table_places * kinds_of_bytes, PlaceBits(words_)) {
    for (std::size_t distance = 0; distance < table_places; ++distance) {
        for (std::size_t place = 0; place < words_ * 64; ++place) {
            const std::size_t byte = static_cast<unsigned char>(text[place + distance]) & 127U;
            places_[distance * kinds_of_bytes + byte][place / 64] |= std::uint64_t{1}
                                                                     << (place % 64);
            parts_[distance][byte] += 1.0 / static_cast<double>(words_ * 64);
        }
    }
}

double PlacesByByte::part(std::size_t distance, const std::bitset<128>& bytes) const {
    if (bytes.all()) return 1;
    double part = 0;
    for (std::size_t byte = bytes._Find_first(); byte < bytes.size();
         byte = bytes._Find_next(byte)) {
        part += parts_[distance][byte];
    }
    return part;
}

void PlacesByByte::add(std::size_t distance, const std::bitset<128>& bytes,
                       PlaceBits& bits) const {
    if (bytes.all()) {
        std::fill(bits.begin(), bits.end(), ~std::uint64_t{0});
        return;
    }
    for (std::size_t byte = 0; byte < kinds_of_bytes; ++byte) {
        if (!bytes[byte]) continue;
        const PlaceBits& more = places_[distance * kinds_of_bytes + byte];
        for (std::size_t i = 0; i < words_; ++i) bits[i] |= more[i];
    }
}

Key key_with_places(const PlacesByByte& sample, const KeyBytes& bytes) {
    Key key{bytes, {}};
    for (std::size_t distance = 0; distance < table_places; ++distance) {
        key.places[distance].assign(sample.words(), 0);
        sample.add(distance, bytes[distance], key.places[distance]);
    }
    return key;
}

double Key::met() const {
    std::size_t count = 0;
    for (std::size_t i = 0; i < places[0].size(); ++i) {
        std::uint64_t all = ~std::uint64_t{0};
        for (const PlaceBits& one : places) all &= one[i];
        count += static_cast<std::size_t>(std::popcount(all));
    }
    return static_cast<double>(count);
}

Crowd::Crowd(const PlacesByByte& sample) : sample_(&sample) {
    for (PlaceBits& places : places_) places.assign(sample.words(), 0);
}

void Crowd::add(const KeyBytes& key) {
    for (std::size_t distance = 0; distance < table_places; ++distance) {
        std::bitset<128> fresh;
        for (std::size_t byte = 0; byte < kinds_of_bytes; ++byte) {
            if (key[distance][byte] && held_[distance][byte]++ == 0) fresh.set(byte);
        }
        bytes_[distance] |= fresh;
        sample_->add(distance, fresh, places_[distance]);
    }
    count();
}

void Crowd::remove(const KeyBytes& key) {
    for (std::size_t distance = 0; distance < table_places; ++distance) {
        std::bitset<128> gone;
        for (std::size_t byte = 0; byte < kinds_of_bytes; ++byte) {
            if (key[distance][byte] && --held_[distance][byte] == 0) gone.set(byte);
        }
        if (gone.none()) continue;
        bytes_[distance] &= ~gone;
        std::fill(places_[distance].begin(), places_[distance].end(), 0);
        sample_->add(distance, bytes_[distance], places_[distance]);
    }
    count();
}

void Crowd::count() {
    passing_ = passing_with({bytes_, places_}, too_many);
}

double Crowd::passing_with(const Key& key, double most) const {
    static_assert(table_places == 6);
    double likely = static_cast<double>(sample_->words() * 64);
    for (std::size_t distance = 0; distance < table_places; ++distance) {
        likely *= sample_->part(distance, bytes_[distance] | key.bytes[distance]);
    }
    if (likely >= most) return too_many;
    std::size_t passing = 0;
    for (std::size_t i = 0; i < sample_->words(); ++i) {
        const auto allowed = [&](std::size_t distance) {
            return places_[distance][i] | key.places[distance][i];
        };
        const std::uint64_t first = allowed(0) & allowed(1) & allowed(2) & allowed(3);
        if (first == 0) continue;
        passing += static_cast<std::size_t>(std::popcount(first & allowed(4) & allowed(5)));
        if (likely + static_cast<double>(passing) >= most) return too_many;
    }
    return likely + static_cast<double>(passing);
}

}  // namespace stratascan::sieve
