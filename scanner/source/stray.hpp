// What a target holds beside what its images name: blobs that no manifest lists,
// files that somebody put into the archive or layout, and the documents of the
// target itself. Whoever gets the image gets these bytes, too, so they are
// scanned.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "scanner/source/blob_store.hpp"
#include "scanner/source/candidate.hpp"

namespace stratascan::source {

/// A store that remembers which of its blobs were asked for as layers.
class WatchedStore final : public BlobStore {
public:
    /// `store` must outlive it.
    explicit WatchedStore(const BlobStore& store) : store_(store) {}

    Result<std::string> document(const std::string& name) const override {
        return store_.document(name);
    }
    Result<std::string> manifest(const std::string& name) const override {
        return store_.manifest(name);
    }
    std::optional<Blob> find(const std::string& name) const override;
    std::optional<Blob> find_foreign(const std::string& name,
                                     const std::vector<std::string>& urls) const override;
    std::vector<std::string> names() const override { return store_.names(); }
    const MemberNames& bare_names() const override { return store_.bare_names(); }
    std::string_view place() const noexcept override { return store_.place(); }

    [[nodiscard]] const BlobStore& unwatched() const noexcept { return store_; }
    [[nodiscard]] bool was_found(const std::string& key) const { return found_.contains(key); }

private:
    const BlobStore& store_;
    mutable std::set<std::string> found_;
};

/// Adds the names to what is looked through of the image, and a gap where they are cut.
void add_member_names(ImageRef& image, const MemberNames& names);

/// Gives each blob that no image has to where it is scanned: a text to the image
/// that it is about, else to the first one; anything else to a last candidate of
/// the kind "stray", as a layer of its own. Names that nothing else looks through go to the
/// first image as a text. REQUIRES: `candidates` are all that
/// the store's documents lead to, and not none.
void account_for_rest(const WatchedStore& store, std::vector<Candidate>& candidates);

}  // namespace stratascan::source
