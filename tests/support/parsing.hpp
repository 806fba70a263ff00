// Archives with known contents, and what a parser says of one that it is given in
// pieces of any size.
#pragma once

#include <zlib.h>

#include <algorithm>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "scanner/nested/archive_parser.hpp"
#include "tests/support/plain_inflate.hpp"

namespace stratascan::test {

struct ParsedMember {
    nested::MemberHead head;
    std::string contents;
    bool ended = false;
    auto operator==(const ParsedMember& other) const {
        return head.name == other.head.name && contents == other.contents;
    }
};

struct Parsed {
    std::vector<ParsedMember> members;
    std::string aside, headers;
    std::vector<std::string> damage;
};

/// Every byte is either a header's, a member's or nobody's. A member whose end only
/// its decoder knows ends at `open_end` bytes. `stuck` is set where a parser breaks
/// its promise: takes steps that neither take bytes nor give any, or gives more than it was
/// given. `unpacked`: what is packed is told to unpack to itself.
inline Parsed parse(nested::ArchiveParser& parser, std::string_view archive, std::size_t piece,
                    bool& stuck, std::size_t open_end = 0, bool unpacked = false) {
    using nested::Found;
    Parsed parsed;
    std::string_view in;
    // What it makes of its bytes may take many steps, and be more than they are.
    const std::size_t most_idle = parser.makes_contents() ? 1 << 22 : 8;
    const std::size_t most_given = parser.makes_contents() ? SIZE_MAX : archive.size();
    std::size_t idle = 0, given = 0;
    stuck = false;
    const auto unpack = [&](const ParsedMember& member) {
        if (!unpacked || member.head.packing == nested::Packing::stored) return;
        parser.see_unpacked(member.contents);
        parser.unpacked_whole();
    };
    for (;;) {
        const std::size_t before = in.size();
        const Found found = parser.step(in, archive.empty());
        const bool gives = found == Found::contents || found == Found::aside;
        if (gives) given += parser.bytes().size();
        const bool moves = before != in.size() || (gives && !parser.bytes().empty());
        idle = moves ? 0 : idle + 1;
        if (idle > most_idle || given > most_given) {
            stuck = true;
            return parsed;
        }
        switch (found) {
            case Found::need_input:
                if (!in.empty()) stuck = true;
                if (archive.empty() || stuck) return parsed;
                in = archive.substr(0, piece);
                archive.remove_prefix(in.size());
                break;
            case Found::member:
                parsed.members.push_back({parser.head(), {}, false});
                parsed.headers += parser.header();
                break;
            case Found::contents: {
                if (parsed.members.empty()) {
                    stuck = true;
                    return parsed;
                }
                ParsedMember& member = parsed.members.back();
                member.contents += parser.bytes();
                if (member.head.sized || member.contents.size() < open_end) break;
                const std::size_t over = member.contents.size() - open_end;
                given -= over;
                member.contents.resize(open_end);
                // They are in front of `in`, or the parser had held them.
                std::string_view early = parser.bytes().substr(parser.bytes().size() - over);
                if (early.data() + over == in.data()) {
                    in = {early.data(), over + in.size()};
                    early = {};
                }
                unpack(member);
                parser.contents_ended(std::string(early));
                break;
            }
            case Found::member_end:
                if (parsed.members.empty()) break;
                parsed.members.back().ended = true;
                unpack(parsed.members.back());
                break;
            case Found::aside: parsed.aside += parser.bytes(); break;
            case Found::damage:
                parsed.damage.push_back(parser.what());
                parsed.aside += parser.header();
                break;
            case Found::gap:
            case Found::mismatch: parsed.damage.push_back(parser.what()); break;
        }
    }
}

inline std::string little(std::uint64_t value, unsigned bytes) {
    std::string text;
    for (unsigned i = 0; i < bytes; ++i) text += static_cast<char>(value >> (8 * i) & 0xffU);
    return text;
}

/// CRC-32, packed and unpacked size of a zip entry, stored or deflated, as they stand in its local
/// header or behind it; an entry of another method, or damaged, has a CRC-32 of 0.
inline std::string zip_sums(std::string_view packed, unsigned method) {
    std::string data(packed);
    if (method == 8) data = PlainInflate(packed, std::size_t{64} << 20).run().output;
    const bool known = method == 0 || method == 8;
    const auto* const bytes = reinterpret_cast<const Bytef*>(data.data());
    return little(known ? crc32(0, bytes, static_cast<uInt>(data.size())) : 0, 4) +
           little(packed.size(), 4) + little(data.size(), 4);
}

/// A zip entry with its local header; `packed` as it stands. With bit 3 of the flags, its sums
/// are left out.
inline std::string zip_entry(std::string_view name, std::string_view packed, unsigned method,
                             unsigned flags = 0) {
    const bool open = (flags & 8U) != 0;
    return std::string("PK\3\4", 4) + little(20, 2) + little(flags, 2) + little(method, 2) +
           little(0, 4) + (open ? std::string(12, '\0') : zip_sums(packed, method)) +
           little(name.size(), 2) + little(0, 2) + std::string(name) + std::string(packed);
}

/// What the central directory says of an entry with these sums.
inline std::string zip_listed(std::string_view name, const std::string& sums,
                              std::string_view extra = {}) {
    return "PK\1\2" + little(20, 2) + little(20, 2) + std::string(8, '\0') + sums +
           little(name.size(), 2) + little(extra.size(), 2) + std::string(14, '\0') +
           std::string(name) + std::string(extra);
}

/// The record at the end of a zip file, of a central directory that names nothing.
inline std::string zip_end() { return "PK\5\6" + std::string(18, '\0'); }

inline std::string deflated(std::string_view bytes) {
    z_stream stream{};
    deflateInit2(&stream, 6, Z_DEFLATED, -MAX_WBITS, 8, Z_DEFAULT_STRATEGY);
    std::string out(deflateBound(&stream, bytes.size()) + 16, '\0');
    stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
    stream.avail_in = static_cast<uInt>(bytes.size());
    stream.next_out = reinterpret_cast<Bytef*>(out.data());
    stream.avail_out = static_cast<uInt>(out.size());
    deflate(&stream, Z_FINISH);
    out.resize(stream.total_out);
    deflateEnd(&stream);
    return out;
}

inline std::string ar_member(std::string name, std::string_view contents) {
    const auto field = [](std::string text, std::size_t width) {
        text.resize(width, ' ');
        return text;
    };
    std::string made = field(std::move(name), 16) + field("0", 12) + field("0", 6) +
                       field("0", 6) + field("100755", 8) +
                       field(std::to_string(contents.size()), 10) + "`\n";
    made += contents;
    if (contents.size() % 2 == 1) made += '\n';
    return made;
}

/// With a `sum`, of the form that has one.
inline std::string cpio_member(const std::string& name, std::string_view contents,
                               std::optional<std::size_t> sum = std::nullopt) {
    const auto hex = [](std::size_t value) {
        char text[9];
        std::snprintf(text, sizeof text, "%08zX", value);
        return std::string(text);
    };
    std::string made = (sum ? "070702" : "070701") + hex(1) + hex(0100644) + hex(0) +
                       hex(0) + hex(1) + hex(0) + hex(contents.size()) + hex(0) + hex(0) + hex(0) + hex(0) +
                       hex(name.size() + 1) + hex(sum.value_or(0)) + name + '\0';
    made.resize((made.size() + 3) / 4 * 4, '\0');
    made += contents;
    made.resize((made.size() + 3) / 4 * 4, '\0');
    return made;
}

/// In the oldest form, of a machine of that order of bytes.
inline std::string binary_cpio_member(const std::string& name, std::string_view contents,
                                      bool big = false) {
    std::string made;
    for (const std::size_t field :
         {std::size_t{070707}, std::size_t{1}, std::size_t{1}, std::size_t{0100644}, std::size_t{0},
          std::size_t{0}, std::size_t{1}, std::size_t{0}, std::size_t{0}, std::size_t{0},
          name.size() + 1, contents.size() >> 16U, contents.size() & 0xffffU}) {
        const char low = static_cast<char>(field & 0xffU), high = static_cast<char>(field >> 8U);
        made += {big ? high : low, big ? low : high};
    }
    made += name + '\0';
    made.resize((made.size() + 1) / 2 * 2, '\0');
    made += contents;
    made.resize((made.size() + 1) / 2 * 2, '\0');
    return made;
}

}  // namespace stratascan::test
