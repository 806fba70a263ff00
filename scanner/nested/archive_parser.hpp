// What the parsers of archives have in common. Bytes are pushed in as they come,
// cut anywhere, and each parser says one thing at a time about what it found: a
// member, a run of its contents, bytes that belong to nobody. So whoever drives a
// parser may stop after each answer, and memory holds one header at a time.
//
// Sizes that a header claims are counted down, never allocated. Names and tables
// are kept up to a limit of ours; an archive that passes it is damaged.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace stratascan::layer {
struct TextOrigin;
using TextOrigins = std::vector<TextOrigin>;
}

namespace stratascan::nested {

/// How a member's bytes are stored.
enum class Packing : std::uint8_t {
    stored,
    deflate,
    bzip2,
    zstd,
    xz,
    lzma,  ///< as zip holds it: a version, the properties' size, the properties, the stream
    encrypted,
    unsupported,
};

struct MemberHead {
    std::string name;  ///< normalised; empty: the contents are the archive's own
    std::uint32_t mode = 0;
    Packing packing = Packing::stored;
    std::uint64_t bytes = 0;  ///< as stored, where `sized`
    bool sized = true;        ///< false: only the decoder knows where the contents end
    std::string method;       ///< of unsupported packings, for a reader
};

/// What a parser found; the caller acts on it and calls again.
enum class Found : std::uint8_t {
    need_input,  ///< all bytes are used; if they were the last, the archive has ended
    member,      ///< head() is a new member, its header header()
    contents,    ///< bytes() are contents of the member
    member_end,
    aside,       ///< bytes() belong to no member
    damage,      ///< what() is wrong; header() are nobody's; more may follow
    gap,         ///< what() was not read, lost_bytes() of it; more may follow
    mismatch,    ///< the member that has ended is not what what() says of it; more may follow
};

class ArchiveParser {
public:
    virtual ~ArchiveParser() = default;

    /// Moves `in` past what was used. `last`: nothing comes behind `in`. Answers
    /// need_input only with `in` empty; after that, with `last`, nothing more.
    [[nodiscard]] virtual Found step(std::string_view& in, bool last) = 0;

    /// The contents of a member that is not sized ended; `early` are bytes behind
    /// its end that stood in front of the next `in`.
    virtual void contents_ended(std::string_view early) { static_cast<void>(early); }

    /// What a decoder made of the newest member's contents, as it comes; and that it came to
    /// their end.
    virtual void see_unpacked(std::string_view bytes) { static_cast<void>(bytes); }
    virtual void unpacked_whole() {}

    /// Whether it makes what its members hold, as a decoder does. Its members are
    /// then in another stream than its own bytes, which are shown whole.
    [[nodiscard]] virtual bool makes_contents() const { return false; }
    /// Where in its own bytes what the member says stands, where it is a text made of those.
    [[nodiscard]] virtual std::shared_ptr<const layer::TextOrigins> origins() const {
        return nullptr;
    }
    /// The memory that it holds, about, where that is more than a header.
    [[nodiscard]] virtual std::uint64_t hold() const { return 0; }
    /// It could tell more if it had been given more memory.
    [[nodiscard]] virtual bool over_memory() const { return false; }

    [[nodiscard]] const MemberHead& head() const noexcept { return head_; }
    [[nodiscard]] std::string_view header() const noexcept { return header_; }
    [[nodiscard]] std::string_view bytes() const noexcept { return bytes_; }
    [[nodiscard]] const std::string& what() const noexcept { return what_; }
    [[nodiscard]] std::uint64_t lost_bytes() const noexcept { return lost_bytes_; }

protected:
    /// Gathers bytes into `held` until it has `size`; true when it has.
    static bool gather(std::string& held, std::string_view& in, std::size_t size) {
        if (held.size() < size) {
            const std::string_view part = in.substr(0, size - held.size());
            held += part;
            in.remove_prefix(part.size());
        }
        return held.size() >= size;
    }
    Found say(Found found, std::string_view bytes) {
        bytes_ = bytes;
        return found;
    }
    /// The next run of at most `left` bytes, which it counts down.
    Found run(Found found, std::string_view& in, std::uint64_t& left) {
        const std::string_view part =
            in.substr(0, static_cast<std::size_t>(left < in.size() ? left : in.size()));
        in.remove_prefix(part.size());
        left -= part.size();
        return say(found, part);
    }
    Found lost(std::string what, std::uint64_t bytes) {
        what_ = std::move(what);
        lost_bytes_ = bytes;
        return Found::gap;
    }
    Found mismatch(std::string what) {
        what_ = std::move(what);
        return Found::mismatch;
    }
    /// What was gathered of a header belongs to nobody then.
    Found damaged(std::string what, std::string& held) {
        what_ = std::move(what);
        header_ = std::move(held);
        held.clear();
        return Found::damage;
    }

    MemberHead head_;
    std::string header_;
    std::string_view bytes_;
    std::string what_;
    std::uint64_t lost_bytes_ = 0;
};

/// Names longer than this are no names.
inline constexpr std::size_t longest_name = 64 << 10;

[[nodiscard]] std::unique_ptr<ArchiveParser> make_tar_parser();
[[nodiscard]] std::unique_ptr<ArchiveParser> make_zip_parser();
[[nodiscard]] std::unique_ptr<ArchiveParser> make_ar_parser();
[[nodiscard]] std::unique_ptr<ArchiveParser> make_cpio_parser();
[[nodiscard]] std::unique_ptr<ArchiveParser> make_rpm_parser();
/// Of what stands in front of a container they say nothing; there is one member at most,
/// without a name, which reaches to the end.
[[nodiscard]] std::unique_ptr<ArchiveParser> make_script_parser();
[[nodiscard]] std::unique_ptr<ArchiveParser> make_elf_parser();
/// The same where the container's first bytes have been found.
[[nodiscard]] std::unique_ptr<ArchiveParser> make_behind_parser(std::string first_bytes);

}  // namespace stratascan::nested
