// Before version 1.10 a docker image was its topmost layer. Each layer is a
// folder named by its id, 64 random hex digits:
//
//   <id>/json        its settings as an image, its build step, its parent's id
//   <id>/layer.tar   its files
//   <id>/VERSION     "1.0"
//   repositories     {"app": {"1.2": <id of the topmost layer>}}, if it had a name
//
// (moby, image/spec/v1.md.) So an image is the chain of parents from a layer
// down, and nothing vouches for it: a parent may be missing, or lead back to
// where the chain came from. Later versions wrote these files as well, for old
// readers, but then manifest.json says what an image is.
#include "scanner/source/legacy_archive.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "scanner/source/digest.hpp"

namespace stratascan::source {

namespace {

constexpr std::string_view json_suffix = "/json";
constexpr std::size_t max_layers = 10'000;  ///< docker of that time took 127

/// The id in "<id>/json"; empty for any other name.
std::string_view id_of(std::string_view name) noexcept {
    if (!name.ends_with(json_suffix)) return {};
    name.remove_suffix(json_suffix.size());
    return is_sha256_hex(name) ? name : std::string_view();
}

class LegacyArchive {
public:
    LegacyArchive(const BlobStore& store, const Selection& selection, Budget& budget)
        : store_(store), selection_(selection), budget_(budget) {}

    std::vector<Candidate> run() {
        read_layers();
        read_tags();
        for (const auto& [id, names] : tags_) add_image(id, names);
        for (const auto& [id, layer] : layers_) {
            if (!is_parent_.contains(id) && !tags_.contains(id)) add_image(id, {});
        }
        // What is left is above nothing and below nothing but itself.
        for (const auto& [id, layer] : layers_) {
            if (!covered_.contains(id)) add_image(id, {});
        }
        if (!images_.empty()) {
            for (const std::string& problem : tag_problems_) {
                add_gap(images_.front().image.gaps, "repositories", problem);
            }
        }
        return std::move(images_);
    }

private:
    /// A layer's facts; its bytes are read again for each image that has it.
    struct Layer {
        LegacyLayer facts;
        std::string problem;  ///< why its json was not read
    };

    void read_layers();
    void read_tags();
    void add_image(const std::string& id, const std::vector<std::string>& names);
    [[nodiscard]] std::vector<std::string> chain(std::string id, ImageRef& image);
    void add_layer_of(const std::string& id, Candidate& candidate);
    void take_json(const std::string& id, bool topmost, Candidate& candidate);

