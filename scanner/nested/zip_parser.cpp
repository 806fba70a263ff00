// zip, read from front to back by its local headers (PKWARE, APPNOTE.TXT, 4.3.7).
//
// Readers of zip files begin at the central directory at their end. A stream can't,
// and need not: an entry that the directory no longer names is still there for
// whoever looks, and so is found. What a local header may leave open is where its
// entry ends (bit 3: sizes stand behind the data); then the decoder says so. Between
// entries may stand anything (a signing block in Android packages, a descriptor, a
// second archive), so the next local header is looked for by its signature, and
// believed when its fields make sense. So is the record that ends the directory (4.3.16):
// a file without it was cut. An entry of the directory (4.3.12) is looked at as it passes, and
// what stands in it is looked through all the same, for it may say any length of itself.
//
// An entry's CRC-32 and size are those of its local header or, with bit 3, those that stand
// behind it (4.3.9): with or without a signature in front, the sizes in 32 or 64 bits, and
// some writers set the bit and fill in the header all the same. What fits any of these is
// believed.
#include <fmt/format.h>
#include <isa-l/crc.h>

#include <algorithm>
#include <utility>

#include "scanner/layer/layer_result.hpp"
#include "scanner/nested/archive_parser.hpp"
#include "scanner/nested/bytes.hpp"
#include "scanner/nested/recognise.hpp"
#include "scanner/nested/zip_entries.hpp"

namespace stratascan::nested {

namespace {

constexpr std::string_view signature{"PK\3\4", 4}, end_signature{"PK\5\6", 4};
constexpr std::string_view directory_signature{"PK\1\2", 4};
constexpr std::string_view descriptor_signature{"PK\7\10", 4};
constexpr std::size_t end_size = 22, longest_descriptor = 24, directory_size = 46;
// An entry of the directory with longer names and fields is not looked at.
constexpr std::size_t longest_listed = 1024;
constexpr std::uint32_t in_extra = 0xffffffff;  // the size is in the zip64 field

constexpr unsigned flag_encrypted = 1U << 0, flag_descriptor = 1U << 3, flag_masked = 1U << 13;

Packing packing_of(unsigned method) {
    switch (method) {
        case 0: return Packing::stored;
        case 8: return Packing::deflate;
        case 12: return Packing::bzip2;
        case 14: return Packing::lzma;
        case 20: case 93: return Packing::zstd;
        case 95: return Packing::xz;
        default: return Packing::unsupported;
    }
}

class ZipParser final : public ArchiveParser {
public:
    Found step(std::string_view& in, bool last) override {
        for (;;) {
            switch (state_) {
                case State::seek:
                    if (held_.starts_with(signature)) {
                        state_ = State::header;
                        break;
                    }
                    if (held_.starts_with(end_signature)) {
                        state_ = State::end;
                        break;
                    }
                    if (held_.starts_with(directory_signature)) {
                        state_ = State::listed;
                        break;
                    }
                    if (const Found found = seek(in, last);
                        found != Found::need_input || in.empty()) {
                        const bool settled = held_.size() == signature.size() ||
                                             (last && !held_.empty());
                        if (found != Found::need_input || !settled) return found;
                    }
                    break;
                case State::header:
                    if (!gather(held_, in, zip_header_size)) return cut_header(last);
                    // The first one has shown that this is a zip file.
                    if (!is_zip_header(held_) && entries_.any()) return not_a_header();
                    state_ = State::names;
                    break;
                case State::names:
                    if (!gather(held_, in, zip_header_size + names_size())) {
                        return cut_header(last);
                    }
                    return begin_member();
                case State::contents:
                    if (head_.sized && left_ == 0) {
                        state_ = State::sums;
                        return Found::member_end;
                    }
                    if (!held_.empty()) return contents_held();
                    if (in.empty()) return cut_contents(last);
                    if (head_.sized) {
                        static_cast<void>(run(Found::contents, in, left_));
                        if (head_.packing == Packing::stored) see_unpacked(bytes_);
                        return Found::contents;
                    }
                    left_ = in.size();
                    return run(Found::contents, in, left_);
                case State::sums:
                    if (has_descriptor_ && whole_ && !gather(held_, in, longest_descriptor) &&
                        !last) {
                        return Found::need_input;
                    }
                    state_ = State::seek;
                    if (whole_ && sums_hold()) {
                        entries_.add(name_, crc_, unpacked_bytes_);
                        break;
                    }
                    entries_.add(name_);
                    if (!whole_) break;
                    return mismatch("zip: the contents are not those of the CRC-32 and the size");
                case State::end:
                    if (!gather(held_, in, end_size)) return cut_header(last);
                    ended_ = true;
                    state_ = State::unlisted;
                    return pass(end_size);
                case State::listed:
                    if (!gather(held_, in, directory_size)) return cut_header(last);
                    if (const std::size_t size = listed_size(); size <= longest_listed) {
                        if (!gather(held_, in, size)) return cut_header(last);
                        if (!was_read()) ++unlike_;
                    }
                    state_ = State::seek;
                    return pass(directory_signature.size());
                case State::unlisted:
                    state_ = State::seek;
                    if (unlike_ > 0) {
                        return lost(fmt::format("zip: {} entries of its directory are not as they "
                                                "were read", std::exchange(unlike_, 0)), 0);
                    }
                    break;
                case State::rest:
                    if (in.empty()) return Found::need_input;
                    left_ = in.size();
                    return run(Found::aside, in, left_);
            }
        }
    }

