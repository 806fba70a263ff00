#include "scanner/layer/decoder.hpp"

#include <algorithm>
#include <bit>
#include <cstring>

namespace stratascan::layer {

namespace {

class PlainDecoder final : public Decoder {
public:
    Result<Step> step(std::string_view& in, bool last, std::span<char>& out) override {
        const std::size_t size = std::min(in.size(), out.size());
        if (size > 0) std::memcpy(out.data(), in.data(), size);
        in.remove_prefix(size);
        out = out.subspan(size);
        if (out.empty()) return Step::have_output;
        return last ? Step::end : Step::need_input;
    }
    std::string_view name() const noexcept override { return "none"; }
};

bool starts_with(std::string_view head, std::string_view magic) noexcept {
    return head.substr(0, magic.size()) == magic;
}

// RFC 8878, 3.1.2: a skippable frame's magic is 0x184D2A50 to 0x184D2A5F, little
// endian. A zstd blob may begin with one.
bool is_zstd_skippable(std::string_view head) noexcept {
    return head.size() >= 4 && (static_cast<unsigned char>(head[0]) & 0xf0U) == 0x50U &&
           head.substr(1, 3) == "\x2a\x4d\x18";
}

}  // namespace

std::string_view to_string(Compression compression) noexcept {
    switch (compression) {
        case Compression::none: return "none";
        case Compression::gzip: return "gzip";
        case Compression::zstd: return "zstd";
        case Compression::bzip2: return "bzip2";
        case Compression::xz: return "xz";
    }
    return "unknown";
}

Compression detect_compression(std::string_view head) noexcept {
    using namespace std::string_view_literals;
    if (starts_with(head, "\x1f\x8b"sv)) return Compression::gzip;
    if (starts_with(head, "\x28\xb5\x2f\xfd"sv) || is_zstd_skippable(head)) {
        return Compression::zstd;
    }
    if (starts_with(head, "BZh"sv)) return Compression::bzip2;
    if (starts_with(head, "\xfd\x37zXZ\0"sv)) return Compression::xz;
    return Compression::none;
}

DecoderMemory decoder_memory_within(std::uint64_t bytes) noexcept {
    // zstd holds blocks and tables beside the window; xz counts its own.
    constexpr std::uint64_t beside = std::uint64_t{1} << 20;
    constexpr unsigned least = 10, most = 31;  // RFC 8878: windows of 1 KiB; zstd's own end
    const std::uint64_t window = bytes > beside ? bytes - beside : 1;
    const auto log = static_cast<unsigned>(std::bit_width(window) - 1);
    return {std::clamp(log, least, most), bytes};
}

std::unique_ptr<Decoder> make_plain_decoder() { return std::make_unique<PlainDecoder>(); }

std::unique_ptr<Decoder> make_decoder(Compression compression, const DecoderOptions& options) {
    switch (compression) {
        case Compression::gzip: return make_gzip_decoder(options);
        case Compression::zstd: return make_zstd_decoder(options);
        case Compression::bzip2: return make_bzip2_decoder();
        case Compression::xz: return make_xz_decoder(options);
        case Compression::none: break;
    }
    return make_plain_decoder();
}

}  // namespace stratascan::layer
