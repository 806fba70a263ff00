#include "scanner/nested/git_pack_deltas.hpp"

#include <algorithm>
#include <array>

#include "scanner/nested/git_delta.hpp"

namespace stratascan::nested {

namespace {

// Bytes inflated and made, to bytes of the pack.
constexpr std::uint64_t work_a_byte = 1000;
constexpr std::uint64_t work_for_all = std::uint64_t{1} << 30;

}  // namespace

PackDeltas::PackDeltas(const Gathered& pack, std::vector<PackEntry>& entries,
                       const std::vector<GitId>& base_ids, GitHash hash, const PackMemory& memory)
    : pack_(pack), entries_(entries), base_ids_(base_ids), hasher_(hash), memory_(memory),
      most_work_(work_for_all + work_a_byte * (pack.end() - pack.begin())) {
    link();
}

// Children stand in order of their places: the last is put in first.
void PackDeltas::link() {
    for (std::uint32_t i = static_cast<std::uint32_t>(entries_.size()); i > 0; --i) {
        PackEntry& entry = entries_[i - 1];
        if (entry.base == PackEntry::none) continue;
        entry.fate = PackEntry::Fate::no_base;
        if (entry.by_id) {
            by_id_.emplace(base_ids_[entry.base].view(), i - 1);
            continue;
        }
        entry.sibling = entries_[entry.base].child;
        entries_[entry.base].child = i - 1;
    }
}

std::optional<std::string> PackDeltas::inflate(const PackEntry& entry, std::uint64_t most) {
    if (entry.size > most) return std::nullopt;
    zlib_.begin();
    std::string made;
    std::array<char, 16 << 10> buffer;
    std::uint64_t at = entry.offset + entry.header;
    std::string_view in;
    for (;;) {
        if (in.empty()) in = pack_.run(at);
        if (in.empty()) return std::nullopt;
        const std::size_t before = in.size();
        std::span<char> out(buffer);
        const auto said = zlib_.step(in, out);
        at += before - in.size();
        made.append(buffer.data(), buffer.size() - out.size());
        work_ += buffer.size() - out.size();
        if (said == GitZlib::Said::damaged || made.size() > entry.size) return std::nullopt;
        if (said != GitZlib::Said::end) continue;
        if (made.size() != entry.size) return std::nullopt;
        return made;
    }
}

// The next object that deltas are made from, and that is none itself.
bool PackDeltas::begin_root() {
    while (root_ < entries_.size()) {
        const std::uint32_t at = root_++;
        PackEntry& entry = entries_[at];
        if (entry.base != PackEntry::none) continue;
        if (entry.child == PackEntry::none && by_id_.empty()) continue;
        PackEntry::Fate fate = PackEntry::Fate::shown;
        const Contents contents = contents_of(at, fate);
        if (contents && !by_id_.empty()) adopt(at, id_of(hasher_, entry.kind, *contents));
        if (!contents) mark_below(at, fate);
        if (contents && entry.child != PackEntry::none) {
            waiting_.push_back(entry.child);
            return true;
        }
    }
    return false;
}

// Deltas that named their base by its id become its children.
void PackDeltas::adopt(std::uint32_t entry, const GitId& id) {
    const auto [first, last] = by_id_.equal_range(std::string(id.view()));
    std::vector<std::uint32_t> found;
    for (auto at = first; at != last; ++at) found.push_back(at->second);
    by_id_.erase(first, last);
    std::sort(found.rbegin(), found.rend());
    for (const std::uint32_t child : found) {
        entries_[child].base = entry;
        entries_[child].by_id = false;
        entries_[child].sibling = entries_[entry].child;
        entries_[entry].child = child;
    }
}

// All that is made from an entry that could not be made itself.
void PackDeltas::mark_below(std::uint32_t entry, PackEntry::Fate fate) {
    std::vector<std::uint32_t> below;
    for (std::uint32_t at = entries_[entry].child; at != PackEntry::none;) {
        entries_[at].fate = fate;
        if (entries_[at].sibling != PackEntry::none) below.push_back(entries_[at].sibling);
        at = entries_[at].child;
        if (at != PackEntry::none || below.empty()) continue;
        at = below.back();
        below.pop_back();
    }
}

std::optional<PackDeltas::Object> PackDeltas::next() {
    while (!waiting_.empty() || begin_root()) {
        const std::uint32_t at = waiting_.back();
        waiting_.pop_back();
        PackEntry& entry = entries_[at];
        if (entry.sibling != PackEntry::none) waiting_.push_back(entry.sibling);
        entry.kind = entries_[entry.base].kind;
        entry.fate = PackEntry::Fate::shown;
        const Contents contents = contents_of(at, entry.fate);
        if (!contents) {
            mark_below(at, entry.fate);
            continue;
        }
        Object object{entry.kind, id_of(hasher_, entry.kind, *contents), contents};
        if (!by_id_.empty()) adopt(at, object.id);
        if (entry.child != PackEntry::none) waiting_.push_back(entry.child);
        return object;
    }
    return std::nullopt;
}

// From the nearest base that is at hand, or from the beginning of the chain.
PackDeltas::Contents PackDeltas::contents_of(std::uint32_t entry, PackEntry::Fate& fate) {
    std::vector<std::uint32_t> chain;
    Contents contents;
    for (std::uint32_t at = entry;;) {
        contents = cached(at);
        if (contents) break;
        chain.push_back(at);
        if (entries_[at].base == PackEntry::none) break;
        at = entries_[at].base;
    }
    for (; !chain.empty(); chain.pop_back()) {
        const PackEntry& next = entries_[chain.back()];
        fate = PackEntry::Fate::too_long;
        if (work_ > most_work_) return nullptr;
        fate = PackEntry::Fate::too_large;
        if (next.size > memory_.object) return nullptr;
        auto bytes = inflate(next, memory_.object);
        fate = PackEntry::Fate::damaged;
        if (!bytes) return nullptr;
        if (next.base != PackEntry::none) {
            if (delta_result_size(*bytes).value_or(0) > memory_.object) {
                fate = PackEntry::Fate::too_large;
                return nullptr;
            }
            bytes = apply_delta(*contents, *bytes, memory_.object);
            if (!bytes) return nullptr;
            work_ += bytes->size();
        }
        contents = std::make_shared<const std::string>(std::move(*bytes));
        keep(chain.back(), contents);
    }
    fate = PackEntry::Fate::shown;
    return contents;
}

PackDeltas::Contents PackDeltas::cached(std::uint32_t entry) {
    const auto found = places_.find(entry);
    if (found == places_.end()) return nullptr;
    recent_.splice(recent_.begin(), recent_, found->second);
    return found->second->second;
}

void PackDeltas::keep(std::uint32_t entry, const Contents& contents) {
    constexpr std::uint64_t around = 128;  // of the list, the map and the text itself
    recent_.emplace_front(entry, contents);
    places_[entry] = recent_.begin();
    cached_bytes_ += contents->size() + around;
    while (cached_bytes_ > memory_.cache && recent_.size() > 1) {
        cached_bytes_ -= recent_.back().second->size() + around;
        places_.erase(recent_.back().first);
        recent_.pop_back();
    }
}

}  // namespace stratascan::nested
