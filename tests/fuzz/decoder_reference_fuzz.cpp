// Our decoders against the simplest calls of the libraries that define the formats: what
// zlib, zstd, libbz2 and liblzma decode, a member at a time, comes out of ours as the same bytes,
// all of them and no more, with the same end; and what they refuse is not taken for whole.
//
// One thing ISA-L takes that zlib refuses: Huffman codes that are incomplete. What they decode to
// is not in doubt (plain_inflate.hpp), and the member's checksum and length must hold. So there
// the scan sees more than readers that go by zlib, and nothing less; ISA-L is held to just that.
//
// The first byte picks the format, and of gzip whether the trailer is what the stream asks for.
#include <bzlib.h>
#include <lzma.h>
#include <zlib.h>
#define ZSTD_STATIC_LINKING_ONLY  // ZSTD_getFrameHeader
#include <zstd.h>
#include <zstd_errors.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "scanner/layer/decoder.hpp"
#include "scanner/nested/inflate.hpp"
#include "tests/support/plain_inflate.hpp"

namespace {

using namespace stratascan;

constexpr std::size_t most_output = 1 << 20;

struct Ours {
    std::string output;
    bool whole = false;   ///< the decoder came to its end
    bool limited = false; ///< it asked for more than it may, or made more than is compared
    std::string_view left;
};

Ours decode(layer::Decoder& decoder, std::string_view in) {
    Ours made;
    std::string buffer(std::size_t{64} << 10, '\0');
    for (;;) {
        std::span<char> out(buffer);
        const auto step = decoder.step(in, true, out);
        made.output.append(buffer, 0, buffer.size() - out.size());
        made.left = in;
        if (!step) {
            made.limited = step.error().code == ErrorCode::over_limit;
            return made;
        }
        if (*step == layer::Step::end) {
            made.whole = true;
            return made;
        }
        if (made.output.size() > most_output) {
            made.limited = true;
            return made;
        }
    }
}

void require(bool holds) {
    if (!holds) __builtin_trap();
}

std::size_t little(std::string_view bytes) {
    std::size_t value = 0;
    for (std::size_t i = bytes.size(); i > 0; --i) {
        value = value << 8U | static_cast<unsigned char>(bytes[i - 1]);
    }
    return value;
}

/// What a library makes of the first member: its bytes and where it ends, or nothing where it is
/// damaged.
struct Reference {
    std::optional<std::string> output;
    std::size_t used = 0;
    bool limited = false;
};

// `bits` as inflateInit2 has them: 31 gzip, 15 zlib, -15 bare deflate.
Reference by_zlib(std::string_view in, int bits) {
    Reference made;
    z_stream stream{};
    if (inflateInit2(&stream, bits) != Z_OK) return made;
    std::string out(most_output, '\0');
    stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(in.data()));
    stream.avail_in = static_cast<uInt>(in.size());
    stream.next_out = reinterpret_cast<Bytef*>(out.data());
    stream.avail_out = static_cast<uInt>(out.size());
    const int status = inflate(&stream, Z_FINISH);
    made.limited = stream.avail_out == 0 && status != Z_STREAM_END;
    if (status == Z_STREAM_END) {
        out.resize(stream.total_out);
        made.output = std::move(out);
        made.used = in.size() - stream.avail_in;
    }
    inflateEnd(&stream);
    return made;
}

/// Where the deflate stream begins behind a gzip member's header (RFC 1952, 2.3), or nothing.
std::optional<std::size_t> after_gzip_header(std::string_view in) {
    if (in.size() < 10 || in[2] != 8) return std::nullopt;
    const auto flags = static_cast<unsigned char>(in[3]);
    std::size_t at = 10;
    if ((flags & 4U) != 0) {
        if (in.size() < at + 2) return std::nullopt;
        at += 2 + little(in.substr(at, 2));
    }
    for (const unsigned text : {8U, 16U}) {
        if ((flags & text) == 0) continue;
        const std::size_t end = in.find('\0', at);
        if (end == std::string_view::npos) return std::nullopt;
        at = end + 1;
    }
    if ((flags & 2U) != 0) at += 2;
    if (at > in.size()) return std::nullopt;
    return at;
}

