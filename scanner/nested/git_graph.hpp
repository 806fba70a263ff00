// Commits and trees of one git repository, as numbers: enough to say which commit
// brought a blob, where in its tree, and whether the blob is still in the tree of
// HEAD. An entry of a tree costs 8 bytes, an object or a name about 40.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "scanner/nested/git_object.hpp"
#include "scanner/nested/interned.hpp"

namespace stratascan::nested {

/// What is known of a blob. Commits that are not here (a shallow clone, another
/// repository's objects) hold nothing.
struct BlobHistory {
    std::optional<GitId> commit;  ///< the earliest that has it and whose parents have not
    std::int64_t time = 0;        ///< of that commit's committer, in seconds since 1970
    std::string path;             ///< in its tree; empty if longer than 4 KiB
    std::optional<bool> in_head;  ///< nothing where the tree of HEAD is not known whole
};

class GitGraph {
public:
    /// An object's contents; those of blobs and tags tell nothing. Damaged ones
    /// are taken as far as they make sense.
    void add(GitKind kind, const GitId& id, std::string_view contents);

    [[nodiscard]] std::uint64_t memory() const noexcept;

    /// In the order of `blobs`, which are without repetitions. The time it takes is
    /// bounded: for blobs beyond that nothing is told.
    [[nodiscard]] std::vector<BlobHistory> find(std::span<const GitId> blobs,
                                                const std::optional<GitId>& head) const;

private:
    struct Tree {
        std::uint32_t entries = 0, count = 0;  // in entries_
    };
    struct Entry {
        std::uint32_t object = 0;
        std::uint32_t name = 0;  // the top bit: it is a tree
    };
    struct Commit {
        std::uint32_t object = 0, tree = 0;
        std::uint32_t parents = 0, count = 0;  // in parents_
        std::int64_t time = 0;
    };
    struct Marks;

    std::uint32_t object(std::string_view id);
    void add_commit(const GitId& id, std::string_view contents);
    void add_tree(const GitId& id, std::string_view contents);
    void mark(std::uint32_t root, Marks& marks) const;
    void find_some(std::span<const GitId> blobs, const Commit* head, Marks& marks,
                   std::span<BlobHistory> found) const;
    [[nodiscard]] std::string path_of(std::uint32_t root, std::uint32_t blob,
                                      const Marks& marks, std::uint64_t bit) const;
    [[nodiscard]] const Commit* commit_of(std::uint32_t object) const;

    Interned ids_, names_;
    // By object: the number of its tree or commit plus 1; commits with the top bit.
    std::vector<std::uint32_t> content_of_;
    std::vector<Tree> trees_;
    std::vector<Entry> entries_;
    std::vector<Commit> commits_;
    std::vector<std::uint32_t> parents_;
};

}  // namespace stratascan::nested
