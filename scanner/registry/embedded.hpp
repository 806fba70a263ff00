// Blobs that a manifest brings along: a descriptor may have its content in base64 as `data`
// (OCI image specification, descriptor.md). What is there, and is what the digest says, need
// not be fetched; a registry may not even have it.
#pragma once

#include <cstddef>
#include <list>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

namespace stratascan::registry {

/// The embedded blobs of the manifests seen last, up to a few megabytes. Thread-safe.
class EmbeddedBlobs {
public:
    explicit EmbeddedBlobs(std::size_t most_bytes = std::size_t{8} << 20) : room_(most_bytes) {}

    /// Any bytes; those that are no manifest hold nothing. Content that differs from its
    /// descriptor's size or digest is left alone: the blob is then fetched.
    void note(std::string_view manifest);

    [[nodiscard]] std::optional<std::string> find(const std::string& digest) const;

private:
    void keep(const std::string& digest, std::string bytes);

    const std::size_t room_;
    mutable std::mutex mutex_;
    std::size_t used_ = 0;
    std::map<std::string, std::string> blobs_;  ///< by digest
    std::list<std::string> order_;              ///< digests, the oldest first
};

}  // namespace stratascan::registry
