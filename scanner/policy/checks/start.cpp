// How the image is started, and what it says of ports, volumes and its health.
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <set>

#include "scanner/layer/fact_spotter.hpp"
#include "scanner/policy/checks/answers.hpp"
#include "scanner/policy/checks/checks.hpp"

namespace stratascan::policy {

namespace {

std::string_view base_of(std::string_view path) { return path.substr(path.rfind('/') + 1); }

bool is_shell(std::string_view word) {
    for (const std::string_view shell : {"sh", "bash", "ash", "dash", "zsh", "ksh", "busybox"}) {
        if (base_of(word) == shell) return true;
    }
    return false;
}

std::string joined(const std::vector<std::string>& words) {
    std::string text;
    for (const std::string& word : words) (text += text.empty() ? "" : " ") += word;
    return text;
}

/// "8080/tcp", "5900-5910/tcp"; port 0: it is none.
struct PortRange {
    unsigned first = 0, last = 0;
};

PortRange range_of(std::string_view text) {
    text = text.substr(0, text.find('/'));
    const std::size_t dash = text.find('-');
    const auto number_of = [](std::string_view digits) -> unsigned {
        unsigned value = 0;
        const auto [end, error] =
            std::from_chars(digits.data(), digits.data() + digits.size(), value);
        return error == std::errc() && end == digits.data() + digits.size() && value <= 65535
                   ? value
                   : 0;
    };
    const unsigned first = number_of(text.substr(0, dash));
    const unsigned last = dash == text.npos ? first : number_of(text.substr(dash + 1));
    return {first, std::max(first, last)};
}

// Words of the commands with which a container starts.
std::vector<std::string> start_words(const Subject& subject) {
    std::vector<std::string> words = subject.facts.entrypoint.words;
    words.insert(words.end(), subject.facts.command.words.begin(),
                 subject.facts.command.words.end());
    return words;
}

// Whether a word of the command names this file: by its path, below the working folder,
// or as a name in a folder of PATH.
bool names(const std::string& word, const Subject& subject, const std::string& path) {
    if (word.empty()) return false;
    if (word.front() == '/') return layer::normalise_path(word) == path;
    if (layer::normalise_path(subject.facts.working_folder + "/" + word) == path) return true;
    if (word.find('/') != word.npos) return false;
    const auto set = subject.facts.env.find("PATH");
    std::string_view folders = set != subject.facts.env.end()
                                   ? std::string_view(set->second)
                                   : "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
    while (!folders.empty()) {
        const std::string_view folder = folders.substr(0, folders.find(':'));
        folders.remove_prefix(std::min(folder.size() + 1, folders.size()));
        if (layer::normalise_path(std::string(folder) + "/" + word) == path) return true;
    }
    return false;
}

// The first word as a shell script, by its first line.
std::vector<Item> start_scripts(const Subject& subject, const std::string& first) {
    std::vector<Item> items;
    for (const image::PlacedFact& fact : subject.facts.facts) {
        if (fact.kind != layer::FactKind::script || fact.visibility != Visibility::visible ||
            !is_shell(fact.detail) || !names(first, subject, fact.path)) {
            continue;
        }
        items.push_back(file_item(fact, "a script of " + fact.detail));
    }
    return items;
}

}  // namespace

Answer healthcheck(const Subject& subject, const Settings&) {
    if (auto none = without_config(subject)) return *none;
    const auto& check = subject.facts.healthcheck;
    if (check && check->disabled()) {
        return failed("the health check is switched off",
                      {config_item("config.Healthcheck", "NONE")});
    }
    if (check && !check->test.empty()) return passed("it has a health check");
    if (subject.facts.docker_form) {
        return failed("it has no health check", {config_item("config.Healthcheck", "not set")});
    }
    return unknown("OCI has no health checks in configs; probes may be set where it is deployed");
}

namespace {

// A program of the final tree, or an applet that a multi-call program has.
bool holds_tool(const Subject& subject, const std::string& tool) {
    return std::ranges::any_of(subject.report.programs, [&](const Program& program) {
        return program.role == Role::is && program.visibility == Visibility::visible &&
               program.inner_path.empty() &&
               (program.program == tool ||
                std::ranges::find(program.applets, tool) != program.applets.end());
    });
}

}  // namespace

Answer healthcheck_tools(const Subject& subject, const Settings& settings) {
    if (auto none = without_config(subject)) return *none;
    const auto& check = subject.facts.healthcheck;
    if (!check || check->test.empty() || check->disabled()) {
        return not_applicable("it has no health check");
    }
    Answer answer;
    if (check->test.front() == "CMD-SHELL") {
        add(answer, config_item("config.Healthcheck.Test", "CMD-SHELL needs a shell"));
    }
    const auto& tools = texts(settings, "tools");
    for (const std::string& test : check->test) {
        std::string_view rest = test;
        while (!rest.empty()) {
            const std::string_view word = rest.substr(0, rest.find_first_of(" \t|&;()"));
            rest.remove_prefix(std::min(word.size() + 1, rest.size()));
            if (std::find(tools.begin(), tools.end(), base_of(word)) == tools.end()) continue;
            const std::string tool(base_of(word));
            Item item = config_item("config.Healthcheck.Test", "needs " + tool);
            item.key = item.path + '\n' + item.text;
            if (subject.facts.files_known) {
                item.text += holds_tool(subject, tool) ? ", which the image has"
                                                       : ", which was not found in the image";
            }
            add(answer, std::move(item));
        }
    }
    if (answer.items.empty()) return passed("it needs none of the tools");
    answer.outcome = Outcome::fail;
    answer.reason = "it needs " + counted(answer.items.size(), "tool", "tools");
    return answer;
}

Answer remote_ports(const Subject& subject, const Settings& settings) {
    if (auto none = without_config(subject)) return *none;
    Answer answer;
    for (const std::string& port : subject.facts.ports) {
        const PortRange open = range_of(port);
        for (const std::string& text : texts(settings, "ports")) {
            const PortRange banned = range_of(text);
            if (open.first == 0 || open.last < banned.first || open.first > banned.last) continue;
            add(answer, config_item("config.ExposedPorts", port));
            break;
        }
    }
    if (answer.items.empty()) return passed("it exposes no port of a remote access service");
    answer.outcome = Outcome::fail;
    answer.reason = "it exposes " + counted(answer.items.size(), "port of a remote access service",
                                            "ports of remote access services");
    return answer;
}

Answer ports(const Subject& subject, const Settings& settings) {
    if (auto none = without_config(subject)) return *none;
    Answer answer;
    const auto most = static_cast<std::size_t>(number(settings, "most"));
    const bool root = subject.facts.user.empty() || subject.facts.user.starts_with("0") ||
                      subject.facts.user.starts_with("root");
    for (const std::string& port : subject.facts.ports) {
        const PortRange range = range_of(port);
        if (range.first != 0 && range.first < number(settings, "privileged_below") && !root) {
            add(answer, config_item("config.ExposedPorts",
                                    port + " needs a privilege that its user has not"));
        }
    }
    if (subject.facts.ports.size() > most) {
        add(answer, config_item("config.ExposedPorts", joined(subject.facts.ports)));
    }
    if (answer.items.empty()) {
        return passed(counted(subject.facts.ports.size(), "port is exposed", "ports are exposed"));
    }
    answer.outcome = Outcome::fail;
    answer.reason = counted(subject.facts.ports.size(), "port is exposed", "ports are exposed");
    return answer;
}

Answer volumes(const Subject& subject, const Settings& settings) {
    if (auto none = without_config(subject)) return *none;
    const auto& sensitive = texts(settings, "sensitive");
    Answer answer;
    for (const std::string& volume : subject.facts.volumes) {
        const std::string path = "/" + layer::normalise_path(volume);
        const bool bad = std::find(sensitive.begin(), sensitive.end(), path) != sensitive.end();
        if (bad || flag(settings, "none")) add(answer, config_item("config.Volumes", volume));
    }
    const bool none = flag(settings, "none");
    if (answer.items.empty()) {
        return passed(none ? "it declares no volume" : "it declares no volume on a sensitive path");
    }
    answer.outcome = Outcome::fail;
    const std::size_t count = answer.items.size();
    answer.reason = "it declares " + (none ? counted(count, "volume", "volumes")
                                           : counted(count, "volume on a sensitive path",
                                                     "volumes on sensitive paths"));
    return answer;
}

Answer exec_form(const Subject& subject, const Settings&) {
    if (auto none = without_config(subject)) return *none;
    if (!subject.facts.entrypoint.given && !subject.facts.command.given) {
        return not_applicable("neither Entrypoint nor Cmd is set");
    }
    Answer answer;
    const auto see = [&](const image::Words& words, const char* member) {
        if (words.words.size() >= 2 && is_shell(words.words[0]) && words.words[1] == "-c") {
            add(answer, config_item(member, joined(words.words)));
        }
    };
    see(subject.facts.entrypoint, "config.Entrypoint");
    see(subject.facts.command, "config.Cmd");
    const std::string first = start_words(subject).front();
    if (answer.items.empty() && !subject.facts.entrypoint.given && is_shell(first)) {
        add(answer, config_item("config.Cmd", joined(subject.facts.command.words)));
    }
    if (answer.items.empty()) {
        for (Item& script : start_scripts(subject, first)) add(answer, std::move(script));
    }
    if (!answer.items.empty()) {
        answer.outcome = Outcome::fail;
        answer.reason = "it starts a shell";
        return answer;
    }
    // That it is no script can be told only where it was looked at.
    if (!subject.facts.files_known || subject.facts.untold.contains(layer::FactKind::script)) {
        Answer open = unknown("it starts " + first + "; whether that is a script was not read");
        open.unread = !subject.facts.files_known;
        return open;
    }
    return passed("it starts " + first);
}

Answer start_installs(const Subject& subject, const Settings&) {
    if (auto none = without_config(subject)) return *none;
    const std::vector<std::string> words = start_words(subject);
    if (words.empty()) return not_applicable("neither Entrypoint nor Cmd is set");
    Answer answer;
    bool cut = false;
    if (const std::string what = layer::install_command(joined(words)); !what.empty()) {
        add(answer, config_item("config.Cmd", what));
    }
    for (const image::PlacedFact& fact : subject.facts.facts) {
        if (fact.kind != layer::FactKind::start_install ||
            fact.visibility != Visibility::visible) {
            continue;
        }
        Item item = file_item(fact, fact.detail);
        item.counts = std::any_of(words.begin(), words.end(), [&](const std::string& word) {
            return names(word, subject, fact.path);
        });
        if (fact.detail == layer::script_cut) {
            cut = cut || item.counts;
            if (!item.counts) continue;
            item.counts = false;
        } else if (!item.counts) {
            item.text += " (a script that nothing starts)";
        }
        add(answer, std::move(item));
    }
    answer = settled(std::move(answer), subject, "installations at start");
    if (answer.outcome == Outcome::pass && cut) {
        answer.outcome = Outcome::unknown;
        answer.reason = "a script that starts it is longer than what is read of it";
    }
    if (answer.outcome == Outcome::pass &&
        subject.facts.untold.contains(layer::FactKind::start_install)) {
        return unknown("a layer has more scripts that install something than it tells of");
    }
    return answer;
}

namespace {

/// The hosts of the URLs in a text of the config, as hints.
void add_hosts(Answer& answer, const std::string& member, std::string_view text,
               std::set<std::string>& told) {
    for (const std::string& host : layer::hosts_in(text)) {
        if (!told.insert(host).second) continue;
        Item item = config_item(member, "names the host " + host);
        item.counts = false;
        add(answer, std::move(item));
    }
}

/// Those of the application's own files, each once, and what was not looked at for them.
void add_hosts_of_files(Answer& answer, const Subject& subject, std::set<std::string>& told) {
    for (const image::PlacedFact& fact : subject.facts.facts) {
        if (fact.kind != layer::FactKind::named_host || fact.visibility != Visibility::visible ||
            !told.insert(fact.detail).second) {
            continue;
        }
        const bool host = fact.detail != layer::hosts_cut && fact.detail != layer::more_hosts;
        Item item = file_item(fact, host ? "names the host " + fact.detail : fact.detail);
        item.counts = false;
        add(answer, std::move(item));
    }
    if (!subject.facts.untold.contains(layer::FactKind::named_host)) return;
    Item item = config_item("hosts", "a layer's files name more hosts than are told");
    item.counts = false;
    add(answer, std::move(item));
}

}  // namespace

Answer egress(const Subject& subject, const Settings&) {
    if (auto none = without_config(subject)) return *none;
    Answer answer;
    std::set<std::string> hosts;
    for (const auto& [name, value] : subject.facts.env) {
        if (!name.ends_with("_PROXY") && !name.ends_with("_proxy"))
            add_hosts(answer, "config.Env " + name, value, hosts);
    }
    add_hosts(answer, "config.Entrypoint and Cmd", joined(start_words(subject)), hosts);
    add_hosts_of_files(answer, subject, hosts);
    for (const auto& [name, value] : subject.facts.env) {
        if (!name.ends_with("_PROXY") && !name.ends_with("_proxy")) continue;
        if (value.empty() || name == "NO_PROXY" || name == "no_proxy") continue;
        add(answer, config_item("config.Env", name));
    }
    for (const image::PlacedFact& fact : subject.facts.facts) {
        if (fact.kind != layer::FactKind::proxy_setting) continue;
        Item item = file_item(fact, "names " + fact.detail);
        item.counts = false;
        add(answer, std::move(item));
    }
    const auto open = std::count_if(answer.items.begin(), answer.items.end(),
                                    [](const Item& item) { return item.counts; });
    answer.outcome = open > 0 ? Outcome::fail : Outcome::pass;
    answer.reason = open > 0 ? "it bakes in a proxy" : "it bakes in no proxy";
    return answer;
}

}  // namespace stratascan::policy
