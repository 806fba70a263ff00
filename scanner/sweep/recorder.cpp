#include "scanner/sweep/recorder.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>

#include "scanner/image/join.hpp"
#include "scanner/image/kept_config.hpp"
#include "scanner/image/kept_results.hpp"
#include "scanner/image/known_words.hpp"
#include "scanner/source/digest.hpp"
#include "scanner/source/image_set.hpp"
#include "scanner/store/scan_store.hpp"
#include "scanner/store/store.hpp"
#include "scanner/sweep/planner.hpp"

namespace stratascan::sweep {

namespace {

constexpr int max_index_depth = 8;

/// Of another platform than was asked for: it was not read, and is not missing.
bool was_skipped(const source::ImageRef& image, const std::vector<std::string>& skipped) {
    if (!image.manifest.empty() || image.gaps.empty()) return false;
    const auto digest = source::digest_of_blob_name(image.gaps.front().path);
    return digest && std::ranges::binary_search(skipped, digest->text());
}

}  // namespace

Recorder::Recorder(Work& work, LayerResults& results, LayerFetcher& fetcher)
    : work_(work), results_(results), fetcher_(fetcher), now_(store::current_time()) {
    if (auto platform = source::parse_platform(work.engine.options().platform)) {
        selection_.platform = *std::move(platform);
    }
}

void Recorder::run() {
    while (const auto index = work_.ledger.next_root()) {
        if (work_.stopped() || work_.store_failed()) break;
        const Root root = work_.ledger.root(*index);
        if (!record(root)) break;
        work_.ledger.root_done(*index);
        ++work_.counters.roots_recorded;
        for (const std::uint32_t repository : root.repositories) work_.task_done(repository);
    }
}

void Recorder::tell(const Root& root, Problem problem, const std::string& where,
                    const std::string& reason) {
    for (const std::uint32_t repository : root.repositories) {
        {
            const std::scoped_lock lock(mutex_);
            if (!told_.emplace(repository, where + reason).second) continue;
        }
        // Gaps are in the report, each of them; only that there are some is told here.
        if (problem == Problem::partly_read) {
            work_.ledger.add_problem(repository, problem, fmt::format("{}: {}", where, reason));
        } else {
            work_.trouble(repository, problem, where, reason);
        }
    }
}

void Recorder::tell_layer(const Root& root, const image::LayerFacts& layer,
                          const std::optional<LayerOutcome>& outcome) {
    const std::string where = "layer " + layer.digest;
    if (!layer.unavailable.empty()) {
        tell(root, layer.unavailable_state == LayerState::failed ? Problem::gone
                                                                 : Problem::unsupported,
             where, layer.unavailable);
    } else if (!outcome) {
        tell(root, Problem::failed, where, "it was not read");
    } else if (outcome->problem) {
        tell(root, *outcome->problem, where, outcome->reason);
    } else if (outcome->result && outcome->result->state != LayerState::complete) {
        // What a limit cut off names the option that raises it.
        const std::string& reason = outcome->result->state_reason;
        const bool cut = reason.find("(raise --max-") != std::string::npos;
        tell(root, cut ? Problem::over_limit : Problem::partly_read, where, reason);
    }
}

/// False when the sweep ends.
bool Recorder::record(const Root& root) {
    const RepositoryEntry& home = work_.ledger.repository(root.repositories.front());
    const auto top = work_.documents.manifest(home.place, root.digest);
    if (work_.stopped()) return false;
    std::vector<std::string> skipped;
    if (top) {
        if (const auto document = source::parse_oci_document(top->bytes)) {
            skipped = other_platforms(*document, selection_.platform);
        }
    }
    nlohmann::json descriptor = {{"digest", root.digest}};
    if (top && !top->media_type.empty()) descriptor["mediaType"] = top->media_type;
    const RootStore documents(
        work_.documents, work_.client, home.place,
        nlohmann::json{{"schemaVersion", 2}, {"manifests", {descriptor}}}.dump(
            -1, ' ', false, nlohmann::json::error_handler_t::replace),
        skipped);
    auto images = source::resolve_images(documents, selection_);
    if (work_.stopped()) return false;
    if (!images) {
        const bool left_out = selection_.platform && images.error().code == ErrorCode::not_found;
        if (!left_out) {
            tell(root, problem_of(images.error().code), "manifest " + root.digest,
                 plain(images.error()));
        }
        return true;
    }
    for (source::ImageRef& image : *images) {
        if (was_skipped(image, skipped)) continue;
        if (const auto missed = documents.missed(); missed && image.digest.empty()) {
            // What it is a later look has to say: nothing is kept under a name of its own.
            tell_gaps(root, image.digest, image.gaps, missed);
            continue;
        }
        record_image(root, image, documents.missed());
        if (work_.stopped() || work_.store_failed()) return false;
    }
    std::map<std::string, int> seen;
    record_indexes(root, root.digest, 0, seen);
    return !work_.store_failed();
}

void Recorder::record_image(const Root& root, source::ImageRef& image,
                            std::optional<ErrorCode> missed) {
    std::vector<Finding> found;
    work_.engine.execute([&] { found = work_.engine.scan_metadata(image, image.gaps); });
    std::string config = image::kept_config(image, found);
    image::ImageFacts facts = image::describe(image, std::move(found));
    std::vector<std::optional<LayerOutcome>> outcomes;
    std::vector<const layer::LayerResult*> layers;
    store::ImageRecord record;
    image::SharedResults kept(image::layers_share(work_.engine.options().memory_bytes));
    for (const source::LayerRef& layer : image.layers) {
        std::optional<LayerOutcome>& outcome = outcomes.emplace_back();
        if (layer.unavailable.empty()) {
            outcome = results_.find(layer.digest);
            if (!outcome && !work_.stopped()) {
                fetcher_.fetch_now(layer.digest, layer.size, root.repositories.front());
                outcome = results_.find(layer.digest);
            }
        }
        if (outcome) outcome->result = kept.take(std::move(outcome->result));
        layers.push_back(outcome ? outcome->result.get() : nullptr);
        record.layers.push_back(outcome ? outcome->id : std::nullopt);
    }
    if (work_.stopped()) return;
    image::hide_known_words(facts, layers, work_.engine.key());
    const TargetReport report =
        image::join(work_.ledger.repository(root.repositories.front()).told, facts, layers,
                    false, &record.hidden);
    record.manifest = store::manifest_of(
        {image, facts, layers, record.hidden, report.coverage.complete});
    record.ruleset = work_.ruleset;
    record.facts = facts;
    record.complete = report.coverage.complete;
    record.config = std::move(config);
    for (const std::uint32_t repository : root.repositories) {
        if (!work_.must(work_.store.record_image(work_.ledger.repository(repository).id, record,
                                                 now_))) {
            return;
        }
    }
    for (std::size_t i = 0; i < outcomes.size(); ++i) {
        tell_layer(root, facts.layers[i], outcomes[i]);
    }
    tell_gaps(root, image.digest, facts.gaps, missed);
}

void Recorder::tell_gaps(const Root& root, const std::string& digest,
                         const std::vector<Gap>& gaps, std::optional<ErrorCode> missed) {
    for (const Gap& gap : gaps) {
        const auto lost = source::digest_of_blob_name(gap.path);
        tell(root, missed ? problem_of(*missed) : Problem::damaged,
             "image " + (!digest.empty() ? digest : lost ? lost->text() : root.digest), gap.reason);
    }
}

/// An index is kept as an image without layers: what is found in its annotations is, and
/// that nothing of it need be looked at again. Those that it lists come first. `seen`: how deep
/// each was met; indexes that list each other's lead to one in many ways, and only from higher up
/// is there more below it.
void Recorder::record_indexes(const Root& root, const std::string& digest, int depth,
                              std::map<std::string, int>& seen) {
    const RepositoryEntry& home = work_.ledger.repository(root.repositories.front());
    if (depth >= max_index_depth) return;
    const auto [known, first] = seen.emplace(digest, depth);
    if (!first && known->second <= depth) return;
    known->second = depth;
    const auto manifest = work_.documents.manifest(home.place, digest);
    const auto document =
        manifest ? source::parse_oci_document(manifest->bytes) : Result<source::OciDocument>();
    if (!manifest || !document || !document->is_index) return;
    for (const source::Descriptor& child : document->manifests) {
        const bool index = child.media_type.find("index") != std::string::npos ||
                           child.media_type.find("manifest.list") != std::string::npos;
        if (index && source::parse_digest(child.digest)) {
            record_indexes(root, child.digest, depth + 1, seen);
        }
    }
    source::ImageRef image;
    image.kind = "index";
    image.digest = digest;
    image.manifest = manifest->bytes;
    std::vector<Finding> found;
    work_.engine.execute([&] { found = work_.engine.scan_metadata(image, image.gaps); });
    store::ImageRecord record;
    record.facts = image::describe(image, std::move(found));
    record.manifest = store::manifest_of({image, record.facts, {}, record.hidden, true});
    record.ruleset = work_.ruleset;
    record.complete = record.facts.gaps.empty();
    for (const std::uint32_t repository : root.repositories) {
        if (!work_.must(work_.store.record_image(work_.ledger.repository(repository).id, record,
                                                 now_))) {
            return;
        }
    }
}

}  // namespace stratascan::sweep
