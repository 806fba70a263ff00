// Blobs for the tests of decoding: readers over memory, compressed streams with
// the parts that few writers make, and a decoder driven in pieces of any size.
#pragma once

#include <bzlib.h>
#include <lzma.h>
#include <zlib.h>

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <functional>
#include <memory>
#include <optional>
#include <random>
#include <stdexcept>
#include <string>
#include <string_view>

#include "scanner/layer/decoder.hpp"
#include "scanner/source/blob.hpp"
#include "tests/support/tar_builder.hpp"

namespace stratascan::test {

/// A blob that lies in memory; fails after `good_bytes` of it.
class MemoryBlob final : public source::BlobReader {
public:
    explicit MemoryBlob(std::string bytes, std::size_t good_bytes = std::string::npos)
        : bytes_(std::move(bytes)), good_bytes_(good_bytes) {}

    Result<std::size_t> read(std::span<std::byte> out) override {
        const std::size_t size = std::min(out.size(), bytes_.size() - at_);
        if (at_ + size > good_bytes_) return fail(ErrorCode::unreadable, "a bad disk");
        std::memcpy(out.data(), bytes_.data() + at_, size);
        at_ += size;
        return size;
    }
    std::int64_t size() const noexcept override {
        return static_cast<std::int64_t>(bytes_.size());
    }

private:
    std::string bytes_;
    std::size_t good_bytes_, at_ = 0;
};

inline std::unique_ptr<source::BlobReader> blob_of(std::string bytes) {
    return std::make_unique<MemoryBlob>(std::move(bytes));
}

class Random {
public:
    explicit Random(std::uint64_t seed) : engine_(seed) {}

