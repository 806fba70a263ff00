// What is seen of repositories, manifests and tags, and the images that were scanned.
#include <openssl/sha.h>

#include <array>

#include "scanner/store/fields.hpp"
#include "scanner/store/packed.hpp"
#include "scanner/store/sqlite_store.hpp"

namespace stratascan::store {

namespace {

std::string_view to_string(LookState state) {
    switch (state) {
    case LookState::whole: return "whole";
    case LookState::partial: return "partial";
    case LookState::failed: return "failed";
    }
    return "failed";
}

std::optional<Bytes> optional_bytes(const std::string& bytes) {
    return bytes.empty() ? std::nullopt : std::optional(Bytes{bytes});
}

std::int64_t raw(RepositoryId id) { return static_cast<std::int64_t>(id); }

Error unknown_manifest(const std::string& digest) {
    return {ErrorCode::not_found, "the manifest was not recorded", digest, {}};
}

// Names all that a scan says; the same scan made again is the same row.
std::string hash_of(const ImageRecord& image, const std::string& facts,
                    std::optional<std::int64_t> metadata) {
    Writer writer;
    std::vector<std::int64_t> layers;
    layers.reserve(image.layers.size());
    for (const auto& layer : image.layers) {
        layers.push_back(layer ? static_cast<std::int64_t>(*layer) : 0);
    }
    std::vector<std::int64_t> hidden;
    for (const image::Hidden& of : image.hidden) {
        hidden.insert(hidden.end(), {of.layer, of.index, of.program, static_cast<int>(of.how),
                                     of.by});
    }
    writer.all(image.manifest.digest, image.ruleset.hash, image.ruleset.hmac_key, facts, layers,
               hidden, metadata, image.complete);
    std::array<unsigned char, SHA256_DIGEST_LENGTH> hash{};
    const std::string& bytes = writer.bytes();
    SHA256(reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size(), hash.data());
    return {reinterpret_cast<const char*>(hash.data()), hash.size()};
}

}  // namespace

Result<RepositoryId> SqliteStore::begin_repository(const RepositoryName& name, Time now,
                                                   Look look) {
    const auto lock = begin();
    Transaction transaction(*database_);
    database_->run("insert into registry(name) values(?) on conflict do nothing", name.registry);
    const std::int64_t registry =
        database_->number("select id from registry where name = ?", name.registry).value_or(0);
    database_->run("insert into repository(registry, name, target, first_seen, last_seen) "
                   "values(?, ?, ?, ?, ?) on conflict do nothing",
                   registry, name.name, name.target, now, now);
    const std::int64_t id =
        database_
            ->number("select id from repository where registry = ? and name = ?", registry,
                     name.name)
            .value_or(0);
    database_->run("update repository set target = ?, last_seen = ?, gone_at = null, "
                   "look = look + 1 where id = ?",
                   name.target, now, id);
    if (look == Look::whole) {
        database_->run("update repository set state = 'running', reason = '' where id = ?", id);
    }
    const auto number = database_->number("select look from repository where id = ?", id);
    if (auto done = transaction.commit(); !done) return std::unexpected(done.error());
    looks_[id] = number.value_or(0);
    return RepositoryId{id};
}

std::int64_t SqliteStore::manifest_id(const ManifestRecord& of) {
    const auto known = database_->number("select id from manifest where digest = ?", of.digest);
    if (known) {
        // What is behind a digest does not change, but the first look may have seen less: of an
        // image that was left out for its age nothing but that.
        database_->run("update manifest set kind = ?, platform = ?, created = ?, "
                       "config_digest = ? where id = ? and platform = '' and "
                       "(created = '' or ? <> '')",
                       of.kind, of.platform, of.created, of.config_digest, *known, of.created);
        if (!of.raw.empty()) {
            database_->run("update manifest set raw = ?, bytes = ? where id = ? and raw is null",
                           Bytes{pack(of.raw)}, of.bytes, *known);
        }
    }
    const std::string packed = known || of.raw.empty() ? std::string() : pack(of.raw);
    const std::int64_t id =
        known ? *known
              : database_
                    ->number("insert into manifest(digest, kind, media_type, artifact_type, "
                             "config_digest, platform, created, subject, bytes, raw) "
                             "values(?, ?, ?, ?, ?, ?, ?, ?, ?, ?) returning id",
                             of.digest, of.kind, of.media_type, of.artifact_type,
                             of.config_digest, of.platform, of.created, of.subject, of.bytes,
                             optional_bytes(packed))
                    .value_or(0);
    std::int64_t position = 0;
    for (const ManifestLayer& layer : of.layers) {
        if (!layer.digest.empty()) {
            database_->run("insert into manifest_layer(manifest, position, blob, media_type) "
                           "values(?, ?, ?, ?) on conflict do nothing",
                           id, position, blob_id(layer.digest, layer.bytes), layer.media_type);
        }
        ++position;
    }
    position = 0;
    for (const ManifestChild& child : of.children) {
        database_->run("insert into manifest_child(parent, position, child, platform) "
                       "values(?, ?, ?, ?) on conflict do nothing",
                       id, position++, child.digest, child.platform);
    }
    return id;
}

Result<void> SqliteStore::record_manifest(const ManifestRecord& manifest) {
    const auto lock = begin();
    Transaction transaction(*database_);
    manifest_id(manifest);
    return transaction.commit();
}

Result<void> SqliteStore::observe_tag(RepositoryId repository, const std::string& tag,
                                      const std::string& digest, Time now) {
    const auto lock = begin();
    Transaction transaction(*database_);
    const auto manifest = database_->number("select id from manifest where digest = ?", digest);
    if (!manifest) {
        database_->fail_with(unknown_manifest(digest));
        return done();
    }
    // A clock that was set back must not make a history that ends before it begins.
    database_->run("update tag_history set closed_at = case when seen_until < ? then ? else "
                   "seen_until end where repository = ? and tag = ? and "
                   "closed_at is null and manifest <> ?",
                   now, now, raw(repository), tag, *manifest);
    database_->run("update tag_history set "
                   "seen_until = case when seen_until < ? then ? else seen_until end, "
                   "look = (select look from repository r where r.id = tag_history.repository) "
                   "where repository = ? and tag = ? and closed_at is null",
                   now, now, raw(repository), tag);
    if (database_->changed() == 0) {
        database_->run("insert into tag_history(repository, tag, manifest, seen_from, "
                       "seen_until, look) select ?, ?, ?, ?, ?, look from repository "
                       "where id = ?",
                       raw(repository), tag, *manifest, now, now, raw(repository));
    }
    return transaction.commit();
}

void SqliteStore::see_manifest(std::int64_t repository, std::int64_t manifest, int position,
                               std::optional<std::int64_t> image_scan, Time now) {
    database_->run("insert into repo_manifest(repository, manifest, position, first_seen, "
                   "last_seen) values(?, ?, ?, ?, ?) on conflict do nothing",
                   repository, manifest, position, now, now);
    database_->run("update repo_manifest set last_seen = ?, gone_at = null, "
                   "image_scan = coalesce(?, image_scan), "
                   "look = (select look from repository r where r.id = repo_manifest.repository) "
                   "where repository = ? and manifest = ? and position = ?",
                   now, image_scan, repository, manifest, position);
}

Result<void> SqliteStore::observe_manifest(RepositoryId repository, const std::string& digest,
                                           Time now) {
    const auto lock = begin();
    Transaction transaction(*database_);
    const auto manifest = database_->number("select id from manifest where digest = ?", digest);
    if (!manifest) {
        database_->fail_with(unknown_manifest(digest));
        return done();
    }
    see_manifest(raw(repository), *manifest, 0, std::nullopt, now);
    return transaction.commit();
}

Result<bool> SqliteStore::reuse_image(RepositoryId repository, const std::string& digest,
                                      const Ruleset& ruleset, Time now) {
    const auto lock = begin();
    Transaction transaction(*database_);
    const auto rules = known_ruleset(ruleset);
    const auto manifest = database_->number("select id from manifest where digest = ?", digest);
    if (!rules || !manifest) return done(false);
    const auto scan = database_->number("select id from image_scan where manifest = ? and "
                                        "ruleset = ? and complete = 1 order by id desc",
                                        *manifest, *rules);
    if (!scan) return done(false);
    see_manifest(raw(repository), *manifest, 0, scan, now);
    if (auto committed = transaction.commit(); !committed) {
        return std::unexpected(committed.error());
    }
    return true;
}

std::int64_t SqliteStore::write_image_scan(std::int64_t manifest, const ImageRecord& image,
                                           Time now) {
    std::optional<std::int64_t> metadata;
    if (!image.facts.findings.empty()) {
        layer::LayerResult texts;
        for (const Finding& finding : image.facts.findings) texts.findings.push_back({finding});
        metadata = write_layer(texts, image.ruleset, false, now);
    }
    const std::string facts = write_facts(image.facts);
    if (facts.empty()) {
        database_->fail_with({ErrorCode::over_limit, "an image's metadata is too large to be kept",
                              image.manifest.digest, {}});
    }
    const std::string hash = hash_of(image, facts, metadata);
    const auto known = database_->number("select id from image_scan where hash = ?", Bytes{hash});
    const std::string config = image.config.empty() ? std::string() : pack(image.config);
    if (known) {
        // An older program kept none.
        if (!config.empty()) {
            database_->run("update image_scan set config = ? where id = ? and config is null",
                           Bytes{config}, *known);
        }
        return *known;
    }
    const std::int64_t id =
        database_
            ->number("insert into image_scan(manifest, ruleset, hash, facts, complete, "
                     "scanned_at, config) values(?, ?, ?, ?, ?, ?, ?) returning id",
                     manifest, ruleset_id(image.ruleset), Bytes{hash}, Bytes{facts},
                     image.complete, now, optional_bytes(config))
            .value_or(0);
    const auto add_layer = [&](std::int64_t position, std::int64_t layer) {
        database_->run("insert into image_layer(image_scan, position, layer_scan) "
                       "values(?, ?, ?)",
                       id, position, layer);
    };
    if (metadata) add_layer(-1, *metadata);
    for (std::size_t i = 0; i < image.layers.size(); ++i) {
        if (image.layers[i]) {
            add_layer(static_cast<std::int64_t>(i), static_cast<std::int64_t>(*image.layers[i]));
        }
    }
    for (const image::Hidden& of : image.hidden) {
        database_->run("insert into hidden(image_scan, position, is_program, n, how, hidden_by) "
                       "values(?, ?, ?, ?, ?, ?) on conflict do nothing",
                       id, of.layer, of.program, of.index, static_cast<int>(of.how), of.by);
    }
    return id;
}

Result<void> SqliteStore::record_image(RepositoryId repository, const ImageRecord& image,
                                       Time now) {
    const auto lock = begin();
    Transaction transaction(*database_);
    const std::int64_t manifest = manifest_id(image.manifest);
    const std::int64_t scan = write_image_scan(manifest, image, now);
    see_manifest(raw(repository), manifest, image.position, scan, now);
    if (!image.attached.empty()) {
        database_->run("update repo_manifest set attached = ? where repository = ? and "
                       "manifest = ? and position = ?",
                       Bytes{pack(image.attached)}, raw(repository), manifest, image.position);
    }
    return transaction.commit();
}

Result<void> SqliteStore::finish_repository(RepositoryId repository, LookState state,
                                            const std::string& reason, Time now) {
    const auto lock = begin();
    Transaction transaction(*database_);
    database_->run("update repository set state = ?, reason = ?, last_seen = ? where id = ?",
                   to_string(state), reason, now, raw(repository));
    const auto look = looks_.find(raw(repository));
    if (state == LookState::whole && look != looks_.end()) {
        // Others may have begun a look since: what they saw counts as seen.
        database_->run("update tag_history set closed_at = case when seen_until < ? then ? else "
                       "seen_until end where repository = ? and closed_at is null and look < ?",
                       now, now, raw(repository), look->second);
        database_->run("update repo_manifest set gone_at = ? where repository = ? and "
                       "gone_at is null and look < ?",
                       now, raw(repository), look->second);
    }
    return transaction.commit();
}

Result<std::vector<RepositoryRecord>> SqliteStore::repositories() {
    const auto lock = begin();
    std::vector<RepositoryRecord> all;
    Rows rows = database_->query(
        "select g.name, r.name, r.target, r.state, r.reason, r.first_seen, r.last_seen, "
        "r.gone_at is not null "
        "from repository r join registry g on g.id = r.registry order by g.name, r.name");
    while (rows.next()) {
        all.push_back({{rows.text(0), rows.text(1), rows.text(2)}, rows.text(3), rows.text(4),
                       rows.number(5), rows.number(6), rows.number(7) != 0});
    }
    return done(std::move(all));
}

}  // namespace stratascan::store
