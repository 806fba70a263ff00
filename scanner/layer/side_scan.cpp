#include "scanner/layer/side_scan.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <numeric>
#include <set>
#include <string>
#include <utility>

namespace stratascan::layer {

namespace {

constexpr std::size_t held_at_once = 1 << 20;
constexpr std::size_t format_head = 8;
constexpr std::size_t gaps_told = 100;

// The field of the footer that leads to the table of contents of eStargz: 16 hex digits and
// "STARGZ", in a subfield "SG" (RFC 1952, 2.3.1.1); before 2020 without it.
constexpr std::size_t footer_bytes = 26, old_footer_bytes = 22;

bool is_estargz_footer(std::string_view field) noexcept {
    return field.ends_with("STARGZ") &&
           (field.size() == old_footer_bytes ||
            (field.size() == footer_bytes && field.starts_with("SG")));
}

}  // namespace

SideScan::SideScan(std::function<WindowScanner&()> scanner, const DecoderMemory& memory,
                   std::uint64_t most_findings)
    : scanner_(std::move(scanner)), memory_(memory), most_findings_(most_findings) {}

// A field's end is kept as a line's end: what stands in two fields is not one word.
void SideScan::add(std::string_view bytes) {
    if (bytes.empty()) {
        if (!in_field_) return;
        end_field();
        return;
    }
    in_field_ = true;
    if (field_.size() <= footer_bytes) field_ += bytes.substr(0, footer_bytes + 1);
    append(plain_, bytes);
    if (known_) {
        decode(bytes, false);
        return;
    }
    head_ += bytes;
    if (head_.size() >= format_head) begin_field();
}

void SideScan::end_field() {
    if (!known_) begin_field();
    if (decoder_) decode({}, true);
    decoder_.reset();
    append(plain_, "\n");
    tables_.estargz_footer = tables_.estargz_footer || is_estargz_footer(field_);
    in_field_ = known_ = false;
    head_.clear();
    field_.clear();
}

// Of what was decoded of a frame that ends here.
void SideScan::end_frame() {
    TableText text = std::exchange(frame_, {});
    if (!text.may_be_table() || text.text().empty()) return;
    const TableReading reading = read_contents_table(text.text(), [](TableEntry&) {});
    if (!reading.is_table && !reading.is_too_long && !text.is_cut()) return;
    const std::size_t held = std::accumulate(
        tables_.texts.begin(), tables_.texts.end(), text.text().size(),
        [](std::size_t sum, const TableText& one) { return sum + one.text().size(); });
    if (tables_.texts.size() == tables_a_layer || held > contents_table_limit) {
        ++tables_.left_out;
    } else {
        tables_.texts.push_back(std::move(text));
    }
}

void SideScan::begin_field() {
    known_ = true;
    const Compression compression = detect_compression(head_);
    if (compression == Compression::zstd || compression == Compression::gzip) {
        DecoderOptions options;
        options.memory = memory_;
        options.gzip = GzipEngine::zlib;
        decoder_ = make_decoder(compression, options);
        left_.clear();
        field_made_ = 0;
        decoded_.packing = to_string(compression);
        decode(std::exchange(head_, {}), false);
    }
}

void SideScan::decode(std::string_view bytes, bool last) {
    if (!decoder_) return;
    left_ += bytes;
    std::string_view in = left_;
    std::array<char, 64 << 10> buffer;
    for (;;) {
        std::span<char> out(buffer);
        const auto step = decoder_->step(in, last, out);
        const std::size_t made = buffer.size() - out.size();
        field_made_ += made;
        made_ += made;
        append(decoded_, {buffer.data(), made});
        frame_.add({buffer.data(), made});
        if (made_ > side_decoded_limit) {
            stop(fmt::format("frames beside the layer's files hold more than {} bytes",
                             side_decoded_limit), in.size());
            return;
        }
        if (!step) {
            // What only begins like a compressed stream was scanned as it stands.
            const bool greedy = step.error().code == ErrorCode::over_limit;
            if (greedy || field_made_ > 0) {
                stop("a frame beside the layer's files: " + step.error().what, in.size());
            }
            end_frame();
            decoder_.reset();
            return;
        }
        if (*step == Step::end) {
            end_frame();
            decoder_.reset();
            append(decoded_, "\n");
            return;
        }
        if (*step == Step::need_input) break;
    }
    left_.erase(0, left_.size() - in.size());
}

void SideScan::stop(std::string reason, std::uint64_t bytes) {
    decoder_.reset();
    frame_ = {};
    if (gaps_.size() < gaps_told) gaps_.push_back({{}, std::move(reason), bytes});
}

void SideScan::append(Text& text, std::string_view bytes) {
    while (!bytes.empty()) {
        const std::string_view part = bytes.substr(0, held_at_once - text.held.size());
        text.held += part;
        bytes.remove_prefix(part.size());
        if (text.held.size() == held_at_once) scan(text, false);
    }
}

// What begins within a margin of the end is seen again with more behind it.
void SideScan::scan(Text& text, bool last) {
    if (text.held.empty()) return;
    auto found = scanner_().scan_text(text.held);
    if (!found) {
        stop(found.error().message(), text.held.size());
        found = std::vector<Finding>();
    }
    const std::uint64_t end = text.begin + text.held.size();
    const std::uint64_t until = last ? end : end - margin;
    for (Finding& finding : *found) {
        const std::uint64_t at = text.begin + finding.offset;
        if (at < text.told || at >= until) continue;
        if (findings_.size() >= most_findings_) {
            ++untold_;
            continue;
        }
        finding.offset = at;
        finding.source = Source::trailer;
        finding.path.clear();
        finding.line = 0;
        std::size_t containers = 0;
        if (!text.packing.empty()) {
            finding.inner_path.insert(finding.inner_path.begin(), text.packing);
            containers = 1;
        }
        findings_.push_back({std::move(finding), 0, containers});
    }
    text.told = until;
    const std::size_t kept = last ? 0 : std::min<std::size_t>(2 * margin, text.held.size());
    text.begin = end - kept;
    text.held.erase(0, text.held.size() - kept);
}

// Compression leaves a short secret in one piece: then it is seen in the frame's bytes, too.
void SideScan::drop_seen_twice() {
    std::set<std::pair<std::string, std::string>> decoded;
    for (const LayerFinding& found : findings_) {
        if (found.containers > 0) decoded.emplace(found.finding.rule, found.finding.secret_id);
    }
    if (decoded.empty()) return;
    std::erase_if(findings_, [&](const LayerFinding& found) {
        return found.containers == 0 &&
               decoded.contains({found.finding.rule, found.finding.secret_id});
    });
}

void SideScan::finish(LayerResult& result) {
    add({});
    scan(plain_, true);
    scan(decoded_, true);
    drop_seen_twice();
    std::move(findings_.begin(), findings_.end(), std::back_inserter(result.findings));
    if (untold_ > 0) {
        gaps_.push_back({{}, fmt::format("more than {} findings beside the layer's files; {} are "
                                         "not told", most_findings_, untold_), 0});
    }
    std::move(gaps_.begin(), gaps_.end(), std::back_inserter(result.gaps));
}

}  // namespace stratascan::layer