    void contents_ended(std::string_view early) override {
        held_ = early;
        state_ = State::sums;
    }

    void see_unpacked(std::string_view bytes) override {
        // ISA-L's function takes a pointer to bytes that it only reads.
        crc_ = crc32_gzip_refl(
            crc_, reinterpret_cast<unsigned char*>(const_cast<char*>(bytes.data())), bytes.size());
        unpacked_bytes_ += bytes.size();
    }
    void unpacked_whole() override { whole_ = true; }
    std::uint64_t hold() const override { return entries_.memory(); }

private:
    enum class State : std::uint8_t {
        seek, header, names, contents, sums, listed, end, unlisted, rest
    };

    [[nodiscard]] std::size_t names_size() const {
        return static_cast<std::size_t>(little_endian(held_, 26, 2) + little_endian(held_, 28, 2));
    }

    // Bytes up to the next signature belong to nobody. What may be the beginning of
    // one at the end of `in` is held.
    Found seek(std::string_view& in, bool last) {
        if (held_.empty()) {
            if (in.empty()) return last ? end_of_file() : Found::need_input;
            const std::size_t at = beginning_in(in);
            if (at == 0) {
                gather(held_, in, signature.size());
                return Found::need_input;
            }
            const std::string_view part = in.substr(0, at);
            in.remove_prefix(at);
            return say(Found::aside, part);
        }
        if (!begins_signature(held_)) {
            const std::size_t at = 1 + beginning_in(std::string_view(held_).substr(1));
            header_ = held_.substr(0, at);
            held_.erase(0, at);
            return say(Found::aside, header_);
        }
        if (in.empty() && last) return cut_header(last);
        gather(held_, in, signature.size());
        return Found::need_input;
    }

    // Whether one of the three, or what may become one, stands in front.
    static bool begins_signature(std::string_view bytes) {
        bytes = bytes.substr(0, signature.size());
        return signature.starts_with(bytes) || end_signature.starts_with(bytes) ||
               directory_signature.starts_with(bytes);
    }
    // Where the first that does so begins.
    static std::size_t beginning_in(std::string_view bytes) {
        std::size_t at = bytes.find(signature.front());
        while (at != bytes.npos && !begins_signature(bytes.substr(at))) {
            at = bytes.find(signature.front(), at + 1);
        }
        return std::min(at, bytes.size());
    }

    // What was held beyond the header, as bytes behind a decoder's end or a directory's entry are.
    Found contents_held() {
        early_ = std::exchange(held_, {});
        std::string_view in = early_;
        if (!head_.sized) left_ = in.size();
        static_cast<void>(run(Found::contents, in, left_));
        held_ = in;
        if (head_.packing == Packing::stored) see_unpacked(bytes_);
        return Found::contents;
    }

    // The first bytes that are held are nobody's.
    Found pass(std::size_t size) {
        header_ = held_.substr(0, size);
        held_.erase(0, size);
        return say(Found::aside, header_);
    }

    [[nodiscard]] std::size_t listed_size() const {
        return directory_size + static_cast<std::size_t>(little_endian(held_, 28, 2) +
                                                         little_endian(held_, 30, 2));
    }
    [[nodiscard]] bool was_read() const {
        const std::string_view bytes = held_;
        const auto name_size = static_cast<std::size_t>(little_endian(bytes, 28, 2));
        const std::string_view extra =
            bytes.substr(directory_size + name_size, listed_size() - directory_size - name_size);
        return entries_.may_have(bytes.substr(directory_size, name_size),
                                 static_cast<std::uint32_t>(little_endian(bytes, 16, 4)),
                                 size_of(Size::unpacked, 20, extra));
    }

    Found end_of_file() {
        state_ = State::rest;
        if (!ended_) return damaged("zip: it ends before its central directory does", held_);
        if (held_.empty()) return Found::need_input;
        header_ = std::move(held_);
        held_.clear();
        return say(Found::aside, header_);
    }

    // Bytes that happen to be a signature are passed over.
    Found not_a_header() {
        header_ = held_.substr(0, 1);
        held_.erase(0, 1);
        state_ = State::seek;
        return say(Found::aside, header_);
    }

    Found cut_header(bool last) {
        if (!last) return Found::need_input;
        return held_.starts_with(signature) ? cut_contents(last) : end_of_file();
    }

    Found cut_contents(bool last) {
        if (!last) return Found::need_input;
        state_ = State::rest;
        return damaged("zip: it ends inside an entry", held_);
    }

