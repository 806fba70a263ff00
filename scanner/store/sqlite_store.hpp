// The store in one SQLite file. One connection, one call at a time; other processes are
// waited for. The calls are in a file a kind: sqlite_layers, sqlite_record, sqlite_sweep, sqlite_find,
// sqlite_upkeep, sqlite_dump.
#pragma once

#include <array>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "scanner/store/database.hpp"
#include "scanner/store/parts.hpp"
#include "scanner/store/store.hpp"

namespace stratascan::store {

class SqliteStore final : public Store {
public:
    SqliteStore(std::unique_ptr<Database> database, std::string path)
        : database_(std::move(database)), path_(std::move(path)) {}

    Result<std::optional<StoredLayer>> layer(const std::string& digest,
                                             const Ruleset& ruleset) override;
    Result<std::vector<std::string>> unknown_layers(std::span<const std::string> digests,
                                                    const Ruleset& ruleset) override;
    Result<LayerId> put_layer(const layer::LayerResult& result, const Ruleset& ruleset,
                              bool reusable) override;
    Result<RepositoryId> begin_repository(const RepositoryName& name, Time now,
                                          Look look) override;
    Result<void> record_manifest(const ManifestRecord& manifest) override;
    Result<void> observe_tag(RepositoryId repository, const std::string& tag,
                             const std::string& digest, Time now) override;
    Result<void> observe_manifest(RepositoryId repository, const std::string& digest,
                                  Time now) override;
    Result<bool> reuse_image(RepositoryId repository, const std::string& digest,
                             const Ruleset& ruleset, Time now) override;
    Result<std::optional<ManifestRecord>> manifest(const std::string& digest) override;
    Result<bool> reuse_settled_image(RepositoryId repository, const std::string& digest,
                                     const Ruleset& ruleset, Time now) override;
    Result<void> repository_gone(RepositoryId repository, Time now) override;
    Result<RepositoryTotals> repository_totals(RepositoryId repository) override;
    Result<std::vector<std::string>> unseen_manifests(RepositoryId repository) override;
    Result<void> record_image(RepositoryId repository, const ImageRecord& image,
                              Time now) override;
    Result<void> finish_repository(RepositoryId repository, LookState state,
                                   const std::string& reason, Time now) override;
    Result<std::vector<RepositoryRecord>> repositories() override;
    Result<Answer> find(const Question& question) override;
    Result<void> each_image(const ImageFilter& filter,
                            const std::function<bool(StoredImage&&)>& take) override;
    Result<std::vector<std::string>> keys() override;
    Result<Figures> figures() override;
    Result<std::vector<std::string>> check() override;
    Result<std::vector<std::string>> repair() override;
    Result<Dropped> collect_garbage(std::int64_t keep_seconds, bool dry_run, Time now) override;
    Result<void> dump(const std::function<bool(std::string_view line)>& take) override;

private:
    /// Locks, and forgets an earlier failure.
    [[nodiscard]] std::unique_lock<std::mutex> begin();
    /// `value`, or what the database failed with.
    template <typename T>
    Result<T> done(T value) {
        if (database_->failed()) return std::unexpected(database_->failure());
        return value;
    }
    Result<void> done() {
        if (database_->failed()) return std::unexpected(database_->failure());
        return {};
    }

    // All below expect the lock, and those that write a transaction.
    std::int64_t ruleset_id(const Ruleset& ruleset);
    std::optional<std::int64_t> known_ruleset(const Ruleset& ruleset);
    std::int64_t hmac_key_id(const std::string& public_id);
    std::int64_t name_id(const std::string& text);
    std::int64_t path_id(std::string_view text);
    std::int64_t secret_id(const Finding& finding, std::int64_t hmac_key,
                           const std::string& account);
    std::int64_t blob_id(const std::string& digest, std::int64_t bytes);
    std::int64_t manifest_id(const ManifestRecord& manifest);
    std::optional<std::int64_t> scan_of(const std::string& digest, std::int64_t ruleset);
    std::optional<layer::LayerResult> read_layer(std::int64_t layer_scan);
    std::int64_t write_layer(const layer::LayerResult& result, const Ruleset& ruleset,
                             bool reusable, Time now);
    void write_rows(std::int64_t layer_scan, const layer::LayerResult& result,
                    const Ruleset& ruleset);
    void see_manifest(std::int64_t repository, std::int64_t manifest, int position,
                      std::optional<std::int64_t> image_scan, Time now);
    std::int64_t write_image_scan(std::int64_t manifest, const ImageRecord& image, Time now);
    Result<StoredImage> read_image(std::int64_t image_scan);
    Ruleset ruleset_of(std::int64_t id);
    /// Drops by their ids, the first column of `question`, the rows that are not whole.
    std::size_t drop_unreadable(std::string_view question, std::string_view removal,
                                const std::function<bool(const Rows&)>& is_whole);
    std::vector<std::string> tags_of(std::int64_t repository, std::int64_t manifest,
                                     const std::string& digest, const std::string& registry_name,
                                     bool with_gone);

    std::mutex mutex_;
    std::unique_ptr<Database> database_;
    std::string path_;
    /// By severity, of the findings of a layer's result; small, and asked for often.
    std::map<std::int64_t, std::array<std::int64_t, 5>> severities_;
    std::map<std::int64_t, std::int64_t> looks_;  ///< by repository, that this object began
};

}  // namespace stratascan::store
