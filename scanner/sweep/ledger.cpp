#include "scanner/sweep/ledger.hpp"

#include <algorithm>

namespace stratascan::sweep {

namespace {

// A blob that three repositories can't give, a fourth hardly can.
constexpr std::size_t most_places = 3;

// What each takes in memory with its names, its place in tables, and its tasks. Measured.
constexpr std::uint64_t repository_size = 650;
constexpr std::uint64_t root_size = 300;
constexpr std::uint64_t layer_size = 350;

}  // namespace

std::uint32_t Ledger::add_repository(registry::Repository place, store::RepositoryId id,
                                     const std::string& told_name) {
    const std::scoped_lock lock(mutex_);
    RepositoryEntry& entry = repositories_.emplace_back();
    repositories_size_ += repository_size + 4 * place.name.size();
    entry.summary.registry = place.registry;
    entry.summary.repository = told_name.empty() ? place.name : told_name;
    entry.told = place.registry + '/' + entry.summary.repository;
    entry.place = std::move(place);
    entry.id = id;
    return static_cast<std::uint32_t>(repositories_.size() - 1);
}

const RepositoryEntry& Ledger::repository(std::uint32_t index) const {
    const std::scoped_lock lock(mutex_);
    return repositories_[index];
}

std::size_t Ledger::repositories() const {
    const std::scoped_lock lock(mutex_);
    return repositories_.size();
}

void Ledger::add_problem(std::uint32_t repository, Problem problem, const std::string& example) {
    const std::scoped_lock lock(mutex_);
    repositories_[repository].summary.add(problem, example);
}

void Ledger::add_tasks(std::uint32_t repository, std::size_t tasks) {
    const std::scoped_lock lock(mutex_);
    repositories_[repository].open_tasks += tasks;
}

bool Ledger::task_done(std::uint32_t repository) {
    const std::scoped_lock lock(mutex_);
    return --repositories_[repository].open_tasks == 0;
}

bool Ledger::has_room_for_repositories() const {
    const std::scoped_lock lock(mutex_);
    return repositories_size_ < room_ / 2;
}

bool Ledger::has_room_for_images() const {
    const std::scoped_lock lock(mutex_);
    return images_size_ < room_ / 2;
}

std::uint64_t Ledger::size() const {
    const std::scoped_lock lock(mutex_);
    return repositories_size_ + images_size_;
}

std::optional<std::uint32_t> Ledger::find_root(const std::string& digest) const {
    const std::scoped_lock lock(mutex_);
    const auto found = root_of_.find(digest);
    return found == root_of_.end() ? std::nullopt : std::optional(found->second);
}

std::uint32_t Ledger::add_root(const std::string& digest) {
    const std::scoped_lock lock(mutex_);
    const auto known = root_of_.find(digest);
    if (known != root_of_.end()) return known->second;
    const auto index = static_cast<std::uint32_t>(roots_.size());
    Root& root = roots_.emplace_back();
    images_size_ += root_size;
    root.digest = digest;
    root_of_.emplace(root.digest, index);
    ++open_roots_;
    return index;
}

void Ledger::add_layers(std::uint32_t root, std::uint32_t repository,
                        const std::vector<Wanted>& layers) {
    const std::scoped_lock lock(mutex_);
    for (const Wanted& wanted : layers) {
        const auto index = static_cast<std::uint32_t>(layers_.size());
        const auto known = layer_of_.find(wanted.digest);
        if (known == layer_of_.end()) {
            LayerEntry& added = layers_.emplace_back();
            images_size_ += layer_size;
            added.digest = wanted.digest;
            added.size = wanted.size;
            layer_of_.emplace(added.digest, index);
            bytes_ += static_cast<std::uint64_t>(std::max<std::int64_t>(wanted.size, 0));
        }
        LayerEntry& layer = layers_[known == layer_of_.end() ? index : known->second];
        if (layer.repositories.size() < most_places &&
            std::ranges::find(layer.repositories, repository) == layer.repositories.end()) {
            layer.repositories.push_back(repository);
        }
        if (!layer.done && (layer.roots.empty() || layer.roots.back() != root)) {
            layer.roots.push_back(root);
            ++roots_[root].missing;
        }
    }
}

bool Ledger::attach(std::uint32_t root, std::uint32_t repository) {
    const std::scoped_lock lock(mutex_);
    Root& to = roots_[root];
    if (to.settled || std::ranges::find(to.repositories, repository) != to.repositories.end()) {
        return false;
    }
    to.repositories.push_back(repository);
    ++repositories_[repository].open_tasks;
    return true;
}

void Ledger::settle(std::uint32_t root) {
    const std::scoped_lock lock(mutex_);
    if (!roots_[root].settled) --open_roots_;
    roots_[root].settled = true;
}

void Ledger::reopen(std::uint32_t root) {
    const std::scoped_lock lock(mutex_);
    if (roots_[root].settled) {
        ++open_roots_;
        roots_[root].repositories = {};
    }
    roots_[root].settled = false;
}

bool Ledger::is_settled(std::uint32_t root) const {
    const std::scoped_lock lock(mutex_);
    return roots_[root].settled;
}

void Ledger::note_seen(std::uint32_t root, std::uint32_t repository) {
    const std::scoped_lock lock(mutex_);
    roots_[root].repositories.push_back(repository);
}

bool Ledger::is_seen(std::uint32_t root, std::uint32_t repository) const {
    const std::scoped_lock lock(mutex_);
    const Root& of = roots_[root];
    return of.settled &&
           std::ranges::find(of.repositories, repository) != of.repositories.end();
}

std::uint64_t Ledger::layers_wanted() const {
    const std::scoped_lock lock(mutex_);
    return layers_.size();
}

std::uint64_t Ledger::bytes_wanted() const {
    const std::scoped_lock lock(mutex_);
    return bytes_;
}

void Ledger::begin_fetching() {
    const std::scoped_lock lock(mutex_);
    order_.resize(layers_.size());
    for (std::uint32_t i = 0; i < order_.size(); ++i) order_[i] = i;
    std::ranges::sort(order_, [&](std::uint32_t a, std::uint32_t b) {
        return layers_[a].size != layers_[b].size ? layers_[a].size > layers_[b].size
                                                  : layers_[a].digest < layers_[b].digest;
    });
    const auto unknown = std::ranges::find_if(
        order_, [&](std::uint32_t index) { return layers_[index].size < 0; });
    known_end_ = next_unknown_ = static_cast<std::size_t>(unknown - order_.begin());
    for (std::uint32_t i = 0; i < roots_.size(); ++i) {
        if (!roots_[i].settled && roots_[i].missing == 0) ready_.push_back(i);
    }
    changed_.notify_all();
}

std::optional<std::uint32_t> Ledger::next_layer() {
    const std::scoped_lock lock(mutex_);
    if (stopped_) return std::nullopt;
    if (next_ < known_end_) return order_[next_++];
    if (next_unknown_ < order_.size()) return order_[next_unknown_++];
    return std::nullopt;
}

std::optional<std::uint32_t> Ledger::next_small_layer(std::int64_t most) {
    const std::scoped_lock lock(mutex_);
    if (stopped_ || next_ == known_end_) return std::nullopt;
    if (layers_[order_[known_end_ - 1]].size > most) return std::nullopt;
    return order_[--known_end_];
}

LayerEntry Ledger::layer(std::uint32_t index) const {
    const std::scoped_lock lock(mutex_);
    return layers_[index];
}

void Ledger::layer_done(std::uint32_t index) {
    const std::scoped_lock lock(mutex_);
    LayerEntry& layer = layers_[index];
    if (layer.done) return;
    layer.done = true;
    for (const std::uint32_t root : layer.roots) {
        if (--roots_[root].missing == 0 && !roots_[root].settled) ready_.push_back(root);
    }
    layer.roots = {};
    changed_.notify_all();
}

bool Ledger::has_layer(const std::string& digest) const {
    const std::scoped_lock lock(mutex_);
    return layer_of_.contains(digest);
}

std::optional<std::uint32_t> Ledger::next_root() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return stopped_ || !ready_.empty() || open_roots_ == 0; });
    if (stopped_ || ready_.empty()) return std::nullopt;
    const std::uint32_t root = ready_.front();
    ready_.pop_front();
    return root;
}

Root Ledger::root(std::uint32_t index) const {
    const std::scoped_lock lock(mutex_);
    return roots_[index];
}

void Ledger::root_done(std::uint32_t index) {
    const std::scoped_lock lock(mutex_);
    roots_[index].settled = true;
    roots_[index].repositories = {};
    --open_roots_;
    changed_.notify_all();
}

void Ledger::stop() {
    const std::scoped_lock lock(mutex_);
    stopped_ = true;
    changed_.notify_all();
}

}  // namespace stratascan::sweep
