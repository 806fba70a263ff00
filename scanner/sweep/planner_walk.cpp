// From a manifest down to what it needs.
#include <algorithm>

#include "scanner/source/digest.hpp"
#include "scanner/source/index_walk.hpp"
#include "scanner/store/scan_store.hpp"
#include "scanner/sweep/planner.hpp"

namespace stratascan::sweep {

namespace {

constexpr int max_index_depth = 8;
constexpr std::size_t max_manifests = 10'000;  // of one root
constexpr std::size_t max_layers = 100'000;    // of one root
constexpr std::size_t max_subjects = 64;

bool is_manifest_type(std::string_view type) noexcept {
    return type.empty() || type.find("manifest") != std::string_view::npos ||
           type.find("image.index") != std::string_view::npos;
}

}  // namespace

std::vector<std::string> other_platforms(const source::OciDocument& index,
                                         const std::optional<source::Platform>& platform) {
    std::vector<std::string> others;
    if (!platform) return others;
    for (const source::Descriptor& child : index.manifests) {
        if (child.platform.known() && !source::platform_matches(*platform, child.platform)) {
            others.push_back(child.digest);
        }
    }
    std::vector<std::string> about;
    for (const source::Descriptor& child : index.manifests) {
        const auto subject = child.annotations.find("vnd.docker.reference.digest");
        if (subject != child.annotations.end() &&
            std::ranges::find(others, subject->second) != others.end()) {
            about.push_back(child.digest);
        }
    }
    others.insert(others.end(), about.begin(), about.end());
    std::ranges::sort(others);
    return others;
}

/// Whether nothing need be fetched for this manifest; then it is noted as seen.
bool Planner::settled(std::uint32_t repository, const std::string& digest, int depth,
                      Needs& needs) {
    // Indexes that list each other's manifests lead to one in many ways.
    if (const auto seen = needs.settled.find(digest); seen != needs.settled.end()) {
        return seen->second;
    }
    const bool done = !work_.stopped() && is_settled(repository, digest, depth, needs);
    needs.settled[digest] = done;
    return done;
}

bool Planner::is_settled(std::uint32_t repository, const std::string& digest, int depth,
                         Needs& needs) {
    const store::RepositoryId id = work_.ledger.repository(repository).id;
    const auto known = work_.store.manifest(digest);
    if (!work_.must(known) || !*known || depth > max_index_depth) return false;
    const store::ManifestRecord& record = **known;
    std::vector<std::string> others;
    if (platform_ && record.kind == "index") {
        const auto index = source::parse_oci_document(record.raw);
        if (!index) return false;
        others = other_platforms(*index, platform_);
    }
    for (const store::ManifestChild& child : record.children) {
        if (std::ranges::binary_search(others, child.digest)) continue;
        if (!settled(repository, child.digest, depth + 1, needs)) return false;
    }
    const auto reused = work_.store.reuse_settled_image(id, digest, work_.ruleset, now_);
    return work_.must(reused) && *reused;
}

Result<void> Planner::walk(std::uint32_t repository, const std::string& digest,
                           std::optional<Documents::Manifest> given, int depth, Needs& needs) {
    if (needs.manifests.contains(digest)) return {};
    if (needs.manifests.size() >= max_manifests || needs.layers.size() >= max_layers ||
        depth >= max_index_depth) {
        return fail(ErrorCode::over_limit,
                    "more manifests or layers, or nested deeper, than is followed");
    }
    needs.manifests.insert(digest);
    const RepositoryEntry& entry = work_.ledger.repository(repository);
    if (!given) {
        auto manifest = work_.documents.manifest(entry.place, digest);
        if (!manifest) return std::unexpected(manifest.error());
        given = *std::move(manifest);
    }
    for (const std::string& problem : given->problems) {
        work_.trouble(repository, Problem::damaged, "manifest " + digest, problem);
    }
    if (needs.subjects.size() < max_subjects) needs.subjects.push_back(digest);
    auto document = source::parse_oci_document(given->bytes);
    record(*given, document.value_or(source::OciDocument{}));
    (void)work_.must(work_.store.observe_manifest(entry.id, digest, now_));
    // What is no document is scanned as bytes when the root is recorded.
    if (!document) return {};
    if (document->is_index || !platform_ || !other_platform(repository, *document)) {
        want_layers(*document, needs);
    }
    if (!document->is_index) return {};
    // Of the document nothing else is held while what it leads to is looked at.
    const std::vector<Child> children = children_of(*document);
    document = source::OciDocument{};
    given.reset();
    walk_children(repository, children, depth, needs);
    return {};
}

void Planner::want_layers(const source::OciDocument& document, Needs& needs) {
    std::vector<std::string> digests;
    std::map<std::string, std::int64_t> sizes;
    for (const source::Descriptor& layer : document.layers) {
        if (!source::parse_digest(layer.digest)) continue;
        if (layer.media_type.ends_with("+encrypted")) continue;
        const bool foreign = layer.has_urls || source::is_foreign_media_type(layer.media_type);
        if (foreign) continue;  // asked for when the root is recorded
        if (sizes.emplace(layer.digest, layer.size).second) digests.push_back(layer.digest);
    }
    auto unknown = work_.store.unknown_layers(digests, work_.ruleset);
    if (!work_.must(unknown)) return;
    unknown = work_.store.unknown_layers(*unknown, work_.with_memory);
    if (!work_.must(unknown)) return;
    work_.counters.layers_known += digests.size() - unknown->size();
    for (const std::string& layer : *unknown) needs.layers.push_back({layer, sizes[layer]});
}

/// What an index leads to on the platforms that are asked for.
std::vector<Planner::Child> Planner::children_of(const source::OciDocument& index) const {
    const auto others = other_platforms(index, platform_);
    std::vector<Child> children;
    for (const source::Descriptor& child : index.manifests) {
        if (!source::parse_digest(child.digest)) continue;
        if (std::ranges::binary_search(others, child.digest)) continue;
        children.push_back({child.digest, child.size, is_manifest_type(child.media_type)});
    }
    return children;
}

void Planner::walk_children(std::uint32_t repository, const std::vector<Child>& children,
                            int depth, Needs& needs) {
    for (const Child& child : children) {
        if (work_.stopped()) return;
        if (!child.is_manifest) {
            needs.layers.push_back({child.digest, child.size});
            continue;
        }
        if (settled(repository, child.digest, 0, needs)) continue;
        const auto walked = walk(repository, child.digest, std::nullopt, depth + 1, needs);
        // Told when the root is recorded, with what there is of it.
        if (!walked && walked.error().code == ErrorCode::over_limit) {
            work_.trouble(repository, walked.error(), "manifest " + child.digest);
        }
    }
}

bool Planner::other_platform(std::uint32_t repository, const source::OciDocument& manifest) {
    if (manifest.is_schema1) {
        return manifest.platform.known() &&
               !source::platform_matches(*platform_, manifest.platform);
    }
    if (!manifest.config || !source::parse_digest(manifest.config->digest)) return false;
    const auto config = work_.documents.config(work_.ledger.repository(repository).place,
                                               manifest.config->digest);
    const auto facts = config ? source::parse_config(*config) : Result<source::ConfigFacts>();
    return facts && facts->platform.known() &&
           !source::platform_matches(*platform_, facts->platform);
}

/// What a manifest says of itself may hold a secret, as may the registry's word for its kind. A
/// digest is none, and what is known of it hangs from it.
void Planner::clean_texts(store::ManifestRecord& record) {
    std::vector<std::string*> texts{&record.media_type, &record.artifact_type};
    const auto add_name = [&](std::string& name) {
        if (!source::parse_digest(name)) texts.push_back(&name);
    };
    add_name(record.subject);
    add_name(record.config_digest);
    for (store::ManifestLayer& layer : record.layers) {
        texts.push_back(&layer.media_type);
        add_name(layer.digest);
    }
    for (store::ManifestChild& child : record.children) texts.push_back(&child.platform);
    work_.engine.clean(texts);
}

/// As far as its own bytes tell: the platform is the config's, and so is the date.
void Planner::record(const Documents::Manifest& manifest, const source::OciDocument& document,
                     const std::string& created) {
    if (manifest.kept && created.empty()) return;
    store::ManifestRecord record;
    record.digest = manifest.digest;
    record.created = created;
    const bool file_systems = std::ranges::any_of(document.layers, [](const auto& layer) {
        return source::is_layer_media_type(layer.media_type);
    });
    record.kind = document.is_index ? "index" : file_systems ? "image" : "artifact";
    record.media_type =
        document.media_type.empty() ? manifest.media_type : document.media_type;
    record.artifact_type = document.artifact_type;
    record.subject = document.subject;
    record.bytes = static_cast<std::int64_t>(manifest.bytes.size());
    if (document.config) record.config_digest = document.config->digest;
    for (const source::Descriptor& layer : document.layers) {
        record.layers.push_back({layer.digest, layer.media_type, layer.size});
    }
    for (const source::Descriptor& child : document.manifests) {
        if (source::parse_digest(child.digest)) {
            record.children.push_back({child.digest, child.platform.text()});
        }
    }
    clean_texts(record);
    // Secrets that are in it would be in the store.
    source::ImageRef bare;
    bare.digest = manifest.digest;
    bare.manifest = manifest.bytes;
    std::vector<Gap> gaps;
    bool clean = false;
    work_.engine.execute([&] { clean = work_.engine.scan_metadata(bare, gaps).empty(); });
    if (clean) record.raw = manifest.bytes;
    (void)work_.must(work_.store.record_manifest(record));
}

}  // namespace stratascan::sweep
