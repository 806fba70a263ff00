#include "scanner/sieve/sieve.hpp"

#include <algorithm>
#include <array>
#include <cstring>
#include <numeric>

#include "scanner/sieve/follow.hpp"
#include "scanner/sieve/required.hpp"

namespace stratascan::sieve {

namespace {

std::uint64_t eight_bytes(std::string_view text, std::size_t at) noexcept {
    std::uint64_t bytes = 0;
    if (text.size() - at >= sizeof bytes) {
        std::memcpy(&bytes, text.data() + at, sizeof bytes);
    } else {
        std::memcpy(&bytes, text.data() + at, text.size() - at);
    }
    return bytes;
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
        Entry entry = entry_of(needle);
        entry.needle = number;
        entries_.push_back(entry);
        ++slots_[slot(number) + 1];
        reach_ = std::max<std::size_t>(reach_, needle.behind);
    }
    std::partial_sum(slots_.begin(), slots_.end(), slots_.begin());
}

std::shared_ptr<const Sieve> Sieve::for_this_processor(Plan plan) {
    const Kernel kernel = best_kernel();
    return kernel == nullptr ? nullptr : std::make_shared<const Sieve>(std::move(plan), kernel);
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
    return entry;
}

void Sieve::look(std::string_view text, std::size_t from, std::size_t to, bool programs,
                 std::vector<Stretch>& stretches) const {
    std::array<std::uint32_t, kernel_chunk + kernel_slack> places;
    // Where the kernel could read beyond the text, it reads a copy.
    const std::size_t safe = text.size() > kernel_sight ? text.size() - kernel_sight : 0;
    for (std::size_t at = from; at < std::min(to, safe);) {
        const std::size_t end = std::min({to, safe, at + kernel_chunk});
        const std::size_t count = kernel_(tables_, text.data(), at, end, programs, places.data());
        for (std::size_t i = 0; i < count; ++i) confirm(text, places[i], programs, stretches);
        at = end;
    }
    const std::size_t rest = std::max(from, std::min(to, safe));
    if (rest >= to) return;
    std::array<char, 2 * kernel_sight> copy{};
    std::memcpy(copy.data(), text.data() + rest, text.size() - rest);
    const std::size_t count = kernel_(tables_, copy.data(), 0, to - rest, programs, places.data());
    for (std::size_t i = 0; i < count; ++i) confirm(text, rest + places[i], programs, stretches);
}

void Sieve::confirm(std::string_view text, std::size_t place, bool programs,
                    std::vector<Stretch>& stretches) const {
    const std::uint64_t bytes = eight_bytes(text, place);
    const std::uint32_t slot = slot_of(folded(static_cast<std::uint32_t>(bytes)));
    for (std::uint32_t i = slots_[slot]; i < slots_[slot + 1]; ++i) {
        const Entry& entry = entries_[i];
        if (((bytes | entry.fold) & entry.mask) != entry.bytes) continue;
        const Needle& needle = plan_.needles[entry.needle];
        if (place < needle.key_at || (needle.group == Group::program && !programs)) continue;
        const std::size_t begin = place - needle.key_at;
        if (!stands_at(needle, text, begin)) continue;
        stretches.push_back({begin - std::min<std::size_t>(begin, needle.before),
                             std::min(text.size(), begin + needle.behind)});
    }
}

bool Sieve::stands_at(const Needle& needle, std::string_view text, std::size_t begin) const {
    const std::string_view wanted = plan_.text(needle);
    const std::string_view here = text.substr(begin, wanted.size());
    if (here.size() < wanted.size()) return false;
    if (needle.nocase == 0) {
        if (here != wanted) return false;
    } else if (!std::equal(here.begin(), here.end(), wanted.begin(),
                           [](char a, char b) { return lower(a) == b; })) {
        return false;
    }
    return needle.follow == no_follow ||
           Follow::walk(plan_.follows.data() + needle.follow, here.data() + here.size(),
                        text.data() + text.size());
}

void merge(std::vector<Stretch>& stretches, std::size_t from, std::size_t to) {
    std::sort(stretches.begin(), stretches.end());
    std::size_t kept = 0;
    for (const Stretch& one : stretches) {
        const Stretch inside = {std::max(one.begin, from), std::min(one.end, to)};
        if (inside.begin >= inside.end) continue;
        if (kept > 0 && stretches[kept - 1].end >= inside.begin) {
            stretches[kept - 1].end = std::max(stretches[kept - 1].end, inside.end);
        } else {
            stretches[kept++] = inside;
        }
    }
    stretches.resize(kept);
}

}  // namespace stratascan::sieve
