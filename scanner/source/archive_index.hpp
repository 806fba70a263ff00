// The members of an uncompressed tar archive and where their bytes are, so that
// a layer inside it is read in place, from any thread, in any order, and never
// unpacked. One pass over the headers; data is skipped.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "scanner/source/member_names.hpp"
#include "stratascan/error.hpp"
#include "stratascan/report.hpp"

namespace stratascan::source {

/// What is known of a name in an image archive before anything is read of it.
/// Here too: the names that make an archive an image archive at all.
enum class NameKind {
    root,      ///< "./", which says nothing
    marker,    ///< only image archives have it: "oci-layout", "blobs/sha256/…", "<64 hex>.json"
    document,  ///< "index.json" or "manifest.json": its content must tell
    folder,    ///< "blobs", which says little
    other,
};

/// REQUIRES: `name` is normalised.
[[nodiscard]] NameKind classify_name(std::string_view name) noexcept;

struct ArchiveMember {
    std::uint64_t offset = 0;  ///< of the data, from the start of the archive
    std::uint64_t size = 0;
    bool is_link = false;
    std::string link;     ///< the normalised name that a link stands for
    bool sparse = false;  ///< its data has holes cut out and is not readable in place
};

class ArchiveIndex {
public:
    /// Fills the span from an offset on; less only at the archive's end.
    using ReadAt = std::function<Result<std::size_t>(std::uint64_t, std::span<std::byte>)>;

    /// Limits that no honest image archive meets.
    struct Limits {
        std::uint64_t members = 1'000'000;
        std::size_t names = 100'000;     ///< of those kept
        std::uint64_t undecided = 4096;  ///< members with no marker among them: a layer
    };

    /// `malformed` when the first block is no tar header. What is wrong further
    /// on is in gaps(); the members before it are there.
    [[nodiscard]] static Result<ArchiveIndex> build(const ReadAt& read_at, std::uint64_t size,
                                                    const Limits& limits);

    /// The member that has the data of `name`, links followed; its own name is
    /// written to `key` if that is not null.
    [[nodiscard]] const ArchiveMember* find(std::string_view name,
                                            std::string* key = nullptr) const;

    /// True when the pass stopped early because nothing looked like an image.
    [[nodiscard]] bool gave_up() const noexcept { return gave_up_; }
    /// Whether a member is sparse.
    [[nodiscard]] bool has_sparse() const noexcept { return has_sparse_; }
    [[nodiscard]] bool has_marker() const noexcept { return has_marker_; }
    /// Whether there is a name that only image archives have, and none that they have not.
    [[nodiscard]] bool is_of_images() const noexcept { return has_image_name_ && !has_other_name_; }
    /// Whether zeros stand behind the last member, as nearly every writer has it. Layers come
    /// without, and are complete: the blob's digest says so. Nothing says so of an archive.
    [[nodiscard]] bool has_end() const noexcept { return has_end_; }
    void add_gap(Gap gap) { gaps_.push_back(std::move(gap)); }
    /// All members, folders and those with overlong names included.
    [[nodiscard]] std::uint64_t members() const noexcept { return members_; }
    /// What of the archive could not be read, or is ambiguous.
    [[nodiscard]] const std::vector<Gap>& gaps() const noexcept { return gaps_; }
    /// Names of what has no bytes that are read.
    [[nodiscard]] const MemberNames& bare_names() const noexcept { return bare_names_; }
    [[nodiscard]] const std::map<std::string, ArchiveMember, std::less<>>& kept() const noexcept {
        return kept_;
    }

private:
    friend class ArchiveWalk;

    std::map<std::string, ArchiveMember, std::less<>> kept_;
    MemberNames bare_names_;
    std::vector<Gap> gaps_;
    std::uint64_t members_ = 0;
    bool gave_up_ = false;
    bool has_sparse_ = false;
    bool has_marker_ = false;
    bool has_image_name_ = false, has_other_name_ = false;
    bool has_end_ = false;
};

/// The name that a link at `name` leads to. Hard links name a member, symbolic
/// ones are relative to their folder. Normalised; never above the root.
[[nodiscard]] std::string resolve_link(std::string_view name, std::string_view target,
                                       bool symbolic);

}  // namespace stratascan::source
