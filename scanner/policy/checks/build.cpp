// What the build steps and labels say of how the image was made. A history is what the
// builder wrote of itself, so a step that is not there proves nothing.
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "scanner/layer/fact_spotter.hpp"
#include "scanner/policy/checks/answers.hpp"
#include "scanner/policy/checks/checks.hpp"

namespace stratascan::policy {

namespace {

// A step without what builders put round it: "/bin/sh -c #(nop) ADD file:… in / " and
// "RUN /bin/sh -c apt-get update # buildkit".
std::string_view step_of(std::string_view step) {
    for (const std::string_view start : {"/bin/sh -c #(nop) ", "/bin/sh -c #(nop)", "#(nop) "}) {
        if (step.starts_with(start)) step.remove_prefix(start.size());
    }
    while (step.starts_with(' ')) step.remove_prefix(1);
    return step;
}

bool has(std::string_view text, std::string_view part) { return text.find(part) != text.npos; }

bool is_remote(std::string_view words) {
    return has(words, "http://") || has(words, "https://") || has(words, "git@") ||
           has(words, "ftp://");
}

struct Careless {
    std::string_view words, what;
};

constexpr std::array<Careless, 10> careless = {{
    {"chmod 777", "chmod 777"}, {"chmod -R 777", "chmod 777"}, {"chmod 0777", "chmod 777"},
    {"chmod a+rwx", "chmod a+rwx"}, {"--no-check-certificate", "wget --no-check-certificate"},
    {"--insecure", "curl --insecure"}, {"--allow-unauthenticated", "apt --allow-unauthenticated"},
    {"--nogpgcheck", "yum --nogpgcheck"}, {"--allow-untrusted", "apk --allow-untrusted"},
    {"--trusted-host", "pip --trusted-host"},
}};

bool is_leftover(layer::FactKind kind) {
    using layer::FactKind;
    switch (kind) {
        case FactKind::version_control:
        case FactKind::editor_folder:
        case FactKind::build_file:
        case FactKind::environment_file:
        case FactKind::credential_file:
        case FactKind::desktop_file:
        case FactKind::history_file:
        case FactKind::core_dump:
        case FactKind::heap_dump:
        case FactKind::packet_capture:
        case FactKind::database_dump: return true;
        default: return false;
    }
}

// "500m", "2", "0.5", "256Mi", "1G", "1e3": apimachinery, resource.Quantity.
bool is_quantity(std::string_view text) {
    std::size_t digits = 0;
    bool dot = false;
    while (!text.empty() && ((text.front() >= '0' && text.front() <= '9') || text.front() == '.')) {
        if (text.front() == '.') {
            if (dot) return false;
            dot = true;
        } else {
            ++digits;
        }
        text.remove_prefix(1);
    }
    if (digits == 0) return false;
    constexpr std::array<std::string_view, 16> suffixes = {"", "n", "u", "m", "k", "M", "G", "T",
                                                           "P", "E", "Ki", "Mi", "Gi", "Ti",
                                                           "Pi", "Ei"};
    if (std::find(suffixes.begin(), suffixes.end(), text) != suffixes.end()) return true;
    if (text.front() != 'e' && text.front() != 'E') return false;
    text.remove_prefix(1);
    return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
        return c >= '0' && c <= '9';
    });
}

// A value among labels and annotations.
std::string value_of(const Subject& subject, const std::string& key) {
    for (const auto* map : {&subject.facts.labels, &subject.facts.annotations}) {
        const auto found = map->find(key);
        if (found != map->end()) return found->second;
    }
    return {};
}

}  // namespace

Answer remote_add(const Subject& subject, const Settings&) {
    if (auto none = without_history(subject)) return *none;
    Answer answer;
    bool first = true;
    for (const image::HistoryStep& step : subject.facts.history) {
        const std::string_view words = step_of(step.created_by);
        const bool adds = words.starts_with("ADD ");
        // The base's own file system comes with an ADD.
        const bool of_base = first && !step.empty_layer;
        if (!step.empty_layer) first = false;
        if (!adds) continue;
        if (is_remote(words)) {
            add(answer, step_item(step, "ADD from the network; that it was verified can't be seen"));
        } else if (!of_base) {
            add(answer, step_item(step, "ADD where COPY would do"));
        }
    }
    if (answer.items.empty()) return passed("no build step adds from the network");
    answer.outcome = Outcome::fail;
    answer.reason = counted(answer.items.size(), "build step with ADD", "build steps with ADD");
    return answer;
}

