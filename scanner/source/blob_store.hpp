// Where the documents and blobs of images lie, under the names that the formats
// give them: "index.json", "blobs/sha256/<hex>", "<id>/layer.tar". An interface
// because three kinds of place answer it (a folder, an archive on disk, what was
// kept of a stream), and tests make a fourth in memory.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "scanner/source/member_names.hpp"
#include "stratascan/error.hpp"

namespace stratascan::source {

/// No honest index, manifest or config comes near this.
inline constexpr std::size_t max_document_bytes = std::size_t{4} << 20;

/// Of all the documents of one target together: what a stream retains, and what
/// its images carry.
inline constexpr std::size_t max_documents_bytes = std::size_t{64} << 20;

class BlobStore {
public:
    struct Blob {
        std::string key;  ///< its name, links followed
        std::int64_t size = -1;
    };

    virtual ~BlobStore() = default;

    /// The whole of a small document. Errors: `not_found`, `over_limit` past
    /// max_document_bytes, `unreadable`. A name is only ever compared with the
    /// names there are; a store that makes a path of it checks its form first.
    [[nodiscard]] virtual Result<std::string> document(const std::string& name) const = 0;

    /// The same of what an index lists. A registry keeps manifests apart from blobs.
    [[nodiscard]] virtual Result<std::string> manifest(const std::string& name) const {
        return document(name);
    }

    /// The blob of that name, if it is there.
    [[nodiscard]] virtual std::optional<Blob> find(const std::string& name) const = 0;

    /// The same of a blob that by its descriptor is held elsewhere, at these URLs.
    [[nodiscard]] virtual std::optional<Blob> find_foreign(
        const std::string& name, const std::vector<std::string>& /*urls*/) const {
        return find(name);
    }

    /// The names of all that has bytes of its own, sorted; links are left out.
    [[nodiscard]] virtual std::vector<std::string> names() const = 0;

    /// Of what names() leaves out, folders, links and what has too long a name, and of empty
    /// members: the names, to be looked through. REQUIRES: names() was called.
    [[nodiscard]] virtual const MemberNames& bare_names() const {
        static const MemberNames none;
        return none;
    }

    /// "layout" or "archive", for messages.
    [[nodiscard]] virtual std::string_view place() const noexcept = 0;
};

}  // namespace stratascan::source
