// What the deltas of a gathered pack make. Each chain is followed from its base, so
// that a base is mostly at hand when it is needed; what was given up for memory is
// made again from the nearest that is left. The work is bounded, so a pack that was
// built to need it over and over ends as a gap.
#pragma once

#include <cstdint>
#include <list>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "scanner/nested/gathered.hpp"
#include "scanner/nested/git_pack.hpp"
#include "scanner/nested/git_zlib.hpp"

namespace stratascan::nested {

class PackDeltas {
public:
    struct Object {
        GitKind kind = GitKind::none;
        GitId id;
        std::shared_ptr<const std::string> contents;
    };

    /// `entries` are in order of their offsets; their links are filled in here.
    /// `base_ids`: what by_id entries are made from. All outlive this.
    PackDeltas(const Gathered& pack, std::vector<PackEntry>& entries,
               const std::vector<GitId>& base_ids, GitHash hash, const PackMemory& memory);

    /// The next object that a delta makes. Nothing: there are no more, and the fate
    /// of each entry is set.
    [[nodiscard]] std::optional<Object> next();

    /// The whole of an entry's zlib stream; nothing where it is damaged or has
    /// more than `most` bytes.
    [[nodiscard]] std::optional<std::string> inflate(const PackEntry& entry, std::uint64_t most);

private:
    using Contents = std::shared_ptr<const std::string>;

    void link();
    [[nodiscard]] bool begin_root();
    void adopt(std::uint32_t entry, const GitId& id);
    void mark_below(std::uint32_t entry, PackEntry::Fate fate);
    [[nodiscard]] Contents contents_of(std::uint32_t entry, PackEntry::Fate& fate);
    [[nodiscard]] Contents cached(std::uint32_t entry);
    void keep(std::uint32_t entry, const Contents& contents);

    const Gathered& pack_;
    std::vector<PackEntry>& entries_;
    const std::vector<GitId>& base_ids_;
    GitHasher hasher_;
    PackMemory memory_;
    GitZlib zlib_;
    std::uint32_t root_ = 0;              // the next entry that may be a root
    std::vector<std::uint32_t> waiting_;  // deltas to go on with
    std::unordered_multimap<std::string, std::uint32_t> by_id_;  // whose base was not met yet
    std::list<std::pair<std::uint32_t, Contents>> recent_;       // the newest in front
    std::unordered_map<std::uint32_t, decltype(recent_)::iterator> places_;
    std::uint64_t cached_bytes_ = 0;
    std::uint64_t work_ = 0, most_work_ = 0;
};

}  // namespace stratascan::nested
