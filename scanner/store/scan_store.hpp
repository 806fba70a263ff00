// The store as a scan uses it. Nothing that goes wrong with it is worth a finding: it is
// noted once, and the scan goes on as if there were no store.
//
// Opened with the first layer or target, not before: a scan that fails for its arguments
// makes no file.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "scanner/source/image_source.hpp"
#include "scanner/store/store.hpp"

namespace stratascan::store {

class ScanStore {
public:
    /// `memory_bytes` is the ceiling, for results that it made smaller.
    ScanStore(std::string path, Ruleset ruleset, std::uint64_t memory_bytes);

    /// The result of this blob, if it is kept. Any thread.
    [[nodiscard]] std::optional<layer::LayerResult> known(const std::string& digest);

    /// Keeps a result where it may stand for its blob: when its digest was computed, that
    /// is, it was read to its end. `of_stream`: read with less memory than it could have
    /// had, and kept only where that made no difference. Any thread.
    void keep(const layer::LayerResult& result, bool of_stream);

    /// One image of a target as it was joined.
    struct Scanned {
        const source::ImageRef& image;
        const image::ImageFacts& facts;
        const std::vector<const layer::LayerResult*>& layers;  ///< null: not read
        const std::vector<image::Hidden>& hidden;
        bool complete = false;
        std::string config{};    ///< image::kept_config()
        std::string attached{};  ///< image::kept_attachments()
    };

    /// Records a target. `whole`: it holds no other images than `images`.
    void record(const std::string& target, const source::ImageSource& source,
                const std::vector<Scanned>& images, bool whole);

    /// REQUIRES: no call is under way.
    [[nodiscard]] const std::vector<std::string>& notes() const noexcept { return notes_; }

private:
    [[nodiscard]] Store* opened();
    void give_up(const Error& error);
    [[nodiscard]] std::vector<std::optional<LayerId>> ids_of(const Scanned& scanned, Store& store);

    std::string path_;
    Ruleset ruleset_, with_memory_;
    std::mutex mutex_;
    bool tried_ = false;
    std::unique_ptr<Store> store_;
    bool failed_ = false;
    std::map<std::string, LayerId> ids_;  ///< by digest
    std::vector<std::string> notes_;
};

/// Whether a result stands for its blob wherever it occurs: it was read to its end.
[[nodiscard]] bool may_stand_for_blob(const layer::LayerResult& result);

/// Of results that the memory ceiling made smaller.
[[nodiscard]] Ruleset with_memory(const Ruleset& ruleset, std::uint64_t memory_bytes);

/// The manifest of an image as a store keeps it. An image without one is known by its
/// config's digest, as docker's tools do it, or else by its layers.
[[nodiscard]] ManifestRecord manifest_of(const ScanStore::Scanned& scanned);

}  // namespace stratascan::store
