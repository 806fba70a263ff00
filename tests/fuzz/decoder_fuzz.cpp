// Any bytes as a compressed blob: the first byte picks the format and the sizes.
// However the input is cut, a decoder puts out the same and ends.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "scanner/layer/decoder.hpp"
#include "scanner/layer/lzw.hpp"
#include "scanner/nested/inflate.hpp"

namespace {

using namespace stratascan::layer;

constexpr std::size_t most_output = 1 << 20;

struct Decoded {
    std::string output, side;
    bool damaged = false, full = false;
};

// Those of layers, and those that stand in containers only.
constexpr unsigned formats = 10;

std::unique_ptr<Decoder> decoder_of(unsigned format, const DecoderOptions& options) {
    switch (format) {
        case 5: return make_lzip_decoder(options.memory.xz_bytes);
        case 6: return make_lzma_decoder(options.memory.xz_bytes);
        case 7: return make_lz4_decoder();
        case 8: return make_compress_decoder();
        case 9: return stratascan::nested::make_zip_lzma_decoder(options.memory.xz_bytes);
        default: return make_decoder(static_cast<Compression>(format), options);
    }
}

Decoded decode(unsigned format, GzipEngine engine, std::string_view blob, std::size_t in_size,
               std::size_t out_size) {
    Decoded decoded;
    DecoderOptions options;
    options.gzip = engine;
    options.side = [&](std::string_view, std::string_view bytes) { decoded.side += bytes; };
    const auto decoder = decoder_of(format, options);
    std::unique_ptr<char[]> piece;
    std::string_view in;
    std::string buffer(out_size, '\0');
    std::size_t idle = 0;
    for (;;) {
        std::span<char> out(buffer);
        const std::size_t before = in.size();
        const auto step = decoder->step(in, blob.empty(), out);
        decoded.output.append(buffer, 0, buffer.size() - out.size());
        if (!step) decoded.damaged = true;
        if (!step || *step == Step::end) return decoded;
        if (decoded.output.size() > most_output) {
            decoded.full = true;
            return decoded;
        }
        const bool moved = in.size() != before || out.size() != buffer.size() || !blob.empty();
        idle = moved ? 0 : idle + 1;
        if (idle > 4) __builtin_trap();
        if (*step != Step::need_input) continue;
        if (in.size() > 64) __builtin_trap();
        const std::size_t size = std::min(in_size, blob.size());
        auto next = std::make_unique<char[]>(in.size() + size);
        std::copy(in.begin(), in.end(), next.get());
        std::copy_n(blob.data(), size, next.get() + in.size());
        blob.remove_prefix(size);
        in = {next.get(), in.size() + size};
        piece = std::move(next);
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size < 2) return 0;
    const unsigned format = data[0] % formats;
    const std::string_view blob(reinterpret_cast<const char*>(data) + 2, size - 2);
    static_cast<void>(detect_compression(blob));
    const Decoded whole = decode(format, GzipEngine::fastest, blob, blob.size() + 1, 1 << 16);
    const std::size_t in_size = 1 + data[1] % 23, out_size = 1 + data[1] / 5;
    const Decoded cut = decode(format, GzipEngine::fastest, blob, in_size, out_size);
    if (whole.full || cut.full) return 0;
    if (whole.damaged != cut.damaged || whole.side != cut.side) __builtin_trap();
    if (!whole.damaged && whole.output != cut.output) __builtin_trap();
    if (format == static_cast<unsigned>(Compression::gzip)) {
        const Decoded plain = decode(format, GzipEngine::zlib, blob, blob.size() + 1, 1 << 16);
        if (!plain.full && !plain.damaged && !whole.damaged && plain.output != whole.output) {
            __builtin_trap();
        }
    }
    return 0;
}
