#include "scanner/sieve/buckets.hpp"

#include <algorithm>
#include <array>
#include <bitset>
#include <numeric>

#include "scanner/sieve/follow.hpp"
#include "scanner/sieve/required.hpp"

namespace stratascan::sieve {

namespace {

constexpr unsigned rounds = 6;

std::array<double, 128> chances_of_bytes() {
    std::array<double, 128> all{};
    double sum = 0;
    for (unsigned byte = 0; byte < 128; ++byte) {
        all[byte] = byte_likelihood(static_cast<char>(byte));
        sum += all[byte];
    }
    for (double& chance : all) chance /= sum;
    return all;
}

// The bytes of the keys in a bucket, by place, and how many keys have each.
class Bucket {
public:
    using Bytes = std::bitset<128>;
    using Key = std::array<Bytes, table_places>;

    void add(const Key& key) { count(key, 1); }
    void remove(const Key& key) { count(key, -1); }

    // How often a place of text passes.
    [[nodiscard]] double chance(const Key& with) const {
        double product = 1;
        for (std::size_t place = 0; place < table_places; ++place) {
            product *= sum(bytes_[place] | with[place]);
        }
        return product;
    }

private:
    static double sum(const Bytes& bytes) {
        static const std::array<double, 128> chances = chances_of_bytes();
        double all = 0;
        for (unsigned byte = 0; byte < 128; ++byte) all += bytes[byte] ? chances[byte] : 0;
        return all;
    }

    void count(const Key& key, int by) {
        for (std::size_t place = 0; place < table_places; ++place) {
            for (unsigned byte = 0; byte < 128; ++byte) {
                if (!key[place][byte]) continue;
                int& held = held_[place][byte];
                held += by;
                bytes_[place][byte] = held > 0;
            }
        }
    }

    std::array<std::array<int, 128>, table_places> held_{};
    Key bytes_{};
};

Bucket::Key key_of(const Plan& plan, const Needle& needle) {
    Bucket::Key key;
    for (std::size_t place = 0; place < table_places; ++place) {
        key[place] = spellings(plan, needle, place);
    }
    return key;
}

struct Choice {
    std::uint8_t bucket = 0;
    std::uint16_t key_at = 0;
};

// Every needle goes where it lets least more pass, with whichever of its keys; as
// often again as it pays.
class Assignment {
public:
    Assignment(Plan& plan, std::size_t buckets) : plan_(plan), buckets_(buckets) {}

    void keep(std::uint32_t number) {
        const Needle& needle = plan_.needles[number];
        buckets_[needle.bucket].add(key_of(plan_, needle));
    }
    void place(std::uint32_t number) {
        Needle& needle = plan_.needles[number];
        const Choice best = best_choice(needle);
        needle.key_at = best.key_at;
        needle.bucket = best.bucket;
        keep(number);
    }
    void take_back(std::uint32_t number) {
        const Needle& needle = plan_.needles[number];
        buckets_[needle.bucket].remove(key_of(plan_, needle));
    }

private:
    [[nodiscard]] Choice best_choice(Needle needle) const {
        Choice best;
        double least = 2;
        const std::string_view text = plan_.text(needle);
        std::vector<double> now;
        for (const Bucket& bucket : buckets_) now.push_back(bucket.chance({}));
        for (const std::uint16_t at : keys_of(needle)) {
            needle.key_at = at;
            const Bucket::Key key = key_of(plan_, needle);
            const double own = likelihood(text.substr(at, key_bytes));
            for (std::size_t i = 0; i < buckets_.size(); ++i) {
                // A place that has the key costs a few of those that pass by chance.
                const double more = buckets_[i].chance(key) - now[i] + 4 * own;
                if (more >= least) continue;
                least = more;
                best = {static_cast<std::uint8_t>(i), at};
            }
        }
        return best;
    }

    // Where the key may begin: anywhere, as long as what the group asks for
    // stands behind it.
    [[nodiscard]] std::vector<std::uint16_t> keys_of(const Needle& needle) const {
        if (needle.group != Group::plain && needle.group != Group::near) {
            return {needle.key_at};
        }
        std::vector<std::uint16_t> all(needle.size - key_bytes + 1U);
        std::iota(all.begin(), all.end(), std::uint16_t{0});
        return all;
    }

    Plan& plan_;
    std::vector<Bucket> buckets_;
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
    for (std::size_t group = 0; group < groups; ++group) {
        Assignment assignment(plan, tables_of(static_cast<Group>(group)) * table_buckets);
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
    for (unsigned byte = 0; byte < 128; ++byte) {
        if (is_token_byte(static_cast<unsigned char>(byte))) tables.kinds[byte] |= token_kind;
        if (byte >= 0x20 && byte < 0x7f) tables.kinds[byte] |= print_kind;
        if (byte >= '0' && byte <= '9') tables.kinds[byte] |= digit_kind;
    }
}

}  // namespace stratascan::sieve
