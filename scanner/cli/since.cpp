#include "scanner/cli/since.hpp"

#include <fmt/format.h>

#include <map>

#include "scanner/cli/stored.hpp"
#include "scanner/image/image_facts.hpp"
#include "scanner/image/kept_config.hpp"
#include "scanner/policy/baseline.hpp"
#include "scanner/policy/verdict.hpp"
#include "scanner/source/digest.hpp"

namespace stratascan::cli {

namespace {

// The facts of the layers and of what is kept of the config; what is attached is not in the
// store.
std::shared_ptr<const image::GateFacts> facts_of(const store::StoredImage& stored) {
    source::ImageRef ref;
    ref.kind = stored.facts.info.kind;
    ref.digest = stored.facts.info.digest;
    ref.platform = stored.facts.info.platform;
    std::vector<const layer::LayerResult*> layers;
    for (std::size_t i = 0; i < stored.layers.size(); ++i) {
        source::LayerRef& layer = ref.layers.emplace_back();
        if (i < stored.facts.layers.size()) layer.digest = stored.facts.layers[i].digest;
        layers.push_back(stored.layers[i].get());
    }
    if (!stored.config.empty()) image::restore_config(stored.config, ref);
    return image::gather_facts(ref, layers, {}, {});
}

// "repository@sha256:…" is looked for by its digest.
std::string asked_for(const std::string& image) {
    const std::size_t at = image.find('@');
    return at == std::string::npos ? image : image.substr(at + 1);
}

}  // namespace

Result<Since> read_since(const std::string& store, const std::string& image,
                         const std::vector<policy::Policy>& policies, std::int64_t now) {
    auto opened = open_stored(store);
    if (!opened) return std::unexpected(opened.error());
    Since since;
    Report report;
    std::map<std::string, std::string> digest_of_platform;
    bool ambiguous = false;
    const auto take = [&](store::StoredImage&& stored) {
        const ImageInfo& info = stored.facts.info;
        if (info.kind == "image" && !info.digest.empty()) {
            const auto [at, first] = digest_of_platform.emplace(info.platform, info.digest);
            ambiguous = ambiguous || (!first && at->second != info.digest);
        }
        if (report.targets.empty()) report.engine.ruleset = stored.ruleset.rules;
        if (stored.damaged > 0) {
            since.warnings.push_back(image + ": some of its stored results can't be read back; "
                                             "what they had counts as new");
        }
        if (info.kind == "image" && stored.config.empty()) {
            since.warnings.push_back(image + ": nothing of its config is in the store; what a config "
                                             "says counts as new");
        }
        TargetReport joined = joined_report(stored);
        joined.facts = facts_of(stored);
        report.targets.push_back(std::move(joined));
        return true;
    };
    const std::string wanted = asked_for(image);
    const bool is_digest = wanted.starts_with("sha256:") || source::is_sha256_hex(wanted);
    // What is gone from its registry is known all the same, but only by its digest: a tag
    // that moved would bring all that it ever led to.
    for (const bool gone : {false, true}) {
        if (!report.targets.empty() || (gone && !is_digest)) continue;
        const auto asked = (*opened)->each_image({wanted, gone}, take);
        if (!asked) return std::unexpected(asked.error());
    }
    if (report.targets.empty()) {
        return fail(ErrorCode::not_found, "the store does not know this image", image,
                    "scan or gate it once with the same store, or give --baseline FILE");
    }
    if (ambiguous) {
        return fail(ErrorCode::invalid_argument, "the store knows several images of this name",
                    image, "give repository:tag or a digest");
    }
    policy::GateSettings settings;
    settings.now = now;
    const policy::GateReport gate = policy::judge(report, policies, {}, settings);
    since.identities = policy::identities_in(gate);
    return since;
}

}  // namespace stratascan::cli
