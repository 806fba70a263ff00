// zip, read from front to back by its local headers (PKWARE, APPNOTE.TXT, 4.3.7).
//
// Readers of zip files begin at the central directory at their end. A stream can't,
// and need not: an entry that the directory no longer names is still there for
// whoever looks, and so is found. What a local header may leave open is where its
// entry ends (bit 3: sizes stand behind the data); then the decoder says so. Between
// entries may stand anything (a signing block in Android packages, a descriptor, a
// second archive), so the next local header is looked for by its signature, and
// believed when its fields make sense.
#include <fmt/format.h>

#include <algorithm>

#include "scanner/layer/layer_result.hpp"
#include "scanner/nested/archive_parser.hpp"
#include "scanner/nested/bytes.hpp"
#include "scanner/nested/recognise.hpp"

namespace stratascan::nested {

namespace {

constexpr std::string_view signature{"PK\3\4", 4};
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
                    if (const Found found = seek(in, last);
                        found != Found::need_input || in.empty()) {
                        const bool settled = held_.size() == signature.size() ||
                                             (last && !held_.empty());
                        if (found != Found::need_input || !settled) return found;
                    }
                    break;
                case State::header:
                    if (!gather(held_, in, zip_header_size)) return cut_header(last);
                    if (!is_zip_header(held_)) return not_a_header();
                    state_ = State::names;
                    break;
                case State::names:
                    if (!gather(held_, in, zip_header_size + names_size())) {
                        return cut_header(last);
                    }
                    return begin_member();
                case State::contents:
                    if (head_.sized && left_ == 0) {
                        state_ = State::seek;
                        return Found::member_end;
                    }
                    if (in.empty()) return cut_contents(last);
                    if (head_.sized) return run(Found::contents, in, left_);
                    left_ = in.size();
                    return run(Found::contents, in, left_);
                case State::rest:
                    if (in.empty()) return Found::need_input;
                    left_ = in.size();
                    return run(Found::aside, in, left_);
            }
        }
    }

    void contents_ended(std::string_view early) override {
        held_ = early;
        state_ = State::seek;
    }

private:
    enum class State : std::uint8_t { seek, header, names, contents, rest };

    [[nodiscard]] std::size_t names_size() const {
        return static_cast<std::size_t>(little_endian(held_, 26, 2) + little_endian(held_, 28, 2));
    }

    // Bytes up to the next signature belong to nobody. What may be the beginning of
    // one at the end of `in` is held.
    Found seek(std::string_view& in, bool last) {
        if (held_.empty()) {
            if (in.empty()) return Found::need_input;
            const std::size_t at = beginning_in(in);
            if (at == 0) {
                gather(held_, in, signature.size());
                return Found::need_input;
            }
            const std::string_view part = in.substr(0, at);
            in.remove_prefix(at);
            return say(Found::aside, part);
        }
        if (!signature.starts_with(held_.substr(0, signature.size()))) {
            const std::size_t at = 1 + beginning_in(std::string_view(held_).substr(1));
            header_ = held_.substr(0, at);
            held_.erase(0, at);
            return say(Found::aside, header_);
        }
        if (in.empty() && last) return cut_header(last);
        gather(held_, in, signature.size());
        return Found::need_input;
    }

    // Where the signature, or at the end what may become one, begins.
    static std::size_t beginning_in(std::string_view bytes) {
        const std::size_t at = bytes.find(signature);
        if (at != bytes.npos) return at;
        for (std::size_t size = std::min(bytes.size(), signature.size() - 1); size > 0; --size) {
            if (signature.starts_with(bytes.substr(bytes.size() - size))) {
                return bytes.size() - size;
            }
        }
        return bytes.size();
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
        state_ = State::rest;
        if (held_.starts_with(signature)) return damaged("zip: it ends inside an entry", held_);
        header_ = std::move(held_);
        held_.clear();
        return header_.empty() ? Found::need_input : say(Found::aside, header_);
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
        left_ = stored_size(bytes.substr(zip_header_size + name_size));
        if ((flags & flag_descriptor) != 0 && left_ == 0) leave_end_open(name.ends_with('/'));
        head_.bytes = left_;
        header_ = std::move(held_);
        held_.clear();
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

    // As packed. A size of 64 bits stands in an extra field, behind the unpacked
    // one where that is there, too (APPNOTE.TXT, 4.5.3).
    [[nodiscard]] std::uint64_t stored_size(std::string_view extra) const {
        const std::uint64_t packed = little_endian(held_, 18, 4);
        if (packed != in_extra) return packed;
        const std::size_t at = little_endian(held_, 22, 4) == in_extra ? 8 : 0;
        while (extra.size() >= 4) {
            const auto id = little_endian(extra, 0, 2);
            const auto size = static_cast<std::size_t>(little_endian(extra, 2, 2));
            extra.remove_prefix(4);
            if (size > extra.size()) break;
            if (id == 1 && size >= at + 8) return little_endian(extra, at, 8);
            extra.remove_prefix(size);
        }
        return packed;
    }

    State state_ = State::seek;
    std::string held_;  // of a signature or a header, what was there so far
    std::uint64_t left_ = 0;
};

}  // namespace

std::unique_ptr<ArchiveParser> make_zip_parser() { return std::make_unique<ZipParser>(); }

}  // namespace stratascan::nested
