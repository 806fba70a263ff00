// Texts that occur many times, kept once and known by a number. A text costs its
// bytes and some 16 more.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace stratascan::nested {

class Interned {
public:
    /// Numbers are given from 0. REQUIRES: all texts together are below 4 GiB.
    std::uint32_t add(std::string_view text) {
        if (2 * (size() + 1) > slots_.size()) grow();
        const std::size_t slot = slot_of(text);
        if (slots_[slot] != 0) return slots_[slot] - 1;
        bytes_ += text;
        ends_.push_back(static_cast<std::uint32_t>(bytes_.size()));
        slots_[slot] = static_cast<std::uint32_t>(ends_.size());
        return slots_[slot] - 1;
    }
    [[nodiscard]] std::optional<std::uint32_t> find(std::string_view text) const {
        if (slots_.empty()) return std::nullopt;
        const std::uint32_t found = slots_[slot_of(text)];
        if (found == 0) return std::nullopt;
        return found - 1;
    }
    [[nodiscard]] std::string_view operator[](std::uint32_t number) const {
        const std::size_t from = number == 0 ? 0 : ends_[number - 1];
        return std::string_view(bytes_).substr(from, ends_[number] - from);
    }
    [[nodiscard]] std::size_t size() const noexcept { return ends_.size(); }
    [[nodiscard]] std::uint64_t memory() const noexcept {
        return bytes_.size() + 4 * (ends_.size() + slots_.size());
    }

private:
    [[nodiscard]] std::size_t slot_of(std::string_view text) const {
        const std::size_t mask = slots_.size() - 1;
        std::size_t slot = std::hash<std::string_view>()(text) & mask;
        while (slots_[slot] != 0 && (*this)[slots_[slot] - 1] != text) slot = (slot + 1) & mask;
        return slot;
    }
    void grow() {
        const std::size_t slots = slots_.empty() ? 16 : 2 * slots_.size();
        slots_.assign(slots, 0);
        for (std::uint32_t i = 0; i < ends_.size(); ++i) slots_[slot_of((*this)[i])] = i + 1;
    }

    std::string bytes_;
    std::vector<std::uint32_t> ends_;   // of each text in bytes_
    std::vector<std::uint32_t> slots_;  // number + 1, by hash; 0: free
};

}  // namespace stratascan::nested
