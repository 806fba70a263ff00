// Our decoders against the simplest calls of the libraries that define the formats: what
// zlib, zstd, libbz2 and liblzma decode in one call comes out of ours as the same bytes, and
// what they refuse is not taken for whole. The first byte picks the format.
#include <bzlib.h>
#include <lzma.h>
#include <zlib.h>
#define ZSTD_STATIC_LINKING_ONLY  // ZSTD_getFrameHeader
#include <zstd.h>
#include <zstd_errors.h>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "scanner/layer/decoder.hpp"
#include "scanner/nested/inflate.hpp"

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

/// What a library makes of the first member: its bytes, or nothing where it is damaged.
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

/// Whether a block of the frame is larger than a frame of its window may have (RFC 8878,
/// 3.1.1.2.4). Of runs of one byte zstd's call for whole buffers takes them all the same,
/// its call for streams, as ours, does not.
bool has_oversized_block(std::string_view frame) {
    ZSTD_frameHeader header{};
    if (ZSTD_getFrameHeader(&header, frame.data(), frame.size()) != 0) return false;
    for (std::size_t at = header.headerSize; at + 3 <= frame.size();) {
        std::size_t fields = 0;
        for (std::size_t i = 3; i > 0; --i) {
            fields = fields << 8U | static_cast<unsigned char>(frame[at + i - 1]);
        }
        const std::size_t size = fields >> 3U;
        const bool is_run = (fields >> 1U & 3U) == 1;
        if (size > header.blockSizeMax) return true;
        if ((fields & 1U) != 0) return false;
        at += 3 + (is_run ? 1 : size);
    }
    return false;
}

Reference by_zstd(std::string_view in) {
    Reference made;
    const std::size_t frame = ZSTD_findFrameCompressedSize(in.data(), in.size());
    if (ZSTD_isError(frame) != 0) return made;
    if (has_oversized_block(in.substr(0, frame))) {
        made.limited = true;
        return made;
    }
    std::string out(most_output, '\0');
    const std::size_t size = ZSTD_decompress(out.data(), out.size(), in.data(), frame);
    if (ZSTD_isError(size) != 0) {
        made.limited = ZSTD_getErrorCode(size) == ZSTD_error_dstSize_tooSmall;
        return made;
    }
    out.resize(size);
    made.output = std::move(out);
    made.used = frame;
    return made;
}

Reference by_bzip2(std::string_view in) {
    Reference made;
    std::string out(most_output, '\0');
    auto size = static_cast<unsigned>(out.size());
    const int status = BZ2_bzBuffToBuffDecompress(out.data(), &size, const_cast<char*>(in.data()),
                                                  static_cast<unsigned>(in.size()), 0, 0);
    made.limited = status == BZ_OUTBUFF_FULL;
    if (status != BZ_OK) return made;
    out.resize(size);
    made.output = std::move(out);
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

void require(bool holds) {
    if (!holds) __builtin_trap();
}

/// Whether the header is one that zlib refuses and we read past: flags that RFC 1952
/// reserves, and a header checksum, which protects nothing that is in a file.
bool is_lax_header(std::string_view in) {
    return in.size() > 3 && (static_cast<unsigned char>(in[3]) & 0xe2U) != 0;
}

void compare(const Ours& ours, const Reference& reference, bool lax) {
    if (ours.limited || reference.limited) return;
    if (reference.output) {
        require(ours.output.starts_with(*reference.output));
        require(ours.whole || !ours.output.empty() || reference.output->empty());
    } else if (!lax) {
        require(!ours.whole);
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size < 2) return 0;
    const std::string_view in(reinterpret_cast<const char*>(data) + 1, size - 1);
    layer::DecoderOptions options;
    switch (data[0] % 6) {
        case 0: {
            if (!in.starts_with("\x1f\x8b")) return 0;
            const Reference reference = by_zlib(in, MAX_WBITS + 16);
            // ISA-L takes a few damaged streams for sound; it must not lose sound ones.
            compare(decode(*layer::make_gzip_decoder(options), in), reference, true);
            options.gzip = layer::GzipEngine::zlib;
            compare(decode(*layer::make_gzip_decoder(options), in), reference, is_lax_header(in));
            break;
        }
        case 1:
            if (!in.starts_with("\x28\xb5\x2f\xfd")) return 0;
            compare(decode(*layer::make_zstd_decoder(options), in), by_zstd(in), false);
            break;
        case 2:
            if (!in.starts_with("BZh")) return 0;
            compare(decode(*layer::make_bzip2_decoder(), in), by_bzip2(in), false);
            break;
        case 3:
            if (!in.starts_with(std::string_view("\xfd" "7zXZ\0", 6))) return 0;
            compare(decode(*layer::make_xz_decoder(options), in),
                    by_liblzma(in, options.memory.xz_bytes), false);
            break;
        default: {
            const bool bare = data[0] % 6 == 4;
            const auto decoder =
                bare ? nested::make_deflate_decoder() : nested::make_zlib_decoder();
            const Ours ours = decode(*decoder, in);
            const Reference reference = by_zlib(in, bare ? -MAX_WBITS : MAX_WBITS);
            compare(ours, reference, false);
            if (reference.output && ours.whole) {
                require(ours.output == *reference.output);
                require(ours.left.size() == in.size() - reference.used);
            }
        }
    }
    return 0;
}
