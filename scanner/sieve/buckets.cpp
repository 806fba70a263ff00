#include "scanner/sieve/buckets.hpp"

#include <algorithm>
#include <array>
#include <bitset>
#include <limits>
#include <string>

#include "scanner/sieve/crowd.hpp"
#include "scanner/sieve/follow.hpp"
#include "scanner/sieve/required.hpp"
#include "scanner/sieve/sample.hpp"
#include "scanner/sieve/token_run.hpp"

namespace stratascan::sieve {

namespace {

constexpr unsigned rounds = 3;

KeyBytes key_of(const Plan& plan, const Needle& needle) {
    KeyBytes key;
    for (std::size_t place = 0; place < table_places; ++place) {
        key[place] = spellings(plan, needle, place);
    }
    return key;
}

// Every needle goes where it lets least more pass, with whichever of its keys; as
// often again as it pays.
class Assignment {
public:
    Assignment(Plan& plan, const PlacesByByte& sample, std::size_t buckets)
        : plan_(plan), sample_(sample), buckets_(buckets, Crowd(sample)) {}

    void keep(std::uint32_t number) {
        const Needle& needle = plan_.needles[number];
        buckets_[needle.bucket].add(key_of(plan_, needle));
    }
    void place(std::uint32_t number) {
        Needle& needle = plan_.needles[number];
        double least = std::numeric_limits<double>::max();
        Needle tried = needle;
        for (const std::uint16_t at : keys_of(needle)) {
            tried.key_at = at;
            const Key key = key_with_places(sample_, key_of(plan_, tried));
            const double met = met_costs * key.met();
            for (std::size_t i = 0; i < buckets_.size(); ++i) {
                const double now = buckets_[i].passing();
                const double more = buckets_[i].passing_with(key, now + least) - now + met;
                if (more >= least) continue;
                least = more;
                needle.key_at = at;
                needle.bucket = static_cast<std::uint8_t>(i);
            }
        }
        keep(number);
    }
    void take_back(std::uint32_t number) {
        const Needle& needle = plan_.needles[number];
        buckets_[needle.bucket].remove(key_of(plan_, needle));
    }

private:
    // A place that has the key costs as much as some that pass by chance.
    static constexpr double met_costs = 6;

    // Where the key may begin: anywhere, as long as what the group asks for
    // stands behind it.
    [[nodiscard]] std::vector<std::uint16_t> keys_of(const Needle& needle) const {
        if (needle.group == Group::program) return {needle.key_at};
        const unsigned wanted = needle.group == Group::long_run ? long_run_bytes : 0;
        const std::string_view text = plan_.text(needle);
        std::vector<std::uint16_t> all;
        for (std::size_t at = 0; at + key_bytes <= text.size(); ++at) {
            const std::size_t stop = std::min(text.size(), at + wanted);
            const bool tokens = std::all_of(text.begin() + static_cast<std::ptrdiff_t>(at),
                                            text.begin() + static_cast<std::ptrdiff_t>(stop),
                                            [](char c) {
                                                return is_token_byte(static_cast<unsigned char>(c));
                                            });
            if (wanted == 0 || (tokens && text.size() - at + needle.tail_run >= wanted)) {
                all.push_back(static_cast<std::uint16_t>(at));
            }
        }
        return all;
    }

    Plan& plan_;
    const PlacesByByte& sample_;
    std::vector<Crowd> buckets_;
};

}  // namespace

std::bitset<128> spellings(const Plan& plan, const Needle& needle, std::size_t place) {
    const std::string_view text = plan.text(needle);
    const std::size_t at = needle.key_at + place;
    std::bitset<128> bytes;
    if (at < text.size()) {
        const char c = text[at];
        bytes.set(static_cast<unsigned char>(c) & 127U);
        if (needle.nocase != 0 && c >= 'a' && c <= 'z') bytes.set(static_cast<std::size_t>(c) - 32);
        return bytes;
    }
    if (needle.follow == no_follow || at - text.size() >= needle.certain) return bytes.set();
    const std::bitset<256> followers =
        Follow::bytes_at(plan.follows.data() + needle.follow, at - text.size());
    for (unsigned byte = 0; byte < 256; ++byte) {
        if (followers[byte]) bytes.set(byte & 127U);
    }
    return bytes;
}

void assign_buckets(Plan& plan, std::size_t placed) {
    // A few needles more need no more than a look at where they would crowd.
    const std::size_t some = placed > 0 ? 8 << 10 : std::string_view::npos;
    const PlacesByByte all(std::string(text_sample().substr(0, some)) +
                           std::string(binary_sample().substr(0, some / 2)));
    const PlacesByByte binary(binary_sample().substr(0, some));
    for (std::size_t group = 0; group < groups; ++group) {
        const PlacesByByte& sample = static_cast<Group>(group) == Group::program ? binary : all;
        Assignment assignment(plan, sample,
                              tables_of(static_cast<Group>(group)) * table_buckets);
        std::vector<std::uint32_t> numbers;
        for (std::uint32_t i = 0; i < plan.needles.size(); ++i) {
            if (plan.needles[i].group != static_cast<Group>(group)) continue;
            if (i < placed) {
                assignment.keep(i);
            } else {
                numbers.push_back(i);
            }
        }
        // Those that have no choice come first.
        std::stable_sort(numbers.begin(), numbers.end(), [&](std::uint32_t a, std::uint32_t b) {
            return plan.needles[a].size < plan.needles[b].size;
        });
        for (const std::uint32_t number : numbers) assignment.place(number);
        for (unsigned round = 0; round < rounds; ++round) {
            for (const std::uint32_t number : numbers) {
                assignment.take_back(number);
                assignment.place(number);
            }
        }
    }
}

void fill_tables(Plan& plan) {
    ByteTables& tables = plan.bytes;
    for (const Needle& needle : plan.needles) {
        KeyTable& places = tables.keys[static_cast<std::size_t>(needle.group)]
                                      [needle.bucket / table_buckets];
        const auto bucket = static_cast<std::uint8_t>(1U << (needle.bucket % table_buckets));
        for (std::size_t place = 0; place < table_places; ++place) {
            const std::bitset<128> allowed = spellings(plan, needle, place);
            for (unsigned byte = 0; byte < 128; ++byte) {
                if (allowed[byte]) places[place][byte] |= bucket;
            }
        }
    }
}

}  // namespace stratascan::sieve