/// A gzip member whose header is read here; its deflate stream by zlib, or as ISA-L is meant to.
Reference by_parts(std::string_view in, bool as_isal) {
    const auto begin = after_gzip_header(in);
    if (!begin) return {};
    Reference made;
    if (as_isal) {
        auto plain = test::PlainInflate(in.substr(*begin), most_output).run();
        made.limited = plain.full;
        if (plain.used) {
            made.output = std::move(plain.output);
            made.used = *plain.used;
        }
    } else {
        made = by_zlib(in.substr(*begin), -MAX_WBITS);
    }
    if (!made.output) return made;
    const std::string_view trailer = in.substr(*begin + made.used);
    const auto checksum = crc32(0, reinterpret_cast<const Bytef*>(made.output->data()),
                                static_cast<uInt>(made.output->size()));
    const bool holds = trailer.size() >= 8 && little(trailer.substr(0, 4)) == checksum &&
                       little(trailer.substr(4, 4)) == made.output->size();
    if (!holds) return {};
    made.used += *begin + 8;
    return made;
}

constexpr std::string_view zstd_magic = "\x28\xb5\x2f\xfd";

bool begins_zstd(std::string_view at) {
    if (at.size() < 4) return false;
    return at.starts_with(zstd_magic) ||
           (little(at.substr(0, 4)) & ZSTD_MAGIC_SKIPPABLE_MASK) == ZSTD_MAGIC_SKIPPABLE_START;
}

/// Where zstd's call for streams, as ours, differs from its call for whole buffers.
struct ZstdBlocks {
    /// A block is larger than a frame of its window may have (RFC 8878, 3.1.1.2.4). Runs of one
    /// byte that are so long the call for whole buffers takes all the same.
    bool oversized = false;
    /// The last one holds nothing. Then the call for streams does not hold the size that the
    /// frame claims against what came; all that there is has come.
    bool ends_empty = false;
};

ZstdBlocks blocks_of(std::string_view frame) {
    ZSTD_frameHeader header{};
    if (ZSTD_getFrameHeader(&header, frame.data(), frame.size()) != 0) return {};
    ZstdBlocks blocks;
    for (std::size_t at = header.headerSize; at + 3 <= frame.size();) {
        const std::size_t fields = little(frame.substr(at, 3));
        const std::size_t size = fields >> 3U;
        const bool is_run = (fields >> 1U & 3U) == 1;
        if (size > header.blockSizeMax) blocks.oversized = true;
        if ((fields & 1U) != 0) {
            blocks.ends_empty = size == 0;
            break;
        }
        at += 3 + (is_run ? 1 : size);
    }
    return blocks;
}

Reference by_zstd(std::string_view in) {
    Reference made;
    const std::size_t frame = ZSTD_findFrameCompressedSize(in.data(), in.size());
    if (ZSTD_isError(frame) != 0) return made;
    if (!in.starts_with(zstd_magic)) {  // a skippable frame
        return {std::string(), frame, false};
    }
    const ZstdBlocks blocks = blocks_of(in.substr(0, frame));
    if (blocks.oversized) return made;
    std::string out(most_output, '\0');
    const std::size_t size = ZSTD_decompress(out.data(), out.size(), in.data(), frame);
    if (ZSTD_isError(size) != 0) {
        made.limited =
            ZSTD_getErrorCode(size) == ZSTD_error_dstSize_tooSmall || blocks.ends_empty;
        return made;
    }
    out.resize(size);
    made.output = std::move(out);
    made.used = frame;
    return made;
}

Reference by_bzip2(std::string_view in) {
    Reference made;
    bz_stream stream{};
    if (BZ2_bzDecompressInit(&stream, 0, 0) != BZ_OK) return made;
    std::string out(most_output, '\0');
    stream.next_in = const_cast<char*>(in.data());
    stream.avail_in = static_cast<unsigned>(in.size());
    stream.next_out = out.data();
    stream.avail_out = static_cast<unsigned>(out.size());
    const int status = BZ2_bzDecompress(&stream);
    made.limited = status == BZ_OK && stream.avail_out == 0;
    if (status == BZ_STREAM_END) {
        out.resize(out.size() - stream.avail_out);
        made.output = std::move(out);
        made.used = in.size() - stream.avail_in;
    }
    BZ2_bzDecompressEnd(&stream);
    return made;
}

Reference by_liblzma(std::string_view in, std::uint64_t memory) {
    Reference made;
    std::string out(most_output, '\0');
    std::size_t used = 0, size = 0;
    const lzma_ret status = lzma_stream_buffer_decode(
        &memory, 0, nullptr, reinterpret_cast<const std::uint8_t*>(in.data()), &used, in.size(),
        reinterpret_cast<std::uint8_t*>(out.data()), &size, out.size());
    made.limited = status == LZMA_BUF_ERROR || status == LZMA_MEMLIMIT_ERROR;
    if (status != LZMA_OK) return made;
    out.resize(size);
    made.output = std::move(out);
    made.used = used;
    return made;
}

