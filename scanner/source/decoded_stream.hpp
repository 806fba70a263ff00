// The bytes of an archive as it was before it was compressed as a whole: gzip,
// zstd, bzip2, xz, or not at all, to its true end. The decoders are those of
// layers, so an archive gets no more memory than it was granted, and bytes
// between and behind its members are kept for the scan.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "scanner/layer/decoder.hpp"
#include "stratascan/error.hpp"

namespace stratascan::source {

/// What the compression round a whole archive may cost.
struct StreamLimits {
    layer::DecoderMemory memory = layer::large_decoder_memory;
    std::uint64_t output_bytes = std::uint64_t{1} << 40;
    std::uint64_t ratio = 2000;  ///< judged late, for a long run of zeros is honest
};

class DecodedStream {
public:
    /// Fills the span as far as the stream goes; less only at its end.
    using Read = std::function<Result<std::size_t>(std::span<std::byte>)>;

    DecodedStream(Read read, const StreamLimits& limits);
    DecodedStream(const DecodedStream&) = delete;
    DecodedStream& operator=(const DecodedStream&) = delete;

    /// The next bytes; empty at the end, and after an error. The span holds until
    /// the next call. What was decoded before an error comes before it.
    [[nodiscard]] Result<std::span<const std::byte>> next();

    /// Bytes of the compression that are in no member: header fields, skippable
    /// frames, what stands behind the last member. Complete at the end.
    [[nodiscard]] const std::string& side_bytes() const noexcept { return side_; }
    [[nodiscard]] std::uint64_t side_bytes_dropped() const noexcept { return side_dropped_; }

private:
    using Bytes = std::span<const std::byte>;

    bool start();
    bool read_more();
    void decode(std::span<char>& out);
    void take_rest();
    void keep_side(std::string_view bytes);
    void check_limits();

    Read read_;
    StreamLimits limits_;
    std::unique_ptr<layer::Decoder> decoder_;  ///< null: not compressed
    std::vector<char> in_, out_;
    std::string_view input_;  ///< of in_, not yet decoded
    bool started_ = false;
    bool input_ended_ = false;
    bool ended_ = false;
    std::optional<Error> error_;  ///< not yet told
    std::uint64_t read_bytes_ = 0, made_bytes_ = 0;
    std::string side_;
    std::uint64_t side_dropped_ = 0;
};

}  // namespace stratascan::source
