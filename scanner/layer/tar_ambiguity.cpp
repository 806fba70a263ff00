#include "scanner/layer/tar_ambiguity.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>
#include <utility>

namespace stratascan::layer {

namespace {

constexpr std::size_t block = 512;
// The largest size that eleven octal digits hold; a writer puts no size that fits there
// into an extended header.
constexpr std::uint64_t most_octal = (std::uint64_t{1} << 33) - 1;

std::string_view until_nul(std::string_view field) { return field.substr(0, field.find('\0')); }

// Octal digits with spaces before them, and spaces or NULs alone behind: what all
// readers take for the same number. Or GNU's base 256, without a sign.
std::optional<std::uint64_t> read_size(std::string_view field) {
    if ((static_cast<unsigned char>(field[0]) & 0x80U) != 0) {
        if (static_cast<unsigned char>(field[0]) != 0x80U) return std::nullopt;
        std::uint64_t value = 0;
        for (const char c : field.substr(1)) {
            if (value >> 54 != 0) return std::nullopt;
            value = value << 8 | static_cast<unsigned char>(c);
        }
        return value;
    }
    std::size_t at = field.find_first_not_of(' ');
    // Nothing but spaces is zero to some and an error to GNU tar.
    if (at == field.npos) return std::nullopt;
    std::uint64_t value = 0;
    for (; at < field.size() && field[at] >= '0' && field[at] <= '7'; ++at) {
        value = value * 8 + static_cast<std::uint64_t>(field[at] - '0');
    }
    if (field.find_first_not_of(std::string_view(" \0", 2), at) != field.npos) {
        return std::nullopt;
    }
    return value;
}

std::optional<std::uint64_t> read_decimal(std::string_view digits) {
    if (digits.empty() || digits.size() > 19) return std::nullopt;
    std::uint64_t value = 0;
    for (const char c : digits) {
        if (c < '0' || c > '9') return std::nullopt;
        value = value * 10 + static_cast<std::uint64_t>(c - '0');
    }
    return value;
}

// Those that say where a member lies or how long it is. Others, as sparse maps in their
// oldest form, may stand more than once.
constexpr std::array<std::string_view, 9> telling{
    "path", "linkpath", "size", "GNU.sparse.name", "GNU.sparse.size", "GNU.sparse.realsize",
    "GNU.sparse.major", "GNU.sparse.minor", "GNU.sparse.map"};

// Mode, owner, group and time of a header: where, and how wide.
constexpr std::array<std::pair<std::size_t, std::size_t>, 4> numbers{
    {{100, 8}, {108, 8}, {116, 8}, {136, 12}}};

class Headers {
public:
    std::string_view judge(std::string_view bytes) {
        while (bytes.size() >= block) {
            const std::string_view head = bytes.substr(0, block);
            const char type = head[156];
            const auto size = read_size(head.substr(124, 12));
            if (!size) return "a size that is not a number to all";
            for (const auto& [at, width] : numbers) {
                const bool base256 = (static_cast<unsigned char>(head[at]) & 0x80U) != 0;
                if (!base256 && !read_size(head.substr(at, width))) {
                    return "a number that is none to all";
                }
            }
            if (std::string_view("xXgLK").find(type) == std::string_view::npos) {
                const std::string_view why = judge_member(head, *size);
                return why.empty() && type == 'S' ? judge_map(bytes, *size) : why;
            }
            bytes.remove_prefix(block);
            const std::string_view body =
                bytes.substr(0, static_cast<std::size_t>(std::min<std::uint64_t>(*size, bytes.size())));
            if (const std::string_view why = read_extended(type, body); !why.empty()) return why;
            // GNU tar and tarfile read to the NUL in the block, others as far as the size says.
            if ((type == 'L' || type == 'K') && body.find('\0') == body.npos &&
                body.size() % block != 0 && bytes.size() > body.size() &&
                bytes[body.size()] != '\0') {
                return "a long name that goes on behind its size";
            }
            bytes.remove_prefix(std::min((body.size() + block - 1) / block * block, bytes.size()));
        }
        return {};
    }

private:
    std::string_view read_extended(char type, std::string_view body) {
        if (type == 'L' || type == 'K') {
            std::optional<std::string_view>& name = type == 'L' ? gnu_path_ : gnu_link_;
            if (name) return "two long names of one member";
            name = until_nul(body);
            return {};
        }
        if (type != 'g' && std::exchange(extended_, true)) {
            return "two extended headers of one member";
        }
        return read_records(body, type == 'g');
    }

    // "LENGTH KEY=VALUE\n", the length that of all of it.
    std::string_view read_records(std::string_view body, bool global) {
        std::array<bool, telling.size()> seen{};
        // Some writers fill the rest of the block into the record's size.
        bool told = false;
        while (body.find_first_not_of('\0') != body.npos) {
            const std::size_t space = body.find(' ');
            const auto length = space == body.npos ? std::nullopt
                                                   : read_decimal(body.substr(0, space));
            if (!length || *length < space + 3 || *length > body.size() ||
                body[static_cast<std::size_t>(*length) - 1] != '\n') {
                return "an extended header with a damaged record";
            }
            const std::string_view record =
                body.substr(space + 1, static_cast<std::size_t>(*length) - space - 2);
            body.remove_prefix(static_cast<std::size_t>(*length));
            const std::size_t equals = record.find('=');
            if (equals == record.npos) return "an extended header with a damaged record";
            const std::string_view key = record.substr(0, equals);
            const auto* const known = std::find(telling.begin(), telling.end(), key);
            if (known == telling.end()) continue;
            if (global) return "a name or size for all members at once";
            if (std::exchange(seen[static_cast<std::size_t>(known - telling.begin())], true)) {
                return "an extended header that says a thing twice";
            }
            if (const auto why = take(key, record.substr(equals + 1)); !why.empty()) return why;
            told = true;
        }
        // libarchive then passes over all that the header says.
        if (told && !body.empty()) return "an extended header with NULs behind its records";
        return {};
    }

