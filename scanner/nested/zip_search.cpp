#include "scanner/nested/zip_search.hpp"

#include <algorithm>
#include <utility>

#include "scanner/layer/clones.hpp"
#include "scanner/nested/bytes.hpp"
#include "scanner/nested/recognise.hpp"

namespace stratascan::nested {

namespace {

using namespace std::string_view_literals;

constexpr std::size_t end_size = 22;
// Readers look for the record that ends a directory in so much at a file's end: it may have a
// comment of 65,535 bytes behind it.
constexpr std::uint64_t looked_for_within = 65'535 + end_size;

constexpr std::size_t block = 64;

// How many blocks in front have no "P" with a "K" behind it. All files pass here.
// REQUIRES: one byte can be read behind the blocks.
STRATASCAN_CLONES std::size_t blocks_without(const char* bytes, std::size_t blocks) {
    for (std::size_t at = 0; at < blocks; ++at) {
        const char* const from = bytes + at * block;
        unsigned char any = 0;
        for (std::size_t i = 0; i < block; ++i) {
            const int mark = (from[i] == 'P' ? 1 : 0) & (from[i + 1] == 'K' ? 1 : 0);
            any |= static_cast<unsigned char>(mark);
        }
        if (any != 0) return at;
    }
    return blocks;
}

// Where "PK" stands from `at` on, or a "P" at the end of all; the size if it stands nowhere.
std::size_t next_mark(std::string_view bytes, std::size_t at) {
    while (at < bytes.size()) {
        at += block * blocks_without(bytes.data() + at, (bytes.size() - at - 1) / block);
        const std::size_t end = std::min(bytes.size(), at + block);
        for (; at < end; ++at) {
            if (bytes[at] == 'P' && (at + 1 == bytes.size() || bytes[at + 1] == 'K')) return at;
        }
    }
    return at;
}

// As writers fill it in: by APPNOTE.TXT, 4.4.3, versions begin at 1.0; of the flags (4.4.4)
// those for encryption, deflate's levels, a descriptor, UTF-8 and a masked header.
bool is_first_header(std::string_view header) {
    constexpr unsigned flags_known = 0x284f, flag_descriptor = 1U << 3;
    if (!is_zip_header(header) || little_endian(header, 4, 1) < 10) return false;
    const auto flags = static_cast<unsigned>(little_endian(header, 6, 2));
    const auto method = little_endian(header, 8, 2);
    const auto packed = little_endian(header, 18, 4), unpacked = little_endian(header, 22, 4);
    if ((flags & ~flags_known) != 0 || little_endian(header, 26, 2) > 4096) return false;
    const bool encrypted = (flags & 1U) != 0;
    return method != 0 || encrypted || (flags & flag_descriptor) != 0 || packed == unpacked;
}

// The record at `offset` of the file ends a directory of some entries, which is in front of it.
// Sizes that don't fit in are said by all ones, and stand elsewhere.
bool ends_directory(std::string_view record, std::uint64_t offset) {
    const auto entries = little_endian(record, 10, 2);
    const auto size = little_endian(record, 12, 4), from = little_endian(record, 16, 4);
    constexpr std::uint64_t elsewhere = 0xffffffff, entries_elsewhere = 0xffff, entry_size = 46;
    if (little_endian(record, 4, 2) != little_endian(record, 6, 2) || entries == 0 ||
        entries != little_endian(record, 8, 2)) {
        return false;
    }
    if (entries == entries_elsewhere || size == elsewhere || from == elsewhere) return true;
    return size >= entries * entry_size && size + from <= offset;
}

}  // namespace

// What stands at a "P".
ZipSearch::Look ZipSearch::look_at(std::string_view at, std::uint64_t offset) {
    const bool header = at.substr(0, 4) == "PK\3\4"sv.substr(0, at.size());
    const bool end = at.substr(0, 4) == "PK\5\6"sv.substr(0, at.size());
    if (!header && !end) return Look::nothing;
    if (at.size() < (header ? zip_header_size : end_size)) return Look::cut;
    if (header) return is_first_header(at) ? Look::header : Look::nothing;
    if (ends_directory(at, offset)) {
        directory_ = {offset, offset + end_size + little_endian(at, 20, 2)};
    }
    return Look::nothing;
}

std::optional<std::string> ZipSearch::find(std::string_view& in) {
    // What was cut is looked at with what it lacks behind it.
    while (!held_.empty()) {
        const std::size_t before = held_.size();
        const std::string_view more = in.substr(0, zip_header_size - before);
        held_ += more;
        const Look look = look_at(held_, seen_ - before);
        if (look == Look::header) {
            in.remove_prefix(more.size());
            seen_ += more.size();
            return std::exchange(held_, {});
        }
        if (look == Look::cut) {
            seen_ += more.size();
            in.remove_prefix(more.size());
            return std::nullopt;
        }
        // On to the next one that begins in what was held; in front of `in` it has no more.
        const std::size_t next = next_mark(std::string_view(held_).substr(0, before), 1);
        held_ = held_.substr(next, before - next);
    }
    const std::uint64_t offset = seen_;
    for (std::size_t at = next_mark(in, 0); at < in.size(); at = next_mark(in, at + 1)) {
        const Look look = look_at(in.substr(at), offset + at);
        if (look == Look::nothing) continue;
        held_ = in.substr(at, zip_header_size);
        in.remove_prefix(look == Look::cut ? in.size() : at + zip_header_size);
        seen_ += (look == Look::cut ? held_.size() + at : at + zip_header_size);
        if (look == Look::header) return std::exchange(held_, {});
        return std::nullopt;
    }
    seen_ += in.size();
    in = {};
    return std::nullopt;
}

bool ZipSearch::ends_in_directory() const noexcept {
    return directory_ && seen_ - directory_->at <= looked_for_within;
}

bool ZipSearch::ends_with_directory() const noexcept {
    return directory_ && directory_->end == seen_;
}

}  // namespace stratascan::nested
