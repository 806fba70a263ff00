#include "scanner/sweep/planner.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <utility>

#include "scanner/source/digest.hpp"
#include "scanner/source/json_document.hpp"
#include "scanner/store/store.hpp"
#include "scanner/sweep/layers.hpp"

namespace stratascan::sweep {

namespace {

// Requests that are under way at once while nothing but documents is asked for.
constexpr unsigned askers = 8;
constexpr std::size_t tags_a_task = 16;
// A registry lists faster than it answers, and may list without end: whoever lists helps then.
constexpr std::size_t most_waiting = 64;
constexpr std::size_t most_tags = 1'000'000;  // of one repository
constexpr std::size_t dated_tag_size = 600;   // with its name, its digest and its date

// Names that nothing can be asked for by. They are a stranger's words, and not repeated.
std::string unnamable(std::uint64_t names, const char* what) {
    return fmt::format("{} of the listed names can be no name of {}, and {} not asked for", names,
                       what, names == 1 ? "was" : "were");
}

}  // namespace

std::vector<Planner::SeenTag> Planner::without_repeats(std::vector<std::string> names) {
    std::ranges::sort(names);
    names.erase(std::unique(names.begin(), names.end()), names.end());
    std::vector<SeenTag> seen;
    seen.reserve(names.size());
    for (std::string& tag : names) seen.push_back({std::move(tag), ""});
    return seen;
}

Planner::Planner(Work& work)
    : work_(work), repositories_(work.asked.include, work.asked.exclude),
      tags_(work.asked.tags, {}), now_(store::current_time()) {
    if (auto platform = source::parse_platform(work.engine.options().platform)) {
        platform_ = *std::move(platform);
    }
}

void Planner::run(const std::vector<SweepTarget>& targets, std::vector<TargetTrouble>& troubles) {
    for (const SweepTarget& target : targets) {
        tasks_.add([this, &target, &troubles] { list_target(target, troubles); }, false);
    }
    tasks_.run(askers);
}

/// A target with a path is a repository or a part of the registry: which, the registry
/// tells. Where it can't be listed the path is taken for a repository, unless the registry
/// knows none of that name and never did: a name that is wrong is no sweep of nothing.
void Planner::list_target(const SweepTarget& target, std::vector<TargetTrouble>& troubles) {
    registry::Listing listing;
    listing.registry = target.registry;
    listing.service = work_.asked.service;
    listing.api = work_.asked.service_api;
    listing.owner =
        owner_of(target, listing.service.value_or(registry::service_of(target.registry)));
    const auto add_trouble = [&](Problem problem, std::string reason) {
        const std::scoped_lock lock(mutex_);
        troubles.push_back({target.text(), problem, work_.engine.told(std::move(reason))});
    };
    const registry::Repository place{target.registry, target.prefix};
    bool no_such = false;
    if (!target.prefix.empty()) {
        const auto tags = work_.client.tags(place, [](const auto&) { return false; });
        if (tags) {
            open_repository(place);
            return;
        }
        no_such = tags.error().code == ErrorCode::not_found && !is_known(target);
    }
    bool any = false, room = true;
    std::uint64_t no_names = 0;
    const auto end = registry::list_repositories(
        work_.client, listing, [&](const std::vector<std::string>& page) {
            for (const std::string& name : page) {
                if (!target.covers(name)) continue;
                any = true;
                if (!repositories_.takes(name)) continue;
                if (!registry::is_repository_name(name)) ++no_names;
                else if (room) room = open_repository({target.registry, name});
            }
            return room && !work_.stopped() && !work_.store_failed();
        });
    if (no_names > 0) add_trouble(Problem::unsupported, unnamable(no_names, "a repository"));
    if (!room) {
        add_trouble(Problem::over_limit, "it lists more repositories than there is memory for; the "
                                         "rest was not looked at (raise --memory)");
        return;
    }
    if (!end) {
        if (!target.prefix.empty() && !no_such) {
            open_repository(place);
            return;
        }
        add_trouble(work_.stopped() ? Problem::stopped : problem_of(end.error().code),
                    (no_such ? "it has no repository of this name, and does not say what is below: "
                             : "") + plain(end.error()));
        return;
    }
    if (!end->complete) {
        if (!work_.stopped()) add_trouble(Problem::unreachable, end->reason);
        return;
    }
    if (no_such && !any) {
        add_trouble(Problem::gone, "there is no repository of this name, and none below it");
        return;
    }
    look_for_gone(target);
}

/// Whether the store has seen a repository of the target.
bool Planner::is_known(const SweepTarget& target) {
    const auto known = work_.store.repositories();
    return work_.must(known) &&
           std::ranges::any_of(*known, [&](const store::RepositoryRecord& record) {
               return record.name.registry == target.registry && target.covers(record.name.name);
           });
}

/// Repositories that the store knows and the whole list does not name.
void Planner::look_for_gone(const SweepTarget& target) {
    if (work_.asked.plan_only) return;
    const auto known = work_.store.repositories();
    if (!work_.must(known)) return;
    for (const store::RepositoryRecord& record : *known) {
        const std::string& name = record.name.name;
        if (record.gone || record.name.registry != target.registry || !target.covers(name) ||
            !repositories_.takes(name)) {
            continue;
        }
        {
            const std::scoped_lock lock(mutex_);
            if (!opened_.insert(target.registry + '/' + name).second) continue;
        }
        const auto id = work_.store.begin_repository(record.name, now_);
        if (!work_.must(id)) return;
        ++work_.counters.repositories;
        const std::uint32_t index = work_.ledger.add_repository({target.registry, name}, *id);
        work_.ledger.with_repository(index, [](RepositoryEntry& of) { of.gone = true; });
        work_.task_done(index);
    }
}

/// False where there is no room for it. The registry is asked by the name, and everybody else is
/// told, and the store keeps, what of it may be told.
bool Planner::open_repository(const registry::Repository& place) {
    const std::string told_name = work_.engine.told_name(place.name);
    const std::string told = place.registry + '/' + told_name;
    {
        const std::scoped_lock lock(mutex_);
        if (opened_.contains(told)) return true;
        if (!work_.ledger.has_room_for_repositories()) return false;
        opened_.insert(told);
    }
    const auto id = work_.store.begin_repository(
        {place.registry, told_name, told}, now_,
        work_.asked.plan_only ? store::Look::glance : store::Look::whole);
    if (!work_.must(id)) return true;
    const std::uint32_t index = work_.ledger.add_repository(place, *id, told_name);
    ++work_.counters.repositories;
    tasks_.add([this, index] { list_tags(index); }, false);
    return true;
}

/// A page's tags are asked for before the next page is, but for those that wait for their dates.
void Planner::list_tags(std::uint32_t repository) {
    if (work_.stopped() || work_.store_failed()) return;
    const registry::Repository place = work_.ledger.repository(repository).place;
    const bool by_date = work_.asked.newest > 0 || work_.asked.max_age_days > 0;
    std::vector<std::string> names;
    std::uint64_t left_out = 0, no_names = 0;
    std::size_t listed = 0;
    bool room = true;
    const auto end = work_.client.tags(place, [&](std::vector<std::string> page) {
        std::erase_if(page, [&](const std::string& tag) {
            if (!tags_.takes(tag)) ++left_out;
            else if (!registry::is_tag(tag)) ++no_names;
            else return false;
            return true;
        });
        listed += page.size();
        if (by_date) {
            room = take_room_for_dates(page.size());
            if (room) std::ranges::move(page, std::back_inserter(names));
        } else {
            look_at_tags(repository, without_repeats(std::move(page)));
        }
        return room && listed < most_tags && !work_.stopped();
    });
    const bool gone = !end && end.error().code == ErrorCode::not_found;
    work_.ledger.with_repository(repository, [&](RepositoryEntry& of) {
        if (!end || !end->complete) of.listed_whole = false;
        of.gone = gone;
        of.summary.listed = end || gone;
        of.summary.tags_left_out = left_out;
    });
    if (no_names > 0) {
        work_.trouble(repository, Problem::unsupported, "its tags", unnamable(no_names, "a tag"));
    }
    if (!end && !gone) work_.trouble(repository, end.error(), "its tags");
    if (end && !end->complete && !work_.stopped()) {
        const bool cut = !room || listed >= most_tags;
        work_.trouble(repository, cut ? Problem::over_limit : Problem::unreachable, "its tags",
                      !room ? "more than there is memory for to choose by date (raise --memory)"
                      : cut ? fmt::format("more than {}; the rest was not asked for", most_tags)
                            : end->reason);
    }
    if (by_date) date_tags(repository, std::move(names));
    else work_.task_done(repository);
}

/// False, and nothing taken, where all that wait for their dates would not fit beside the books.
bool Planner::take_room_for_dates(std::size_t tags) {
    const std::size_t most =
        ledger_memory(work_.engine.options().memory_bytes) / 2 / dated_tag_size;
    if (dated_.fetch_add(tags) + tags <= most) return true;
    dated_ -= tags;
    return false;
}

void Planner::look_at_tags(std::uint32_t repository, std::vector<SeenTag> chosen) {
    const auto tags = std::make_shared<const std::vector<SeenTag>>(std::move(chosen));
    work_.counters.tags += tags->size();
    work_.ledger.add_tasks(repository, tags->size());
    for (std::size_t at = 0; at < tags->size(); at += tags_a_task) {
        const auto look = [this, repository, tags, at] {
            const std::size_t last = std::min(at + tags_a_task, tags->size());
            for (std::size_t i = at; i < last; ++i) look_at_tag(repository, (*tags)[i]);
        };
        if (waiting_ >= most_waiting) {
            look();
            continue;
        }
        ++waiting_;
        tasks_.add(
            [this, look] {
                look();
                --waiting_;
            },
            true);
    }
}

/// Asks for the dates of all tags, many at once; the last of these tasks goes on with those
/// that are chosen by them.
void Planner::date_tags(std::uint32_t repository, std::vector<std::string> names) {
    const std::size_t held = names.size();
    std::ranges::sort(names);
    names.erase(std::unique(names.begin(), names.end()), names.end());
    auto dating = std::make_shared<Dating>();
    dating->tags.reserve(names.size());
    for (std::string& tag : names) dating->tags.push_back({std::move(tag), std::nullopt});
    dating->digests.resize(dating->tags.size());
    const std::size_t count = dating->tags.size();
    dating->open_tasks = (count + tags_a_task - 1) / tags_a_task;
    if (count == 0) work_.task_done(repository);
    for (std::size_t at = 0; at < count; at += tags_a_task) {
        tasks_.add(
            [this, repository, dating, held, at, last = std::min(at + tags_a_task, count)] {
                for (std::size_t i = at; i < last && !work_.stopped(); ++i) {
                    date_tag(repository, *dating, i);
                }
                if (--dating->open_tasks > 0) return;
                std::vector<SeenTag> chosen = choose(repository, *dating);
                dated_ -= held;
                look_at_tags(repository, std::move(chosen));
                work_.task_done(repository);
            },
            true);
    }
}

void Planner::date_tag(std::uint32_t repository, Dating& dating, std::size_t index) {
    const registry::Repository place = work_.ledger.repository(repository).place;
    const std::string& tag = dating.tags[index].tag;
    const auto head = work_.client.head({place, tag, ""});
    if (!head) return;  // it is taken, and then its trouble is told
    std::string digest = head->digest;
    if (digest.empty()) {
        if (const auto manifest = work_.documents.tagged(place, tag)) digest = manifest->digest;
    }
    if (digest.empty()) return;
    dating.tags[index].created = created_of(place, digest, 0);
    dating.digests[index] = std::move(digest);
}

std::vector<Planner::SeenTag> Planner::choose(std::uint32_t repository, Dating& dating) {
    std::map<std::string, std::string> digests;
    for (std::size_t i = 0; i < dating.tags.size(); ++i) {
        digests[dating.tags[i].tag] = std::move(dating.digests[i]);
    }
    const auto oldest = work_.asked.max_age_days == 0
                            ? std::nullopt
                            : std::optional(now_ - work_.asked.max_age_days * 86'400);
    std::vector<SeenTag> seen;
    for (std::string& tag : choose_tags(std::move(dating.tags), work_.asked.newest, oldest)) {
        seen.push_back({tag, std::move(digests[tag])});
    }
    work_.ledger.with_repository(repository, [&](RepositoryEntry& of) {
        of.summary.tags_left_out += digests.size() - seen.size();
    });
    return seen;
}

/// The date of an image, of an index that of the first image in it. It is kept in the store,
/// so that of an image that is left out the next sweep asks no more than where its tag leads.
std::optional<std::int64_t> Planner::created_of(const registry::Repository& place,
                                                const std::string& digest, int depth) {
    const auto known = work_.store.manifest(digest);
    if (known && *known && !(*known)->created.empty()) return parse_time((*known)->created);
    const auto manifest = work_.documents.manifest(place, digest);
    if (!manifest) return std::nullopt;
    const auto document = source::parse_oci_document(manifest->bytes);
    if (!document) return std::nullopt;
    if (document->is_index && depth < 2) {
        for (const source::Descriptor& child : document->manifests) {
            if (!child.platform.known() || !source::parse_digest(child.digest)) continue;
            if (!known || !*known) record(*manifest, *document);
            return created_of(place, child.digest, depth + 1);
        }
    }
    if (!document->config || !source::parse_digest(document->config->digest)) return std::nullopt;
    const auto config = work_.documents.config(place, document->config->digest);
    if (!config) return std::nullopt;
    const auto members = source::parse_json(*config);
    const std::string created = members ? source::text_member(*members, "created") : "";
    const auto time = parse_time(created);
    // What follows a date may be anything, and is not kept.
    const bool plain = created.find_first_not_of("0123456789-:.+TZ") == std::string::npos;
    if (time && plain && created.size() <= 40) record(*manifest, *document, created);
    return time;
}

void Planner::look_at_tag(std::uint32_t repository, const SeenTag& tag) {
    if (work_.stopped() || work_.store_failed()) return;
    const RepositoryEntry& entry = work_.ledger.repository(repository);
    const registry::Repository place = entry.place;
    const std::string told = work_.engine.told_name(tag.tag);
    const auto missed = [&](const Error& error) {
        work_.ledger.with_repository(repository, [&](RepositoryEntry& of) {
            // A tag that went between the list and the question is gone; of others nothing
            // is known.
            if (error.code != ErrorCode::not_found) of.listed_whole = false;
        });
        work_.trouble(repository, error, "tag " + told);
        work_.task_done(repository);
    };
    std::string digest = tag.digest;
    std::optional<Documents::Manifest> given;
    if (digest.empty()) {
        auto head = work_.client.head({place, tag.tag, ""});
        if (!head) return missed(head.error());
        digest = std::move(head->digest);
    }
    if (digest.empty()) {
        auto manifest = work_.documents.tagged(place, tag.tag);
        if (!manifest) return missed(manifest.error());
        digest = manifest->digest;
        given = *std::move(manifest);
    }
    ++work_.counters.tags_seen;
    work_.ledger.with_repository(repository, [](RepositoryEntry& of) { ++of.summary.tags; });
    see_root(repository, digest, std::move(given), 0);
    if (!work_.stopped()) {
        (void)work_.must(work_.store.observe_tag(entry.id, told, digest, now_));
    }
    work_.task_done(repository);
}

void Planner::see_root(std::uint32_t repository, const std::string& digest,
                       std::optional<Documents::Manifest> given, int depth) {
    Needs needs;
    bool ask_for_referrers = false;
    {
        const std::scoped_lock lock(stripes_[std::hash<std::string>()(digest) % stripes_.size()]);
        const auto known = work_.ledger.find_root(digest);
        if (known && !work_.ledger.is_settled(*known)) {
            work_.ledger.attach(*known, repository);
            return;
        }
        if (known && work_.ledger.is_seen(*known, repository)) return;
        if (!known && !work_.ledger.has_room_for_images()) return leave_out(repository, digest);
        const bool done = settled(repository, digest, 0, needs);
        if (!known) {
            ++work_.counters.manifests;
            if (done) ++work_.counters.manifests_known;
        }
        const std::uint32_t root = work_.ledger.add_root(digest);
        ask_for_referrers = !known && (!done || work_.asked.all_referrers);
        if (done) {
            work_.ledger.settle(root);
            work_.ledger.note_seen(root, repository);
            needs.subjects = {digest};
        } else if (auto walked = walk(repository, digest, std::move(given), 0, needs); !walked) {
            work_.trouble(repository, walked.error(), "manifest " + digest);
            note_bare(digest);
            work_.ledger.settle(root);
            return;
        } else {
            work_.ledger.reopen(root);
            work_.ledger.attach(root, repository);
            work_.ledger.add_layers(root, repository, needs.layers);
            ++work_.counters.roots_to_record;
        }
    }
    if (ask_for_referrers) see_referrers(repository, needs.subjects, depth);
}

/// Where the tag leads is known all the same.
void Planner::note_bare(const std::string& digest) {
    store::ManifestRecord bare;
    bare.digest = digest;
    (void)work_.must(work_.store.record_manifest(bare));
}

/// Told once a repository: of the next one the same is true.
void Planner::leave_out(std::uint32_t repository, const std::string& digest) {
    bool told = false;
    work_.ledger.with_repository(repository, [&](RepositoryEntry& of) {
        told = std::exchange(of.cut, true);
    });
    if (!told) {
        work_.trouble(repository, Problem::over_limit, "manifest " + digest,
                      "more images than there is memory for; this one and others were not read "
                      "(raise --memory)");
    }
    note_bare(digest);
}

void Planner::see_referrers(std::uint32_t repository, const std::vector<std::string>& subjects,
                            int depth) {
    constexpr int deepest = 4;  // a signature of an SBOM of an image
    const RepositoryEntry& entry = work_.ledger.repository(repository);
    if (depth >= deepest) return;
    const auto see = [&](std::vector<source::Descriptor> page) {
        // Of what a page says only the digests are held while they are asked for.
        std::vector<std::string> digests;
        for (source::Descriptor& descriptor : page) {
            if (source::parse_digest(descriptor.digest)) {
                digests.push_back(std::move(descriptor.digest));
            }
        }
        page = {};
        for (const std::string& digest : digests) {
            if (work_.stopped() || work_.store_failed()) return false;
            see_root(repository, digest, std::nullopt, depth + 1);
            (void)work_.must(work_.store.observe_manifest(entry.id, digest, now_));
        }
        return true;
    };
    for (const std::string& subject : subjects) {
        {
            const std::scoped_lock lock(mutex_);
            if (without_referrers_.contains(entry.place.registry)) return;
        }
        if (work_.stopped()) return;
        const auto found = work_.client.referrers(entry.place, subject, see);
        if (found && (found->complete || work_.stopped())) continue;
        if (found) {
            work_.trouble(repository, Problem::unreachable, "what refers to " + subject,
                          found->reason);
        } else if (found.error().code == ErrorCode::unsupported) {
            const std::scoped_lock lock(mutex_);
            without_referrers_.insert(entry.place.registry);
        } else {
            work_.trouble(repository, found.error(), "what refers to " + subject);
        }
        if (!found) return;
    }
}

}  // namespace stratascan::sweep
