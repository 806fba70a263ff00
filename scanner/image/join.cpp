#include "scanner/image/kept_results.hpp"
#include "scanner/image/join.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <set>
#include <tuple>
#include <utility>

#include "scanner/image/os_release.hpp"
#include "scanner/image/packaged.hpp"
#include "scanner/image/programs.hpp"
#include "scanner/image/relations.hpp"
#include "scanner/image/visibility.hpp"

namespace stratascan::image {

namespace {

using layer::LayerResult;

std::string_view algorithm_of(std::string_view digest) {
    return digest.substr(0, std::min(digest.find(':'), digest.size()));
}

/// The blob against what the manifest says of it. Returns whether it is another
/// one. A blob that was not read to its end has no digest, and is not judged.
bool check_claims(const LayerFacts& claimed, const LayerResult& result,
                  LayerReport& layer) {
    if (result.digest.empty()) return false;
    const std::string_view algorithm = algorithm_of(claimed.digest);
    if (!claimed.digest.empty() && algorithm != algorithm_of(result.digest)) {
        const std::string reason = fmt::format("its digest was not checked: {} is not known",
                                               shortened(std::string(algorithm), 32));
        layer.gaps.push_back({"", reason, 0});
        if (layer.state == LayerState::complete) {
            layer.state = LayerState::partial;
            layer.state_reason = reason;
        }
        return false;
    }
    const bool same_digest = claimed.digest.empty() || claimed.digest == result.digest;
    const bool same_size =
        claimed.size < 0 || static_cast<std::uint64_t>(claimed.size) == result.compressed_bytes;
    if (same_digest && same_size) return false;
    layer.state = LayerState::failed;
    layer.state_reason =
        same_digest ? fmt::format("blob has {} bytes, not the {} that are claimed",
                                  result.compressed_bytes, claimed.size)
                    : fmt::format("blob is {}, not what its digest claims", result.digest);
    layer.gaps.push_back({"", layer.state_reason, 0});
    return true;
}

/// Joins one image. The parts of the report are filled in the order of the
/// calls in join(), and each may use what the earlier ones settled.
class Joiner {
public:
    Joiner(const std::string& target, const ImageFacts& image,
           const std::vector<const LayerResult*>& results, bool cancelled,
           std::vector<Hidden>* hidden)
        : image_(image), results_(results), cancelled_(cancelled), hidden_(hidden),
          overlay_(path_indexes()), packaged_(known_layers(), overlay_) {
        report_.target = target;
        report_.image = image.info;
        report_.notes = image.notes;
        report_.gaps = image.gaps;
        report_.findings = image.findings;
    }

    void add_layers();
    void name_distribution();
    void add_findings();
    void relate_findings();
    void add_programs();
    void note_doubts();
    void sum_up();
    TargetReport take() { return std::move(report_); }

private:
    [[nodiscard]] const LayerResult* result(std::size_t index) const {
        return index < results_.size() ? results_[index] : nullptr;
    }
    [[nodiscard]] std::vector<const layer::PathIndex*> path_indexes() const;
    [[nodiscard]] std::vector<const LayerResult*> known_layers() const;
    /// Its layers are no file systems on top of each other.
    [[nodiscard]] bool is_document() const {
        return image_.info.kind == "attestation" || image_.info.kind == "artifact" ||
               image_.info.kind == "stray";
    }
    [[nodiscard]] LayerReport layer_report(std::size_t index);
    [[nodiscard]] Hiding hiding(std::size_t layer, std::uint32_t ordinal,
                                const std::string& path);
    [[nodiscard]] std::optional<Package> package_of(std::size_t layer, std::uint32_t ordinal,
                                                    const std::string& path,
                                                    const Hiding& hidden);
    void set_owner(Program& program, std::size_t layer, std::uint32_t ordinal,
                   const Hiding& hidden);
    [[nodiscard]] Hiding finding_hiding(std::size_t layer, const layer::LayerFinding& found);
    void note_hidden(std::size_t layer, std::size_t index, bool program, const Hiding& hidden);

    const ImageFacts& image_;
    const std::vector<const LayerResult*>& results_;
    bool cancelled_;
    std::vector<Hidden>* hidden_;  ///< may be null
    Overlay overlay_;
    PackagedFiles packaged_;
    std::vector<bool> mismatch_;
    std::set<int> doubtful_;  ///< layers whose members are not known, above something found
    TargetReport report_;
    std::uint64_t findings_untold_ = 0, programs_untold_ = 0;

