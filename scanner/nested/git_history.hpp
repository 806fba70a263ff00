// The git repositories of one layer. A repository is known by the folder that its
// objects lie in: packs as objects/pack/*, loose objects as objects/ab/cdef…, on the
// layer's own paths and inside archives alike; a pack that lies elsewhere is a
// repository of its own. While objects pass, their graph is kept; when all of the
// layer was scanned, findings in blobs are told which commit brought them.
//
// Only the layer's own bytes count: a repository that goes on in another layer is
// two.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "scanner/layer/dropped_told.hpp"
#include "scanner/layer/layer_result.hpp"
#include "scanner/nested/git_graph.hpp"

namespace stratascan::nested {

/// Where a file stands: its path in the layer, then the steps into containers, of
/// which the last is its name.
using NamesIn = std::vector<std::string>;

/// A file's name, seen as git's.
struct GitFileName {
    std::string_view root;         ///< the repository's folder; may be empty
    bool in_repository = false;    ///< it lies where a repository has objects
    std::optional<GitId> claimed;  ///< a loose object's id
    GitHash hash = GitHash::sha1;  ///< by the length of the id in its name
};
[[nodiscard]] GitFileName git_file_name(std::string_view path) noexcept;

/// Whether a file may say what HEAD is: HEAD, packed-refs, refs/heads/….
[[nodiscard]] bool may_be_git_ref(std::string_view path) noexcept;

class GitHistory {
public:
    /// `memory`: of all graphs together.
    explicit GitHistory(std::uint64_t memory) : memory_(memory) {}

    /// The number of the repository that an object's file belongs to.
    [[nodiscard]] std::uint32_t repository(const NamesIn& names);
    void add_object(std::uint32_t repository, GitKind kind, const GitId& id,
                    std::string_view contents);
    /// An object whose contents are not told; a commit or tree may be missing then.
    void miss_object(GitKind kind);
    /// The contents of a file that may_be_git_ref, up to ref_file_bytes.
    void add_ref_file(const NamesIn& names, std::string_view text);

    [[nodiscard]] std::uint64_t memory() const noexcept { return graph_bytes_ + ref_bytes_; }
    /// Not all commits and trees found room, or were small enough.
    [[nodiscard]] bool truncated() const noexcept { return truncated_; }

    /// Behind the step of each blob that a commit is known for, adds the step
    /// "commit ID PATH", and sets Finding::in_head. Of a secret that several versions
    /// of one path hold, the finding in the earliest stays; the others are
    /// told where `told` is not null. `clean` gives a path without the secrets in it.
    void tell(layer::LayerResult& result,
              const std::function<std::string(std::string_view)>& clean,
              layer::DroppedTold* told = nullptr) const;

    static constexpr std::size_t ref_file_bytes = 1 << 20;

private:
    struct Repository {
        std::string key;
        GitGraph graph;
    };
    struct Asked;

    [[nodiscard]] std::optional<GitId> head_of(const std::string& key) const;
    [[nodiscard]] std::optional<GitId> ref(const std::string& folder, const std::string& name) const;
    [[nodiscard]] std::vector<Asked> ask(const std::vector<layer::LayerFinding>& findings) const;

    std::uint64_t memory_;
    std::map<std::string, std::uint32_t> numbers_;
    std::vector<std::unique_ptr<Repository>> repositories_;
    std::map<std::string, std::string> ref_files_;  // by key and name
    std::uint64_t graph_bytes_ = 0;  ///< of all repositories
    std::uint64_t ref_bytes_ = 0;
    bool truncated_ = false;
};

}  // namespace stratascan::nested
