// The first half of a sweep: what is there, and what of it is not known yet. Lists
// repositories and tags, asks each tag where it leads (HEAD), and fetches the manifests
// that the store does not have. What it sees it writes into the store at once: the
// history of tags does not wait for layers.
#pragma once

#include <array>
#include <atomic>
#include <map>
#include <mutex>
#include <set>
#include <string>
#include <vector>

#include "scanner/source/oci_json.hpp"
#include "scanner/sweep/scope.hpp"
#include "scanner/sweep/tasks.hpp"
#include "scanner/sweep/work.hpp"

namespace stratascan::sweep {

class Planner {
public:
    explicit Planner(Work& work);

    /// Fills the ledger. What could not be listed is in `troubles`.
    void run(const std::vector<SweepTarget>& targets, std::vector<TargetTrouble>& troubles);

private:
    struct SeenTag {
        std::string tag;
        std::string digest;  ///< empty: not asked for yet
    };
    /// The dates of a repository's tags; each element is one task's.
    struct Dating {
        std::vector<DatedTag> tags;
        std::vector<std::string> digests;
        std::atomic<std::size_t> open_tasks = 0;
    };
    /// What a root needs.
    struct Needs {
        std::vector<Ledger::Wanted> layers;
        std::set<std::string> manifests;     ///< under way, for indexes that lead to themselves
        std::vector<std::string> subjects;   ///< of referrers
        std::map<std::string, bool> settled;  ///< manifests that were asked for, by digest
    };

    /// Not asked for yet, each once, in order.
    [[nodiscard]] static std::vector<SeenTag> without_repeats(std::vector<std::string> names);

    void list_target(const SweepTarget& target, std::vector<TargetTrouble>& troubles);
    [[nodiscard]] bool is_known(const SweepTarget& target);
    void look_for_gone(const SweepTarget& target);
    bool open_repository(const registry::Repository& place);
    void list_tags(std::uint32_t repository);
    [[nodiscard]] bool take_room_for_dates(std::size_t tags);
    void date_tags(std::uint32_t repository, std::vector<std::string> names);
    void date_tag(std::uint32_t repository, Dating& dating, std::size_t index);
    [[nodiscard]] std::vector<SeenTag> choose(std::uint32_t repository, Dating& dating);
    void look_at_tags(std::uint32_t repository, std::vector<SeenTag> chosen);
    [[nodiscard]] std::optional<std::int64_t> created_of(const registry::Repository& place,
                                                         const std::string& digest, int depth);
    void look_at_tag(std::uint32_t repository, const SeenTag& tag);
    void see_root(std::uint32_t repository, const std::string& digest,
                  std::optional<Documents::Manifest> given, int depth);
    void leave_out(std::uint32_t repository, const std::string& digest);
    void note_bare(const std::string& digest);
    [[nodiscard]] bool settled(std::uint32_t repository, const std::string& digest, int depth,
                               Needs& needs);
    [[nodiscard]] bool is_settled(std::uint32_t repository, const std::string& digest, int depth,
                                  Needs& needs);
    [[nodiscard]] Result<void> walk(std::uint32_t repository, const std::string& digest,
                                    std::optional<Documents::Manifest> given, int depth,
                                    Needs& needs);
    struct Child {
        std::string digest;
        std::int64_t size = -1;
        bool is_manifest = true;  ///< else a blob
    };
    void want_layers(const source::OciDocument& document, Needs& needs);
    [[nodiscard]] std::vector<Child> children_of(const source::OciDocument& index) const;
    void walk_children(std::uint32_t repository, const std::vector<Child>& children, int depth,
                       Needs& needs);
    void clean_texts(store::ManifestRecord& record);
    void record(const Documents::Manifest& manifest, const source::OciDocument& document,
                const std::string& created = {});
    void see_referrers(std::uint32_t repository, const std::vector<std::string>& subjects,
                       int depth);
    [[nodiscard]] bool other_platform(std::uint32_t repository,
                                      const source::OciDocument& manifest);

    Work& work_;
    Filter repositories_, tags_;
    std::optional<source::Platform> platform_;
    std::int64_t now_;
    Tasks tasks_;
    std::atomic<std::size_t> waiting_ = 0;  ///< tasks that look at tags and are not done
    std::atomic<std::size_t> dated_ = 0;    ///< tags that are held until all have their dates
    std::mutex mutex_;
    std::set<std::string> opened_;  ///< repositories as they are told, guarded
    std::set<std::string> without_referrers_;  ///< registries, guarded
    std::array<std::mutex, 64> stripes_;     ///< by digest: one thread looks at a root
};

/// Those manifests of an index that are not of the platform: their digests, sorted. What
/// is about one of them counts as well.
[[nodiscard]] std::vector<std::string> other_platforms(
    const source::OciDocument& index, const std::optional<source::Platform>& platform);

}  // namespace stratascan::sweep
