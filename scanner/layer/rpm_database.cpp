#include "scanner/layer/rpm_database.hpp"

#include <algorithm>
#include <utility>

#include "scanner/nested/bytes.hpp"

namespace stratascan::layer {

namespace {

using nested::little_endian;

// Berkeley DB.
constexpr std::size_t metadata_bytes = 512;
constexpr std::size_t page_head = 26;
constexpr std::uint64_t hash_magic = 0x00061561;
constexpr std::uint64_t page_hash_unsorted = 2, page_overflow = 7, page_hash = 13;
constexpr char item_key_data = 1;

// NDB.
constexpr std::string_view ndb_magic = "RpmP", slot_magic = "Slot", blob_magic = "BlbS";
constexpr std::size_t ndb_page = 4096, ndb_head = 32, slot_bytes = 16, block_bytes = 16;
constexpr std::size_t blob_head = 16;
constexpr std::uint64_t most_slot_pages = 512;  // 130,000 packages

// What a page or chain that waits costs beside its bytes.
constexpr std::size_t waiting_bytes = 128;

constexpr const char* scattered = "the rpm database is more scattered than 8 MiB; "
                                  "its other packages are not known";
constexpr const char* damaged = "the rpm database is damaged; not all its packages are known";

bool is_power_of_two(std::uint64_t size) noexcept { return (size & (size - 1)) == 0; }

}  // namespace

std::uint64_t RpmDatabase::number(std::string_view bytes, std::size_t at,
                                  std::size_t size) const noexcept {
    return big_endian_ ? nested::big_endian(bytes, at, size) : little_endian(bytes, at, size);
}

void RpmDatabase::lose(std::string reason, std::uint64_t bytes) {
    if (reason_.empty()) reason_ = std::move(reason);
    lost_ += bytes;
}

std::size_t RpmDatabase::wanted() const noexcept {
    return form_ == Form::start ? metadata_bytes : page_bytes_;
}

void RpmDatabase::feed(std::string_view bytes) {
    while (!bytes.empty() && form_ != Form::ignored) {
        if (form_ == Form::ndb_blobs) return ndb_feed(bytes);
        const std::size_t wanted = this->wanted();
        if (held_.empty() && bytes.size() >= wanted) {
            const std::string_view unit = bytes.substr(0, wanted);
            if (form_ == Form::start) {
                held_ = unit;
            } else {
                step(unit);
            }
            bytes.remove_prefix(wanted);
        } else {
            const std::string_view part = bytes.substr(0, wanted - std::min(wanted, held_.size()));
            held_ += part;
            bytes.remove_prefix(part.size());
        }
        if (held_.size() < this->wanted()) continue;
        if (form_ == Form::start) {
            // The metadata are the beginning of the first page, or of the slots.
            begin(held_);
        } else {
            const std::string unit = std::exchange(held_, {});
            step(unit);
        }
    }
}

void RpmDatabase::begin(std::string_view head) {
    if (head.starts_with(ndb_magic)) {
        const std::uint64_t pages = little_endian(head, 12, 4);
        form_ = Form::ndb_slots;
        if (pages == 0 || pages > most_slot_pages) {
            form_ = Form::ignored;
            return lose(damaged, 0);
        }
        page_bytes_ = static_cast<std::size_t>(pages) * ndb_page;
        return;
    }
    big_endian_ = nested::big_endian(head, 12, 4) == hash_magic;
    const std::uint64_t size = number(head, 20, 4);
    form_ = Form::berkeley;
    if (number(head, 12, 4) == hash_magic && size >= 512 && size <= (64 << 10) &&
        is_power_of_two(size)) {
        page_bytes_ = static_cast<std::size_t>(size);
        pages_end_ = (number(head, 32, 4) + 1) * size;
        return;
    }
    form_ = Form::ignored;
    lose("not an rpm database that is known; its packages are not known", 0);
}

void RpmDatabase::step(std::string_view unit) {
    if (form_ == Form::ndb_slots) {
        ndb_slots(unit);
    } else {
        berkeley_page(unit);
    }
    at_ += unit.size();
}

void RpmDatabase::berkeley_page(std::string_view page) {
    const auto type = static_cast<unsigned char>(page[25]);
    if (at_ == 0) return;  // metadata
    if (type == page_overflow) return overflow_page(page);
    if (type == page_hash || type == page_hash_unsorted) hash_page(page);
}

// Pairs of keys and data; where each begins stands in front, and it ends where the
// one before it begins.
void RpmDatabase::hash_page(std::string_view page) {
    const std::uint64_t entries = number(page, 20, 2);
    std::uint64_t end = page.size();
    for (std::uint64_t i = 0; i < entries && page_head + 2 * i + 2 <= page.size(); ++i) {
        const std::uint64_t from = number(page, page_head + 2 * i, 2);
        if (from >= end) return lose(damaged, page.size());
        const bool is_data = i % 2 == 1;
        if (is_data && page[from] == item_key_data) take_(page.substr(from + 1, end - from - 1));
        end = from;
    }
}

void RpmDatabase::overflow_page(std::string_view page) {
    const auto own = static_cast<std::uint32_t>(number(page, 8, 4));
    const auto before = static_cast<std::uint32_t>(number(page, 12, 4));
    const auto next = static_cast<std::uint32_t>(number(page, 16, 4));
    const std::uint64_t size = number(page, 22, 2);
    if (size > page.size() - page_head) return lose(damaged, page.size());
    const std::string_view bytes = page.substr(page_head, size);
    if (kept_ + bytes.size() + waiting_bytes > rpm_bytes_kept) {
        lose(scattered, kept_ + bytes.size());
        chains_.clear();
        pages_.clear();
        kept_ = 0;
        form_ = Form::ignored;
        return;
    }
    if (before == 0) {
        if (next == 0) return take_(bytes);
        kept_ += bytes.size() + waiting_bytes;
        return join_pages(next, std::string(bytes));
    }
    const auto chain = chains_.find(own);
    if (chain == chains_.end()) {
        const auto [at, fresh] = pages_.try_emplace(own);
        if (!fresh) return;
        kept_ += bytes.size() + waiting_bytes;
        at->second = {next, std::string(bytes)};
        return;
    }
    std::string grown = std::move(chain->second);
    chains_.erase(chain);
    kept_ += bytes.size();
    grown += bytes;
    join_pages(next, std::move(grown));
}

// Adds what passed before; each page belongs to one chain, so loops end.
void RpmDatabase::join_pages(std::uint32_t next, std::string chain) {
    for (auto page = pages_.find(next); next != 0 && page != pages_.end();
         page = pages_.find(next)) {
        chain += page->second.bytes;
        next = page->second.next;
        kept_ -= waiting_bytes;
        pages_.erase(page);
    }
    if (next == 0) {
        kept_ -= chain.size() + waiting_bytes;
        return take_(chain);
    }
    const std::size_t size = chain.size();
    const auto [at, fresh] = chains_.try_emplace(next, std::move(chain));
    if (fresh) return;
    kept_ -= size + waiting_bytes;
    lose(damaged, size);
}

void RpmDatabase::ndb_slots(std::string_view pages) {
    for (std::size_t at = ndb_head; at + slot_bytes <= pages.size(); at += slot_bytes) {
        const std::string_view slot = pages.substr(at, slot_bytes);
        if (!slot.starts_with(slot_magic)) continue;
        const std::uint64_t offset = little_endian(slot, 8, 4) * block_bytes;
        const std::uint64_t bytes = little_endian(slot, 12, 4) * block_bytes;
        const bool used = little_endian(slot, 4, 4) != 0 && offset != 0 && bytes > blob_head;
        if (used) blobs_.push_back({offset, bytes});
    }
    std::sort(blobs_.begin(), blobs_.end());
    form_ = Form::ndb_blobs;
}

void RpmDatabase::ndb_feed(std::string_view bytes) {
    while (!bytes.empty() && blob_ < blobs_.size()) {
        const Blob& blob = blobs_[blob_];
        const std::uint64_t begun = held_.size();
        const bool overlaps = blob.offset + begun < at_;
        if (overlaps || blob.bytes > rpm_bytes_kept) {
            lose(overlaps ? damaged : "a package of the rpm database is larger than 8 MiB",
                 blob.bytes);
            held_.clear();
            ++blob_;
            continue;
        }
        const std::uint64_t skipped =
            std::min<std::uint64_t>(blob.offset + begun - at_, bytes.size());
        bytes.remove_prefix(static_cast<std::size_t>(skipped));
        at_ += skipped;
        const std::string_view part =
            bytes.substr(0, static_cast<std::size_t>(blob.bytes - begun));
        held_ += part;
        at_ += part.size();
        bytes.remove_prefix(part.size());
        if (held_.size() < blob.bytes) continue;
        ndb_blob(held_);
        held_.clear();
        ++blob_;
    }
    at_ += bytes.size();
}

void RpmDatabase::ndb_blob(std::string_view blob) {
    const std::uint64_t size = little_endian(blob, 12, 4);
    if (!blob.starts_with(blob_magic) || size > blob.size() - blob_head) {
        return lose(damaged, blob.size());
    }
    take_(blob.substr(blob_head, static_cast<std::size_t>(size)));
}

void RpmDatabase::end() {
    std::uint64_t rest = 0;
    for (const auto& [next, bytes] : chains_) rest += bytes.size();
    for (const auto& [own, page] : pages_) rest += page.bytes.size();
    for (; blob_ < blobs_.size(); ++blob_) {
        rest += blobs_[blob_].bytes - std::exchange(held_, {}).size();
    }
    // Of the metadata, of a page or of the slots; and the metadata say how many pages follow.
    const bool cut = form_ == Form::berkeley ? at_ < pages_end_
                                             : form_ != Form::ndb_blobs && !held_.empty();
    if (!chains_.empty() || !pages_.empty() || rest > 0 || cut) lose(damaged, rest);
    chains_.clear();
    pages_.clear();
    blobs_.clear();
    held_.clear();
    kept_ = 0;
    form_ = Form::ignored;
}

}  // namespace stratascan::layer
