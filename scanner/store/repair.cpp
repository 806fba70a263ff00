#include "scanner/store/repair.hpp"

#include <fmt/format.h>

#include <array>
#include <string_view>

namespace stratascan::store {

namespace {

struct Relation {
    std::string_view table, column, parent;
};

// Parents before their children, so that one pass is enough.
constexpr std::array relations = {
    Relation{"ruleset", "hmac_key", "hmac_key"},
    Relation{"repository", "registry", "registry"},
    Relation{"manifest_child", "parent", "manifest"},
    Relation{"manifest_layer", "manifest", "manifest"},
    Relation{"manifest_layer", "blob", "blob"},
    Relation{"layer_scan", "blob", "blob"},
    Relation{"layer_scan", "ruleset", "ruleset"},
    Relation{"layer_part", "layer_scan", "layer_scan"},
    Relation{"secret", "hmac_key", "hmac_key"},
    Relation{"finding", "layer_scan", "layer_scan"},
    Relation{"finding", "secret", "secret"},
    Relation{"finding", "rule", "name"},
    Relation{"finding", "path", "path"},
    Relation{"program", "layer_scan", "layer_scan"},
    Relation{"program", "name", "name"},
    Relation{"program", "path", "path"},
    Relation{"image_scan", "manifest", "manifest"},
    Relation{"image_scan", "ruleset", "ruleset"},
    Relation{"repo_manifest", "repository", "repository"},
    Relation{"repo_manifest", "manifest", "manifest"},
    Relation{"tag_history", "repository", "repository"},
    Relation{"tag_history", "manifest", "manifest"},
};

struct Step {
    std::string_view sql, meaning;
};

// A result whose rows are not all there can't be found by search, or not be read.
constexpr std::array before_images = {
    Step{"delete from layer_scan where "
         "findings <> (select count(*) from finding f where f.layer_scan = layer_scan.id) or "
         "programs <> (select count(*) from program p where p.layer_scan = layer_scan.id) or "
         "not exists(select 1 from layer_part p where p.layer_scan = layer_scan.id and "
         "p.kind = 0 and p.first = 0) or (reusable = 1 and blob is null)",
         "results of layers that were not whole are dropped"},
    // Children of what was just dropped, where the file's own cascades did not see them.
    Step{"delete from layer_part where layer_scan not in (select id from layer_scan)", ""},
    Step{"delete from finding where layer_scan not in (select id from layer_scan)", ""},
    Step{"delete from program where layer_scan not in (select id from layer_scan)", ""},
    Step{"update image_scan set complete = 0 where complete = 1 and exists("
         "select 1 from image_layer l where l.image_scan = image_scan.id and "
         "l.layer_scan not in (select id from layer_scan))",
         "images lack a layer's result now and count as not read in full"},
    Step{"delete from image_layer where layer_scan not in (select id from layer_scan) or "
         "image_scan not in (select id from image_scan)", ""},
    Step{"delete from hidden where not exists(select 1 from image_layer l where "
         "l.image_scan = hidden.image_scan and l.position = hidden.position)",
         "notes of visibility without a layer are dropped"},
    Step{"update repo_manifest set image_scan = null where image_scan is not null and not exists("
         "select 1 from image_scan i where i.id = repo_manifest.image_scan and "
         "i.manifest = repo_manifest.manifest)",
         "images point at no scan any more, or at another image's, and are scanned again"},
    Step{"update tag_history set seen_until = seen_from where seen_until < seen_from",
         "tags ended before they began, and end where they begin now"},
    Step{"update tag_history set closed_at = seen_until where closed_at is null and exists("
         "select 1 from tag_history t where t.repository = tag_history.repository and "
         "t.tag = tag_history.tag and t.closed_at is null and t.id > tag_history.id)",
         "tags led to two images at once, and lead to the later one now"},
};

}  // namespace

std::vector<std::string> mend_rows(Database& database) {
    std::vector<std::string> done;
    // What goes together goes one after the other; at the end all of it must hold.
    database.run("pragma defer_foreign_keys = on");
    for (const Relation& of : relations) {
        database.run(fmt::format("delete from {0} where {1} is not null and {1} not in "
                                 "(select id from {2})",
                                 of.table, of.column, of.parent));
        if (database.failed()) return done;
        if (database.changed() > 0) {
            done.push_back(fmt::format("{} rows of {} led to a {} that is not there, and are dropped",
                                       database.changed(), of.table, of.parent));
        }
    }
    for (const Step& step : before_images) {
        database.run(step.sql);
        if (database.failed()) return done;
        if (database.changed() > 0 && !step.meaning.empty()) {
            done.push_back(fmt::format("{} {}", database.changed(), step.meaning));
        }
    }
    return done;
}

}  // namespace stratascan::store
