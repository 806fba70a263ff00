#include "scanner/store/packed.hpp"

#include <zstd.h>

#include <memory>

namespace stratascan::store {

namespace {

constexpr int level = 3;

struct FreeCompressor {
    void operator()(ZSTD_CCtx* context) const noexcept { ZSTD_freeCCtx(context); }
};

struct FreeDecompressor {
    void operator()(ZSTD_DCtx* context) const noexcept { ZSTD_freeDCtx(context); }
};

// One a thread: a context takes longer to make than a small part to pack.
ZSTD_CCtx* compressor() {
    thread_local std::unique_ptr<ZSTD_CCtx, FreeCompressor> context;
    if (!context) {
        context.reset(ZSTD_createCCtx());
        if (!context) throw std::bad_alloc();
        ZSTD_CCtx_setParameter(context.get(), ZSTD_c_compressionLevel, level);
        ZSTD_CCtx_setParameter(context.get(), ZSTD_c_checksumFlag, 1);
    }
    return context.get();
}

ZSTD_DCtx* decompressor() {
    thread_local std::unique_ptr<ZSTD_DCtx, FreeDecompressor> context;
    if (!context) context.reset(ZSTD_createDCtx());
    if (!context) throw std::bad_alloc();
    return context.get();
}

}  // namespace

std::string pack(std::string_view bytes) {
    if (bytes.size() > most_unpacked) return {};
    std::string packed(ZSTD_compressBound(bytes.size()), '\0');
    const std::size_t size =
        ZSTD_compress2(compressor(), packed.data(), packed.size(), bytes.data(), bytes.size());
    if (ZSTD_isError(size) != 0) return {};
    packed.resize(size);
    packed.shrink_to_fit();
    return packed;
}

std::optional<std::string> unpack(std::string_view packed) {
    const unsigned long long size = ZSTD_getFrameContentSize(packed.data(), packed.size());
    if (size > most_unpacked) return std::nullopt;  // the marks of errors are, too
    std::string bytes(static_cast<std::size_t>(size), '\0');
    const std::size_t got = ZSTD_decompressDCtx(decompressor(), bytes.data(), bytes.size(),
                                                packed.data(), packed.size());
    if (ZSTD_isError(got) != 0 || got != bytes.size()) return std::nullopt;
    return bytes;
}

}  // namespace stratascan::store