    struct Known {
        std::size_t layer = 0;
        std::uint32_t ordinal = 0;
        std::string path;
        Hiding hiding;
    };
    std::optional<Known> known_;  ///< the last answer: findings of a file stand together
};

/// Of the file in etc/, which is seldom more than a link, or of the one in usr/lib/.
void Joiner::name_distribution() {
    if (is_document()) return;
    bool in_etc = false;
    for (std::size_t i = 0; i < image_.layers.size(); ++i) {
        if (result(i) == nullptr) continue;
        for (const layer::SmallDocument& document : result(i)->file_facts.documents) {
            if (document.kind != layer::DocumentKind::os_release) continue;
            if (in_etc && !document.path.starts_with("etc/")) continue;
            if (overlay_.hiding({static_cast<int>(i), document.ordinal}, document.path).any()) {
                continue;
            }
            in_etc = document.path.starts_with("etc/");
            report_.image.distribution = os_release_word(document.text, "ID");
            report_.image.distribution_version = os_release_word(document.text, "VERSION_ID");
        }
    }
}

/// Only an image's layers lie on top of each other; those of an artifact are
/// files of their own.
std::vector<const layer::PathIndex*> Joiner::path_indexes() const {
    std::vector<const layer::PathIndex*> indexes;
    if (is_document()) return indexes;
    for (std::size_t i = 0; i < image_.layers.size(); ++i) {
        indexes.push_back(result(i) == nullptr ? nullptr : &result(i)->paths);
    }
    return indexes;
}

std::vector<const LayerResult*> Joiner::known_layers() const {
    std::vector<const LayerResult*> layers;
    layers.reserve(image_.layers.size());
    for (std::size_t i = 0; i < image_.layers.size(); ++i) layers.push_back(result(i));
    return layers;
}

/// Only what stands in a file's contents is a part of a package.
std::optional<Package> Joiner::package_of(std::size_t layer, std::uint32_t ordinal,
                                          const std::string& path, const Hiding& hidden) {
    if (is_document()) return std::nullopt;
    return packaged_.package_of({static_cast<int>(layer), ordinal}, layer::normalise_path(path),
                                hidden);
}

void Joiner::set_owner(Program& program, std::size_t layer, std::uint32_t ordinal,
                       const Hiding& hidden) {
    if (is_document()) return;
    const Position at{static_cast<int>(layer), ordinal};
    const std::string path = layer::normalise_path(program.path);
    PackagedFiles::Owned owned = packaged_.owner_of(at, path, hidden);
    program.ownership = owned.how;
    program.owner = std::move(owned.owner);
    if (program.ownership != Ownership::unmodified) return;
    program.package = Package{program.owner->manager, program.owner->name};
}

LayerReport Joiner::layer_report(std::size_t index) {
    const LayerFacts& claimed = image_.layers[index];
    LayerReport layer;
    layer.index = static_cast<int>(index);
    layer.digest = claimed.digest;
    layer.media_type = claimed.media_type;
    layer.created_by = claimed.created_by;
    layer.path = claimed.name;
    const LayerResult* result = this->result(index);
    if (!claimed.unavailable.empty() || result == nullptr) {
        layer.state = LayerState::failed;
        layer.state_reason = cancelled_ ? "stopped before it was read" : "not read";
        if (!claimed.unavailable.empty()) {
            layer.state = claimed.unavailable_state;
            layer.state_reason = claimed.unavailable;
        }
        if (layer.state == LayerState::complete) layer.state = LayerState::failed;
        const auto bytes = std::max<std::int64_t>(claimed.size, 0);
        layer.gaps.push_back({"", layer.state_reason, static_cast<std::uint64_t>(bytes)});
        return layer;
    }
    if (layer.digest.empty()) layer.digest = result->digest;
    layer.compression = result->compression;
    layer.state = result->state;
    layer.state_reason = result->state_reason;
    layer.files = result->files;
    layer.bytes = result->bytes;
    layer.compressed_bytes = result->compressed_bytes;
    layer.gaps = result->gaps;
    if (!result->is_archive && !is_document() && layer.state == LayerState::complete) {
        layer.state = LayerState::unsupported;
        layer.state_reason = "not a tar archive; its bytes were scanned as one run";
        layer.gaps.push_back({"", layer.state_reason, 0});
    }
    mismatch_[index] = check_claims(claimed, *result, layer);
    return layer;
}

void Joiner::add_layers() {
    mismatch_.resize(image_.layers.size());
    for (std::size_t i = 0; i < image_.layers.size(); ++i) {
        report_.layers.push_back(layer_report(i));
        const LayerResult* read = result(i);
        if (read == nullptr || !image_.layers[i].unavailable.empty()) continue;
        for (const std::string& note : read->notes) {
            report_.notes.push_back(fmt::format("layer {}: {}", i, note));
        }
    }
}

Hiding Joiner::hiding(std::size_t layer, std::uint32_t ordinal, const std::string& path) {
    if (known_ && known_->layer == layer && known_->ordinal == ordinal && known_->path == path) {
        return known_->hiding;
    }
    const int above = overlay_.unknown_above(static_cast<int>(layer));
    if (above >= 0) doubtful_.insert(above);
    known_ = {layer, ordinal, path,
              overlay_.hiding({static_cast<int>(layer), ordinal}, layer::normalise_path(path))};
    return known_->hiding;
}

/// A whiteout marker's own bytes, and bytes that belong to no member, are in no
/// final tree: the layer that brings them drops them when it is applied.
Hiding Joiner::finding_hiding(std::size_t layer, const layer::LayerFinding& found) {
    const Source source = found.finding.source;
    if (source == Source::whiteout || source == Source::trailer) {
        return {static_cast<int>(layer), found.ordinal, Visibility::deleted};
    }
    return hiding(layer, found.ordinal, found.finding.path);
}

void Joiner::note_hidden(std::size_t layer, std::size_t index, bool program,
                         const Hiding& hidden) {
    if (hidden_ == nullptr || !hidden.any()) return;
    hidden_->push_back({static_cast<int>(layer), static_cast<std::uint32_t>(index), program,
                        hidden.how, hidden.layer});
}

void Joiner::add_findings() {
    const std::size_t first = report_.findings.size();
    std::size_t of_layers = 0;
    for (std::size_t i = 0; i < report_.layers.size(); ++i) {
        if (result(i) != nullptr) of_layers += result(i)->findings.size();
    }
    report_.findings.reserve(first + std::min(of_layers, told_of_layers));
    for (std::size_t i = 0; i < report_.layers.size(); ++i) {
        if (result(i) == nullptr || !image_.layers[i].unavailable.empty()) continue;
        std::size_t index = 0;
        for (const layer::LayerFinding& found : result(i)->findings) {
            if (report_.findings.size() - first == told_of_layers) {
                ++findings_untold_;
                note_hidden(i, index++, false, finding_hiding(i, found));
                continue;
            }
            Finding& finding = report_.findings.emplace_back(found.finding);
            finding.layer_index = static_cast<int>(i);
            finding.layer = report_.layers[i].digest;
            finding.created_by = shortened(image_.layers[i].created_by, step_bytes_limit);
            finding.blob_mismatch = mismatch_[i];
            if (is_document() && finding.source == Source::file && finding.path.empty()) {
                if (image_.layers[i].name.empty()) finding.source = Source::attestation;
                finding.path = image_.layers[i].name;
                if (finding.pair) finding.pair->path = finding.path;
            }
            const Hiding hidden = finding_hiding(i, found);
            finding.visibility = hidden.how;
            finding.hidden_by = hidden.layer;
            note_hidden(i, index++, false, hidden);
            if (finding.source == Source::file) {
                finding.package = package_of(i, found.ordinal, finding.path, hidden);
            }
        }
    }
    std::stable_sort(report_.findings.begin() + static_cast<std::ptrdiff_t>(first),
                     report_.findings.end(), [](const Finding& left, const Finding& right) {
                         return std::tie(left.layer_index, left.path, left.offset, left.rule,
                                         left.length, left.inner_path) <
                                std::tie(right.layer_index, right.path, right.offset, right.rule,
                                         right.length, right.inner_path);
                     });
}

void Joiner::relate_findings() {
    match_certificates(report_.findings, is_document() ? std::vector<const LayerResult*>()
                                                       : known_layers());
    drop_secret_identifiers(report_.findings);
}

void Joiner::add_programs() {
    for (std::size_t i = 0; i < report_.layers.size(); ++i) {
        if (result(i) == nullptr || !image_.layers[i].unavailable.empty()) continue;
        std::size_t index = 0;
        for (const layer::LayerProgram& found : result(i)->programs) {
            if (report_.programs.size() == told_of_layers) {
                ++programs_untold_;
                note_hidden(i, index++, true, hiding(i, found.ordinal, found.program.path));
                continue;
            }
            Program& program = report_.programs.emplace_back(found.program);
            program.layer_index = static_cast<int>(i);
            program.layer = report_.layers[i].digest;
            if (program.path.empty()) program.path = image_.layers[i].name;
            program.created_by = shortened(image_.layers[i].created_by, step_bytes_limit);
            const Hiding hidden = hiding(i, found.ordinal, program.path);
            program.visibility = hidden.how;
            program.hidden_by = hidden.layer;
            note_hidden(i, index++, true, hidden);
            set_owner(program, i, found.ordinal, hidden);
            if (!program.inner_path.empty()) continue;  // links are to its container
            const Position at{static_cast<int>(i), found.ordinal};
            const std::string path = layer::normalise_path(program.path);
            program.aliases = overlay_.aliases(at, path);
            program.removed_aliases = overlay_.removed_aliases(at, path);
        }
    }
    complete_programs(report_.programs, image_.program_folders);
    std::stable_sort(report_.programs.begin(), report_.programs.end(),
                     [](const Program& left, const Program& right) {
                         return std::tie(left.layer_index, left.path, left.inner_path,
                                         left.program) <
                                std::tie(right.layer_index, right.path, right.inner_path,
                                         right.program);
                     });
}

void Joiner::note_doubts() {
    for (const int layer : doubtful_) {
        report_.notes.push_back(fmt::format(
            "visibility is not certain: the members of layer {} are not all known", layer));
    }
    if (overlay_.exhausted()) {
        report_.notes.emplace_back(
            "visibility is not certain: the layers' links are too many to follow all");
    }
}

void Joiner::sum_up() {
    for (const auto& [untold, what] : {std::pair(findings_untold_, "findings"),
                                       std::pair(programs_untold_, "programs")}) {
        if (untold == 0) continue;
        add_gap(report_.gaps, {"", fmt::format("more than {} {} in the image's layers; {} are not told",
                                               told_of_layers, what, untold), 0});
    }
    if (!packaged_.looked_at_all()) {
        add_gap(report_.gaps, {"", "package lists name files so often that not all was looked at "
                                   "that they say", 0});
    }
    Coverage& coverage = report_.coverage;
    std::uint64_t layer_bytes = 0;
    for (const LayerReport& layer : report_.layers) {
        coverage.files += layer.files;
        layer_bytes += layer.bytes;
        coverage.gaps += layer.gaps.size();
        if (layer.state != LayerState::complete) coverage.complete = false;
    }
    coverage.bytes = layer_bytes;
    if (report_.layers.empty() && image_.metadata_bytes > 0) {
        coverage.bytes = image_.metadata_bytes;
        report_.notes.emplace_back("the image has no layers");
    } else if (layer_bytes == 0 && coverage.gaps == 0) {
        add_gap(report_.gaps, {"", "nothing was scanned", 0});
    }
    coverage.gaps += report_.gaps.size();
    if (coverage.gaps > 0) coverage.complete = false;
}

}  // namespace

TargetReport join(const std::string& target, const ImageFacts& image,
                  const std::vector<const LayerResult*>& layers, bool cancelled,
                  std::vector<Hidden>* hidden) {
    Joiner joiner(target, image, layers, cancelled, hidden);
    joiner.add_layers();
    joiner.name_distribution();
    joiner.add_findings();
    joiner.relate_findings();
    joiner.add_programs();
    joiner.note_doubts();
    joiner.sum_up();
    return joiner.take();
}

void note_what_was_sought(TargetReport& report, bool secrets, bool programs) {
    if (!secrets) {
        report.findings.clear();
        report.secrets_sought = false;
        report.notes.emplace_back("secrets were not looked for");
    }
    if (!programs) report.notes.emplace_back("programs were not looked for");
}

TargetReport join(const std::string& target, const source::ImageRef& image,
                  const std::vector<const LayerResult*>& layers, std::vector<Finding> metadata,
                  bool cancelled) {
    return join(target, describe(image, std::move(metadata)), layers, cancelled);
}

}  // namespace stratascan::image
