// Manifests and configs of a registry: from the store where they are kept, from the
// registry where not, and each asked for once while it is used.
#pragma once

#include <array>
#include <list>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>

#include "scanner/registry/client.hpp"
#include "scanner/source/blob_store.hpp"
#include "scanner/store/store.hpp"

namespace stratascan::sweep {

/// Thread-safe.
class Documents {
public:
    Documents(registry::Client& client, store::Store& store, std::size_t cache_bytes)
        : client_(client), store_(store), room_(cache_bytes) {}

    struct Manifest {
        std::string bytes;
        std::string digest;      ///< as it was asked for, or of the bytes
        std::string media_type;  ///< empty: not known
        std::vector<std::string> problems;
        bool kept = false;       ///< the store has it
    };

    /// By its digest.
    [[nodiscard]] Result<Manifest> manifest(const registry::Repository& repository,
                                            const std::string& digest);
    /// By its tag, where a registry does not tell the digest.
    [[nodiscard]] Result<Manifest> tagged(const registry::Repository& repository,
                                          const std::string& tag);
    [[nodiscard]] Result<std::string> config(const registry::Repository& repository,
                                             const std::string& digest);

private:
    [[nodiscard]] std::optional<std::string> cached(const std::string& digest);
    void keep(const std::string& digest, const std::string& bytes);

    registry::Client& client_;
    store::Store& store_;
    std::mutex mutex_;
    std::array<std::mutex, 16> asking_;  ///< by digest: a config is asked for once
    std::size_t room_, used_ = 0;
    struct Entry {
        std::string digest, bytes;
    };
    std::list<Entry> entries_;  ///< the last used first
    std::unordered_map<std::string, std::list<Entry>::iterator> by_digest_;
};

/// The documents of one repository under the names of a layout; "index.json" lists the
/// one manifest that is looked at.
class RootStore final : public source::BlobStore {
public:
    /// `skipped`: digests of manifests that are not asked for, sorted.
    RootStore(Documents& documents, registry::Client& client, registry::Repository repository,
              std::string index, std::vector<std::string> skipped)
        : documents_(documents), client_(client), repository_(std::move(repository)),
          index_(std::move(index)), skipped_(std::move(skipped)) {}

    Result<std::string> document(const std::string& name) const override;
    Result<std::string> manifest(const std::string& name) const override;
    /// A registry says that it has a blob by giving it.
    std::optional<Blob> find(const std::string& name) const override { return Blob{name, -1}; }
    std::optional<Blob> find_foreign(const std::string& name,
                                     const std::vector<std::string>& urls) const override;
    std::vector<std::string> names() const override { return {}; }
    std::string_view place() const noexcept override { return "registry"; }

    /// Why a document was not had, of the last one.
    [[nodiscard]] std::optional<ErrorCode> missed() const noexcept { return missed_; }

private:
    Documents& documents_;
    registry::Client& client_;
    registry::Repository repository_;
    std::string index_;
    std::vector<std::string> skipped_;
    mutable std::optional<ErrorCode> missed_;
};

}  // namespace stratascan::sweep
