#include "scanner/image/facts.hpp"

#include <algorithm>
#include <tuple>
#include <utility>

#include "scanner/image/document.hpp"
#include "scanner/image/join.hpp"
#include "scanner/image/programs.hpp"
#include "scanner/image/redact.hpp"
#include "scanner/source/digest.hpp"
#include "scanner/source/oci_json.hpp"

namespace stratascan::image {

namespace {

std::string created_of(const source::ImageRef& image) {
    if (image.config.empty()) return {};
    const Result<Document> config = parse_document(image.config);
    if (!config) return {};
    // A date; anything longer is none, and could be anything.
    const std::string_view created = string_member(config->root, "created");
    return created.size() <= 40 ? std::string(created) : std::string();
}

void add_kind(const source::ImageRef& image, const Redactor& redactor, ImageFacts& facts) {
    const auto document = source::parse_oci_document(image.manifest);
    if (!document) return;
    facts.media_type = redactor.clean(document->media_type);
    facts.artifact_type = redactor.clean(document->artifact_type);
    if (source::parse_digest(document->subject)) facts.subject = document->subject;
}

void add_layers(const source::ImageRef& image, const Redactor& redactor, ImageFacts& facts) {
    const std::vector<std::string> steps = build_steps(image, facts.notes);
    for (std::size_t i = 0; i < image.layers.size(); ++i) {
        const source::LayerRef& layer = image.layers[i];
        const std::string step = i < steps.size() ? steps[i] : std::string();
        facts.layers.push_back({layer.digest, redactor.clean(layer.media_type), layer.size,
                                redactor.clean_step(static_cast<int>(i), step),
                                redactor.clean(layer.name), layer.unavailable,
                                layer.unavailable_state});
    }
}

void place_findings(const source::ImageRef& image, const Redactor& redactor,
                    ImageFacts& facts) {
    for (Finding& finding : facts.findings) {
        const bool of_manifest =
            finding.source == Source::annotation || finding.source == Source::manifest;
        if (finding.layer.empty()) {
            finding.layer = of_manifest ? image.digest : image.config_digest;
        }
        finding.path = redactor.clean(finding.path);
        if (finding.pair) finding.pair->path = redactor.clean(finding.pair->path);
        if (finding.layer_index >= 0 &&
            static_cast<std::size_t>(finding.layer_index) < facts.layers.size()) {
            const auto layer = static_cast<std::size_t>(finding.layer_index);
            finding.created_by = shortened(facts.layers[layer].created_by, step_bytes_limit);
        }
    }
    std::stable_sort(facts.findings.begin(), facts.findings.end(),
                     [](const Finding& left, const Finding& right) {
                         return std::tie(left.path, left.source, left.offset, left.rule,
                                         left.length) <
                                std::tie(right.path, right.source, right.offset, right.rule,
                                         right.length);
                     });
}

}  // namespace

ImageFacts describe(const source::ImageRef& image, std::vector<Finding> found) {
    ImageFacts facts;
    facts.info.digest = image.digest;
    facts.info.platform = image.platform;
    facts.info.config_digest = image.config_digest;
    facts.info.names = image.names;
    facts.info.kind = image.kind;
    facts.notes = image.notes;
    facts.gaps = image.gaps;
    facts.metadata_bytes = image.config.size() + image.manifest.size();
    std::vector<Gap> gaps;
    const std::vector<MetadataText> texts = metadata_texts(image, gaps);
    for (Gap& gap : gaps) add_gap(facts.gaps, std::move(gap));
    const Redactor redactor(texts, found, image.has_more_secrets);
    add_kind(image, redactor, facts);
    facts.info.created = redactor.clean(created_of(image));
    // A tag or a platform is whatever somebody wrote into an index, and so is a name that a
    // manifest gives and that is not there.
    facts.info.platform = redactor.clean(facts.info.platform);
    for (Gap& gap : facts.gaps) gap.path = redactor.clean(gap.path);
    for (std::string& note : facts.notes) note = redactor.clean(note);
    for (std::string& name : facts.info.names) name = redactor.clean(name);
    for (const std::string& folder : program_folders(image.config)) {
        facts.program_folders.push_back(redactor.clean(folder));
    }
    facts.findings = std::move(found);
    add_layers(image, redactor, facts);
    place_findings(image, redactor, facts);
    return facts;
}

void add_gap(std::vector<Gap>& gaps, Gap gap) {
    const bool known = std::any_of(gaps.begin(), gaps.end(), [&gap](const Gap& old) {
        return old.path == gap.path && old.reason == gap.reason;
    });
    if (!known) gaps.push_back(std::move(gap));
}

std::string shortened(std::string text, std::size_t limit) {
    if (text.size() <= limit) return text;
    std::size_t end = limit;
    while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0U) == 0x80U) --end;
    text.resize(end);
    return text + "…";
}

}  // namespace stratascan::image