Answer unverified_downloads(const Subject& subject, const Settings&) {
    if (auto none = without_history(subject)) return *none;
    Answer answer;
    for (const image::HistoryStep& step : subject.facts.history) {
        if (layer::pipes_to_shell(step.created_by)) {
            add(answer, step_item(step, "a download that is piped to a shell"));
        }
        std::string_view told;
        for (const Careless& one : careless) {
            if (one.what == told || !has(step.created_by, one.words)) continue;
            told = one.what;
            add(answer, step_item(step, std::string(one.what)));
        }
        if (has(step.created_by, "curl -k ")) add(answer, step_item(step, "curl -k"));
    }
    if (answer.items.empty()) return passed("no build step downloads unverified");
    answer.outcome = Outcome::fail;
    answer.reason = counted(answer.items.size(), "careless build step", "careless build steps");
    return answer;
}

Answer copy_all(const Subject& subject, const Settings&) {
    if (auto none = without_history(subject)) return *none;
    Answer answer;
    bool copies = false;
    for (const image::HistoryStep& step : subject.facts.history) {
        const std::string_view words = step_of(step.created_by);
        const bool whole = words.starts_with("COPY . ") || words.starts_with("ADD . ") ||
                           words.starts_with("COPY ./ ") || words.starts_with("COPY dir:");
        if (!whole || step.layer_index < 0) continue;
        copies = true;
        for (const image::PlacedFact& fact : subject.facts.facts) {
            if (fact.layer_index != step.layer_index || !is_leftover(fact.kind)) continue;
            Item item = file_item(fact, std::string(to_string(fact.kind)));
            item.created_by = step.created_by;
            add(answer, std::move(item));
        }
    }
    if (!copies) return not_applicable("no build step copies a whole folder");
    return settled(std::move(answer), subject, "leftovers in layers of COPY .");
}

Answer package_caches(const Subject& subject, const Settings&) {
    Answer answer = about_facts(subject, {layer::FactKind::package_cache}, "package caches");
    if (answer.outcome == Outcome::not_applicable) return answer;
    for (const image::HistoryStep& step : subject.facts.history) {
        const std::string& words = step.created_by;
        // A package manager's update, and the word of the step that needs it.
        constexpr std::array<std::pair<std::string_view, std::string_view>, 5> updates = {
            {{"apt-get update", "install"}, {"apt update", "install"}, {"apk update", "add"},
             {"dnf makecache", "install"}, {"yum makecache", "install"}}};
        for (const auto& [update, install] : updates) {
            if (!has(words, update) || has(words, install)) continue;
            add(answer, step_item(step, "update in a step of its own, which is cached for ever"));
            break;
        }
        if (has(words, "dist-upgrade")) add(answer, step_item(step, "dist-upgrade"));
    }
    const bool untold = answer.outcome == Outcome::unknown && !answer.unread;
    answer = settled(std::move(answer), subject, "package caches and blind upgrades");
    if (untold && answer.outcome == Outcome::pass) answer.outcome = Outcome::unknown;
    return answer;
}

Answer resource_limits(const Subject& subject, const Settings& settings) {
    if (auto none = without_config(subject)) return *none;
    Answer answer;
    for (const std::string& key : texts(settings, "keys")) {
        std::string value;
        for (const std::string& prefix : texts(settings, "prefixes")) {
            if (value.empty()) value = value_of(subject, prefix + key);
        }
        if (value.empty()) {
            add(answer, config_item("config.Labels", key + " is not documented"));
        } else if (!is_quantity(value)) {
            add(answer, config_item("config.Labels",
                                    fmt::format("{} is no quantity: {}", key, value)));
        }
    }
    if (answer.items.empty()) return passed("every resource is documented");
    answer.outcome = Outcome::fail;
    answer.reason = counted(answer.items.size(), "resource without a quantity",
                            "resources without a quantity");
    return answer;
}

Answer labels(const Subject& subject, const Settings& settings) {
    if (auto none = without_config(subject)) return *none;
    Answer answer;
    for (const std::string& key : texts(settings, "keys")) {
        if (value_of(subject, key).empty()) {
            add(answer, config_item("config.Labels", key + " is not set"));
        }
    }
    if (answer.items.empty()) return passed("every label is set");
    answer.outcome = Outcome::fail;
    answer.reason = counted(answer.items.size(), "label is missing", "labels are missing");
    return answer;
}

}  // namespace stratascan::policy
