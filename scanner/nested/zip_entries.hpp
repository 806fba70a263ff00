// What entries of a zip file were read, to hold its central directory against: what that lists
// and was not read so is an entry that other readers see in another way. Bounded, whatever the
// file: of more entries nothing is known, and nothing is missed in them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string_view>
#include <vector>

namespace stratascan::nested {

class ZipEntries {
public:
    /// An entry whose contents were seen in full, and one whose were not.
    void add(std::string_view name, std::uint32_t crc, std::uint64_t bytes) {
        add(key(name, crc, bytes));
    }
    void add(std::string_view name) { add(key(name)); }

    [[nodiscard]] bool any() const noexcept { return count_ > 0; }

    /// Whether there was an entry as the directory says, as far as that can be known.
    [[nodiscard]] bool may_have(std::string_view name, std::uint32_t crc,
                                std::uint64_t bytes) const {
        return full_ || has(key(name, crc, bytes)) || has(key(name));
    }
    [[nodiscard]] std::uint64_t memory() const noexcept {
        return slots_.size() * sizeof(std::uint64_t);
    }

private:
    static constexpr std::size_t most_entries = 256 << 10;

    // Never 0, which is a free slot.
    static std::uint64_t key(std::string_view name) {
        return std::hash<std::string_view>()(name) | 1U;
    }
    static std::uint64_t key(std::string_view name, std::uint32_t crc, std::uint64_t bytes) {
        constexpr std::uint64_t odd = 0x9e3779b97f4a7c15U;
        return (((key(name) * odd + crc) * odd + bytes) * odd) | 1U;
    }
    [[nodiscard]] std::size_t slot_of(std::uint64_t key) const {
        const std::size_t mask = slots_.size() - 1;
        std::size_t slot = static_cast<std::size_t>(key >> 20U) & mask;
        while (slots_[slot] != 0 && slots_[slot] != key) slot = (slot + 1) & mask;
        return slot;
    }
    [[nodiscard]] bool has(std::uint64_t key) const {
        return !slots_.empty() && slots_[slot_of(key)] == key;
    }
    void add(std::uint64_t key) {
        if (full_) return;
        if (count_ == most_entries) {
            full_ = true;
            slots_ = {};
            return;
        }
        if (2 * (count_ + 1) > slots_.size()) {
            std::vector<std::uint64_t> before(slots_.empty() ? 16 : 2 * slots_.size());
            before.swap(slots_);
            for (const std::uint64_t old : before) {
                if (old != 0) slots_[slot_of(old)] = old;
            }
        }
        std::uint64_t& slot = slots_[slot_of(key)];
        if (slot == 0) ++count_;
        slot = key;
    }

    std::vector<std::uint64_t> slots_;
    std::size_t count_ = 0;
    bool full_ = false;
};

}  // namespace stratascan::nested
