#include "scanner/program/elf_image.hpp"

#include <algorithm>

#include "scanner/nested/bytes.hpp"

namespace stratascan::program {
namespace {

constexpr std::size_t longest_read = 64;
constexpr std::size_t most_relocation_bytes = 4 << 20;
constexpr std::uint64_t dt_rela = 7, dt_rela_bytes = 8;

bool is_plain(std::string_view text) {
    return std::ranges::all_of(text, [](char c) { return c > ' ' && c <= '~'; });
}

}  // namespace

ElfImage::ElfImage(const ElfFacts& elf, const FileBytes& file)
    : elf_(elf), file_(file), word_(elf.is64 ? 8 : 4) {
    read_relocations();
}

std::optional<std::uint64_t> ElfImage::pointer(std::uint64_t address) const {
    const auto moved = std::ranges::lower_bound(addends_, address, {},
                                                &std::pair<std::uint64_t, std::uint64_t>::first);
    if (moved != addends_.end() && moved->first == address) return moved->second;
    return value(address);
}

std::optional<std::uint64_t> ElfImage::value(std::uint64_t address) const {
    const std::string_view found = bytes(address, word_);
    if (found.empty()) return std::nullopt;
    return number(found);
}

std::string_view ElfImage::bytes(std::uint64_t address, std::size_t size) const {
    const auto from = offset(address);
    if (!from || size > longest_read) return {};
    const std::string_view found = at(*from, size);
    return found.size() == size ? found : std::string_view();
}

std::string_view ElfImage::name(std::uint64_t address, std::size_t longest) const {
    const auto to = pointer(address);
    const auto from = to ? offset(*to) : std::nullopt;
    if (!from) return {};
    const std::string_view text = at(*from, longest + 1);
    const std::string_view name = text.substr(0, text.find('\0'));
    return name.size() < text.size() && is_plain(name) ? name : std::string_view();
}

bool ElfImage::is_loaded(std::uint64_t address) const { return offset(address).has_value(); }

void ElfImage::each_word(const std::function<void(std::uint64_t)>& visit) const {
    for (const Mapping& mapping : elf_.mappings) {
        const std::uint64_t first = mapping.file.offset;
        const std::uint64_t end = std::min(first + mapping.file.size, file_.size);
        for (const FileBytes::Part& part : file_.parts) {
            const std::uint64_t begin = std::max(first, part.offset);
            const std::uint64_t last = std::min(end, part.end());
            for (std::uint64_t place = (begin + word_ - 1) / word_ * word_; place < last;
                 place += word_) {
                visit(mapping.address + (place - first));
            }
        }
    }
}

std::optional<std::uint64_t> ElfImage::offset(std::uint64_t address) const {
    for (const Mapping& mapping : elf_.mappings) {
        if (address < mapping.address || address - mapping.address >= mapping.file.size) continue;
        const std::uint64_t at = mapping.file.offset + (address - mapping.address);
        if (at < file_.size) return at;
    }
    return std::nullopt;
}

std::string_view ElfImage::at(std::uint64_t offset, std::size_t size) const {
    if (part_ == nullptr || offset < part_->offset || offset >= part_->end()) {
        part_ = file_.part_at(offset);
        if (part_ == nullptr) return {};
    }
    const std::string_view found =
        part_->bytes.substr(static_cast<std::size_t>(offset - part_->offset), size);
    if (found.size() == size) return found;
    const FileBytes::Part* const next = part_ + 1;
    if (next == file_.parts.data() + file_.parts.size() || next->offset != part_->end())
        return found;
    const auto [joined, fresh] = joined_.try_emplace(offset);
    if (fresh) joined->second = file_.read(offset, longest_read).value_or(std::string());
    return std::string_view(joined->second).substr(0, size);
}

std::uint64_t ElfImage::number(std::string_view bytes) const {
    return elf_.big_endian ? nested::big_endian(bytes, 0, word_)
                           : nested::little_endian(bytes, 0, word_);
}

void ElfImage::read_relocations() {
    const auto word_at = [&](std::uint64_t offset) -> std::optional<std::uint64_t> {
        const std::string_view found = at(offset, word_);
        return found.size() == word_ ? std::optional(number(found)) : std::nullopt;
    };
    std::uint64_t table = 0, size = 0;
    for (std::uint64_t done = 0; done + 2 * word_ <= elf_.dynamic.size; done += 2 * word_) {
        const auto tag = word_at(elf_.dynamic.offset + done);
        const auto value = word_at(elf_.dynamic.offset + done + word_);
        if (!tag || !value || *tag == 0) break;
        if (*tag == dt_rela) table = *value;
        if (*tag == dt_rela_bytes) size = *value;
    }
    const auto from = table == 0 ? std::nullopt : offset(table);
    if (!from) return;
    const std::size_t entry = 3 * word_;
    size = std::min<std::uint64_t>(size, most_relocation_bytes);
    for (std::uint64_t done = 0; done + entry <= size; done += entry) {
        const std::string_view found = at(*from + done, entry);
        if (found.size() < entry) break;
        const std::uint64_t addend = number(found.substr(2 * word_));
        if (addend != 0) addends_.emplace_back(number(found), addend);
    }
    std::ranges::sort(addends_);
}

}  // namespace stratascan::program
