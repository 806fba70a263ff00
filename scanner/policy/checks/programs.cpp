// Programs, by their class. A program counts where a process of the image could start
// it: a file of the final tree that is the program, not one that embeds a library of it
// or mentions it, and not one inside an archive.
#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "scanner/policy/checks/answers.hpp"
#include "scanner/policy/checks/bill.hpp"
#include "scanner/policy/checks/checks.hpp"

namespace stratascan::policy {

namespace {

bool has(const std::vector<std::string>& texts, std::string_view text) {
    return std::find(texts.begin(), texts.end(), text) != texts.end();
}

// The applets of a multi-call program that are asked for.
std::string wanted_applets(const Program& program, const std::vector<std::string>& wanted) {
    std::string all;
    for (const std::string& applet : program.applets) {
        if (!has(wanted, applet)) continue;
        all += all.empty() ? applet : ", " + applet;
    }
    return all;
}

Item item_of(const Program& program, const std::string& applets) {
    Item item;
    item.text = program.program;
    if (!program.version.empty()) item.text += " " + program.version;
    if (!applets.empty()) item.text += " with " + applets;
    if (program.renamed) item.text += ", renamed";
    if (program.setuid) item.text += ", setuid";
    // A shell is called /bin/sh by a link as often as not.
    constexpr std::size_t links_told = 3;
    for (std::size_t i = 0; i < program.aliases.size() && i < links_told; ++i) {
        item.text += (i == 0 ? ", also " : ", ") + program.aliases[i];
    }
    item.path = program.path;
    item.inner_path = program.inner_path;
    item.layer_index = program.layer_index;
    item.created_by = program.created_by;
    item.program = program.program;
    item.key = program.program + '\n' + program.path;
    item.counts = program.visibility == Visibility::visible && program.inner_path.empty();
    if (program.visibility != Visibility::visible) {
        item.text += fmt::format(" ({} by layer {})", to_string(program.visibility),
                                 program.hidden_by);
    } else if (!program.inner_path.empty()) {
        item.text += " (inside an archive)";
    }
    return item;
}

std::optional<Answer> without_programs(const Subject& subject) {
    if (auto none = without_tree(subject)) return none;
    for (const std::string& note : subject.report.notes) {
        if (note == "programs were not looked for") return unknown(note);
    }
    return std::nullopt;
}

Answer found_programs(const Subject& subject, const Settings& settings) {
    const auto& classes = texts(settings, "classes");
    const auto& applets = texts(settings, "applets");
    Answer answer;
    for (const Program& program : subject.report.programs) {
        if (program.role != Role::is) continue;
        const std::string wanted = wanted_applets(program, applets);
        if (!has(classes, program.program_class) && wanted.empty()) continue;
        add(answer, item_of(program, wanted));
    }
    return answer;
}

void add_facts(const Subject& subject, layer::FactKind kind, std::string_view what,
               std::size_t most, Answer& answer) {
    std::size_t count = 0;
    for (const image::PlacedFact& fact : subject.facts.facts) {
        if (fact.kind != kind || fact.visibility != Visibility::visible) continue;
        if (++count > most) continue;
        add(answer, file_item(fact, std::string(what)));
    }
    if (count > most) answer.items.back().text += fmt::format(", and {} more", count - most);
}

// In the order of the report: by layer, then by path.
std::string class_words(const Settings& settings) {
    static const std::map<std::string_view, std::string_view> plurals = {
        {"shell", "shells"},
        {"package-manager", "package managers"},
        {"transfer", "download tools"},
        {"debugger", "debuggers"},
        {"network-scanner", "network scanners"},
        {"container-client", "container clients"},
        {"password-cracker", "password crackers"},
        {"privilege", "tools that raise privileges"}};
    std::string words;
    for (const std::string& one : texts(settings, "classes")) {
        const auto plural = plurals.find(one);
        if (!words.empty()) words += " or ";
        words += plural != plurals.end() ? std::string(plural->second) : one + " programs";
    }
    return words.empty() ? "programs" : words;
}

}  // namespace

Answer no_programs(const Subject& subject, const Settings& settings) {
    if (auto none = without_programs(subject)) return *none;
    return settled(found_programs(subject, settings), subject, class_words(settings));
}

Answer no_package_manager(const Subject& subject, const Settings& settings) {
    if (auto none = without_programs(subject)) return *none;
    Answer answer = found_programs(subject, settings);
    for (const image::PlacedFact& fact : subject.facts.facts) {
        if (fact.kind != layer::FactKind::package_database ||
            fact.visibility != Visibility::visible) {
            continue;
        }
        Item item = file_item(fact, "package database of " + fact.detail);
        item.counts = false;
        add(answer, std::move(item));
    }
    return settled(std::move(answer), subject, class_words(settings));
}

Answer no_build_tools(const Subject& subject, const Settings& settings) {
    if (auto none = without_programs(subject)) return *none;
    Answer answer = found_programs(subject, settings);
    if (flag(settings, "leftovers")) {
        constexpr std::size_t most = 3;
        add_facts(subject, layer::FactKind::header, "a C header", most, answer);
        add_facts(subject, layer::FactKind::static_library, "a static library", most, answer);
        add_facts(subject, layer::FactKind::object_file, "an object file", most, answer);
    }
    return settled(std::move(answer), subject, "build tools and their leftovers");
}

Answer no_remote_access(const Subject& subject, const Settings& settings) {
    if (auto none = without_programs(subject)) return *none;
    Answer answer = found_programs(subject, settings);
    if (flag(settings, "leftovers")) {
        add_facts(subject, layer::FactKind::host_key, "an ssh host key", 8, answer);
        add_facts(subject, layer::FactKind::remote_setting, "settings of a remote access service",
                  8, answer);
    }
    return settled(std::move(answer), subject, "remote access tools");
}

Answer no_privilege_tools(const Subject& subject, const Settings& settings) {
    if (auto none = without_programs(subject)) return *none;
    Answer answer = found_programs(subject, settings);
    for (const image::HistoryStep& step : subject.facts.history) {
        const std::size_t at = step.created_by.find("sudo ");
        if (at == std::string::npos || (at > 0 && step.created_by[at - 1] != ' ')) continue;
        Item item = step_item(step, "sudo in a build step");
        item.counts = false;
        add(answer, std::move(item));
    }
    return settled(std::move(answer), subject, class_words(settings));
}

Answer binary_hardening(const Subject& subject, const Settings& settings) {
    Answer answer = about_facts(subject, {layer::FactKind::weak_binary},
                                "executables without the usual protections");
    if (answer.outcome == Outcome::not_applicable) return answer;
    // Static ones are preferred: of the image's own, those that are not are told.
    const bool asked = flag(settings, "static");
    const bool untold = answer.outcome == Outcome::unknown && !answer.unread;
    for (const image::PlacedFact& fact : subject.facts.facts) {
        if (fact.kind != layer::FactKind::dynamic_binary ||
            fact.visibility != Visibility::visible) {
            continue;
        }
        Item item = file_item(fact, "dynamically linked, needs " + fact.detail);
        item.counts = asked;
        add(answer, std::move(item));
    }
    answer = settled(std::move(answer), subject,
                     asked ? "executables without the usual protections or not static"
                           : "executables without the usual protections");
    if (untold && answer.outcome == Outcome::pass) answer.outcome = Outcome::unknown;
    return answer;
}

Answer sbom_complete(const Subject& subject, const Settings&) {
    if (auto none = without_programs(subject)) return *none;
    bool lists = false;
    for (const image::PlacedFact& fact : subject.facts.facts) {
        if (fact.kind != layer::FactKind::package_database ||
            fact.visibility != Visibility::visible) {
            continue;
        }
        if (fact.detail == "pacman") {
            return unknown("package lists of " + fact.detail + " are not read");
        }
        lists = true;
    }
    const std::vector<Bill> bills = bills_of(subject);
    Answer answer;
    for (const Program& program : subject.report.programs) {
        if (program.role != Role::is || program.package) continue;
        Item item = item_of(program, {});
        const auto bill = std::ranges::find_if(bills, [&](const Bill& one) {
            return one.listed.lists(program.path, program.program);
        });
        if (item.counts && bill != bills.end()) {
            item.counts = false;
            item.text += ", which " + bill->where + " lists";
        }
        add(answer, std::move(item));
    }
    answer = settled(std::move(answer), subject, "programs that no package list names");
    if (answer.outcome == Outcome::fail && !lists) {
        answer.reason += "; the image has no package list";
    }
    const auto cut = std::ranges::count_if(bills, [](const Bill& one) { return one.listed.cut; });
    if (answer.outcome == Outcome::fail && cut > 0) {
        answer.reason += fmt::format("; of {} not all was read",
                                     counted(static_cast<std::size_t>(cut), "bill of materials",
                                             "bills of materials"));
    }
    return answer;
}

}  // namespace stratascan::policy
