#include "scanner/policy/checks/answers.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace stratascan::policy {

namespace {

// What a fact is, for people; "" where its name says it. With a detail behind it, and a colon.
std::string_view words_of(layer::FactKind kind) {
    using enum layer::FactKind;
    switch (kind) {
        case world_writable_file: return "a file that everyone may write";
        case world_writable_folder: return "a folder that everyone may write";
        case device: return "a device node";
        case version_control: return "of a version control folder";
        case editor_folder: return "an editor's settings";
        case build_file: return "a build file";
        case environment_file: return "an environment file";
        case credential_file: return "in a folder of credentials";
        case desktop_file: return "a file browser's file";
        case user_cache: return "in a user's cache";
        case history_file: return "a history of commands";
        case core_dump: return "a core dump";
        case heap_dump: return "a heap dump";
        case packet_capture: return "a packet capture";
        case database_dump: return "a database dump";
        case kube_config: return "a kubeconfig";
        case terraform_state: return "Terraform state or variables";
        case service_token: return "a service account's token";
        case package_cache: return "in a package cache";
        case log_file: return "a log file";
        case weak_binary: return "an executable without protections";
        default: return {};
    }
}

// Not everything that could hold what is looked for was read.
bool anything_unread(const Subject& subject) {
    return !subject.facts.files_known || !subject.report.coverage.complete;
}

}  // namespace

Answer passed(std::string reason) { return {Outcome::pass, std::move(reason), {}, 0, false}; }

Answer failed(std::string reason, std::vector<Item> items) {
    return {Outcome::fail, std::move(reason), std::move(items), 0, false};
}

Answer unknown(std::string reason) {
    return {Outcome::unknown, std::move(reason), {}, 0, false};
}

Answer not_applicable(std::string reason) {
    return {Outcome::not_applicable, std::move(reason), {}, 0, false};
}

Item config_item(std::string member, std::string text) {
    Item item;
    item.path = std::move(member);
    item.text = std::move(text);
    return item;
}

Item step_item(const image::HistoryStep& step, std::string text) {
    Item item;
    item.text = std::move(text);
    item.layer_index = step.layer_index;
    item.created_by = step.created_by;
    item.key = item.text + '\n' + step.created_by;
    return item;
}

Item file_item(const image::PlacedFact& fact, std::string text) {
    Item item;
    item.path = fact.path;
    item.text = std::move(text);
    item.layer_index = fact.layer_index;
    return item;
}

void add(Answer& answer, Item item) {
    // What counts must not be crowded out by what is only told.
    if (answer.items.size() < items_told || item.counts) {
        if (answer.items.size() < 2 * items_told) return answer.items.push_back(std::move(item));
    }
    ++answer.left_out;
}

std::string counted(std::size_t number, std::string_view singular, std::string_view plural) {
    return fmt::format("{} {}", number, number == 1 ? singular : plural);
}

Answer settled(Answer answer, const Subject& subject, std::string_view what) {
    const auto open = static_cast<std::size_t>(std::count_if(
        answer.items.begin(), answer.items.end(), [](const Item& item) { return item.counts; }));
    if (open > 0 || answer.left_out > 0) {
        answer.outcome = Outcome::fail;
        answer.reason = fmt::format("{}: {}", what, open + answer.left_out);
    } else if (anything_unread(subject)) {
        answer.outcome = Outcome::unknown;
        answer.unread = true;
        answer.reason = fmt::format("no {} in what was read, but not everything was read", what);
    } else {
        answer.outcome = Outcome::pass;
        answer.reason = fmt::format("no {}", what);
    }
    return answer;
}

Answer about_facts(const Subject& subject, std::initializer_list<layer::FactKind> kinds,
                   std::string_view what) {
    if (auto none = without_tree(subject)) return *none;
    Answer answer;
    bool untold = false;
    for (const layer::FactKind kind : kinds) {
        untold = untold || subject.facts.untold.contains(kind);
    }
    for (const image::PlacedFact& fact : subject.facts.facts) {
        if (std::find(kinds.begin(), kinds.end(), fact.kind) == kinds.end()) continue;
        const std::string detail = fact.detail.empty() ? std::string() : ": " + fact.detail;
        const std::string_view words = words_of(fact.kind);
        const std::string_view name = to_string(fact.kind);
        Item item = file_item(fact, std::string(words.empty() ? name : words) + detail);
        // By name: words may change, and what a baseline knows must not.
        item.key = fact.path + '\n' + std::string(name) + detail;
        item.counts = fact.visibility == Visibility::visible;
        if (!item.counts) {
            item.text += fmt::format(" ({} by layer {})", to_string(fact.visibility),
                                     fact.hidden_by);
        }
        add(answer, std::move(item));
    }
    answer = settled(std::move(answer), subject, what);
    if (untold && answer.outcome == Outcome::pass) {
        answer.outcome = Outcome::unknown;
        answer.reason = fmt::format("a layer has more {} than it tells of", what);
    }
    return answer;
}

std::optional<Answer> without_config(const Subject& subject) {
    if (subject.facts.config_known) return std::nullopt;
    if (subject.report.image.kind == "image") {
        Answer answer = unknown("the image's config is missing or can't be read");
        answer.unread = true;
        return answer;
    }
    return not_applicable("a " + subject.report.image.kind + " has no config");
}

std::optional<Answer> without_tree(const Subject& subject) {
    if (subject.has_tree()) return std::nullopt;
    return not_applicable("a target of kind " + subject.report.image.kind + " is no file system");
}

std::optional<Answer> without_history(const Subject& subject) {
    if (auto none = without_config(subject)) return none;
    if (!subject.facts.history.empty()) return std::nullopt;
    return unknown("the image has no history");
}

}  // namespace stratascan::policy
