#include "scanner/nested/upx.hpp"

#include <lzma.h>
#include <ucl/ucl.h>
#include <zlib.h>

#include <array>
#include <limits>

#include "scanner/nested/bytes.hpp"

namespace stratascan::nested {

namespace {

constexpr std::string_view mark = "UPX!";
constexpr std::size_t mark_in_l_info = 4, l_info_size = 12, p_info_size = 12;
constexpr std::size_t elf_data = 5;  // EI_DATA of e_ident: 1 little, 2 big

// src/conf.h of UPX.
enum Method : unsigned {
    nrv2b_le32 = 2, nrv2b_8 = 3, nrv2b_le16 = 4,
    nrv2d_le32 = 5, nrv2d_8 = 6, nrv2d_le16 = 7,
    nrv2e_le32 = 8, nrv2e_8 = 9, nrv2e_le16 = 10,
    lzma = 14, deflate = 15,
};

bool is_known(unsigned method) noexcept {
    return (method >= nrv2b_le32 && method <= nrv2e_le16) || method == lzma || method == deflate;
}

std::uint64_t number(std::string_view bytes, std::size_t at, bool big) noexcept {
    return big ? big_endian(bytes, at, 4) : little_endian(bytes, at, 4);
}

using UclDecoder = int (*)(const ucl_bytep, ucl_uint, ucl_bytep, ucl_uintp, ucl_voidp);

bool unpack_nrv(unsigned method, std::string_view packed, std::string& out) {
    static constexpr std::array<UclDecoder, 9> decoders = {
        ucl_nrv2b_decompress_safe_le32, ucl_nrv2b_decompress_safe_8,
        ucl_nrv2b_decompress_safe_le16, ucl_nrv2d_decompress_safe_le32,
        ucl_nrv2d_decompress_safe_8,    ucl_nrv2d_decompress_safe_le16,
        ucl_nrv2e_decompress_safe_le32, ucl_nrv2e_decompress_safe_8,
        ucl_nrv2e_decompress_safe_le16};
    auto made = static_cast<ucl_uint>(out.size());
    const int status = decoders[method - nrv2b_le32](
        reinterpret_cast<const unsigned char*>(packed.data()),
        static_cast<ucl_uint>(packed.size()), reinterpret_cast<unsigned char*>(out.data()), &made,
        nullptr);
    return status == UCL_E_OK && made == out.size();
}

// Two bytes of properties stand in front of the raw stream, which has no end marker.
bool unpack_lzma(std::string_view packed, std::string& out) {
    if (packed.size() < 3) return false;
    lzma_options_lzma options{};
    options.dict_size = static_cast<std::uint32_t>(
        out.size() < LZMA_DICT_SIZE_MIN ? LZMA_DICT_SIZE_MIN : out.size());
    options.pb = static_cast<unsigned char>(packed[0]) & 7U;
    options.lc = static_cast<unsigned char>(packed[1]) & 15U;
    options.lp = static_cast<unsigned char>(packed[1]) >> 4U;
    if (options.lc + options.lp > LZMA_LCLP_MAX || options.pb > LZMA_PB_MAX) return false;
    const std::array<lzma_filter, 2> filters = {
        {{LZMA_FILTER_LZMA1, &options}, {LZMA_VLI_UNKNOWN, nullptr}}};
    lzma_stream stream = LZMA_STREAM_INIT;
    const lzma_ret begun = lzma_raw_decoder(&stream, filters.data());
    if (begun == LZMA_MEM_ERROR) throw std::bad_alloc();
    if (begun != LZMA_OK) return false;
    stream.next_in = reinterpret_cast<const std::uint8_t*>(packed.data()) + 2;
    stream.avail_in = packed.size() - 2;
    stream.next_out = reinterpret_cast<std::uint8_t*>(out.data());
    stream.avail_out = out.size();
    lzma_ret status = LZMA_OK;
    while (status == LZMA_OK && stream.avail_out > 0) status = lzma_code(&stream, LZMA_FINISH);
    const bool whole = stream.avail_out == 0;
    lzma_end(&stream);
    return whole;
}

bool unpack_deflate(std::string_view packed, std::string& out) {
    z_stream stream{};
    if (inflateInit2(&stream, -MAX_WBITS) != Z_OK) throw std::bad_alloc();
    stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(packed.data()));
    stream.avail_in = static_cast<uInt>(packed.size());
    stream.next_out = reinterpret_cast<Bytef*>(out.data());
    stream.avail_out = static_cast<uInt>(out.size());
    inflate(&stream, Z_FINISH);
    const bool whole = stream.avail_out == 0;
    inflateEnd(&stream);
    return whole;
}

}  // namespace

std::optional<UpxStart> find_upx(std::string_view head) noexcept {
    if (!head.starts_with("\x7f" "ELF") || head.size() <= elf_data) return std::nullopt;
    const bool big = head[elf_data] == 2;
    for (std::size_t at = head.find(mark); at != head.npos; at = head.find(mark, at + 1)) {
        const std::size_t info = at - mark_in_l_info + l_info_size;
        const std::size_t blocks = info + p_info_size;
        if (blocks + upx_block_header > head.size()) return std::nullopt;
        const auto first = read_upx_block(head.substr(blocks, upx_block_header), big);
        const std::uint64_t size = number(head, info + 4, big);
        if (first && first->unpacked <= size) {
            return UpxStart{blocks, big, size, number(head, info + 8, big)};
        }
    }
    return std::nullopt;
}

std::optional<UpxBlock> read_upx_block(std::string_view header, bool big_endian) noexcept {
    UpxBlock block;
    block.unpacked = number(header, 0, big_endian);
    block.packed = number(header, 4, big_endian);
    block.method = static_cast<unsigned char>(header[8]);
    // What would grow is stored as it is; older ones leave the method there.
    const bool stored = block.packed == block.unpacked;
    const bool method = is_known(block.method) || (block.method == 0 && stored);
    const bool makes_sense =
        block.packed > 0 && block.packed <= block.unpacked && method && header[11] == 0;
    return makes_sense ? std::optional(block) : std::nullopt;
}

std::optional<std::string> unpack_upx(const UpxBlock& block, std::string_view packed) {
    if (block.packed == block.unpacked) return std::string(packed);
    // The decoders count in 32 bits, as the format does.
    if (block.unpacked > std::numeric_limits<std::uint32_t>::max()) return std::nullopt;
    std::string out(static_cast<std::size_t>(block.unpacked), '\0');
    bool whole = false;
    if (block.method == lzma) {
        whole = unpack_lzma(packed, out);
    } else if (block.method == deflate) {
        whole = unpack_deflate(packed, out);
    } else {
        whole = unpack_nrv(block.method, packed, out);
    }
    return whole ? std::optional(std::move(out)) : std::nullopt;
}

}  // namespace stratascan::nested
