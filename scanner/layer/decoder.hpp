// From a blob's bytes to a tar stream: gzip, zstd, bzip2, xz, or none.
//
// What a format allows beyond its usual form is where readers go blind. A gzip
// file is any number of members one after the other (eStargz writes one a file),
// a zstd file any number of frames with skippable frames between them
// (zstd:chunked keeps its table of contents there), xz may hold several streams.
// A decoder here goes on to the true end of the blob, and says what it found
// there that was no member: padding, or bytes that belong to nobody.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "stratascan/error.hpp"

namespace stratascan::layer {

enum class Compression : std::uint8_t { none, gzip, zstd, bzip2, xz };

[[nodiscard]] std::string_view to_string(Compression) noexcept;

/// By magic bytes; `head` are the blob's first bytes, 6 are enough.
[[nodiscard]] Compression detect_compression(std::string_view head) noexcept;

/// What a call to step() ended with, and so what the caller does next.
enum class Step : std::uint8_t {
    need_input,  ///< hand in the bytes left over with more behind them
    have_output, ///< `out` is full
    end,         ///< no more output; `in` holds what follows the last member
};

/// Bytes of a container that are in no file: gzip header fields, zstd skippable
/// frames. Called with them in order, in pieces; an empty piece ends each field.
using SideBytes = std::function<void(std::string_view where, std::string_view bytes)>;

/// Decodes one blob. Not thread-safe. Both spans are moved forward past what was
/// used. Every call uses input, makes output, or answers need_input or end: a
/// caller that loops until `end` or an error always gets there.
class Decoder {
public:
    virtual ~Decoder() = default;

    /// `last`: there is nothing behind `in`. Input that ends inside a member is
    /// an Error malformed ("… ends early"), after everything before was put out.
    [[nodiscard]] virtual Result<Step> step(std::string_view& in, bool last,
                                            std::span<char>& out) = 0;

    /// The memory that it holds, about; from here on it asks for no more, and a
    /// stream that wants more is over the limit. For decoders in decoders, which
    /// share one allowance.
    [[nodiscard]] virtual std::uint64_t hold() { return std::uint64_t{256} << 10; }

    /// Of the library that does the work, for `--stats`.
    [[nodiscard]] virtual std::string_view name() const noexcept = 0;
};

enum class GzipEngine : std::uint8_t { fastest, zlib };

/// A decoder's window is memory that the blob asks for. Many layers are decoded
/// at once within the small limits; a layer that asks for more is decoded alone,
/// within the large ones.
struct DecoderMemory {
    unsigned zstd_window_log = 23;                          ///< 8 MiB, more than zstd -19 takes
    std::uint64_t xz_bytes = std::uint64_t{24} << 20;       ///< more than xz -6 takes
};
inline constexpr DecoderMemory large_decoder_memory{27, std::uint64_t{128} << 20};

/// What bzip2 takes, whatever it reads; and lz4 at most, for two blocks and a window.
inline constexpr std::uint64_t bzip2_bytes = std::uint64_t{4} << 20;
inline constexpr std::uint64_t lz4_bytes = std::uint64_t{9} << 20;

/// The largest windows that fit in `bytes` together with what a decoder takes
/// beside them.
[[nodiscard]] DecoderMemory decoder_memory_within(std::uint64_t bytes) noexcept;

struct DecoderOptions {
    DecoderMemory memory;
    GzipEngine gzip = GzipEngine::fastest;
    SideBytes side;  ///< may be empty
};

[[nodiscard]] std::unique_ptr<Decoder> make_decoder(Compression compression,
                                                    const DecoderOptions& options);

// One a format; make_decoder picks.
[[nodiscard]] std::unique_ptr<Decoder> make_plain_decoder();
[[nodiscard]] std::unique_ptr<Decoder> make_gzip_decoder(const DecoderOptions& options);
[[nodiscard]] std::unique_ptr<Decoder> make_zstd_decoder(const DecoderOptions& options);
[[nodiscard]] std::unique_ptr<Decoder> make_bzip2_decoder();
[[nodiscard]] std::unique_ptr<Decoder> make_xz_decoder(const DecoderOptions& options);

// Met inside containers only, for nobody compresses layers so. The old lzma is one stream.
[[nodiscard]] std::unique_ptr<Decoder> make_lzip_decoder(std::uint64_t memory_limit);
[[nodiscard]] std::unique_ptr<Decoder> make_lzma_decoder(std::uint64_t memory_limit);
[[nodiscard]] std::unique_ptr<Decoder> make_lz4_decoder();

}  // namespace stratascan::layer