    Found begin_member() {
        const std::string_view bytes = held_;
        const auto name_size = static_cast<std::size_t>(little_endian(bytes, 26, 2));
        const std::string_view name = bytes.substr(zip_header_size, name_size);
        const auto flags = static_cast<unsigned>(little_endian(bytes, 6, 2));
        const auto method = static_cast<unsigned>(little_endian(bytes, 8, 2));
        head_ = {};
        head_.name = layer::normalise_path(name);
        head_.packing = packing_of(method);
        if (head_.packing == Packing::unsupported) head_.method = fmt::format("method {}", method);
        if ((flags & (flag_encrypted | flag_masked)) != 0) head_.packing = Packing::encrypted;
        has_descriptor_ = (flags & flag_descriptor) != 0;
        const std::string_view extra =
            bytes.substr(zip_header_size + name_size, names_size() - name_size);
        name_ = name;
        left_ = size_of(Size::packed, 18, extra);
        said_crc_ = static_cast<std::uint32_t>(little_endian(bytes, 14, 4));
        said_bytes_ = size_of(Size::unpacked, 18, extra);
        crc_ = 0;
        unpacked_bytes_ = 0;
        if (has_descriptor_ && left_ == 0) leave_end_open(name.ends_with('/'));
        whole_ = head_.packing == Packing::stored;
        head_.bytes = left_;
        const std::size_t size = zip_header_size + names_size();
        header_ = held_.substr(0, size);
        held_.erase(0, size);
        // The extra field begins where the name ends; a word in the name ends there.
        header_.insert(zip_header_size + name_size, 1, '\0');
        state_ = State::contents;
        return Found::member;
    }

    // Only a packing with an end of its own tells where the entry ends.
    void leave_end_open(bool folder) {
        switch (head_.packing) {
            case Packing::deflate: case Packing::bzip2: case Packing::zstd: case Packing::xz:
                head_.sized = false;
                break;
            case Packing::stored: case Packing::lzma:
                if (folder) break;
                head_.packing = Packing::unsupported;
                head_.method = "an entry whose size stands behind it";
                break;
            default: break;
        }
    }

    // The packed size stands at `sizes_at` of what is held, the unpacked one behind it. A size of
    // 64 bits stands in an extra field, the packed one behind the unpacked one where that is
    // there, too (APPNOTE.TXT, 4.5.3).
    enum class Size : std::uint8_t { packed, unpacked };
    [[nodiscard]] std::uint64_t size_of(Size which, std::size_t sizes_at,
                                        std::string_view extra) const {
        const std::size_t unpacked_at = sizes_at + 4;
        const std::uint64_t size =
            little_endian(held_, which == Size::packed ? sizes_at : unpacked_at, 4);
        if (size != in_extra) return size;
        const std::size_t at =
            which == Size::packed && little_endian(held_, unpacked_at, 4) == in_extra ? 8 : 0;
        while (extra.size() >= 4) {
            const auto id = little_endian(extra, 0, 2);
            const auto length = static_cast<std::size_t>(little_endian(extra, 2, 2));
            extra.remove_prefix(4);
            if (length > extra.size()) break;
            if (id == 1 && length >= at + 8) return little_endian(extra, at, 8);
            extra.remove_prefix(length);
        }
        return size;
    }

    [[nodiscard]] bool sums_hold() const {
        if (crc_ == said_crc_ && unpacked_bytes_ == said_bytes_) return true;
        if (!has_descriptor_) return false;
        std::string_view behind = held_;
        // Without one, the directory alone has the sums.
        if (behind.starts_with(signature) || behind.starts_with(directory_signature)) return true;
        return fits(behind) || (behind.starts_with(descriptor_signature) && fits(behind.substr(4)));
    }
    // The CRC-32, the packed size and the unpacked one, of four or eight bytes each.
    [[nodiscard]] bool fits(std::string_view descriptor) const {
        const auto has = [&](std::size_t at, std::uint64_t value, std::size_t size) {
            return descriptor.size() >= at + size && little_endian(descriptor, at, size) == value;
        };
        return has(0, crc_, 4) && (has(8, unpacked_bytes_, 4) || has(12, unpacked_bytes_, 8));
    }

    State state_ = State::seek;
    std::string held_;  // of a signature or a header, what was there so far
    std::string early_;  // contents that were held
    std::uint64_t left_ = 0;
    // Of the newest entry: what its header says, and what its contents are.
    std::uint32_t said_crc_ = 0, crc_ = 0;
    std::uint64_t said_bytes_ = 0, unpacked_bytes_ = 0;
    bool has_descriptor_ = false;
    bool whole_ = false;  // all of its contents were seen
    bool ended_ = false;  // the directory's end was there
    std::string name_;
    ZipEntries entries_;
    std::uint64_t unlike_ = 0;  // entries of the directory
};

}  // namespace

std::unique_ptr<ArchiveParser> make_zip_parser() { return std::make_unique<ZipParser>(); }

}  // namespace stratascan::nested