    /// From low to high, both included.
    std::size_t number(std::size_t low, std::size_t high) {
        return low + static_cast<std::size_t>(engine_() % (high - low + 1));
    }
    std::string bytes(std::size_t size) {
        std::string text(size, '\0');
        for (char& c : text) c = static_cast<char>(engine_() & 0xffU);
        return text;
    }
    /// Lines of lower-case words, which compress.
    std::string text(std::size_t size) {
        std::string text;
        while (text.size() < size) {
            for (std::size_t left = number(1, 9); left > 0; --left) {
                text += static_cast<char>('a' + number(0, 11));
            }
            text += number(0, 7) == 0 ? '\n' : ' ';
        }
        text.resize(size);
        return text;
    }

private:
    std::mt19937_64 engine_;
};

/// Optional fields of a gzip member's header (RFC 1952, 2.3).
struct GzipFields {
    std::optional<std::string> extra, name, comment;
    bool header_crc = false;
};

inline std::string gzip_with(std::string_view bytes, const GzipFields& fields, int level = 6) {
    const std::string plain = gzip(bytes, level);
    std::string head = plain.substr(0, 10);
    head[3] = static_cast<char>((fields.header_crc ? 2 : 0) | (fields.extra ? 4 : 0) |
                                (fields.name ? 8 : 0) | (fields.comment ? 16 : 0));
    if (fields.extra) {
        head += static_cast<char>(fields.extra->size() & 0xffU);
        head += static_cast<char>(fields.extra->size() >> 8U);
        head += *fields.extra;
    }
    if (fields.name) head += *fields.name + '\0';
    if (fields.comment) head += *fields.comment + '\0';
    if (fields.header_crc) {
        const uLong crc = crc32(0, reinterpret_cast<const Bytef*>(head.data()),
                                static_cast<uInt>(head.size()));
        head += static_cast<char>(crc & 0xffU);
        head += static_cast<char>(crc >> 8U & 0xffU);
    }
    return head + plain.substr(10);
}

inline std::string zstd_skippable(std::string_view bytes, unsigned kind = 0) {
    std::string frame(8, '\0');
    const std::uint32_t magic = 0x184D2A50U + kind;
    const auto size = static_cast<std::uint32_t>(bytes.size());
    for (unsigned i = 0; i < 4; ++i) {
        frame[i] = static_cast<char>(magic >> (8 * i) & 0xffU);
        frame[4 + i] = static_cast<char>(size >> (8 * i) & 0xffU);
    }
    return frame + std::string(bytes);
}

/// A frame whose header asks for a window of 2^log bytes.
inline std::string zstd_with_window(std::string_view bytes, int log) {
    const std::unique_ptr<ZSTD_CCtx, decltype(&ZSTD_freeCCtx)> context(ZSTD_createCCtx(),
                                                                       &ZSTD_freeCCtx);
    ZSTD_CCtx_setParameter(context.get(), ZSTD_c_windowLog, log);
    ZSTD_CCtx_setParameter(context.get(), ZSTD_c_contentSizeFlag, 0);
    std::string out(ZSTD_compressBound(bytes.size()) + 64, '\0');
    ZSTD_inBuffer input{bytes.data(), bytes.size(), 0};
    ZSTD_outBuffer output{out.data(), out.size(), 0};
    // In two steps, so that the frame is not known to be small.
    ZSTD_compressStream2(context.get(), &output, &input, ZSTD_e_flush);
    if (ZSTD_compressStream2(context.get(), &output, &input, ZSTD_e_end) != 0) {
        throw std::runtime_error("ZSTD_compressStream2");
    }
    out.resize(output.pos);
    return out;
}

inline std::string bzip2(std::string_view bytes) {
    std::string out(bytes.size() + bytes.size() / 50 + 1024, '\0');
    auto size = static_cast<unsigned>(out.size());
    if (BZ2_bzBuffToBuffCompress(out.data(), &size, const_cast<char*>(bytes.data()),
                                 static_cast<unsigned>(bytes.size()), 1, 0, 0) != BZ_OK) {
        throw std::runtime_error("bzip2");
    }
    out.resize(size);
    return out;
}

inline std::string xz(std::string_view bytes, unsigned preset = 1) {
    std::string out(lzma_stream_buffer_bound(bytes.size()), '\0');
    std::size_t size = 0;
    if (lzma_easy_buffer_encode(preset, LZMA_CHECK_CRC64, nullptr,
                                reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size(),
                                reinterpret_cast<std::uint8_t*>(out.data()), &size,
                                out.size()) != LZMA_OK) {
        throw std::runtime_error("xz");
    }
    out.resize(size);
    return out;
}

/// One member, frame or stream of the format.
inline std::string compress(layer::Compression format, std::string_view bytes) {
    switch (format) {
        case layer::Compression::gzip: return gzip(bytes);
        case layer::Compression::zstd: return zstd(bytes);
        case layer::Compression::bzip2: return bzip2(bytes);
        case layer::Compression::xz: return xz(bytes);
        case layer::Compression::none: break;
    }
    return std::string(bytes);
}

struct Decoded {
    std::string output, side, rest;
    std::optional<Error> error;
    bool stuck = false;  ///< it did not end, or broke the decoder's contract
};

/// The size of the next piece.
using Sizes = std::function<std::size_t()>;

inline Sizes always(std::size_t size) {
    return [size] { return size; };
}
inline Sizes any_of(std::shared_ptr<Random> random, std::size_t most) {
    return [random, most] { return random->number(1, most); };
}

/// Drives a decoder over `blob`, handing in and taking out pieces of the sizes
/// given. A field of the container ends in `side` with a bar.
inline Decoded decode(layer::Compression format, std::string_view blob, const Sizes& in_sizes,
                      const Sizes& out_sizes, layer::DecoderOptions options = {}) {
    Decoded decoded;
    options.side = [&](std::string_view, std::string_view bytes) {
        decoded.side += bytes.empty() ? std::string_view("|") : bytes;
    };
    const auto decoder = layer::make_decoder(format, options);
    // Each piece is a copy of exactly its size, so that reading beyond it shows.
    std::unique_ptr<char[]> piece;
    std::string_view in;
    std::size_t given = 0;
    const auto hand_in = [&](std::size_t size) {
        size = std::min(size, blob.size() - given);
        auto next = std::make_unique<char[]>(in.size() + size);
        std::copy(in.begin(), in.end(), next.get());
        std::copy_n(blob.data() + given, size, next.get() + in.size());
        in = {next.get(), in.size() + size};
        piece = std::move(next);
        given += size;
    };
    std::string buffer;
    hand_in(in_sizes());
    const std::size_t most_steps = 1'000'000;
    std::size_t starved = 0;
    for (std::size_t steps = 0; steps < most_steps; ++steps) {
        buffer.assign(out_sizes(), '\0');
        std::span<char> out(buffer);
        const auto step = decoder->step(in, given == blob.size(), out);
        decoded.output.append(buffer, 0, buffer.size() - out.size());
        if (!step) {
            decoded.error = step.error();
            return decoded;
        }
        if (*step == layer::Step::end) {
            decoded.rest = std::string(in) + std::string(blob.substr(given));
            return decoded;
        }
        if (*step == layer::Step::have_output) continue;
        // What may be left over has to fit in front of the next chunk.
        if (in.size() > 64 || (given == blob.size() && ++starved > 2)) break;
        hand_in(in_sizes());
    }
    decoded.stuck = true;
    return decoded;
}

inline Decoded decode(layer::Compression format, std::string_view blob,
                      const layer::DecoderOptions& options = {}) {
    return decode(format, blob, always(blob.size() + 1), always(1 << 16), options);
}

}  // namespace stratascan::test
