// What is known of a layer from its bytes alone: the unit that is computed once
// and shared by every image that has the layer. It holds no image's name, no
// index, no build step and no visibility; those are joined on later, in
// scanner/image/.
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "scanner/evidence/certificate.hpp"
#include "scanner/layer/file_facts.hpp"
#include "scanner/layer/package_facts.hpp"
#include "stratascan/report.hpp"

namespace stratascan::layer {

/// The first 16 bytes of the SHA-256 of a normalised path: enough that nobody
/// can make two paths collide, small enough to keep one for each of millions of
/// members.
struct PathHash {
    std::array<std::uint8_t, 16> bytes{};
    auto operator<=>(const PathHash&) const = default;
};

[[nodiscard]] PathHash hash_path(std::string_view normalised) noexcept;

/// "./usr//bin/../lib/x" -> "usr/lib/x"; never climbs above the root; "" is the
/// root itself. Bytes that are not UTF-8 are kept.
[[nodiscard]] std::string normalise_path(std::string_view raw);

/// What a symbolic link at a normalised path leads to. Normalised; never above the root.
[[nodiscard]] std::string resolve_link(std::string_view path, std::string_view target);

enum class EntryKind : std::uint8_t {
    file,
    directory,
    symlink,
    hardlink,
    other,     ///< device, fifo, socket
    whiteout,  ///< `path` is the path that it hides, not the marker's name
    opaque,    ///< `path` is the directory whose lower contents it hides
};

/// Cuts a path that is longer than `most` bytes (at least 64) to that: its beginning, "~",
/// and 16 hex digits of the SHA-256 of all of it, so that two do not become one. False
/// when it stays as it is.
bool shorten_path(std::string& path, std::uint64_t most);

struct PathEntry {
    PathHash path;
    std::uint32_t ordinal = 0;  ///< position of the member in its layer, from 0
    EntryKind kind = EntryKind::file;
};

/// Paths are normalised; a link's target is as resolved against its place:
/// a hard link's is a path in the layer, a symbolic link's is made absolute.
struct Link {
    std::string path;
    std::string target;
    std::uint32_t ordinal = 0;
    std::string shown{};  ///< the path without the secret that stands in it; empty: it has none
};

/// What a layer does to the tree: enough to tell whether a path of a lower layer
/// (or an earlier member of the same one) is still there.
struct PathIndex {
    std::vector<PathEntry> entries;  ///< sorted by (path, ordinal)
    std::vector<Link> hardlinks;     ///< in member order
    std::vector<Link> symlinks;      ///< in member order
    bool truncated = false;          ///< a limit was reached: visibility is not certain
};

struct InnerPlace;

struct LayerFinding {
    Finding finding;            ///< image fields (layer_index, layer, visibility, …) unset
    std::uint32_t ordinal = 0;  ///< of the layer's member that holds it
    std::size_t containers = 0; ///< steps of inner_path that lead into containers; the rest are encodings
    /// In a text that was made of the file outside: where it stands there, [first, second).
    std::vector<std::pair<std::uint64_t, std::uint64_t>> origins{};
    /// Of a container's member that holds it, or that such a text was made of; paths may come twice.
    std::shared_ptr<const InnerPlace> place{};
};

struct LayerProgram {
    Program program;  ///< image fields unset
    std::uint32_t ordinal = 0;
};

/// The first place in the layer where it stands.
struct LayerCertificate {
    std::shared_ptr<const evidence::Certificate> certificate;
    std::string path;
    std::vector<std::string> inner_path;
    std::uint32_t ordinal = 0;  ///< of the layer's member that holds it
};

struct LayerResult {
    std::string digest;       ///< computed over the blob's bytes, "sha256:…"
    std::string compression;  ///< "gzip", "zstd", "bzip2", "xz", "none"
    LayerState state = LayerState::complete;
    std::string state_reason;
    std::uint64_t files = 0;  ///< regular members
    std::uint64_t members = 0;
    std::uint64_t bytes = 0;             ///< uncompressed
    std::uint64_t compressed_bytes = 0;  ///< of the blob
    std::uint64_t inner_members = 0;     ///< of containers in it
    std::uint64_t inner_bytes = 0;       ///< that decoders made of them
    /// False: no tar member was found; the bytes were scanned as one run.
    bool is_archive = true;
    /// The decoder asked for more memory than it was given: worth a try alone.
    bool over_decoder_memory = false;
    std::vector<Gap> gaps;
    std::vector<std::string> notes;
    /// Sorted by ordinal, and by place in the member; those inside it come last.
    std::vector<LayerFinding> findings;
    std::vector<LayerProgram> programs;  ///< likewise
    PathIndex paths;
    std::vector<LayerCertificate> certificates;  ///< sorted by ordinal, each once
    PackageFacts packages;
    FileFacts file_facts;
    /// Of members that have findings or programs and may be parts of packages; sorted
    /// by ordinal.
    std::vector<MemberDigest> digests;
    /// Findings that gave way to others of the same file, by the reason.
    std::map<std::string_view, std::uint64_t> dropped;
};

}  // namespace stratascan::layer
