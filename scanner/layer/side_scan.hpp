// Bytes of a compressed blob that are in no file: fields of gzip headers, zstd's
// skippable frames, what stands behind the last member. They pass through here while the
// blob is decoded, in any amount, and are scanned a mebibyte at a time.
//
// zstd:chunked keeps its table of contents in a skippable frame, compressed once more,
// and whoever mounts by such a table can be led to file contents in frames that no tar
// reader ever decodes. So what is compressed there is decoded and scanned as well.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "scanner/layer/contents_check.hpp"
#include "scanner/layer/decoder.hpp"
#include "scanner/layer/layer_result.hpp"
#include "scanner/layer/window_scan.hpp"

namespace stratascan::layer {

/// Of all that is decoded here, in one blob. The table of a million files has less.
inline constexpr std::uint64_t side_decoded_limit = std::uint64_t{1} << 30;

/// Not thread-safe.
class SideScan {
public:
    SideScan(std::function<WindowScanner&()> scanner, const DecoderMemory& memory,
             std::uint64_t most_findings);

    /// The next bytes of a field; an empty piece ends it.
    void add(std::string_view bytes);

    /// Adds findings (source `trailer`, no path; the way into what was decoded is its
    /// format) and gaps.
    void finish(LayerResult& result);

    /// What may be tables of contents. Final after finish().
    [[nodiscard]] const TablesBeside& tables() const noexcept { return tables_; }

private:
    /// A text without an end, of which the last mebibyte is held.
    struct Text {
        std::string held;
        std::uint64_t begin = 0;  ///< of `held`, in the text
        std::uint64_t told = 0;   ///< findings before here were reported
        std::string packing;      ///< what it was decoded from
    };

    void begin_field();
    void end_field();
    void end_frame();
    void decode(std::string_view bytes, bool last);
    void append(Text& text, std::string_view bytes);
    void scan(Text& text, bool last);
    void drop_seen_twice();
    void stop(std::string reason, std::uint64_t bytes);

    std::function<WindowScanner&()> scanner_;
    DecoderMemory memory_;
    std::uint64_t most_findings_;
    Text plain_, decoded_;
    std::string head_;  // of the field, until its format is known
    bool in_field_ = false, known_ = false;
    std::string field_;  // the first bytes of it
    TableText frame_;    // what is decoded of it
    TablesBeside tables_;
    std::unique_ptr<Decoder> decoder_;
    std::string left_;  // what the decoder has not taken
    std::uint64_t field_made_ = 0, made_ = 0;
    std::vector<LayerFinding> findings_;
    std::uint64_t untold_ = 0;
    std::vector<Gap> gaps_;
};

}  // namespace stratascan::layer
