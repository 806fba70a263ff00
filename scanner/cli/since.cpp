#include "scanner/cli/since.hpp"

#include <algorithm>
#include <map>
#include <optional>
#include <set>

#include "scanner/cli/stored.hpp"
#include "scanner/image/image_facts.hpp"
#include "scanner/image/kept_attachments.hpp"
#include "scanner/image/kept_config.hpp"
#include "scanner/policy/baseline.hpp"
#include "scanner/policy/verdict.hpp"
#include "scanner/source/digest.hpp"

namespace stratascan::cli {

namespace {

using image::Attachment;
using image::KeptAttachments;
using policy::SignatureCheck;

// What was attached to an image, wherever the store knows it from. In one repository it may
// have been signed and in another not; it then lacked nothing that it had in one of them.
class AttachedOf {
public:
    void see(const store::StoredImage& stored) {
        auto kept = image::restore_attachments(stored.attached);
        if (!kept) return;
        const auto [at, first] = of_.try_emplace(stored.facts.info.digest, *kept);
        if (first) return;
        KeptAttachments& all = at->second;
        all.complete = all.complete && kept->complete;
        std::ranges::move(kept->attachments, std::back_inserter(all.attachments));
        std::ranges::move(kept->subjects, std::back_inserter(all.subjects));
    }

    /// Nothing where no gate has looked.
    [[nodiscard]] const KeptAttachments* find(const std::string& digest) const {
        const auto at = of_.find(digest);
        return at == of_.end() ? nullptr : &at->second;
    }

private:
    std::map<std::string, KeptAttachments> of_;  ///< by the image's digest
};

// Whether one that was attached may have been a signature that held: that is not in the store.
SignatureCheck signature_of(const KeptAttachments* kept) {
    SignatureCheck check{true, true, "whether a signature held is not in the store"};
    if (kept == nullptr) return check;
    check.holds = std::ranges::any_of(kept->attachments, [](const Attachment& attached) {
        return std::ranges::any_of(attached.blobs, [](const image::AttachedBlob& blob) {
            return blob.unproven || blob.bytes.empty();
        });
    });
    return check;
}

bool asks_for_attachments(const std::vector<policy::Policy>& policies) {
    static const std::set<std::string_view> checks = {"signed", "sbom", "provenance", "vex"};
    return std::ranges::any_of(policies, [](const policy::Policy& policy) {
        return std::ranges::any_of(policy.checks, [](const policy::PolicyCheck& check) {
            return checks.contains(check.info.id);
        });
    });
}

// The facts of the layers, of what is kept of the config and of what was attached.
std::shared_ptr<const image::GateFacts> facts_of(const store::StoredImage& stored,
                                                 const KeptAttachments* kept) {
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
    if (kept == nullptr) return image::gather_facts(ref, layers, {}, {});
    ref.attachments_listed = kept->complete;
    for (const std::string& subject : kept->subjects) {
        if (subject != ref.digest) ref.listed_by.push_back(subject);
    }
    return image::gather_facts(ref, layers, {}, kept->attachments);
}

// "repository@sha256:…" is looked for by its digest.
std::string asked_for(const std::string& image) {
    const std::size_t at = image.find('@');
    return at == std::string::npos ? image : image.substr(at + 1);
}

}  // namespace

Result<Since> read_since(const std::string& store, const std::string& image,
                         const std::vector<policy::Policy>& policies, bool verifies,
                         std::int64_t now) {
    auto opened = open_stored(store);
    if (!opened) return std::unexpected(opened.error());
    Since since;
    Report report;
    std::vector<store::StoredImage> images;
    AttachedOf attached;
    std::map<std::string, std::string> digest_of_platform;
    bool ambiguous = false;
    const auto take = [&](store::StoredImage&& stored) {
        const ImageInfo& info = stored.facts.info;
        if (info.kind == "image" && !info.digest.empty()) {
            const auto [at, first] = digest_of_platform.emplace(info.platform, info.digest);
            ambiguous = ambiguous || (!first && at->second != info.digest);
        }
        if (stored.damaged > 0) {
            since.warnings.push_back(image + ": some of its stored results can't be read back; "
                                             "what they had counts as new");
        }
        if (info.kind == "image" && stored.config.empty()) {
            since.warnings.push_back(image + ": nothing of its config is in the store; what a config "
                                             "says counts as new");
        }
        attached.see(stored);
        images.push_back(std::move(stored));
        return true;
    };
    const std::string wanted = asked_for(image);
    const bool is_digest = wanted.starts_with("sha256:") || source::is_sha256_hex(wanted);
    // What is gone from its registry is known all the same, but only by its digest: a tag
    // that moved would bring all that it ever led to.
    for (const bool gone : {false, true}) {
        if (!images.empty() || (gone && !is_digest)) continue;
        const auto asked = (*opened)->each_image({wanted, gone}, take);
        if (!asked) return std::unexpected(asked.error());
    }
    if (images.empty()) {
        return fail(ErrorCode::not_found, "the store does not know this image", image,
                    "scan or gate it once with the same store, or give --baseline FILE");
    }
    if (ambiguous) {
        return fail(ErrorCode::invalid_argument, "the store knows several images of this name",
                    image, "give repository:tag or a digest");
    }
    report.engine.ruleset = images.front().ruleset.rules;
    const bool asks = asks_for_attachments(policies);
    for (const store::StoredImage& stored : images) {
        const KeptAttachments* const kept = attached.find(stored.facts.info.digest);
        if (stored.facts.info.kind == "image" && kept == nullptr && asks) {
            since.warnings.push_back(image + ": no gate with this store has looked at what is "
                                             "attached to it; what is missing counts as new");
        }
        TargetReport joined = joined_report(stored);
        joined.facts = facts_of(stored, kept);
        report.targets.push_back(std::move(joined));
    }
    policy::GateSettings settings;
    settings.now = now;
    if (verifies) {
        settings.signature = [&](const TargetReport& one) {
            return signature_of(attached.find(one.image.digest));
        };
    }
    const policy::GateReport gate = policy::judge(report, policies, {}, settings);
    since.identities = policy::identities_in(gate);
    return since;
}

}  // namespace stratascan::cli
