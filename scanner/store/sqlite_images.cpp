// Images as they were scanned, for reports that are made of them again.
#include <fmt/format.h>

#include <map>

#include "scanner/store/packed.hpp"
#include "scanner/store/sqlite_store.hpp"

namespace stratascan::store {

namespace {

// Recently read layers: images of one repository share theirs.
constexpr std::size_t layers_kept = 32;

}  // namespace

Result<StoredImage> SqliteStore::read_image(std::int64_t image_scan) {
    StoredImage image;
    Rows row = database_->query("select facts, ruleset, config from image_scan where id = ?", image_scan);
    if (!row.next()) {
        if (database_->failed()) return std::unexpected(database_->failure());
        return fail(ErrorCode::not_found, "an image's scan is not there", path_);
    }
    auto facts = read_facts(row.view(0));
    if (!facts) {
        return fail(ErrorCode::malformed, "an image's facts can't be read back", path_,
                    "see `stratascan store check`");
    }
    image.facts = std::move(*facts);
    image.ruleset = ruleset_of(row.number(1));
    image.layers.resize(image.facts.layers.size());
    if (!row.is_null(2)) {
        auto config = unpack(row.view(2));
        if (!config) ++image.damaged;
        else image.config = *std::move(config);
    }
    return image;
}

// Those of the manifest and of the indexes that it is in: tags move, and what a scan saw
// of them once is history.
std::vector<std::string> SqliteStore::tags_of(std::int64_t repository, std::int64_t manifest,
                                              const std::string& digest,
                                              const std::string& registry_name, bool with_gone) {
    std::vector<std::string> names;
    Rows rows = database_->query(
        "select distinct t.tag from tag_history t where t.repository = ? and "
        "(t.closed_at is null or ? = 1) and (t.manifest = ? or t.manifest in (select c.parent "
        "from manifest_child c where c.child = ?)) order by t.tag",
        repository, with_gone, manifest, digest);
    while (rows.next()) names.push_back(registry_name + ':' + rows.text(0));
    return names;
}

Result<void> SqliteStore::each_image(const ImageFilter& filter,
                                     const std::function<bool(StoredImage&&)>& take) {
    struct Place {
        std::int64_t scan = 0;
        std::string target;
        std::int64_t repository = 0, manifest = 0;
        std::string digest;
        std::string registry_name;  ///< "host/team/app"; empty: this machine's files
        std::string attached;       ///< packed
    };
    std::vector<Place> places;
    {
        const auto lock = begin();
        const std::string digest =
            filter.image.find(':') == std::string::npos ? "sha256:" + filter.image : filter.image;
        const std::size_t colon = filter.image.rfind(':');
        const std::string tagged = colon == std::string::npos ? "" : filter.image.substr(0, colon);
        const std::string tag = colon == std::string::npos ? "" : filter.image.substr(colon + 1);
        Rows rows = database_->query(
            "select m.image_scan, r.target, r.id, m.manifest, n.digest, "
            "case when g.name = '' then '' else g.name || '/' || r.name end, m.attached from repo_manifest m "
            "join repository r on r.id = m.repository join registry g on g.id = r.registry "
            "join manifest n on n.id = m.manifest "
            // An index has nothing of its own but what was found in it.
            "where m.image_scan is not null and (n.kind <> 'index' or exists(select 1 from "
            "image_layer x where x.image_scan = m.image_scan and x.position = -1)) and (? = 1 or (m.gone_at is null and "
            "r.gone_at is null)) and (? = '' or n.digest = ? or n.config_digest = ? or "
            "r.name = ? or r.target = ? or g.name || '/' || r.name = ? or "
            "(? <> '' and (r.name = ? or r.target = ? or g.name || '/' || r.name = ?) and exists("
            "select 1 from tag_history t where t.repository = r.id and t.tag = ? and "
            "(t.closed_at is null or ? = 1) and (t.manifest = m.manifest or exists(select 1 from "
            "manifest_child c where c.parent = t.manifest and c.child = n.digest))))) "
            "order by g.name, r.name, m.position, m.id",
            filter.with_gone, filter.image, digest, digest, filter.image, filter.image,
            filter.image, tagged, tagged, tagged, tagged, tag, filter.with_gone);
        while (rows.next()) {
            places.push_back({rows.number(0), rows.text(1), rows.number(2), rows.number(3),
                              rows.text(4), rows.text(5), std::string(rows.view(6))});
        }
        if (database_->failed()) return std::unexpected(database_->failure());
    }
    std::map<std::int64_t, std::shared_ptr<const layer::LayerResult>> kept;
    for (const Place& place : places) {
        // The lock is given back between images: `take` may do anything.
        auto lock = begin();
        auto image = read_image(place.scan);
        if (!image) return std::unexpected(image.error());
        image->target = place.target;
        if (!place.attached.empty()) {
            auto attached = unpack(place.attached);
            if (!attached) ++image->damaged;
            else image->attached = *std::move(attached);
        }
        if (!place.registry_name.empty()) {
            image->facts.info.names = tags_of(place.repository, place.manifest, place.digest,
                                              place.registry_name, filter.with_gone);
        }
        if (kept.size() > layers_kept) kept.clear();
        Rows rows = database_->query(
            "select position, layer_scan from image_layer where image_scan = ?", place.scan);
        while (rows.next()) {
            auto& layer = kept[rows.number(1)];
            if (!layer) {
                if (auto result = read_layer(rows.number(1))) {
                    layer = std::make_shared<const layer::LayerResult>(std::move(*result));
                }
            }
            if (!layer) ++image->damaged;
            const std::int64_t position = rows.number(0);
            if (position < 0 && layer) {
                for (const layer::LayerFinding& found : layer->findings) {
                    image->facts.findings.push_back(found.finding);
                }
            } else if (position >= 0 && static_cast<std::size_t>(position) < image->layers.size()) {
                image->layers[static_cast<std::size_t>(position)] = layer;
            }
        }
        if (database_->failed()) return std::unexpected(database_->failure());
        lock.unlock();
        if (!take(std::move(*image))) break;
    }
    return {};
}

}  // namespace stratascan::store
