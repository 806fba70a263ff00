#include "scanner/sweep/work.hpp"

#include "scanner/store/store.hpp"

namespace stratascan::sweep {

std::string plain(const Error& error) {
    return error.hint.empty() ? error.what : error.what + " (" + error.hint + ')';
}

void Work::trouble(std::uint32_t repository, Problem problem, const std::string& where,
                   const std::string& said) {
    const std::string reason = engine.told(said);
    ledger.add_problem(repository, problem, where.empty() ? reason : where + ": " + reason);
    ++counters.troubles;
    const std::scoped_lock lock(watcher_mutex);
    const std::string& name = ledger.repository(repository).told;
    watcher.trouble(where.empty() ? name : name + ' ' + where, problem, reason);
}

void Work::trouble(std::uint32_t repository, const Error& error, const std::string& where) {
    // What ends because the user said so is told once, for the whole.
    if (stopped() && error.code == ErrorCode::cancelled) {
        ledger.add_problem(repository, Problem::stopped, "");
        return;
    }
    trouble(repository, problem_of(error.code), where, plain(error));
}

void Work::task_done(std::uint32_t repository) {
    if (ledger.task_done(repository)) finish(repository);
}

bool Work::look_for_untagged(std::uint32_t index) {
    const RepositoryEntry& entry = ledger.repository(index);
    const auto unseen = store.unseen_manifests(entry.id);
    if (!must(unseen)) return false;
    const store::Time now = store::current_time();
    for (const std::string& digest : *unseen) {
        if (stopped()) return false;
        const auto head = client.head({entry.place, "", digest});
        if (head) {
            if (!must(store.observe_manifest(entry.id, digest, now))) return false;
        } else if (head.error().code != ErrorCode::not_found) {
            trouble(index, head.error(), "manifest " + digest);
            return false;
        }
    }
    return true;
}

void Work::finish(std::uint32_t index) {
    const RepositoryEntry& entry = ledger.repository(index);
    const bool filtered = asked.leaves_tags_out() || !engine.options().platform.empty();
    bool untagged_known = true;
    {
        bool look = false;
        ledger.with_repository(index, [&](RepositoryEntry& of) {
            look = !of.gone && of.summary.listed && of.listed_whole && of.open_tasks == 0;
        });
        if (look && !filtered && !asked.plan_only) untagged_known = look_for_untagged(index);
        if (store_failed()) return;
    }
    bool whole = false;
    bool gone = false;
    RepositorySummary summary;
    ledger.with_repository(index, [&](RepositoryEntry& of) {
        of.summary.gone = gone = of.gone;
        of.summary.finished = of.open_tasks == 0;
        whole = of.listed_whole && of.open_tasks == 0 && untagged_known;
        summary = of.summary;
    });
    // What is gone is not counted, but for what is told of a repository that is gone itself.
    if (!asked.plan_only && !gone) {
        std::string reason;
        if (filtered) reason = "not all of it was asked for";
        else if (!summary.finished) reason = "stopped before its end";
        else if (!whole) reason = "not all of it could be listed";
        const auto state = !summary.listed      ? store::LookState::failed
                           : whole && !filtered ? store::LookState::whole
                                                : store::LookState::partial;
        if (!must(store.finish_repository(entry.id, state, reason, store::current_time()))) return;
    }
    const auto totals = store.repository_totals(entry.id);
    if (!must(totals)) return;
    ledger.with_repository(index, [&](RepositoryEntry& of) {
        of.summary.images = static_cast<std::uint64_t>(totals->images);
        of.summary.accessories = static_cast<std::uint64_t>(totals->accessories);
        of.summary.layers = static_cast<std::uint64_t>(totals->layers);
        of.summary.programs = static_cast<std::uint64_t>(totals->programs);
        of.summary.findings = totals->findings;
        // Gaps that an earlier sweep found are no less gaps.
        if (totals->incomplete > 0 && of.summary.problems.empty()) {
            of.summary.add(Problem::partly_read,
                           std::to_string(totals->incomplete) + " images or accessories");
        }
        summary = of.summary;
    });
    if (!asked.plan_only && gone &&
        !must(store.repository_gone(entry.id, store::current_time()))) {
        return;
    }
    if (!summary.finished) return;
    ++counters.repositories_done;
    const std::scoped_lock lock(watcher_mutex);
    watcher.repository_done(summary);
}

}  // namespace stratascan::sweep
