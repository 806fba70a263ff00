#include "scanner/store/schema.hpp"

#include <fmt/format.h>

#include <array>

#include "scanner/store/dialect.hpp"

namespace stratascan::store {

namespace {

// Times are seconds since 1970, UTC.
constexpr std::string_view first_version = R"sql(
create table hmac_key(
    id {id},
    public_id text not null unique);
create table ruleset(
    id {id},
    hash text not null,          -- rules, engine and every option that changes results
    hmac_key {number} not null references hmac_key(id),
    engine text not null,        -- the program's version
    rules text not null,         -- as reports name it
    secrets {number} not null,
    programs {number} not null,
    first_used {number} not null,
    unique(hash, hmac_key));

create table registry(
    id {id},
    name text not null unique);  -- "": this machine's files
create table repository(
    id {id},
    registry {number} not null references registry(id),
    name text not null,
    target text not null,        -- as reports name it
    first_seen {number} not null,
    last_seen {number} not null,
    gone_at {number},
    unique(registry, name));
create table manifest(
    id {id},
    digest text not null unique,
    kind text not null,
    media_type text not null,
    artifact_type text not null,
    config_digest text not null,
    platform text not null,
    created text not null,
    subject text not null,
    bytes {number} not null,
    raw {bytes});                -- packed; none where something was found in it
create table manifest_child(
    parent {number} not null references manifest(id) on delete cascade,
    position {number} not null,
    child text not null,
    platform text not null,
    primary key(parent, position)) {clustered};
create table blob(
    id {id},
    digest text not null unique,
    bytes {number} not null);    -- -1: not known
create table manifest_layer(
    manifest {number} not null references manifest(id) on delete cascade,
    position {number} not null,
    blob {number} not null references blob(id),
    media_type text not null,
    primary key(manifest, position)) {clustered};
create index manifest_layer_by_blob on manifest_layer(blob);

create table layer_scan(
    id {id},
    blob {number} references blob(id),  -- none: of texts, or of bytes without a digest
    ruleset {number} not null references ruleset(id),
    reusable {number} not null,         -- 1: stands for the blob wherever it occurs
    state {number} not null,
    reason text not null,
    files {number} not null,
    bytes {number} not null,
    findings {number} not null,
    programs {number} not null,
    gaps {number} not null,
    hash {bytes},                       -- of the parts, where it is not reusable
    scanned_at {number} not null);
create unique index layer_scan_reusable on layer_scan(blob, ruleset) where reusable = 1;
create index layer_scan_by_blob on layer_scan(blob);
create index layer_scan_by_hash on layer_scan(hash) where hash is not null;
create table layer_part(
    layer_scan {number} not null references layer_scan(id) on delete cascade,
    kind {number} not null,
    first {number} not null,
    bytes {bytes} not null,
    primary key(layer_scan, kind, first)) {clustered};

create table name(
    id {id},
    text text not null unique);  -- of rules and programs
create table path(
    id {id},
    text {bytes} not null unique,
    base {bytes} not null);      -- behind the last slash
create index path_by_base on path(base);
create table secret(
    id {id},
    hmac_key {number} not null references hmac_key(id),
    hmac {bytes} not null,
    fingerprint text,            -- as ssh-keygen prints it
    spki text,                   -- hex SHA-256 of the public half
    unique(hmac, hmac_key));
create index secret_by_fingerprint on secret(fingerprint) where fingerprint is not null;
create index secret_by_spki on secret(spki) where spki is not null;
create table finding(
    layer_scan {number} not null references layer_scan(id) on delete cascade,
    n {number} not null,
    secret {number} not null references secret(id),
    rule {number} not null references name(id),
    path {number} not null references path(id),
    primary key(layer_scan, n)) {clustered};
create index finding_by_secret on finding(secret);
create index finding_by_rule on finding(rule);
create index finding_by_path on finding(path);
create table program(
    layer_scan {number} not null references layer_scan(id) on delete cascade,
    n {number} not null,
    name {number} not null references name(id),
    version text not null,
    path {number} not null references path(id),
    primary key(layer_scan, n)) {clustered};
create index program_by_name on program(name, version);
create index program_by_path on program(path);

create table image_scan(
    id {id},
    manifest {number} not null references manifest(id),
    ruleset {number} not null references ruleset(id),
    hash {bytes} not null unique,  -- of all that the scan says
    facts {bytes} not null,
    complete {number} not null,
    scanned_at {number} not null);
create index image_scan_by_manifest on image_scan(manifest);
create table image_layer(
    image_scan {number} not null references image_scan(id) on delete cascade,
    position {number} not null,    -- -1: the config and the manifest
    layer_scan {number} not null references layer_scan(id),
    primary key(image_scan, position)) {clustered};
create index image_layer_by_scan on image_layer(layer_scan);
create table hidden(
    image_scan {number} not null references image_scan(id) on delete cascade,
    position {number} not null,
    is_program {number} not null,
    n {number} not null,
    how {number} not null,
    hidden_by {number} not null,
    primary key(image_scan, position, is_program, n)) {clustered};

create table repo_manifest(
    id {id},
    repository {number} not null references repository(id),
    manifest {number} not null references manifest(id),
    position {number} not null,
    image_scan {number} references image_scan(id),
    first_seen {number} not null,
    last_seen {number} not null,
    gone_at {number},
    unique(repository, manifest, position));
create index repo_manifest_by_manifest on repo_manifest(manifest);
create index repo_manifest_by_scan on repo_manifest(image_scan);
create table tag_history(
    id {id},
    repository {number} not null references repository(id),
    tag text not null,
    manifest {number} not null references manifest(id),
    seen_from {number} not null,
    seen_until {number} not null,  -- the last look that saw it so
    closed_at {number});           -- moved or deleted since
create index tag_history_by_tag on tag_history(repository, tag);
create index tag_history_by_manifest on tag_history(manifest);
)sql";

// What a look over a whole repository came to, and whose credentials were found. Looks
// are counted: two may begin in one second.
constexpr std::string_view second_version = R"sql(
alter table repository add column state text not null default '';
alter table repository add column reason text not null default '';
alter table repository add column look {number} not null default 0;
alter table repo_manifest add column look {number} not null default 0;
alter table tag_history add column look {number} not null default 0;
alter table secret add column account text;
create index secret_by_account on secret(account) where account is not null;
create index manifest_child_by_child on manifest_child(child);
)sql";

