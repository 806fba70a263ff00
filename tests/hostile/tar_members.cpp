// What the tar walk sees, for readers.py to hold against other readers:
// `tar_members FILE...` prints a line of JSON for each archive, a list with
// [path, kind, size, target, contents] for each member. Kinds are those that
// `ls -l` prints, with h for a hard link and ? for what is none of these; contents
// are the CRC-32 of a file that has no holes, else null.
#include <fmt/format.h>
#include <zlib.h>

#include <algorithm>
#include <cstdint>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "scanner/layer/tar_walk.hpp"
#include "tests/support/blobs.hpp"

namespace stratascan::layer {
namespace {

using nlohmann::json;

struct Seen {
    Member member;
    std::uint64_t bytes = 0;  ///< of contents, while they follow each other from 0 on
    bool holes = false;
    uLong crc = crc32(0, nullptr, 0);
};

char kind_of(EntryKind kind) {
    switch (kind) {
        case EntryKind::file: return '-';
        case EntryKind::directory: return 'd';
        case EntryKind::symlink: return 'l';
        case EntryKind::hardlink: return 'h';
        default: return '?';
    }
}

/// Each byte as a letter, for a name need not be UTF-8.
std::string as_latin1(std::string_view bytes) {
    std::string text;
    for (const char c : bytes) {
        const auto byte = static_cast<unsigned char>(c);
        if (byte < 0x80) {
            text += c;
        } else {
            text += static_cast<char>(0xc0U | byte >> 6U);
            text += static_cast<char>(0x80U | (byte & 0x3fU));
        }
    }
    return text;
}

/// The places that a window owns are its own alone, so that no byte counts twice.
void take(const Window& window, std::vector<Seen>& seen) {
    for (const Member& member : window.members) {
        if (member.fresh) seen.push_back({member});
    }
    for (const Piece& piece : window.pieces) {
        const std::uint64_t from = std::max(piece.begin, window.own_begin());
        const std::uint64_t to = std::min(piece.end, window.own_end());
        if (piece.kind != PieceKind::contents || from >= to) continue;
        Seen& of = seen.at(window.members[piece.member].ordinal);
        of.holes = of.holes || piece.file_offset + (from - piece.begin) != of.bytes;
        of.bytes += to - from;
        of.crc = crc32(of.crc,
                       reinterpret_cast<const Bytef*>(window.bytes().data()) +
                           (from - window.sight_begin()),
                       static_cast<uInt>(to - from));
    }
}

json told(const Seen& seen) {
    const Member& member = seen.member;
    const bool whole = member.kind == EntryKind::file && !seen.holes && seen.bytes == member.size;
    return {as_latin1(member.path), std::string(1, kind_of(member.kind)), member.size,
            as_latin1(member.link), whole ? json(seen.crc) : json()};
}

bool print_members(const char* path) {
    std::ifstream file(path, std::ios::binary);
    std::string bytes{std::istreambuf_iterator<char>(file), {}};
    if (!file) return false;
    SlabPool pool(4);
    BlobStream stream(test::blob_of(std::move(bytes)), {}, nullptr);
    // No limit cuts what is compared.
    TarWalk walk(stream, pool, {.path_bytes = std::uint64_t{1} << 40,
                                .header_bytes = std::uint64_t{1} << 40});
    std::vector<Seen> seen;
    for (;;) {
        const auto window = walk.next();
        if (!window) return false;
        if (!*window) break;
        take(**window, seen);
    }
    json list = json::array();
    for (const Seen& each : seen) list.push_back(told(each));
    fmt::print("{}\n", list.dump());
    return true;
}

}  // namespace
}  // namespace stratascan::layer

int main(int count, char** words) {
    for (int at = 1; at < count; ++at) {
        if (stratascan::layer::print_members(words[at])) continue;
        fmt::print(stderr, "tar_members: {} was not read\n", words[at]);
        return 1;
    }
    return 0;
}