/// One member after the other for as long as one begins; `padding`: zeros may stand between.
template <class Begins, class Member>
Reference all_members(std::string_view in, Begins begins, Member member, bool padding = false) {
    Reference all{std::string(), 0, false};
    for (;;) {
        const std::string_view rest = in.substr(all.used);
        if (padding) all.used += std::min(rest.find_first_not_of('\0'), rest.size());
        if (!begins(in.substr(all.used))) return all;
        const Reference one = member(in.substr(all.used));
        if (!one.output) return {std::nullopt, 0, one.limited};
        *all.output += *one.output;
        all.used += one.used;
        // As in what is compared of ours.
        if (all.output->size() > most_output) return {std::nullopt, 0, true};
    }
}

/// Whether zlib refuses the header and we read past it: flags that RFC 1952 reserves, and a
/// header checksum, which protects nothing that is in a file.
bool is_lax_header(std::string_view in) {
    return in.size() > 3 && (static_cast<unsigned char>(in[3]) & 0xe2U) != 0;
}

void compare(const Ours& ours, const Reference& reference, std::size_t size) {
    if (ours.limited || reference.limited) return;
    require(ours.whole == reference.output.has_value());
    if (!ours.whole) return;
    require(ours.output == *reference.output);
    require(ours.left.size() == size - reference.used);
}

void compare_gzip(std::string_view in) {
    const auto begins = [](std::string_view at) { return at.starts_with("\x1f\x8b"); };
    layer::DecoderOptions options;
    options.gzip = layer::GzipEngine::zlib;
    const Ours plain = decode(*layer::make_gzip_decoder(options), in);
    compare(plain,
            all_members(in, begins, [](std::string_view at) { return by_parts(at, false); }),
            in.size());
    // zlib's own reading of the first header.
    const Reference first = by_zlib(in, MAX_WBITS + 16);
    if (first.output && plain.whole) require(plain.output.starts_with(*first.output));
    if (begins(in) && !is_lax_header(in)) {
        require(first.output || first.limited || !plain.whole);
    }

    options.gzip = layer::GzipEngine::fastest;
    const auto decoder = layer::make_gzip_decoder(options);
    const bool as_isal = decoder->name() != "zlib";
    const Ours ours = decode(*decoder, in);
    compare(ours,
            all_members(in, begins, [&](std::string_view at) { return by_parts(at, as_isal); }),
            in.size());
    // What zlib takes for whole is whole.
    if (plain.whole && !ours.limited) require(ours.whole && ours.output == plain.output);
}

/// A gzip member of a deflate stream, with the trailer that is due to it: by chance no changed
/// stream would have the checksum that its member has.
std::string gzip_round(std::string_view deflated) {
    const auto plain = test::PlainInflate(deflated, most_output).run();
    std::string made("\x1f\x8b\x08\0\0\0\0\0\0\xff", 10);
    made += deflated.substr(0, plain.used.value_or(deflated.size()));
    const auto checksum = crc32(0, reinterpret_cast<const Bytef*>(plain.output.data()),
                                static_cast<uInt>(plain.output.size()));
    for (const std::size_t number : {std::size_t{checksum}, plain.output.size()}) {
        for (unsigned i = 0; i < 4; ++i) made += static_cast<char>(number >> 8 * i & 0xffU);
    }
    return made.append(deflated.substr(plain.used.value_or(deflated.size())));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size < 2) return 0;
    const std::string_view in(reinterpret_cast<const char*>(data) + 1, size - 1);
    layer::DecoderOptions options;
    switch (data[0] % 6) {
        case 0:
            if (data[0] / 6 % 2 == 0) compare_gzip(in);
            else compare_gzip(gzip_round(in));
            break;
        case 1:
            compare(decode(*layer::make_zstd_decoder(options), in),
                    all_members(in, begins_zstd, by_zstd), in.size());
            break;
        case 2:
            compare(decode(*layer::make_bzip2_decoder(), in),
                    all_members(
                        in, [](std::string_view at) { return at.starts_with("BZh"); }, by_bzip2),
                    in.size());
            break;
        case 3: {
            const std::string_view magic("\xfd" "7zXZ\0", 6);
            const std::uint64_t memory = options.memory.xz_bytes;
            compare(decode(*layer::make_xz_decoder(options), in),
                    all_members(
                        in, [&](std::string_view at) { return at.starts_with(magic); },
                        [&](std::string_view at) { return by_liblzma(at, memory); }, true),
                    in.size());
            break;
        }
        default: {
            const bool bare = data[0] % 6 == 4;
            const auto decoder =
                bare ? nested::make_deflate_decoder() : nested::make_zlib_decoder();
            compare(decode(*decoder, in), by_zlib(in, bare ? -MAX_WBITS : MAX_WBITS), in.size());
        }
    }
    return 0;
}
