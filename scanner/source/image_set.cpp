// Since version 25 docker writes both an OCI index and its old manifest.json,
// and the two have been seen to disagree: one lists an image that the other
// lacks, or another list of layers for the same config. Tools differ in which
// they believe, so what is scanned is the union, and the report says where they
// part.
#include "scanner/source/image_set.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <utility>

#include "scanner/source/docker_archive.hpp"
#include "scanner/source/index_walk.hpp"
#include "scanner/source/legacy_archive.hpp"
#include "scanner/source/stray.hpp"

namespace stratascan::source {

namespace {

using Candidates = std::vector<Candidate>;

/// The images of one document, or why there are none.
struct Listing {
    Candidates candidates;
    std::optional<Error> error;
    [[nodiscard]] bool absent() const noexcept {
        return error && error->code == ErrorCode::not_found;
    }
};

Listing list_index(const BlobStore& store, const Selection& selection, Budget& budget) {
    const auto bytes = store.document("index.json");
    if (!bytes) return {{}, bytes.error()};
    auto index = parse_oci_document(*bytes);
    if (!index) return {{}, Error{index.error().code, index.error().what, "index.json", {}}};
    if (!index->is_index) {
        return {{}, Error{ErrorCode::malformed, "it lists no manifests", "index.json", {}}};
    }
    Candidates candidates = walk_index(store, *index, selection, budget);
    if (!candidates.empty()) {
        for (const std::string& problem : index->problems) {
            add_gap(candidates.front().image.gaps, "index.json", problem);
        }
    }
    return {std::move(candidates), std::nullopt};
}

Listing list_manifest(const BlobStore& store, const Selection& selection, Budget& budget) {
    const auto bytes = store.document("manifest.json");
    if (!bytes) return {{}, bytes.error()};
    const auto manifest = parse_docker_manifest(*bytes);
    if (!manifest) {
        return {{}, Error{manifest.error().code, manifest.error().what, "manifest.json", {}}};
    }
    return {docker_images(store, *manifest, selection, budget), std::nullopt};
}

bool same_layers(const ImageRef& left, const ImageRef& right) {
    return std::ranges::equal(left.layers, right.layers, {}, &LayerRef::key, &LayerRef::key);
}

void absorb(Candidate& kept, const Candidate& other, Budget& budget) {
    for (const std::string& name : other.image.names) add_name(kept.image, name, budget);
    for (const Gap& gap : other.image.gaps) add_gap(kept.image.gaps, gap.path, gap.reason);
    kept.selected = kept.selected || other.selected;
}

/// Joins images that manifest.json lists twice: the same config and layers.
Candidates without_repeats(Candidates candidates, Budget& budget) {
    Candidates unique;
    std::multimap<std::string, std::size_t> by_config;
    for (Candidate& candidate : candidates) {
        const auto [first, last] = by_config.equal_range(candidate.image.config_digest);
        const auto twin = std::find_if(first, last, [&](const auto& entry) {
            return same_layers(unique[entry.second].image, candidate.image);
        });
        if (twin != last) {
            absorb(unique[twin->second], candidate, budget);
            continue;
        }
        by_config.emplace(candidate.image.config_digest, unique.size());
        unique.push_back(std::move(candidate));
    }
    return unique;
}

/// The images of the index, then those that only manifest.json has.
Candidates unite(Candidates indexed, Candidates listed, Budget& budget) {
    std::multimap<std::string, std::size_t> by_config;
    for (std::size_t at = 0; at < indexed.size(); ++at) {
        if (indexed[at].image.kind != "image" || indexed[at].image.config_digest.empty()) continue;
        by_config.emplace(indexed[at].image.config_digest, at);
    }
    std::set<std::size_t> agreed_roots;
    Candidates extra;
    for (Candidate& image : listed) {
        const auto [first, last] = by_config.equal_range(image.image.config_digest);
        const auto twin = std::find_if(first, last, [&](const auto& entry) {
            return same_layers(indexed[entry.second].image, image.image);
        });
        if (twin != last) {
            agreed_roots.insert(indexed[twin->second].root);
            absorb(indexed[twin->second], image, budget);
            continue;
        }
        image.image.notes.emplace_back(
            first == last ? "manifest.json and index.json disagree: only manifest.json lists "
                            "this image"
                          : "manifest.json and index.json disagree: the same config with other "
                            "layers");
        extra.push_back(std::move(image));
    }
    // docker lists one platform of a multi-platform image; that is no dispute.
    for (Candidate& image : indexed) {
        if (image.image.kind != "image" || agreed_roots.contains(image.root)) continue;
        image.image.notes.emplace_back(
            "manifest.json and index.json disagree: only index.json lists this image");
    }
    for (Candidate& image : extra) {
        image.root = static_cast<std::size_t>(-1);
        indexed.push_back(std::move(image));
    }
    return indexed;
}

void settle_platform(Candidate& candidate) {
    const std::string configured = candidate.configured.text();
    const std::string offered = candidate.offered.text();
    candidate.image.platform = configured.empty() ? offered : configured;
    if (!configured.empty() && !offered.empty() && configured != offered) {
        candidate.image.notes.push_back(fmt::format(
            "the index says the platform is {}, the config says {}", offered, configured));
    }
}

/// Whether the platform asked for keeps an image. An image that does not say
/// its platform is kept: it could be the one that a runtime starts.
bool on_platform(const Candidate& candidate, const Platform& asked) {
    if (!candidate.configured.known() && !candidate.offered.known()) return true;
    return (candidate.configured.known() && platform_matches(asked, candidate.configured)) ||
           (candidate.offered.known() && platform_matches(asked, candidate.offered));
}

/// Keeps the candidates that `keep` wants and what is about one of those.
/// `keep_stray`: also what is about nothing that is here.
template <typename Keep>
Candidates kept_with_attached(Candidates candidates, const Keep& keep, bool keep_stray) {
    std::set<std::string> here;
    std::set<std::string> wanted;
    for (const Candidate& candidate : candidates) {
        here.insert(candidate.claimed_digest);
        if (keep(candidate)) wanted.insert(candidate.claimed_digest);
    }
    Candidates kept;
    for (Candidate& candidate : candidates) {
        const bool attached = !candidate.refers_to.empty() && candidate.image.kind != "image" &&
                              here.contains(candidate.refers_to);
        const bool stays = attached ? wanted.contains(candidate.refers_to) ||
                                          (!keep_stray && keep(candidate))
                                    : keep(candidate);
        if (stays) kept.push_back(std::move(candidate));
    }
    return kept;
}

std::string listed(const std::set<std::string>& texts) {
    constexpr std::size_t most = 20;
    std::string text;
    std::size_t count = 0;
    for (const std::string& item : texts) {
        if (count++ == most) return text + ", …";
        if (!text.empty()) text += ", ";
        text += item;
    }
    return text;
}

/// Names come from outside and go to a terminal: only those that are plain.
bool is_plain(std::string_view name) noexcept {
    return name.size() <= 128 &&
           std::ranges::all_of(name, [](char c) { return c > ' ' && c < '\x7f'; });
}

Result<Candidates> select(Candidates candidates, const Selection& selection) {
    if (!selection.reference.empty()) {
        std::set<std::string> names;
        for (const Candidate& candidate : candidates) {
            for (const std::string& name : candidate.image.names) {
                if (is_plain(name)) names.insert(name);
            }
        }
        candidates = kept_with_attached(
            std::move(candidates), [](const Candidate& c) { return c.selected; }, false);
        if (candidates.empty()) {
            return fail(ErrorCode::not_found, "no image of that name or digest", {},
                        names.empty() ? "its images have no names" : "there are: " + listed(names));
        }
    }
    if (!selection.platform) return candidates;
    std::set<std::string> platforms;
    bool had_images = false;
    for (const Candidate& candidate : candidates) {
        had_images = had_images || candidate.image.kind == "image";
        if (!candidate.image.platform.empty()) platforms.insert(candidate.image.platform);
    }
    candidates = kept_with_attached(
        std::move(candidates),
        [&](const Candidate& c) { return on_platform(c, *selection.platform); }, true);
    const bool has_images = std::ranges::any_of(
        candidates, [](const Candidate& c) { return c.image.kind == "image"; });
    if (had_images && !has_images) {
        return fail(ErrorCode::not_found,
                    fmt::format("no image for {}", selection.platform->text()), {},
                    "there are: " + listed(platforms));
    }
    return candidates;
}

/// What is about an image comes right after it; the rest keeps its order.
std::vector<ImageRef> in_order(Candidates candidates) {
    std::map<std::string, std::size_t> by_digest;
    for (std::size_t at = 0; at < candidates.size(); ++at) {
        by_digest.emplace(candidates[at].claimed_digest, at);
    }
    std::vector<std::vector<std::size_t>> attached(candidates.size());
    std::vector<std::size_t> todo;
    for (std::size_t at = candidates.size(); at-- > 0;) {
        const Candidate& candidate = candidates[at];
        const auto image = by_digest.find(candidate.refers_to);
        const bool is_attached = !candidate.refers_to.empty() && image != by_digest.end() &&
                                 image->second != at && candidate.image.kind != "image";
        if (is_attached) {
            attached[image->second].push_back(at);
        } else {
            todo.push_back(at);
        }
    }
    std::vector<bool> done(candidates.size(), false);
    std::vector<ImageRef> images;
    const auto emit = [&] {
        while (!todo.empty()) {
            const std::size_t at = todo.back();
            todo.pop_back();
            if (done[at]) continue;
            done[at] = true;
            images.push_back(std::move(candidates[at].image));
            todo.insert(todo.end(), attached[at].begin(), attached[at].end());
        }
    };
    emit();
    // Attachments that are about each other hang from no image.
    for (std::size_t at = 0; at < candidates.size(); ++at) {
        if (done[at]) continue;
        todo.push_back(at);
        emit();
    }
    return images;
}

}  // namespace

Result<std::vector<ImageRef>> resolve_images(const BlobStore& store, const Selection& selection) {
    Budget budget;
    const WatchedStore watched(store);
    Listing index = list_index(watched, selection, budget);
    Listing manifest = list_manifest(watched, selection, budget);
    if (index.absent() && manifest.absent()) {
        manifest = {legacy_images(watched, selection, budget), std::nullopt};
        if (manifest.candidates.empty()) {
            return fail(ErrorCode::malformed, fmt::format("the {} has neither index.json nor "
                                                          "manifest.json", store.place()));
        }
    }
    if (index.error && manifest.error) {
        return std::unexpected(index.absent() ? *manifest.error : *index.error);
    }
    Candidates all = without_repeats(std::move(manifest.candidates), budget);
    if (!index.error && !manifest.error) {
        all = unite(std::move(index.candidates), std::move(all), budget);
    } else if (!index.error) {
        all = std::move(index.candidates);
    }
    if (all.empty()) return fail(ErrorCode::malformed, "it lists no image", "index.json");
    for (Candidate& candidate : all) settle_platform(candidate);
    for (const auto& [listing, name] : {std::pair{&index, "index.json"},
                                        std::pair{&manifest, "manifest.json"}}) {
        if (!listing->error || listing->absent()) continue;
        add_gap(all.front().image.gaps, name, "it was not read: " + listing->error->what);
    }
    // Who asks for one image of several asks for nothing beside it.
    if (selection.reference.empty() && !selection.platform) account_for_rest(watched, all);
    auto selected = select(std::move(all), selection);
    if (!selected) return std::unexpected(selected.error());
    return in_order(*std::move(selected));
}

}  // namespace stratascan::source
