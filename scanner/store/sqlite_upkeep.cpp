// What a store holds, what is wrong with it, and what it need not hold any more.
#include <fmt/format.h>

#include <array>
#include <filesystem>
#include <map>

#include "scanner/store/repair.hpp"
#include "scanner/store/schema.hpp"
#include "scanner/store/packed.hpp"
#include "scanner/store/sqlite_store.hpp"

namespace stratascan::store {

namespace {

constexpr std::array tables = {"registry",     "repository",    "manifest",   "manifest_child",
                               "repo_manifest", "tag_history",   "blob",       "manifest_layer",
                               "layer_scan",   "layer_part",    "image_scan", "image_layer",
                               "hidden",       "finding",       "program",    "secret",
                               "path",         "name",          "ruleset",    "hmac_key"};

/// Rows that ought not to be, and what to say of them.
struct Rule {
    std::string_view count;
    std::string_view meaning;
};

constexpr std::array model_rules = {
    Rule{"select count(*) from layer_scan s where s.findings <> "
         "(select count(*) from finding f where f.layer_scan = s.id)",
         "layer results whose findings are not all to be found by search"},
    Rule{"select count(*) from layer_scan s where s.programs <> "
         "(select count(*) from program p where p.layer_scan = s.id)",
         "layer results whose programs are not all to be found by search"},
    Rule{"select count(*) from layer_scan s where not exists("
         "select 1 from layer_part p where p.layer_scan = s.id and p.kind = 0)",
         "layer results without their head"},
    Rule{"select count(*) from layer_scan where reusable = 1 and blob is null",
         "results that stand for a blob and name none"},
    Rule{"select count(*) from hidden h where not exists(select 1 from image_layer l where "
         "l.image_scan = h.image_scan and l.position = h.position)",
         "notes of visibility for layers that are not there"},
    Rule{"select count(*) from repo_manifest m join image_scan i on i.id = m.image_scan "
         "where i.manifest <> m.manifest",
         "images that point at the scan of another"},
    Rule{"select count(*) from tag_history where seen_until < seen_from",
         "tags whose history ends before it begins"},
    Rule{"select count(*) from (select repository, tag from tag_history where closed_at is null "
         "group by repository, tag having count(*) > 1) t",
         "tags that lead to two images at once"},
};

}  // namespace

Result<std::vector<std::string>> SqliteStore::keys() {
    const auto lock = begin();
    std::vector<std::string> keys;
    Rows rows = database_->query("select public_id from hmac_key order by id");
    while (rows.next()) keys.push_back(rows.text(0));
    return done(std::move(keys));
}

Result<Figures> SqliteStore::figures() {
    const auto lock = begin();
    Figures figures;
    figures.version = schema_version;
    for (const char* suffix : {"", "-wal"}) {
        std::error_code error;
        const auto size = std::filesystem::file_size(path_ + suffix, error);
        if (!error) figures.file_bytes += size;
    }
    for (const char* table : tables) {
        const auto count = database_->number(std::string("select count(*) from ") + table);
        figures.rows.emplace_back(table, count.value_or(0));
    }
    {
        Rows keys = database_->query("select public_id from hmac_key order by id");
        while (keys.next()) figures.keys.push_back(keys.text(0));
    }
    Rows rulesets = database_->query(
        "select r.id, (select count(*) from layer_scan s where s.ruleset = r.id) "
        "from ruleset r order by r.id");
    while (rulesets.next()) {
        figures.rulesets.push_back(ruleset_of(rulesets.number(0)));
        figures.layers_of_ruleset.push_back(rulesets.number(1));
    }
    return done(std::move(figures));
}

Result<std::vector<std::string>> SqliteStore::check() {
    const auto lock = begin();
    std::vector<std::string> problems;
    {
        Rows rows = database_->query("pragma integrity_check");
        while (rows.next()) {
            if (rows.view(0) != "ok") problems.push_back("the file: " + rows.text(0));
        }
    }
    {
        Rows rows = database_->query("pragma foreign_key_check");
        std::map<std::pair<std::string, std::string>, std::size_t> orphans;
        while (rows.next()) ++orphans[{rows.text(0), rows.text(2)}];
        for (const auto& [between, count] : orphans) {
            problems.push_back(fmt::format("{}: {} rows lead to a {} that is not there",
                                           between.first, count, between.second));
        }
    }
    for (const Rule& rule : model_rules) {
        const auto count = database_->number(rule.count);
        if (count.value_or(0) > 0) problems.push_back(fmt::format("{} {}", *count, rule.meaning));
    }
    {
        Rows layers = database_->query("select s.id, b.digest, s.reusable from layer_scan s "
                                       "left join blob b on b.id = s.blob order by s.id");
        while (layers.next()) {
            const auto result = read_layer(layers.number(0));
            const std::string name =
                layers.is_null(1) ? "texts of an image" : layers.text(1);
            if (!result) {
                problems.push_back(fmt::format("layer result {}: can't be read back", name));
            } else if (layers.number(2) == 1 && result->digest != layers.view(1)) {
                problems.push_back(fmt::format("layer result {}: is that of {}", name,
                                               result->digest));
            }
        }
    }
    {
        Rows images = database_->query("select i.facts, m.digest, i.config from image_scan i "
                                       "join manifest m on m.id = i.manifest");
        while (images.next()) {
            if (!read_facts(images.view(0))) {
                problems.push_back(
                    fmt::format("image {}: its facts can't be read back", images.view(1)));
            }
            if (!images.is_null(2) && !unpack(images.view(2))) {
                problems.push_back(fmt::format("image {}: what is kept of its config can't be read back",
                                               images.view(1)));
            }
        }
    }
    {
        Rows places = database_->query("select p.attached, m.digest from repo_manifest p "
                                       "join manifest m on m.id = p.manifest "
                                       "where p.attached is not null");
        while (places.next()) {
            if (!unpack(places.view(0))) {
                problems.push_back(fmt::format(
                    "image {}: what was attached to it can't be read back", places.view(1)));
            }
        }
    }
    // A damaged file fails the questions themselves; that is an answer here.
    if (database_->failed()) problems.push_back(database_->failure().message());
    return problems;
}

std::size_t SqliteStore::drop_unreadable(std::string_view question, std::string_view removal,
                                         const std::function<bool(const Rows&)>& is_whole) {
    std::vector<std::int64_t> broken;
    {
        Rows rows = database_->query(question);
        while (rows.next()) {
            if (!is_whole(rows)) broken.push_back(rows.number(0));
        }
    }
    for (const std::int64_t id : broken) database_->run(removal, id);
    return broken.size();
}

Result<std::vector<std::string>> SqliteStore::repair() {
    const auto lock = begin();
    std::vector<std::string> lines;
    const auto sound = [this] {
        Rows rows = database_->query("pragma integrity_check(1)");
        return rows.next() && rows.view(0) == "ok";
    };
    if (!sound()) {
        if (database_->failed()) return std::unexpected(database_->failure());
        database_->script("reindex");
        if (database_->failed() || !sound()) {
            return fail(ErrorCode::malformed, "the file is damaged beyond its indexes", path_);
        }
        lines.emplace_back("the indexes are made again");
    }
    Transaction transaction(*database_);
    database_->run("pragma defer_foreign_keys = on");
    const std::size_t layers = drop_unreadable(
        "select s.id, b.digest, s.reusable from layer_scan s left join blob b on b.id = s.blob",
        "delete from layer_scan where id = ?", [this](const Rows& row) {
            const auto result = read_layer(row.number(0));
            return result && (row.number(2) == 0 || result->digest == row.view(1));
        });
    const std::size_t images =
        drop_unreadable("select id, facts from image_scan", "delete from image_scan where id = ?",
                        [](const Rows& row) { return read_facts(row.view(1)).has_value(); });
    const auto is_unpacked = [](const Rows& row) { return unpack(row.view(1)).has_value(); };
    const std::size_t configs = drop_unreadable(
        "select id, config from image_scan where config is not null",
        "update image_scan set config = null where id = ?", is_unpacked);
    const std::size_t attached = drop_unreadable(
        "select id, attached from repo_manifest where attached is not null",
        "update repo_manifest set attached = null where id = ?", is_unpacked);
    const auto tell = [&lines](std::size_t count, std::string_view what) {
        if (count == 0) return;
        lines.push_back(fmt::format("{} {} can't be read back and are dropped", count, what));
    };
    tell(layers, "layer results");
    tell(images, "images");
    tell(configs, "extracts of configs");
    tell(attached, "lists of what is attached");
    for (std::string& line : mend_rows(*database_)) lines.push_back(std::move(line));
    if (auto committed = transaction.commit(); !committed) {
        return std::unexpected(committed.error());
    }
    return lines;
}

Result<Dropped> SqliteStore::collect_garbage(std::int64_t keep_seconds, bool dry_run, Time now) {
    const auto lock = begin();
    Dropped dropped;
    const Time before = now - keep_seconds;
    Transaction transaction(*database_);
    const auto drop = [this](std::string_view sql, const auto&... values) {
        database_->run(sql, values...);
        return database_->failed() ? 0 : database_->changed();
    };
    // A repository leads to the newest scan of each image, also of those that are gone:
    // what no repository leads to was replaced, by a newer rule or a newer key.
    dropped.image_scans = drop(
        "delete from image_scan where scanned_at <= ? and not exists("
        "select 1 from repo_manifest m where m.image_scan = image_scan.id)",
        before);
    dropped.layers = drop(
        "delete from layer_scan where scanned_at <= ? and not exists("
        "select 1 from image_layer l where l.layer_scan = layer_scan.id) and not exists("
        // Of an image that was listed and not scanned to its end, the newest stays.
        "select 1 from manifest_layer m join repo_manifest r on r.manifest = m.manifest "
        "where m.blob = layer_scan.blob and r.image_scan is null and layer_scan.id = "
        "(select max(n.id) from layer_scan n where n.blob = layer_scan.blob))",
        before);
    dropped.manifests = drop(
        "delete from manifest where not exists(select 1 from repo_manifest m where "
        "m.manifest = manifest.id) and not exists(select 1 from tag_history t where "
        "t.manifest = manifest.id) and not exists(select 1 from image_scan i where "
        "i.manifest = manifest.id) and not exists(select 1 from manifest_child c where "
        "c.child = manifest.digest)");
    dropped.secrets = drop("delete from secret where not exists("
                           "select 1 from finding f where f.secret = secret.id)");
    dropped.paths = drop("delete from path where not exists("
                         "select 1 from finding f where f.path = path.id) and not exists("
                         "select 1 from program p where p.path = path.id)");
    dropped.blobs = drop("delete from blob where not exists("
                         "select 1 from layer_scan s where s.blob = blob.id) and not exists("
                         "select 1 from manifest_layer m where m.blob = blob.id)");
    drop("delete from ruleset where not exists(select 1 from layer_scan s where "
         "s.ruleset = ruleset.id) and not exists(select 1 from image_scan i where "
         "i.ruleset = ruleset.id)");
    if (dry_run) return done(dropped);
    if (auto committed = transaction.commit(); !committed) {
        return std::unexpected(committed.error());
    }
    // Gives the pages back to the file system, and the log with them.
    database_->script("vacuum");
    database_->run("pragma wal_checkpoint(truncate)");
    return done(dropped);
}

}  // namespace stratascan::store
