#include "scanner/sieve/sieve.hpp"

#include <algorithm>
#include <array>
#include <cstring>
#include <numeric>
#include <optional>

#include "scanner/sieve/follow.hpp"
#include "scanner/sieve/required.hpp"
#include "scanner/sieve/sample.hpp"

namespace stratascan::sieve {

namespace {

constexpr std::size_t longest_walk = 256;

std::uint64_t eight_bytes(std::string_view text, std::size_t at) noexcept {
    std::uint64_t bytes = 0;
    if (text.size() - at >= sizeof bytes) {
        std::memcpy(&bytes, text.data() + at, sizeof bytes);
    } else {
        std::memcpy(&bytes, text.data() + at, text.size() - at);
    }
    return bytes;
}

// A processor, or an emulation of one, whose vectors err must not cost a finding.
bool agrees(const Tables& tables, Kernel kernel) {
    constexpr std::size_t bytes = 2 << 10;
    const auto places_of = [&](Kernel one, bool programs) {
        std::array<std::uint32_t, bytes + kernel_slack> places{};
        views::HintPlaces encoded;
        const std::size_t count =
            one(tables, text_sample().data(), 0, bytes, programs, places.data(), &encoded);
        return std::vector<std::uint32_t>(places.begin(),
                                          places.begin() + static_cast<std::ptrdiff_t>(count));
    };
    return places_of(kernel, false) == places_of(&plain_kernel, false) &&
           places_of(kernel, true) == places_of(&plain_kernel, true);
}

}  // namespace

Sieve::Sieve(Plan plan, Kernel kernel)
    : plan_(std::move(plan)), tables_(plan_), kernel_(kernel),
      slots_((std::size_t{1} << slot_bits) + 1) {
    std::vector<std::uint32_t> order(plan_.needles.size());
    std::iota(order.begin(), order.end(), 0U);
    const auto slot = [&](std::uint32_t number) { return slot_of(plan_.needles[number].key); };
    std::stable_sort(order.begin(), order.end(),
                     [&](std::uint32_t a, std::uint32_t b) { return slot(a) < slot(b); });
    for (const std::uint32_t number : order) {
        const Needle& needle = plan_.needles[number];
        entries_.push_back(entry_of(needle));
        ++slots_[slot(number) + 1];
        reach_ = std::max<std::size_t>(reach_, needle.behind);
        lead_ = std::max<std::size_t>(lead_, needle.before);
        widest_ = std::max<std::size_t>(widest_, needle.before + std::size_t{needle.behind});
    }
    std::partial_sum(slots_.begin(), slots_.end(), slots_.begin());
}

std::shared_ptr<const Sieve> Sieve::for_this_processor(Plan plan) {
    const Kernel kernel = best_kernel();
    if (kernel == nullptr) return nullptr;
    auto sieve = std::make_shared<const Sieve>(std::move(plan), kernel);
    return agrees(sieve->tables_, kernel) ? sieve : nullptr;
}

Sieve::Entry Sieve::entry_of(const Needle& needle) const {
    Entry entry;
    const std::string_view text = plan_.text(needle).substr(needle.key_at);
    for (std::size_t i = 0; i < std::min(text.size(), sizeof entry.bytes); ++i) {
        const char c = text[i];
        const bool any_case = needle.nocase != 0 && c >= 'a' && c <= 'z';
        entry.bytes |= std::uint64_t{static_cast<unsigned char>(c)} << (8 * i);
        entry.mask |= std::uint64_t{0xff} << (8 * i);
        if (any_case) entry.fold |= std::uint64_t{0x20} << (8 * i);
    }
    entry.text = plan_.texts.data() + needle.text;
    if (needle.follow != no_follow) entry.follow = plan_.follows.data() + needle.follow;
    entry.expression = needle.expression;
    entry.before = needle.before;
    entry.behind = needle.behind;
    entry.size = needle.size;
    entry.key_at = needle.key_at;
    entry.nocase = needle.nocase != 0;
    entry.program = needle.program != 0;
    entry.whole = needle.key_at == 0 && text.size() <= sizeof entry.bytes;
    return entry;
}

void Sieve::look(std::string_view text, std::size_t from, std::size_t to, bool programs,
                 std::span<const std::size_t> edges, std::vector<Chance>& chances,
                 views::HintPlaces* encoded) const {
    std::array<std::uint32_t, kernel_chunk + kernel_slack> places;
    each_chunk(text, from, to, [&](const char* bytes, std::size_t begin, std::size_t end,
                                   std::size_t shift) {
        std::optional<Shifting> shifting;
        if (encoded != nullptr && shift != 0) shifting.emplace(*encoded);
        const std::size_t count =
            kernel_(tables_, bytes, begin, end, programs, places.data(), encoded);
        if (shifting) shifting->shift(*encoded, shift);
        confirm(text, places.data(), count, shift, programs, edges, chances);
    });
}

// The places are few and far between in tables that are larger than the nearest
// cache: each step asks for what the next one reads, for a batch of places.
void Sieve::confirm(std::string_view text, const std::uint32_t* places, std::size_t count,
                    std::size_t shift, bool programs, std::span<const std::size_t>& edges,
                    std::vector<Chance>& chances) const {
    struct Candidate {
        std::size_t begin, place;
        const Entry* entry;
    };
    std::array<std::uint64_t, batch> words;
    std::array<std::uint32_t, batch> slots;
    std::array<Candidate, 4 * batch> candidates;
    for (std::size_t first = 0; first < count; first += batch) {
        const std::size_t size = std::min(batch, count - first);
        for (std::size_t i = 0; i < size; ++i) {
            words[i] = eight_bytes(text, shift + places[first + i]);
            slots[i] = slot_of(folded(static_cast<std::uint32_t>(words[i])));
            __builtin_prefetch(entries_.data() + slots_[slots[i]]);
        }
        std::size_t known = 0;
        const auto settle = [&] {
            for (std::size_t i = 0; i < known; ++i) {
                const auto& [begin, place, entry] = candidates[i];
                while (!edges.empty() && edges.front() < place) edges = edges.subspan(1);
                if (!stands_at(*entry, text, begin, edges)) continue;
                chances.push_back({{begin - std::min<std::size_t>(begin, entry->before),
                                    std::min(text.size(), begin + entry->behind)},
                                   entry->expression});
            }
            known = 0;
        };
        for (std::size_t i = 0; i < size; ++i) {
            const std::size_t place = shift + places[first + i];
            for (std::uint32_t at = slots_[slots[i]]; at < slots_[slots[i] + 1]; ++at) {
                const Entry& entry = entries_[at];
                if (((words[i] | entry.fold) & entry.mask) != entry.bytes) continue;
                if (place < entry.key_at || (entry.program && !programs)) continue;
                if (entry.follow != nullptr) {
                    __builtin_prefetch(entry.follow);
                    __builtin_prefetch(entry.follow + Follow::header);
                }
                candidates[known++] = {place - entry.key_at, place, &entry};
                if (known == candidates.size()) settle();
            }
        }
        settle();
    }
}

bool Sieve::stands_at(const Entry& entry, std::string_view text, std::size_t begin,
                      std::span<const std::size_t> edges) {
    if (!entry.whole) {
        const std::string_view here = text.substr(begin, entry.size);
        const std::string_view wanted(entry.text, entry.size);
        const auto same = [&](char a, char b) { return entry.nocase ? lower(a) == b : a == b; };
        if (!std::equal(here.begin(), here.end(), wanted.begin(), wanted.end(), same)) return false;
    }
    if (entry.follow == nullptr) return true;
    const std::size_t end = begin + entry.size;
    std::size_t stop = text.size();
    for (const std::size_t edge : edges) {
        if (edge < end) continue;
        stop = std::min(stop, edge);
        break;
    }
    // What follows is a match if it goes on for so long: no text makes this slow.
    return Follow::walk(entry.follow, text.data() + end,
                        text.data() + std::min(stop, end + longest_walk));
}

void merge(std::vector<Chance>& chances, std::size_t from, std::size_t to,
           std::vector<Stretch>& stretches) {
    for (Chance& chance : chances) {
        chance.stretch.begin = std::max(chance.stretch.begin, from);
        chance.stretch.end = std::min(chance.stretch.end, to);
    }
    std::erase_if(chances, [](const Chance& chance) {
        return chance.stretch.begin >= chance.stretch.end;
    });
    std::sort(chances.begin(), chances.end());
    stretches.clear();
    for (const Chance& chance : chances) {
        if (!stretches.empty() && stretches.back().end >= chance.stretch.begin) {
            stretches.back().end = std::max(stretches.back().end, chance.stretch.end);
        } else {
            stretches.push_back(chance.stretch);
        }
    }
}

}  // namespace stratascan::sieve