    const BlobStore& store_;
    const Selection& selection_;
    Budget& budget_;
    std::map<std::string, Layer> layers_;
    std::map<std::string, std::vector<std::string>> tags_;  ///< names by topmost layer
    std::vector<std::string> tag_problems_;
    std::set<std::string> is_parent_, covered_;
    std::vector<Candidate> images_;
};

void LegacyArchive::read_layers() {
    for (const std::string& name : store_.names()) {
        const std::string_view id = id_of(name);
        if (id.empty()) continue;
        Layer layer;
        const auto bytes = store_.document(name);
        auto facts = bytes ? parse_legacy_layer(*bytes)
                           : Result<LegacyLayer>(std::unexpected(bytes.error()));
        if (facts) {
            layer.facts = *std::move(facts);
        } else {
            layer.problem = "the layer's json was not read: " + facts.error().what;
        }
        if (!budget_.charge(sizeof(Layer) + 512 + layer.facts.created_by.size())) {
            tag_problems_.emplace_back(budget_reason);
            return;
        }
        is_parent_.insert(layer.facts.parent);
        layers_.emplace(id, std::move(layer));
    }
}

void LegacyArchive::read_tags() {
    const auto bytes = store_.document("repositories");
    if (!bytes && bytes.error().code == ErrorCode::not_found) return;
    auto tags = bytes ? parse_legacy_tags(*bytes)
                      : Result<LegacyTags>(std::unexpected(bytes.error()));
    if (!tags) {
        tag_problems_.push_back("it was not read: " + tags.error().what);
        return;
    }
    for (std::string& problem : tags->problems) tag_problems_.push_back(std::move(problem));
    for (LegacyTag& tag : tags->tags) {
        if (layers_.contains(tag.id)) {
            tags_[tag.id].push_back(std::move(tag.name));
        } else {
            tag_problems_.emplace_back("it names an image that is missing from the archive");
        }
    }
}

/// The ids from the lowest layer to `id`.
std::vector<std::string> LegacyArchive::chain(std::string id, ImageRef& image) {
    std::vector<std::string> ids;
    std::set<std::string> seen;
    while (true) {
        const auto layer = layers_.find(id);
        if (layer == layers_.end()) {
            add_gap(image.gaps, ids.back() + "/json",
                    fmt::format("its parent is missing from the {}", store_.place()));
            break;
        }
        if (!seen.insert(id).second) {
            add_gap(image.gaps, ids.back() + "/json", "the chain of parents leads to itself");
            break;
        }
        // Many names may lead into one long chain, which is walked for each.
        if (!ids.empty() && !budget_.charge(4 * id.size())) {
            add_gap(image.gaps, ids.back() + "/json", std::string(budget_reason));
            break;
        }
        ids.push_back(id);
        if (layer->second.facts.parent.empty()) break;
        if (ids.size() == max_layers) {
            add_gap(image.gaps, ids.back() + "/json",
                    fmt::format("more than {} layers in one image; the rest was not read",
                                max_layers));
            break;
        }
        id = layer->second.facts.parent;
    }
    std::ranges::reverse(ids);
    return ids;
}

void LegacyArchive::add_image(const std::string& id, const std::vector<std::string>& names) {
    if (!budget_.charge(2 * sizeof(Candidate))) {
        if (!images_.empty()) add_gap(images_.front().image.gaps, "", std::string(budget_reason));
        return;
    }
    Candidate candidate;
    for (const std::string& name : names) add_name(candidate.image, name, budget_);
    const std::vector<std::string> ids = chain(id, candidate.image);
    for (const std::string& layer : ids) {
        covered_.insert(layer);
        add_layer_of(layer, candidate);
        take_json(layer, layer == id, candidate);
    }
    const std::string& asked = selection_.reference;
    candidate.selected = asked.empty() || asked == candidate.image.config_digest || asked == id ||
                         std::ranges::any_of(names, [&](const std::string& name) {
                             return name_matches(name, asked);
                         });
    images_.push_back(std::move(candidate));
}

void LegacyArchive::add_layer_of(const std::string& id, Candidate& candidate) {
    const Layer& layer = layers_.at(id);
    LayerRef ref;
    ref.key = id + "/layer.tar";
    ref.created_by = layer.facts.created_by;
    if (auto blob = store_.find(ref.key)) {
        ref.key = std::move(blob->key);
    } else {
        ref.unavailable = fmt::format("blob is missing from the {}", store_.place());
    }
    add_layer(candidate.image, std::move(ref), budget_);
    for (const std::string& problem : layer.facts.problems) {
        add_gap(candidate.image.gaps, id + "/json", problem);
    }
}

/// The topmost layer's json is the image's config; the others are scanned, too.
void LegacyArchive::take_json(const std::string& id, bool topmost, Candidate& candidate) {
    ImageRef& image = candidate.image;
    const std::string name = id + "/json";
    if (const std::string& problem = layers_.at(id).problem; !problem.empty()) {
        add_gap(image.gaps, name, problem);
        return;
    }
    auto bytes = store_.document(name);
    if (!bytes || !budget_.charge(bytes->size())) {
        add_gap(image.gaps, name, bytes ? std::string(budget_reason) : bytes.error().what);
        return;
    }
    if (!topmost) {
        image.documents.push_back({SideDocument::Form::layer_json, name, *std::move(bytes),
                                   static_cast<int>(image.layers.size()) - 1});
        return;
    }
    image.config = *std::move(bytes);
    image.config_digest = compute_digest("sha256", image.config);
    apply_config(candidate, image.config, name);
}

}  // namespace

bool has_legacy_layers(const BlobStore& store) {
    for (const std::string& name : store.names()) {
        const std::string_view id = id_of(name);
        if (id.empty() || !store.find(std::string(id) + "/layer.tar")) continue;
        const auto bytes = store.document(name);
        if (bytes && parse_legacy_layer(*bytes)) return true;
    }
    return false;
}

std::vector<Candidate> legacy_images(const BlobStore& store, const Selection& selection,
                                     Budget& budget) {
    return LegacyArchive(store, selection, budget).run();
}

}  // namespace stratascan::source
