// What a sweep asks for: what is known of a manifest already, whether an image need be
// scanned again, and what a repository came to.
#include <algorithm>

#include "scanner/store/packed.hpp"
#include "scanner/store/sqlite_store.hpp"

namespace stratascan::store {

namespace {

std::int64_t raw(RepositoryId id) { return static_cast<std::int64_t>(id); }

// So many layers with findings are remembered; they are small.
constexpr std::size_t most_severities = 200'000;

}  // namespace

Result<std::optional<ManifestRecord>> SqliteStore::manifest(const std::string& digest) {
    const auto lock = begin();
    std::optional<ManifestRecord> found;
    std::int64_t id = 0;
    {
        Rows row = database_->query(
            "select id, kind, media_type, artifact_type, config_digest, platform, created, "
            "subject, bytes, raw from manifest where digest = ?",
            digest);
        if (row.next()) {
            id = row.number(0);
            ManifestRecord& of = found.emplace();
            of.digest = digest;
            of.kind = row.text(1);
            of.media_type = row.text(2);
            of.artifact_type = row.text(3);
            of.config_digest = row.text(4);
            of.platform = row.text(5);
            of.created = row.text(6);
            of.subject = row.text(7);
            of.bytes = row.number(8);
            if (!row.is_null(9)) of.raw = unpack(row.view(9)).value_or("");
        }
    }
    if (found) {
        Rows layers = database_->query("select b.digest, l.media_type, b.bytes from "
                                       "manifest_layer l join blob b on b.id = l.blob where "
                                       "l.manifest = ? order by l.position",
                                       id);
        while (layers.next()) {
            found->layers.push_back({layers.text(0), layers.text(1), layers.number(2)});
        }
        Rows children = database_->query("select child, platform from manifest_child where "
                                         "parent = ? order by position",
                                         id);
        while (children.next()) found->children.push_back({children.text(0), children.text(1)});
    }
    return done(std::move(found));
}

Result<bool> SqliteStore::reuse_settled_image(RepositoryId repository, const std::string& digest,
                                              const Ruleset& ruleset, Time now) {
    const auto whole = reuse_image(repository, digest, ruleset, now);
    if (!whole || *whole) return whole;
    const auto lock = begin();
    Transaction transaction(*database_);
    const auto rules = known_ruleset(ruleset);
    if (!rules) return done(false);
    // The newest scan: an older one may have been of fewer layers.
    const auto scan = database_->number(
        "select i.id from image_scan i join manifest m on m.id = i.manifest "
        "where m.digest = ? and i.ruleset = ? order by i.id desc limit 1",
        digest, *rules);
    if (!scan) return done(false);
    const auto missing = database_->number(
        "select count(*) from image_layer l join layer_scan s on s.id = l.layer_scan "
        "where l.image_scan = ? and l.position >= 0 and s.reusable = 0",
        *scan);
    const auto read = database_->number(
        "select count(*) from image_layer where image_scan = ? and position >= 0", *scan);
    const auto image = read_image(*scan);
    if (!image || missing != 0 || !image->facts.gaps.empty() ||
        read != static_cast<std::int64_t>(image->facts.layers.size())) {
        return done(false);
    }
    const auto manifest = database_->number("select manifest from image_scan where id = ?", *scan);
    see_manifest(raw(repository), manifest.value_or(0), 0, scan, now);
    if (auto committed = transaction.commit(); !committed) {
        return std::unexpected(committed.error());
    }
    return true;
}

Result<void> SqliteStore::repository_gone(RepositoryId repository, Time now) {
    const auto lock = begin();
    Transaction transaction(*database_);
    database_->run("update repository set gone_at = ?, state = 'whole', reason = 'gone' "
                   "where id = ?",
                   now, raw(repository));
    database_->run("update tag_history set closed_at = case when seen_until < ? then ? else "
                   "seen_until end where repository = ? and closed_at is null",
                   now, now, raw(repository));
    database_->run("update repo_manifest set gone_at = ? where repository = ? and "
                   "gone_at is null",
                   now, raw(repository));
    return transaction.commit();
}

Result<std::vector<std::string>> SqliteStore::unseen_manifests(RepositoryId repository) {
    const auto lock = begin();
    std::vector<std::string> unseen;
    const auto look = looks_.find(raw(repository));
    if (look == looks_.end()) return done(std::move(unseen));
    Rows rows = database_->query(
        "select m.digest from repo_manifest r join manifest m on m.id = r.manifest "
        "where r.repository = ? and r.gone_at is null and r.look < ? order by m.digest",
        raw(repository), look->second);
    while (rows.next()) unseen.push_back(rows.text(0));
    return done(std::move(unseen));
}

Result<RepositoryTotals> SqliteStore::repository_totals(RepositoryId repository) {
    const auto lock = begin();
    RepositoryTotals totals;
    {
        Rows rows = database_->query(
            "select n.kind, count(*), sum(case when i.complete = 1 then 0 else 1 end) "
            "from repo_manifest m join manifest n on n.id = m.manifest "
            "join image_scan i on i.id = m.image_scan "
            "where m.repository = ? and m.gone_at is null group by n.kind",
            raw(repository));
        while (rows.next()) {
            if (rows.text(0) == "image") totals.images += rows.number(1);
            else if (rows.text(0) != "index") totals.accessories += rows.number(1);
            totals.incomplete += rows.number(2);
        }
    }
    struct Scan {
        std::int64_t id = 0, findings = 0;
    };
    std::vector<Scan> with_findings;
    {
        Rows rows = database_->query(
            "select distinct s.id, s.findings, s.programs, s.blob is not null "
            "from repo_manifest m join image_layer l on l.image_scan = m.image_scan "
            "join layer_scan s on s.id = l.layer_scan "
            "where m.repository = ? and m.gone_at is null",
            raw(repository));
        while (rows.next()) {
            if (rows.number(1) > 0) with_findings.push_back({rows.number(0), rows.number(1)});
            totals.programs += rows.number(2);
            totals.layers += rows.number(3);
        }
    }
    for (const Scan& scan : with_findings) {
        auto known = severities_.find(scan.id);
        if (known == severities_.end()) {
            if (severities_.size() >= most_severities) severities_.clear();
            std::array<std::int64_t, 5> counts{};
            Rows parts = database_->query(
                "select bytes from layer_part where layer_scan = ? and kind = ?", scan.id,
                static_cast<int>(PartKind::findings));
            while (parts.next()) {
                const auto findings = read_findings(parts.view(0));
                if (!findings) continue;
                for (const layer::LayerFinding& found : *findings) {
                    const auto at = static_cast<std::size_t>(found.finding.severity);
                    ++counts.at(std::min<std::size_t>(at, counts.size() - 1));
                }
            }
            known = severities_.emplace(scan.id, counts).first;
        }
        for (std::size_t i = 0; i < totals.findings.size(); ++i) {
            totals.findings[i] += known->second[i];
        }
    }
    return done(totals);
}

}  // namespace stratascan::store