// What a gate may need of a config (image/kept_config.hpp), packed. None in what version 2
// recorded, until the image is scanned again.
constexpr std::string_view third_version = R"sql(
alter table image_scan add column config {bytes};
)sql";

// What was attached to an image at the last gate's look (image/kept_attachments.hpp), packed:
// of its place and not of its bytes, for the same image may be signed in one repository only.
constexpr std::string_view fourth_version = R"sql(
alter table repo_manifest add column attached {bytes};
)sql";

constexpr std::array versions = {first_version, second_version, third_version, fourth_version};
static_assert(versions.size() == schema_version);

// 0: no table yet.
std::optional<std::int64_t> version_of(Database& database) {
    // The one question that the database's own catalogue has to answer.
    const auto tables =
        database.number("select count(*) from sqlite_master where name = 'schema_version'");
    if (!tables) return std::nullopt;
    return *tables == 0 ? 0 : database.number("select max(version) from schema_version");
}

Result<void> step(Database& database, std::int64_t from) {
    Transaction transaction(database);
    // Another process may have been faster.
    if (version_of(database) != from) return transaction.commit();
    if (from == 0) {
        database.script(in_dialect("create table schema_version(version {number} primary key)",
                                   sqlite_dialect));
    }
    database.script(migration(static_cast<int>(from)));
    database.run("insert into schema_version(version) values(?)", from + 1);
    return transaction.commit();
}

}  // namespace

std::string migration(int from) {
    return in_dialect(versions.at(static_cast<std::size_t>(from)), sqlite_dialect);
}

Result<void> migrate(Database& database) {
    for (int tries = 0; tries <= 2 * schema_version; ++tries) {
        const auto version = version_of(database);
        if (database.failed()) return std::unexpected(database.failure());
        if (version == schema_version) return {};
        if (!version || *version > schema_version || *version < 0) {
            return fail(ErrorCode::unsupported,
                        fmt::format("the store has version {}, and this program reads up to {}",
                                    version.value_or(-1), schema_version),
                        {}, "use the newer program, or another store");
        }
        if (auto done = step(database, *version); !done) return done;
    }
    return fail(ErrorCode::malformed, "the store's version can't be brought forward");
}

}  // namespace stratascan::store
