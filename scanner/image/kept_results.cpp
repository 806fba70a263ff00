#include "scanner/image/kept_results.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace stratascan::image {

namespace {

using layer::LayerFinding;
using layer::LayerProgram;
using layer::LayerResult;

// What a text takes beyond its object.
std::uint64_t more_than_object(const std::string& text) noexcept {
    constexpr std::size_t within = 15;
    return text.size() > within ? text.size() + 1 : 0;
}

std::uint64_t bytes_of(const std::vector<std::string>& texts) noexcept {
    std::uint64_t bytes = 0;
    for (const std::string& text : texts) bytes += sizeof(std::string) + more_than_object(text);
    return bytes;
}

// About how many bytes it takes.
std::uint64_t bytes_of(const Finding& finding) noexcept {
    std::uint64_t bytes = sizeof finding + bytes_of(finding.inner_path);
    for (const std::string* text :
         {&finding.rule, &finding.title, &finding.evidence_detail, &finding.layer, &finding.path,
          &finding.redacted, &finding.secret_id, &finding.public_fingerprint,
          &finding.public_key_sha256, &finding.created_by, &finding.clear_text}) {
        bytes += more_than_object(*text);
    }
    if (finding.certificate) {
        bytes += sizeof(KeyCertificate) + bytes_of(finding.certificate->names);
    }
    if (finding.pair) bytes += sizeof(Pair) + finding.pair->path.size();
    if (finding.identifier) bytes += sizeof(Identifier) + finding.identifier->value.size();
    return bytes;
}

std::uint64_t bytes_of(const Program& program) noexcept {
    std::uint64_t bytes = sizeof program + program.title.size() + program.path.size() +
                          program.layer.size() + program.created_by.size();
    for (const auto* texts : {&program.inner_path, &program.applets, &program.reachable,
                              &program.evidence, &program.aliases}) {
        bytes += bytes_of(*texts);
    }
    return bytes;
}

std::uint64_t bytes_of(const LayerFinding& found) noexcept {
    return bytes_of(found.finding) + sizeof found - sizeof found.finding;
}
std::uint64_t bytes_of(const LayerProgram& found) noexcept {
    return bytes_of(found.program) + sizeof found - sizeof found.program;
}

// Cuts behind what there is room for, and takes that from `left`. Returns how many are gone.
template <typename T>
std::uint64_t cut(std::vector<T>& list, std::uint64_t& left) {
    std::size_t kept = 0;
    for (; kept < list.size(); ++kept) {
        const std::uint64_t bytes = bytes_of(list[kept]);
        if (bytes > left) break;
        left -= bytes;
    }
    const std::size_t gone = list.size() - kept;
    if (gone > 0) {
        list.erase(list.begin() + static_cast<std::ptrdiff_t>(kept), list.end());
        list.shrink_to_fit();
        // What comes behind it must not fill the little that was left.
        left = 0;
    }
    return gone;
}

std::uint64_t cut_result(LayerResult& result, std::uint64_t& left) {
    const std::uint64_t findings = cut(result.findings, left);
    return findings + cut(result.programs, left);
}

std::uint64_t bytes_of(const LayerResult& result) noexcept {
    std::uint64_t bytes = 0;
    for (const LayerFinding& found : result.findings) bytes += bytes_of(found);
    for (const LayerProgram& found : result.programs) bytes += bytes_of(found);
    return bytes;
}

void tell_cut(LayerResult& result, std::uint64_t untold, std::uint64_t share) {
    std::string reason = fmt::format(
        "findings and programs of all layers take more than {} bytes; {} of this layer are not "
        "told (raise --memory)",
        share, untold);
    if (result.state == LayerState::complete) {
        result.state = LayerState::partial;
        result.state_reason = reason;
    }
    result.gaps.push_back({{}, std::move(reason), 0});
}

}  // namespace

// What has come is never kept beyond what it may have at the end: those before it that are
// still to come only take from that.
void KeptResults::add(std::size_t place, layer::LayerResult& result) {
    const std::scoped_lock lock(mutex_);
    if (places_.size() <= place) places_.resize(place + 1);
    places_[place] = {&result, 0, bytes_of(result)};
    std::uint64_t left = share_;
    for (Place& one : places_) {
        if (one.bytes <= left) {
            left -= one.bytes;
            continue;
        }
        // Something of it is cut, and that leaves nothing for those behind it.
        one.untold += cut_result(*one.result, left);
        one.bytes = bytes_of(*one.result);
    }
}

void KeptResults::tell() {
    for (const Place& one : places_) {
        if (one.untold > 0) tell_cut(*one.result, one.untold, share_);
    }
}

std::shared_ptr<const LayerResult> SharedResults::take(std::shared_ptr<const LayerResult> result) {
    if (result == nullptr) return result;
    const std::uint64_t bytes = bytes_of(*result);
    if (bytes <= left_) {
        left_ -= bytes;
        return result;
    }
    auto copy = std::make_shared<LayerResult>(*result);
    const std::uint64_t untold = cut_result(*copy, left_);
    tell_cut(*copy, untold, share_);
    return copy;
}

void cut_report(TargetReport& report, std::uint64_t& left) {
    constexpr std::uint64_t a_gap = 256;  // or a note
    std::uint64_t others = (report.gaps.size() + report.notes.size()) * a_gap;
    for (const LayerReport& layer : report.layers) {
        others += sizeof layer + layer.created_by.size() + layer.gaps.size() * a_gap;
    }
    const std::uint64_t before = left;
    std::uint64_t layers = 0;
    if (others > left) {
        layers = report.layers.size();
        report.layers.clear();
        report.layers.shrink_to_fit();
        left = 0;
    } else {
        left -= others;
    }
    const std::uint64_t findings = cut(report.findings, left);
    const std::uint64_t programs = cut(report.programs, left);
    if (layers + findings + programs == 0) return;
    report.gaps.push_back(
        {{},
         fmt::format("the report takes more than its share of memory, of which {} bytes were left; "
                     "{} findings, {} programs and {} layers of this image are not told (raise "
                     "--memory, or scan less at once)",
                     before, findings, programs, layers),
         0});
    report.coverage.complete = false;
    ++report.coverage.gaps;
}

}  // namespace stratascan::image
