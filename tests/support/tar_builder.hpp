// Builds tar archives byte by byte, so that a test can also build the ones that
// no honest program writes.
//
//     TarBuilder tar;
//     tar.file("etc/hostname", "box\n").symlink("etc/alias", "hostname");
//     tar.add({.name = "long", .content = "x", .pax = {{"path", long_name}}});
//     const std::string layer = gzip(tar.finish());
#pragma once

#include <zlib.h>
#include <zstd.h>

#include <array>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace stratascan::test {

/// One member. Every field has a default that makes a plain file.
struct TarMember {
    std::string name;
    std::string content;
    char type = '0';  ///< '0' file, '1' hard link, '2' symbolic link, '5' folder, …
    unsigned mode = 0644;
    std::string link;
    std::uint64_t mtime = 0;
    std::vector<std::pair<std::string, std::string>> pax;  ///< written as a PAX header before it
    bool gnu_long_name = false;  ///< the name goes into a GNU @LongLink member
    bool gnu_long_link = false;
    bool v7 = false;             ///< no magic, as before POSIX
    bool base256_size = false;
    std::int64_t claimed_size = -1;  ///< size field; -1: that of the content
};

class TarBuilder {
public:
    TarBuilder& add(const TarMember& member) {
        if (!member.pax.empty()) append_pax('x', member.pax);
        if (member.gnu_long_name) append_long('L', member.name);
        if (member.gnu_long_link) append_long('K', member.link);
        append_header(member, member.claimed_size < 0
                                  ? member.content.size()
                                  : static_cast<std::uint64_t>(member.claimed_size));
        append_padded(member.content);
        return *this;
    }

    TarBuilder& file(std::string name, std::string content, unsigned mode = 0644) {
        TarMember member;
        member.name = std::move(name);
        member.content = std::move(content);
        member.mode = mode;
        return add(member);
    }

    TarBuilder& folder(std::string name) {
        TarMember member;
        member.name = std::move(name);
        member.type = '5';
        member.mode = 0755;
        return add(member);
    }

    TarBuilder& symlink(std::string name, std::string target) {
        return link_member(std::move(name), std::move(target), '2');
    }

    TarBuilder& hardlink(std::string name, std::string target) {
        return link_member(std::move(name), std::move(target), '1');
    }

    /// A PAX header for all that follows.
    TarBuilder& global_pax(const std::vector<std::pair<std::string, std::string>>& records) {
        append_pax('g', records);
        return *this;
    }

    /// Bytes as they are, in the middle of the archive.
    TarBuilder& raw(std::string_view bytes) {
        bytes_ += bytes;
        return *this;
    }

    /// The archive so far, without an end marker.
    [[nodiscard]] const std::string& bytes() const noexcept { return bytes_; }

    /// The archive with its end marker.
    [[nodiscard]] std::string finish() const { return bytes_ + std::string(1024, '\0'); }

private:
    TarBuilder& link_member(std::string name, std::string target, char type) {
        TarMember member;
        member.name = std::move(name);
        member.link = std::move(target);
        member.type = type;
        return add(member);
    }

    static void put_text(std::string& block, std::size_t at, std::size_t room,
                         std::string_view text) {
        text = text.substr(0, room);
        block.replace(at, text.size(), text);
    }

    static void put_octal(std::string& block, std::size_t at, std::size_t room,
                          std::uint64_t value) {
        std::array<char, 32> digits{};
        std::snprintf(digits.data(), digits.size(), "%0*llo", static_cast<int>(room) - 1,
                      static_cast<unsigned long long>(value));
        put_text(block, at, room - 1, digits.data());
    }

    static void put_size(std::string& block, std::uint64_t size, bool base256) {
        if (!base256 && size < (std::uint64_t{1} << 33U)) return put_octal(block, 124, 12, size);
        block[124] = static_cast<char>(0x80);
        for (std::size_t i = 0; i < 8; ++i) {
            block[135 - i] = static_cast<char>(size >> (8 * i) & 0xffU);
        }
    }

    void append_header(const TarMember& member, std::uint64_t size) {
        std::string block(512, '\0');
        put_text(block, 0, 100, member.name);
        put_octal(block, 100, 8, member.mode);
        put_octal(block, 108, 8, 0);
        put_octal(block, 116, 8, 0);
        put_size(block, size, member.base256_size);
        put_octal(block, 136, 12, member.mtime);
        block[156] = member.v7 && member.type == '0' ? '\0' : member.type;
        put_text(block, 157, 100, member.link);
        if (member.gnu_long_name || member.gnu_long_link) {
            block.replace(257, 8, std::string_view("ustar  \0", 8));
        } else if (!member.v7) {
            block.replace(257, 8, std::string_view("ustar\00000", 8));
        }
        block.replace(148, 8, "        ");
        std::uint64_t sum = 0;
        for (const char c : block) sum += static_cast<unsigned char>(c);
        put_octal(block, 148, 7, sum);
        bytes_ += block;
    }

    void append_padded(std::string_view content) {
        bytes_ += content;
        bytes_.append((512 - content.size() % 512) % 512, '\0');
    }

    void append_long(char type, const std::string& text) {
        TarMember member;
        member.name = "././@LongLink";
        member.type = type;
        member.gnu_long_name = true;
        append_header(member, text.size() + 1);
        append_padded(text + '\0');
    }

    void append_pax(char type, const std::vector<std::pair<std::string, std::string>>& records) {
        std::string body;
        for (const auto& [key, value] : records) {
            const std::size_t rest = key.size() + value.size() + 3;
            std::size_t length = rest + 1;
            while (std::to_string(length).size() + rest != length) {
                length = std::to_string(length).size() + rest;
            }
            body += std::to_string(length) + ' ' + key + '=' + value + '\n';
        }
        TarMember member;
        member.name = "PaxHeaders/0";
        member.type = type;
        append_header(member, body.size());
        append_padded(body);
    }

    std::string bytes_;
};

/// One gzip member.
inline std::string gzip(std::string_view bytes, int level = 6) {
    z_stream stream{};
    if (deflateInit2(&stream, level, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY) != Z_OK) {
        throw std::runtime_error("deflateInit2");
    }
    std::string out(deflateBound(&stream, bytes.size()) + 32, '\0');
    stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
    stream.avail_in = static_cast<uInt>(bytes.size());
    stream.next_out = reinterpret_cast<Bytef*>(out.data());
    stream.avail_out = static_cast<uInt>(out.size());
    const int status = deflate(&stream, Z_FINISH);
    out.resize(stream.total_out);
    deflateEnd(&stream);
    if (status != Z_STREAM_END) throw std::runtime_error("deflate");
    return out;
}

/// One zstd frame.
inline std::string zstd(std::string_view bytes, int level = 3) {
    std::string out(ZSTD_compressBound(bytes.size()), '\0');
    const std::size_t size =
        ZSTD_compress(out.data(), out.size(), bytes.data(), bytes.size(), level);
    if (ZSTD_isError(size) != 0) throw std::runtime_error("ZSTD_compress");
    out.resize(size);
    return out;
}

}  // namespace stratascan::test
