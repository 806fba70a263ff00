#include "scanner/nested/recognise_weak.hpp"

#include <lzma.h>
#include <zlib.h>

#include <array>
#include <cstdint>
#include <new>
#include <string>

#include "scanner/nested/bytes.hpp"
#include "scanner/nested/recognise.hpp"

namespace stratascan::nested {

namespace {

constexpr std::size_t trial_bytes = 4096;
constexpr std::size_t lzma_header_bytes = 13;

// Whether a liblzma that holds next to nothing of what it makes goes on to the end of `head`,
// to that of the stream, or to trial_bytes. Noise is wrong within a few symbols: what it copies
// is from before the beginning.
bool is_lzma_stream(std::string_view head) {
    std::string bytes(head);
    bytes.replace(1, 4, std::string("\0\x10\0\0", 4));
    lzma_stream stream = LZMA_STREAM_INIT;
    // Not "no container": that would be a loss that nobody hears of.
    if (lzma_alone_decoder(&stream, std::uint64_t{1} << 20) != LZMA_OK) throw std::bad_alloc();
    std::array<std::uint8_t, trial_bytes> out{};
    stream.next_in = reinterpret_cast<const std::uint8_t*>(bytes.data());
    stream.avail_in = bytes.size();
    stream.next_out = out.data();
    stream.avail_out = out.size();
    const lzma_ret status = lzma_code(&stream, LZMA_RUN);
    const std::uint64_t made = stream.total_out;
    lzma_end(&stream);
    if (status == LZMA_MEM_ERROR) throw std::bad_alloc();
    if (status == LZMA_STREAM_END) return made > 0;
    return (status == LZMA_OK || status == LZMA_BUF_ERROR) && made > 0;
}

}  // namespace

// RFC 1950 has no magic: two bytes whose remainder by 31 is 0, deflate, and a window of up to
// 32 KiB. Text may begin so ("x^2"), so what stands behind them must inflate.
bool is_zlib(std::string_view head) {
    const auto first = static_cast<unsigned char>(head.empty() ? '\0' : head[0]);
    if (head.size() < 8 || (first & 0xfU) != Z_DEFLATED || first >> 4U > 7 ||
        big_endian(head, 0, 2) % 31 != 0 || (static_cast<unsigned char>(head[1]) & 0x20U) != 0) {
        return false;
    }
    z_stream stream{};
    // Not "no container": that would be a loss that nobody hears of.
    if (inflateInit(&stream) != Z_OK) throw std::bad_alloc();
    std::array<unsigned char, trial_bytes> out{};
    stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(head.data()));
    stream.avail_in = static_cast<uInt>(head.size());
    int status = Z_OK;
    while (status == Z_OK && stream.avail_in > 0) {
        stream.next_out = out.data();
        stream.avail_out = static_cast<uInt>(out.size());
        status = inflate(&stream, Z_NO_FLUSH);
    }
    // A short one must end well, a longer one hold so far: of noise none does, and empty blocks
    // say nothing for as long as one likes.
    const bool whole = status == Z_STREAM_END;
    const bool begun =
        (status == Z_OK || status == Z_BUF_ERROR) && head.size() >= recognised_within;
    inflateEnd(&stream);
    return whole || begun;
}

// The old lzma has no magic (LZMA SDK, lzma.txt): properties, a dictionary's size, the size of
// what was packed, and the range coder's first byte, which is 0.
bool is_lzma(std::string_view head) {
    if (head.size() < 32 || static_cast<unsigned char>(head[0]) >= 9 * 5 * 5) return false;
    const std::uint64_t dictionary = little_endian(head, 1, 4);
    const std::uint64_t size = little_endian(head, 5, 8);
    constexpr std::uint64_t unknown = ~std::uint64_t{0}, largest = std::uint64_t{1} << 38U;
    // Most of what is so by chance is a table: bytes differ behind the header.
    if (size == 0 || head[lzma_header_bytes] != 0 ||
        head.substr(14, 8).find_first_not_of(head[14]) == head.npos) {
        return false;
    }
    // xz and the SDK write lc 3, lp 0 and pb 2 and round the dictionary: that is enough, also
    // of what is damaged then. All else must hold for a while, but for properties that liblzma
    // does not read: 7-Zip writes them when it is asked to, and then nothing can be tried.
    const std::uint64_t lowest = dictionary & (~dictionary + 1);
    const bool rounded = dictionary == lowest || dictionary == 3 * lowest;
    const bool plausible = dictionary >= 4096 && rounded && (size == unknown || size < largest);
    const auto properties = static_cast<unsigned char>(head[0]);
    const unsigned lc = properties % 9U, lp = properties / 9U % 5U;
    if (lc + lp > LZMA_LCLP_MAX) return plausible;
    return (properties == 0x5d && plausible) || is_lzma_stream(head);
}

}  // namespace stratascan::nested
