// Layers' results: their parts, and what of them can be asked for.
#include <openssl/evp.h>

#include <algorithm>
#include <array>
#include <map>

#include "scanner/store/hex.hpp"
#include "scanner/store/sqlite_store.hpp"

namespace stratascan::store {

namespace {

constexpr std::string_view account_prefix = "account ";

// "account 123456789012", as evidence/cloud.cpp says whose an access key's id is.
std::string account_of(const Finding& finding) {
    const std::string_view detail = finding.evidence_detail;
    if (!detail.starts_with(account_prefix)) return {};
    const std::string_view digits = detail.substr(account_prefix.size(), 12);
    const bool all = digits.size() == 12 && std::all_of(digits.begin(), digits.end(), [](char c) {
                         return c >= '0' && c <= '9';
                     });
    return all ? std::string(digits) : std::string();
}

// The secret half of an access key belongs to the account of its id.
std::map<std::string, std::string> accounts_of(const layer::LayerResult& result) {
    std::map<std::string, std::string> accounts;
    for (const layer::LayerFinding& found : result.findings) {
        const std::string account = account_of(found.finding);
        if (account.empty()) continue;
        accounts[found.finding.secret_id] = account;
        if (found.finding.pair) accounts[found.finding.pair->secret_id] = account;
    }
    return accounts;
}

std::optional<std::string> hash_of_parts(const layer::LayerResult& result,
                                         const std::string& ruleset) {
    std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> hash(EVP_MD_CTX_new(),
                                                                 &EVP_MD_CTX_free);
    if (!hash || EVP_DigestInit_ex(hash.get(), EVP_sha256(), nullptr) != 1) throw std::bad_alloc();
    EVP_DigestUpdate(hash.get(), ruleset.data(), ruleset.size());
    const bool whole = write_parts(result, [&](const Part& part) {
        return EVP_DigestUpdate(hash.get(), part.bytes.data(), part.bytes.size()) == 1;
    });
    std::array<unsigned char, EVP_MAX_MD_SIZE> bytes{};
    unsigned size = 0;
    EVP_DigestFinal_ex(hash.get(), bytes.data(), &size);
    if (!whole) return std::nullopt;
    return std::string(reinterpret_cast<const char*>(bytes.data()), size);
}

Error too_large(const layer::LayerResult& result) {
    return {ErrorCode::over_limit, "a layer's result is too large to be kept", result.digest, {}};
}

}  // namespace

std::int64_t SqliteStore::name_id(const std::string& text) {
    if (const auto id = database_->number("select id from name where text = ?", text)) return *id;
    return database_->number("insert into name(text) values(?) returning id", text).value_or(0);
}

std::int64_t SqliteStore::path_id(std::string_view text) {
    const Bytes bytes{text};
    if (const auto id = database_->number("select id from path where text = ?", bytes)) return *id;
    const std::size_t slash = text.rfind('/');
    const Bytes base{slash == text.npos ? text : text.substr(slash + 1)};
    return database_
        ->number("insert into path(text, base) values(?, ?) returning id", bytes, base)
        .value_or(0);
}

std::int64_t SqliteStore::secret_id(const Finding& finding, std::int64_t hmac_key,
                                    const std::string& account) {
    const std::string hmac = hmac_bytes(finding.secret_id);
    const auto known = database_->number("select id from secret where hmac = ? and hmac_key = ?",
                                         Bytes{hmac}, hmac_key);
    const auto given = [](const std::string& text) {
        return text.empty() ? std::optional<std::string>() : text;
    };
    if (known) {
        // What one finding does not tell of the secret, another may.
        if (!account.empty() || !finding.public_key_sha256.empty() ||
            !finding.public_fingerprint.empty()) {
            database_->run("update secret set fingerprint = coalesce(fingerprint, ?), "
                           "spki = coalesce(spki, ?), account = coalesce(account, ?) "
                           "where id = ?",
                           given(finding.public_fingerprint), given(finding.public_key_sha256),
                           given(account), *known);
        }
        return *known;
    }
    return database_
        ->number("insert into secret(hmac_key, hmac, fingerprint, spki, account) "
                 "values(?, ?, ?, ?, ?) returning id",
                 hmac_key, Bytes{hmac}, given(finding.public_fingerprint),
                 given(finding.public_key_sha256), given(account))
        .value_or(0);
}

void SqliteStore::write_rows(std::int64_t layer_scan, const layer::LayerResult& result,
                             const Ruleset& ruleset) {
    const bool whole = write_parts(result, [&](const Part& part) {
        database_->run(
            "insert into layer_part(layer_scan, kind, first, bytes) values(?, ?, ?, ?)",
            layer_scan, static_cast<int>(part.kind), part.first, Bytes{part.bytes});
        return !database_->failed();
    });
    if (!whole) database_->fail_with(too_large(result));
    const std::int64_t hmac_key = hmac_key_id(ruleset.hmac_key);
    const auto accounts = accounts_of(result);
    std::int64_t n = 0;
    for (const layer::LayerFinding& found : result.findings) {
        const Finding& finding = found.finding;
        const auto account = accounts.find(finding.secret_id);
        const std::int64_t secret =
            secret_id(finding, hmac_key, account == accounts.end() ? "" : account->second);
        database_->run("insert into finding(layer_scan, n, secret, rule, path) "
                       "values(?, ?, ?, ?, ?)",
                       layer_scan, n++, secret, name_id(finding.rule), path_id(finding.path));
        if (database_->failed()) return;
    }
    n = 0;
    for (const layer::LayerProgram& found : result.programs) {
        database_->run("insert into program(layer_scan, n, name, version, path) "
                       "values(?, ?, ?, ?, ?)",
                       layer_scan, n++, name_id(found.program.program), found.program.version,
                       path_id(found.program.path));
        if (database_->failed()) return;
    }
}

std::int64_t SqliteStore::write_layer(const layer::LayerResult& result, const Ruleset& ruleset,
                                      bool reusable, Time now) {
    const std::int64_t rules = ruleset_id(ruleset);
    std::optional<std::int64_t> blob;
    if (!result.digest.empty()) {
        blob = blob_id(result.digest, static_cast<std::int64_t>(result.compressed_bytes));
    }
    std::optional<std::string> hash;
    if (reusable) {
        if (const auto known = scan_of(result.digest, rules)) {
            if (read_layer(*known)) return *known;
            // Damaged: images that have it keep their link, to the new parts.
            for (const char* table : {"delete from layer_part where layer_scan = ?",
                                      "delete from finding where layer_scan = ?",
                                      "delete from program where layer_scan = ?"}) {
                database_->run(table, *known);
            }
            write_rows(*known, result, ruleset);
            return *known;
        }
    } else {
        hash = hash_of_parts(result, ruleset.hash + ruleset.hmac_key);
        if (!hash) database_->fail_with(too_large(result));
        const auto known = database_->number("select id from layer_scan where hash = ?",
                                             Bytes{hash.value_or("")});
        if (known) return *known;
    }
    const std::optional<Bytes> hash_bytes = hash ? std::optional(Bytes{*hash}) : std::nullopt;
    const std::int64_t id =
        database_
            ->number("insert into layer_scan(blob, ruleset, reusable, state, reason, files, "
                     "bytes, findings, programs, gaps, hash, scanned_at) "
                     "values(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) returning id",
                     blob, rules, reusable, static_cast<int>(result.state), result.state_reason,
                     result.files, result.bytes, result.findings.size(), result.programs.size(),
                     result.gaps.size(), hash_bytes, now)
            .value_or(0);
    write_rows(id, result, ruleset);
    return id;
}

std::optional<std::int64_t> SqliteStore::scan_of(const std::string& digest,
                                                 std::int64_t ruleset) {
    return database_->number("select s.id from layer_scan s join blob b on b.id = s.blob "
                             "where b.digest = ? and s.ruleset = ? and s.reusable = 1",
                             digest, ruleset);
}

std::optional<layer::LayerResult> SqliteStore::read_layer(std::int64_t layer_scan) {
    PartReader reader;
    Rows rows = database_->query(
        "select kind, first, bytes from layer_part where layer_scan = ? order by kind, first",
        layer_scan);
    while (rows.next()) {
        const std::int64_t kind = rows.number(0);
        if (kind < 0 || kind > static_cast<int>(last_part_kind) ||
            !reader.add(static_cast<PartKind>(kind), static_cast<std::uint64_t>(rows.number(1)),
                        rows.view(2))) {
            return std::nullopt;
        }
    }
    return reader.take();
}

Result<std::optional<StoredLayer>> SqliteStore::layer(const std::string& digest,
                                                      const Ruleset& ruleset) {
    const auto lock = begin();
    const auto rules = known_ruleset(ruleset);
    const auto id = rules ? scan_of(digest, *rules) : std::nullopt;
    if (!id) return done(std::optional<StoredLayer>());
    auto result = read_layer(*id);
    // Another blob's result under this one's name would be worse than none.
    if (!result || result->digest != digest) return done(std::optional<StoredLayer>());
    return done(std::optional(StoredLayer{LayerId{*id}, std::move(*result)}));
}

Result<std::vector<std::string>> SqliteStore::unknown_layers(
    std::span<const std::string> digests, const Ruleset& ruleset) {
    const auto lock = begin();
    const auto rules = known_ruleset(ruleset);
    std::vector<std::string> unknown;
    for (const std::string& digest : digests) {
        if (!rules || !scan_of(digest, *rules)) unknown.push_back(digest);
    }
    return done(std::move(unknown));
}

Result<LayerId> SqliteStore::put_layer(const layer::LayerResult& result, const Ruleset& ruleset,
                                       bool reusable) {
    const auto lock = begin();
    Transaction transaction(*database_);
    const std::int64_t id = write_layer(result, ruleset, reusable, current_time());
    if (auto committed = transaction.commit(); !committed) {
        return std::unexpected(committed.error());
    }
    return LayerId{id};
}

}  // namespace stratascan::store
