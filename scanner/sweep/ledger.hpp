// The books of a sweep: which repositories there are, which manifests lead to images
// ("roots": what a tag or a referrer leads to), which layers those need, and who waits
// for whom. What is done is in the store; here is what is to be done, a few hundred bytes
// a layer and a manifest, whatever the number of tags.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <limits>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "scanner/registry/reference.hpp"
#include "scanner/store/records.hpp"
#include "scanner/sweep/summary.hpp"
#include "stratascan/error.hpp"

namespace stratascan::sweep {

struct RepositoryEntry {
    registry::Repository place;
    std::string told;  ///< registry and name as they may be told: a name may hold a secret
    store::RepositoryId id{};
    std::size_t open_tasks = 1;  ///< tags to be looked at, and roots to be recorded
    bool listed_whole = true;    ///< every tag was listed, and was seen
    bool gone = false;           ///< the registry does not know it any more
    bool cut = false;            ///< there was no room for all of its images
    RepositorySummary summary;
};

struct Root {
    std::string digest;
    std::uint32_t missing = 0;  ///< layers that are not there yet
    bool settled = false;       ///< known, or recorded
    std::vector<std::uint32_t> repositories;  ///< that wait for it, or where it was seen
};

struct LayerEntry {
    std::string digest;
    std::int64_t size = -1;
    bool done = false;  ///< read, or given up
    std::vector<std::uint32_t> repositories;  ///< where it may be fetched from; a few
    std::vector<std::uint32_t> roots;         ///< that wait for it
};

/// Thread-safe by one lock; every call is short. Indices never change.
class Ledger {
public:
    /// `room`: bytes that the books may take, a half of them for repositories. Nothing is refused
    /// beyond it: whoever adds asks first.
    explicit Ledger(std::uint64_t room = std::numeric_limits<std::uint64_t>::max())
        : room_(room) {}

    [[nodiscard]] bool has_room_for_repositories() const;
    [[nodiscard]] bool has_room_for_images() const;
    /// Bytes, as near as can be said.
    [[nodiscard]] std::uint64_t size() const;

    /// `told_name`: empty where the name may be told.
    std::uint32_t add_repository(registry::Repository place, store::RepositoryId id,
                                 const std::string& told_name = {});
    /// Stays where it is. Only what never changes may be read without with_repository().
    [[nodiscard]] const RepositoryEntry& repository(std::uint32_t index) const;
    template <typename Change>
    void with_repository(std::uint32_t index, const Change& change) {
        const std::scoped_lock lock(mutex_);
        change(repositories_[index]);
    }
    [[nodiscard]] std::size_t repositories() const;
    void add_problem(std::uint32_t repository, Problem problem, const std::string& example);
    void add_tasks(std::uint32_t repository, std::size_t tasks);
    /// True when it was the last one.
    [[nodiscard]] bool task_done(std::uint32_t repository);

    [[nodiscard]] std::optional<std::uint32_t> find_root(const std::string& digest) const;
    std::uint32_t add_root(const std::string& digest);
    /// The root waits for these; those that are new are counted for the plan.
    struct Wanted {
        std::string digest;
        std::int64_t size = -1;
    };
    void add_layers(std::uint32_t root, std::uint32_t repository,
                    const std::vector<Wanted>& layers);
    /// The root is in that repository, too. False when it is there already, or is done.
    bool attach(std::uint32_t root, std::uint32_t repository);
    void settle(std::uint32_t root);
    /// Again, for another repository: the first one could not give it.
    void reopen(std::uint32_t root);
    [[nodiscard]] bool is_settled(std::uint32_t root) const;
    /// A settled root was found settled in that repository, too.
    void note_seen(std::uint32_t root, std::uint32_t repository);
    [[nodiscard]] bool is_seen(std::uint32_t root, std::uint32_t repository) const;

    // --- After the plan
    [[nodiscard]] std::uint64_t layers_wanted() const;
    [[nodiscard]] std::uint64_t bytes_wanted() const;
    /// Largest first, those of unknown size last.
    void begin_fetching();
    /// Nothing when there is none left.
    [[nodiscard]] std::optional<std::uint32_t> next_layer();
    /// The smallest that is left, from the other end; nothing when none is left of at
    /// most so many bytes.
    [[nodiscard]] std::optional<std::uint32_t> next_small_layer(std::int64_t most);
    [[nodiscard]] LayerEntry layer(std::uint32_t index) const;
    /// Those that waited for it go on.
    void layer_done(std::uint32_t index);
    [[nodiscard]] bool has_layer(const std::string& digest) const;

    /// A root whose layers are all there; waits for one. Nothing when there will be none.
    [[nodiscard]] std::optional<std::uint32_t> next_root();
    [[nodiscard]] Root root(std::uint32_t index) const;
    void root_done(std::uint32_t index);
    /// No more layers will come: whoever waits for a root stops waiting.
    void stop();

private:
    mutable std::mutex mutex_;
    std::condition_variable changed_;
    std::deque<RepositoryEntry> repositories_;
    std::deque<Root> roots_;
    std::deque<LayerEntry> layers_;
    std::unordered_map<std::string_view, std::uint32_t> root_of_, layer_of_;
    std::vector<std::uint32_t> order_;
    std::size_t next_ = 0, known_end_ = 0;  ///< in `order_`, of those of known size
    std::size_t next_unknown_ = 0;
    std::deque<std::uint32_t> ready_;
    std::size_t open_roots_ = 0;
    bool stopped_ = false;
    std::uint64_t bytes_ = 0;
    std::uint64_t room_, repositories_size_ = 0, images_size_ = 0;
};

}  // namespace stratascan::sweep
