// Answers a question: first the layers' findings and programs that are meant, from the
// narrowest index that the question leads to; then, for each, every image of every
// repository that has the layer.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "scanner/image/facts.hpp"
#include "scanner/layer/layer_result.hpp"
#include "scanner/store/database.hpp"
#include "scanner/store/glob.hpp"
#include "scanner/store/query.hpp"
#include "scanner/store/version_range.hpp"

namespace stratascan::store {

/// Of one question. Borrows the database; the caller holds the store's lock.
class Finder {
public:
    Finder(Database& database, const Question& question)
        : db_(database), question_(question) {}

    Result<Answer> answer();

private:
    using Ids = std::vector<std::int64_t>;
    using Parts = std::vector<layer::LayerFinding>;

    struct Hit {
        std::int64_t layer_scan = 0, n = 0, name = 0;
        bool program = false;
        std::string version;
        std::int64_t path = 0;
    };

    /// One image's place in a repository.
    struct Seen {
        std::int64_t image_scan = 0;  ///< 0: the image was not scanned
        int position = -1;            ///< of the layer in the image
        std::int64_t manifest = 0, repository = 0;
        Match match;                  ///< filled as far as the place goes
    };

    // finder.cpp: what is meant
    [[nodiscard]] bool resolve();
    [[nodiscard]] bool asks_for_content() const;
    void resolve_secrets();
    void resolve_paths();
    void resolve_images();
    void resolve_layers();
    void gather_findings();
    void gather_programs();
    void take_findings(Rows rows);
    void take_programs(Rows rows);
    [[nodiscard]] bool fits(const Hit& hit) const;

    // occurrences.cpp: where it is
    void place_hits();
    void place_layers();
    void place_images();
    void add_occurrences(const Hit& hit);
    [[nodiscard]] const std::vector<Seen>& places_of(std::int64_t layer_scan);
    [[nodiscard]] std::vector<Seen> scanned_places(std::int64_t layer_scan);
    [[nodiscard]] std::vector<Seen> unscanned_places(std::int64_t layer_scan);
    [[nodiscard]] std::vector<Seen> seen_in(std::int64_t manifest,
                                            std::optional<std::int64_t> image_scan);
    void add_tags(std::int64_t repository, std::int64_t manifest, Match& match);
    void describe(const Hit& hit, Match& match);
    void add_visibility(const Hit& hit, const Seen& seen, Match& match);
    [[nodiscard]] const image::LayerFacts* facts_of(std::int64_t image_scan, int position);
    [[nodiscard]] std::string digest_of(std::int64_t layer_scan);
    [[nodiscard]] std::string name_of(std::int64_t id);
    [[nodiscard]] std::string path_of(std::int64_t id);
    [[nodiscard]] bool image_fits(const Seen& seen) const;
    void add(Match match);

    Database& db_;
    const Question& question_;
    Answer answer_;
    std::optional<Ids> secrets_;           ///< nothing: not asked for
    std::optional<std::set<std::int64_t>> paths_;
    std::optional<std::int64_t> rule_, program_;
    std::optional<VersionRange> range_;
    std::optional<std::set<std::int64_t>> layers_;  ///< layer scans
    /// Manifests of the images that are meant, and, where a repository or tag was named,
    /// the repositories.
    std::optional<std::set<std::int64_t>> manifests_;
    std::set<std::int64_t> repositories_;
    std::vector<Hit> hits_;

    // What was looked up already; all bounded by the answer.
    std::int64_t placed_layer_ = 0;
    std::vector<Seen> places_;
    std::int64_t part_layer_ = 0, part_first_ = -1;
    Parts part_;
    std::map<std::int64_t, std::vector<image::LayerFacts>> facts_;
    std::map<std::int64_t, std::string> names_;
};

}  // namespace stratascan::store
