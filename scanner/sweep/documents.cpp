#include "scanner/sweep/documents.hpp"

#include <algorithm>

#include "scanner/source/digest.hpp"

namespace stratascan::sweep {

std::optional<std::string> Documents::cached(const std::string& digest) {
    const std::scoped_lock lock(mutex_);
    const auto found = by_digest_.find(digest);
    if (found == by_digest_.end()) return std::nullopt;
    entries_.splice(entries_.begin(), entries_, found->second);
    return entries_.front().bytes;
}

void Documents::keep(const std::string& digest, const std::string& bytes) {
    const std::scoped_lock lock(mutex_);
    if (bytes.size() > room_ / 4 || by_digest_.contains(digest)) return;
    entries_.push_front({digest, bytes});
    by_digest_[digest] = entries_.begin();
    used_ += bytes.size();
    while (used_ > room_) {
        used_ -= entries_.back().bytes.size();
        by_digest_.erase(entries_.back().digest);
        entries_.pop_back();
    }
}

Result<Documents::Manifest> Documents::manifest(const registry::Repository& repository,
                                                const std::string& digest) {
    auto known = store_.manifest(digest);
    if (!known) return std::unexpected(known.error());
    if (*known && !(*known)->raw.empty()) {
        client_.note_manifest((*known)->raw);
        return Manifest{std::move((*known)->raw), digest, std::move((*known)->media_type), {}, true};
    }
    if (auto bytes = cached(digest)) return Manifest{std::move(*bytes), digest, {}, {}, false};
    auto fetched = client_.manifest({repository, "", digest});
    if (!fetched) return std::unexpected(fetched.error());
    keep(digest, fetched->bytes);
    return Manifest{std::move(fetched->bytes), digest, std::move(fetched->media_type),
                    std::move(fetched->problems), false};
}

Result<Documents::Manifest> Documents::tagged(const registry::Repository& repository,
                                              const std::string& tag) {
    auto fetched = client_.manifest({repository, tag, ""});
    if (!fetched) return std::unexpected(fetched.error());
    keep(fetched->digest, fetched->bytes);
    return Manifest{std::move(fetched->bytes), std::move(fetched->digest),
                    std::move(fetched->media_type), std::move(fetched->problems), false};
}

Result<std::string> Documents::config(const registry::Repository& repository,
                                      const std::string& digest) {
    const std::scoped_lock lock(asking_[std::hash<std::string>()(digest) % asking_.size()]);
    if (auto bytes = cached(digest)) return std::move(*bytes);
    auto fetched = client_.small_blob(repository, digest);
    if (fetched) keep(digest, *fetched);
    return fetched;
}

Result<std::string> RootStore::document(const std::string& name) const {
    if (name == "index.json") return index_;
    const auto digest = source::digest_of_blob_name(name);
    if (!digest) return fail(ErrorCode::not_found, "not in the registry", name);
    auto config = documents_.config(repository_, digest->text());
    if (!config) missed_ = config.error().code;
    return config;
}

Result<std::string> RootStore::manifest(const std::string& name) const {
    const auto digest = source::digest_of_blob_name(name);
    if (!digest) return fail(ErrorCode::not_found, "not in the registry", name);
    if (std::ranges::binary_search(skipped_, digest->text())) {
        return fail(ErrorCode::not_found, "of another platform", name);
    }
    auto manifest = documents_.manifest(repository_, digest->text());
    if (manifest) return std::move(manifest->bytes);
    // Indexes of old build caches list blobs.
    if (manifest.error().code != ErrorCode::not_found) {
        missed_ = manifest.error().code;
        return std::unexpected(manifest.error());
    }
    return document(name);
}

std::optional<source::BlobStore::Blob> RootStore::find_foreign(
    const std::string& name, const std::vector<std::string>& urls) const {
    const auto digest = source::digest_of_blob_name(name);
    if (!digest || !client_.can_fetch(repository_, digest->text(), urls)) return std::nullopt;
    return Blob{name, -1};
}

}  // namespace stratascan::sweep