    std::string_view take(std::string_view key, std::string_view value) {
        if (value.empty()) return "an extended header with an empty name or size";
        if (value.find('\0') != value.npos) return "a name or size with a NUL in it";
        if (key == "path") pax_path_ = value;
        if (key == "GNU.sparse.name") sparse_name_ = value;
        else if (key.starts_with("GNU.sparse.")) sparse_ = true;
        if (key == "linkpath") pax_link_ = value;
        if (key == "size") {
            pax_size_ = read_decimal(value);
            if (!pax_size_) return "a size that is not a number to all";
        }
        return {};
    }

    [[nodiscard]] std::string_view judge_member(std::string_view head, std::uint64_t size) const {
        if (pax_size_ && *pax_size_ != size) {
            // Too large for the field: it is left at zero, or at the most that it holds.
            const bool honest = *pax_size_ > most_octal && (size == 0 || size == most_octal);
            if (!honest) return "two sizes of one member";
        }
        const char type = head[156];
        // Files to some; parts of other volumes, folders or labels to GNU tar.
        if (type != '\0' && std::string_view("01234567S").find(type) == std::string_view::npos) {
            return "a member of a type that readers take for different things";
        }
        // GNU tar and old archives have no such field; tarfile takes it for one.
        const bool posix = head.substr(257, 6) == std::string_view("ustar\0", 6);
        if (posix && type == 'S') return "a sparse file in a header that has no such thing";
        if (!posix && type != 'S' && head[345] != '\0') return "a prefix that not all readers know";
        const std::string_view name = until_nul(head.substr(0, 100));
        // A folder to GNU tar whatever its type; to tarfile only where the type is NUL, as
        // before POSIX, and the header itself has the name.
        const std::string_view known = pax_path_.value_or(gnu_path_.value_or(name));
        const bool old_folder = type == '\0' && !pax_path_ && !gnu_path_;
        const bool file = type == '0' || type == '\0' || type == '7' || type == 'S';
        if (known.ends_with('/') && file && !old_folder) return "a file by the name of a folder";
        if (known.empty()) return "a member without a name";
        // An extended one is then passed over by libarchive.
        if ((type == '1' || type == '2') && head[157] == '\0') {
            return "a link whose header has no target";
        }
        const bool folder = old_folder && name.ends_with('/');
        if (pax_size_.value_or(size) > 0 && ((type >= '1' && type <= '6') || folder)) {
            return "contents of a link, folder or device";
        }
        if (pax_path_ && gnu_path_ && *pax_path_ != *gnu_path_) return "two names of one member";
        if (sparse_name_ && !sparse_) return "a sparse file's name, and no sparse file";
        // Beside it GNU tar writes no other name but the header's, which is made up.
        const auto other = pax_path_ ? pax_path_ : gnu_path_;
        if (sparse_name_ && other && *other != *sparse_name_) return "two names of one member";
        if (pax_link_ && gnu_link_ && *pax_link_ != *gnu_link_) return "two targets of one link";
        return {};
    }

    // GNU's old sparse files: where parts lie and how long they are, four of them in the
    // header at 386 and 21 in each block behind it, while a byte says that there are more.
    static std::string_view judge_map(std::string_view bytes, std::uint64_t stored) {
        static constexpr std::string_view does_not_fit = "a sparse file whose map does not fit";
        const auto real_size = read_size(bytes.substr(483, 12));
        if (!real_size) return does_not_fit;
        std::uint64_t end = 0, parts = 0;
        std::size_t at = 386, entries = 4, more = 482;
        for (bool going = true; going;) {
            for (std::size_t entry = 0; entry < entries && bytes[at] != '\0'; ++entry, at += 24) {
                const auto offset = read_size(bytes.substr(at, 12));
                const auto size = read_size(bytes.substr(at + 12, 12));
                if (!offset || !size || *offset < end || *offset > *real_size ||
                    *size > *real_size - *offset) {
                    return does_not_fit;
                }
                end = *offset + *size;
                parts += *size;
            }
            going = bytes[more] != '\0' && bytes.size() >= 2 * block;
            if (going) bytes.remove_prefix(block);
            at = 0, entries = 21, more = 504;
        }
        return parts == stored ? std::string_view() : does_not_fit;
    }

    bool extended_ = false;
    bool sparse_ = false;  // a record says that it is
    std::optional<std::string_view> gnu_path_, gnu_link_, pax_path_, pax_link_, sparse_name_;
    std::optional<std::uint64_t> pax_size_;
};

}  // namespace

std::string_view tar_ambiguity(std::string_view headers) { return Headers().judge(headers); }

}  // namespace stratascan::layer
