// What was scanned, kept: results of layers, images and their places in repositories,
// tags over time. Nothing above this interface knows which database is behind it.
//
// Three users. A scan asks for layers that it need not read again, and records what it
// found. A sweep over a registry tells what it sees, in any order and as often as it
// likes, and asks what is missing; after a kill it begins again and is told what is
// there. `find`, `report` and the upkeep read.
//
// Every call that writes is a transaction: it is done or it was not. Calls may come from
// any thread; writers take turns, also with other processes. Times are seconds since
// 1970, UTC. Secrets are not given to a store, and Finding::clear_text is never kept.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "scanner/image/join.hpp"
#include "scanner/layer/layer_result.hpp"
#include "scanner/store/query.hpp"
#include "scanner/store/records.hpp"
#include "stratascan/error.hpp"

namespace stratascan::store {

/// Now, in the unit of the store.
[[nodiscard]] Time current_time();

class Store {
public:
    virtual ~Store() = default;

    /// The store at `path`. `make`: it is made where there is none; else that is
    /// `not_found`. `wait_ms`: how long a call waits while another process writes.
    [[nodiscard]] static Result<std::unique_ptr<Store>> open(const std::string& path, bool make,
                                                             int wait_ms = 10'000);

    // --- Layers

    /// The result of a blob under these rules, or nothing. One that is damaged is nothing
    /// too, and put_layer() replaces it.
    [[nodiscard]] virtual Result<std::optional<StoredLayer>> layer(const std::string& digest,
                                                                   const Ruleset& ruleset) = 0;

    /// Which of these blobs have no result under these rules; in the order given.
    [[nodiscard]] virtual Result<std::vector<std::string>> unknown_layers(
        std::span<const std::string> digests, const Ruleset& ruleset) = 0;

    /// Keeps a result. A reusable one stands for its blob, under LayerResult::digest, from
    /// now on: REQUIRES that it was computed over the whole blob and that nothing but the
    /// bytes and the rules made it what it is. Where there is one already, that stays.
    [[nodiscard]] virtual Result<LayerId> put_layer(const layer::LayerResult& result,
                                                    const Ruleset& ruleset, bool reusable) = 0;

    // --- What is seen of registries. Each is idempotent.

    /// Begins a look over a repository. What is observed from here on counts as seen at
    /// `now`. A look that was begun and not finished, because the process was killed, is
    /// simply begun again; two at once do not disturb each other. A glance at a part of
    /// it leaves the state of the last look as it is, and needs no end.
    [[nodiscard]] virtual Result<RepositoryId> begin_repository(const RepositoryName& name,
                                                                Time now,
                                                                Look look = Look::whole) = 0;

    /// A manifest or an index as its bytes tell. Its layers become known as blobs.
    [[nodiscard]] virtual Result<void> record_manifest(const ManifestRecord& manifest) = 0;

    /// The tag leads to this manifest now: the history goes on, or a new entry begins and
    /// the old one is closed. REQUIRES that the manifest was recorded.
    [[nodiscard]] virtual Result<void> observe_tag(RepositoryId repository,
                                                   const std::string& tag,
                                                   const std::string& digest, Time now) = 0;

    /// The repository holds this manifest, scanned or not. As above.
    [[nodiscard]] virtual Result<void> observe_manifest(RepositoryId repository,
                                                        const std::string& digest,
                                                        Time now) = 0;

    /// Whether this manifest was scanned under these rules, with all its layers complete;
    /// if so, it is recorded as seen in the repository, and nothing need be fetched.
    [[nodiscard]] virtual Result<bool> reuse_image(RepositoryId repository,
                                                   const std::string& digest,
                                                   const Ruleset& ruleset, Time now) = 0;

    /// A manifest or an index that was recorded, or nothing. `raw` is empty where it was
    /// not kept.
    [[nodiscard]] virtual Result<std::optional<ManifestRecord>> manifest(
        const std::string& digest) = 0;

    /// As reuse_image(), but also true of an image that a new scan would find no more
    /// complete: every layer was read to its end, and nothing is missing of its documents.
    [[nodiscard]] virtual Result<bool> reuse_settled_image(RepositoryId repository,
                                                           const std::string& digest,
                                                           const Ruleset& ruleset, Time now) = 0;

    /// The repository is not in its registry any more; nor is what it held.
    [[nodiscard]] virtual Result<void> repository_gone(RepositoryId repository, Time now) = 0;

    /// What the repository's images have in their layers and documents, a layer once, and
    /// how much of it was read.
    [[nodiscard]] virtual Result<RepositoryTotals> repository_totals(RepositoryId repository) = 0;

    /// A scanned image of the repository, with the results of its layers and what of
    /// them is not visible in it.
    [[nodiscard]] virtual Result<void> record_image(RepositoryId repository,
                                                    const ImageRecord& image, Time now) = 0;

    /// Digests of manifests that the repository held and this look has not seen: no tag
    /// leads to them any more, but most registries still give them to who knows the digest.
    [[nodiscard]] virtual Result<std::vector<std::string>> unseen_manifests(
        RepositoryId repository) = 0;

    /// Ends a look. After a whole one, what was not seen since it began is gone from now
    /// on: its tags are closed, its manifests marked. After any other, nothing is.
    [[nodiscard]] virtual Result<void> finish_repository(RepositoryId repository, LookState state,
                                                         const std::string& reason,
                                                         Time now) = 0;

    /// Of the repositories whose last look is not over, or did not go well.
    [[nodiscard]] virtual Result<std::vector<RepositoryRecord>> repositories() = 0;

    // --- Questions

    [[nodiscard]] virtual Result<Answer> find(const Question& question) = 0;

    /// Every image that repositories hold or held, with what its report is made of.
    [[nodiscard]] virtual Result<void> each_image(
        const ImageFilter& filter, const std::function<bool(StoredImage&&)>& take) = 0;

    // --- Upkeep

    /// Public ids of the keys that name the secrets in it.
    [[nodiscard]] virtual Result<std::vector<std::string>> keys() = 0;

    [[nodiscard]] virtual Result<Figures> figures() = 0;
    /// What is wrong with the file and with what it says, a line each.
    [[nodiscard]] virtual Result<std::vector<std::string>> check() = 0;
    /// Mends what check() tells of: drops what can't be read back or leads nowhere, makes
    /// indexes again. What was done, a line each. Images that lose something count as not
    /// read in full. `malformed`: the file itself is damaged; close it and see salvage().
    [[nodiscard]] virtual Result<std::vector<std::string>> repair() = 0;
    /// A damaged file's readable rows, in a new file at its place; the old one stays as
    /// PATH.damaged. REQUIRES: it is not open in this process.
    [[nodiscard]] static Result<std::vector<std::string>> salvage(const std::string& path);
    /// Drops results that nothing needs. Those that are younger than `keep_seconds` stay.
    [[nodiscard]] virtual Result<Dropped> collect_garbage(std::int64_t keep_seconds,
                                                          bool dry_run, Time now) = 0;
    /// Everything, one JSON object a line.
    [[nodiscard]] virtual Result<void> dump(
        const std::function<bool(std::string_view line)>& take) = 0;
};

}  // namespace stratascan::store
