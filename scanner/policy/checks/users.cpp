// Who the image runs as, and who could log in to it.
#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "scanner/policy/accounts.hpp"
#include "scanner/policy/checks/answers.hpp"
#include "scanner/policy/checks/checks.hpp"

namespace stratascan::policy {

namespace {

using layer::DocumentKind;

struct Resolved {
    RunAs run;
    std::vector<Account> accounts;
    bool cut = false;  // a file is longer than what was kept
};

Resolved resolved(const Subject& subject) {
    Resolved all;
    std::vector<Group> groups;
    if (const auto* passwd = subject.facts.document(DocumentKind::passwd)) {
        all.accounts = read_accounts(passwd->text);
        all.cut = passwd->cut;
    }
    if (const auto* group = subject.facts.document(DocumentKind::group)) {
        groups = read_groups(group->text);
        all.cut = all.cut || group->cut;
    }
    all.run = resolve_user(subject.facts.user, all.accounts, groups);
    return all;
}

Item user_item(const Subject& subject) {
    const std::string& user = subject.facts.user;
    return config_item("config.User", user.empty() ? "not set" : "\"" + user + "\"");
}

std::string ids_of(const RunAs& run) {
    return fmt::format("{}:{}", run.uid ? std::to_string(*run.uid) : "?",
                       run.gid ? std::to_string(*run.gid) : "?");
}

// Where it can't be told who that is: not in the files, or the files were not read.
std::optional<Answer> without_user(const Subject& subject, const Resolved& user) {
    if (auto none = without_config(subject)) return none;
    if (subject.facts.os == "windows") return unknown("accounts of Windows are not read");
    if (user.run.problem.empty()) return std::nullopt;
    if (!subject.facts.files_known || user.cut) {
        Answer answer = unknown(user.run.problem + ", as far as it was read");
        answer.unread = true;
        return answer;
    }
    return failed(user.run.problem, {user_item(subject)});
}

}  // namespace

Answer user_root(const Subject& subject, const Settings&) {
    const Resolved user = resolved(subject);
    // A group that is not there does not matter to root.
    if (subject.facts.config_known && user.run.uid == 0U && subject.facts.os != "windows") {
        return failed(subject.facts.user.empty() ? "no user is set, so it is root"
                                                 : "the user is root",
                      {user_item(subject)});
    }
    if (auto none = without_user(subject, user)) return *none;
    return passed("it runs as " + ids_of(user.run));
}

Answer user_ids(const Subject& subject, const Settings& settings) {
    const Resolved user = resolved(subject);
    if (auto none = without_user(subject, user)) return *none;
    const bool same = user.run.uid == number(settings, "uid") &&
                      user.run.gid == number(settings, "gid");
    const std::string reason =
        fmt::format("it runs as {}; {}:{} is asked for", ids_of(user.run),
                    number(settings, "uid"), number(settings, "gid"));
    return same ? passed("it runs as " + ids_of(user.run)) : failed(reason, {user_item(subject)});
}

Answer user_above(const Subject& subject, const Settings& settings) {
    const Resolved user = resolved(subject);
    if (auto none = without_user(subject, user)) return *none;
    const std::int64_t above = number(settings, "above");
    if (std::int64_t{*user.run.uid} > above) return passed("it runs as " + ids_of(user.run));
    return failed(fmt::format("it runs as {}; a user id above {} is asked for",
                              ids_of(user.run), above),
                  {user_item(subject)});
}

Answer user_numeric(const Subject& subject, const Settings&) {
    if (auto none = without_config(subject)) return *none;
    if (subject.facts.user.empty()) return not_applicable("no user is set");
    if (resolved(subject).run.by_number) return passed("the user is a number");
    return failed("the user is a name", {user_item(subject)});
}

Answer user_arbitrary(const Subject& subject, const Settings&) {
    if (auto none = without_config(subject)) return *none;
    std::vector<std::string> places;
    const auto add_place = [&](const std::string& place) {
        const std::string path = layer::normalise_path(place);
        if (!path.empty()) places.push_back(path);
    };
    add_place(subject.facts.working_folder);
    if (const auto home = subject.facts.env.find("HOME"); home != subject.facts.env.end()) {
        add_place(home->second);
    }
    for (const std::string& volume : subject.facts.volumes) add_place(volume);
    if (places.empty()) return not_applicable("no working folder, HOME or volume is set");
    Answer answer;
    for (const image::PlacedFact& fact : subject.facts.facts) {
        if (fact.kind != layer::FactKind::private_path ||
            fact.visibility != Visibility::visible) {
            continue;
        }
        const bool below = std::any_of(places.begin(), places.end(), [&](const std::string& one) {
            return fact.path == one || fact.path.starts_with(one + "/");
        });
        if (!below) continue;
        add(answer, file_item(fact, fmt::format("for {} alone, mode {:04o}", fact.detail,
                                                fact.mode)));
    }
    answer = settled(std::move(answer), subject, "paths that only one user id can use");
    if (answer.outcome == Outcome::pass) {
        answer = unknown(answer.reason + "; what any user id may write is not told by the image");
    }
    return answer;
}

namespace {

/// Whether the image has a program that lets somebody in by a password.
bool may_ask_passwords(const Subject& subject) {
    const auto& notes = subject.report.notes;
    if (std::ranges::find(notes, "programs were not looked for") != notes.end()) return true;
    return std::ranges::any_of(subject.report.programs, [](const Program& program) {
        const auto has = [&](const char* applet) {
            return std::ranges::find(program.applets, applet) != program.applets.end();
        };
        const bool visible = program.visibility == Visibility::visible;
        return visible && (program.program == "su" || program.program == "sudo" ||
                           program.program == "sshd" || program.program == "dropbear" ||
                           has("su") || has("login"));
    });
}

}  // namespace

Answer accounts_closed(const Subject& subject, const Settings& settings) {
    if (auto none = without_tree(subject)) return *none;
    const auto* passwd = subject.facts.document(DocumentKind::passwd);
    if (passwd == nullptr && subject.facts.files_known) {
        return passed("the image has no etc/passwd");
    }
    std::map<std::string, std::string> shadow;  // name, state
    if (const auto* file = subject.facts.document(DocumentKind::shadow)) {
        std::string_view text = file->text;
        while (!text.empty()) {
            const std::string_view line = text.substr(0, text.find('\n'));
            const std::size_t colon = line.find(':');
            shadow.emplace(line.substr(0, colon), line.substr(colon + 1));
            text.remove_prefix(std::min(line.size() + 1, text.size()));
        }
    }
    std::vector<std::string> shells;
    if (const auto* file = subject.facts.document(DocumentKind::shells)) {
        std::string_view text = file->text;
        while (!text.empty()) {
            const std::string_view line = text.substr(0, text.find('\n'));
            shells.emplace_back(line);
            text.remove_prefix(std::min(line.size() + 1, text.size()));
        }
    }
    Answer answer;
    bool only_unasked = true;
    const auto tell = [&](const Account& account, const std::string& what, bool asked = true) {
        Item item;
        item.path = passwd->path;
        item.layer_index = passwd->layer_index;
        item.text = account.name + ": " + what;
        item.key = item.path + '\n' + item.text;
        if (!asked) item.text += "; no su, sudo or ssh server was found that would ask for it";
        only_unasked = only_unasked && !asked;
        add(answer, std::move(item));
    };
    const bool asked = may_ask_passwords(subject);
    const auto system = static_cast<std::uint32_t>(number(settings, "system_below"));
    for (const Account& account :
         passwd != nullptr ? read_accounts(passwd->text) : std::vector<Account>()) {
        const auto state = shadow.find(account.name);
        const bool elsewhere = account.password == "x";
        if ((!elsewhere && account.password.empty()) ||
            (elsewhere && state != shadow.end() && state->second.empty())) {
            tell(account, "its password is empty", asked);
        }
        if (account.uid == 0 && account.name != "root") tell(account, "it is a second root");
        const bool login = std::find(shells.begin(), shells.end(), account.shell) != shells.end();
        if (account.uid != 0 && account.uid < system && login) {
            tell(account, "a service with the login shell " + account.shell);
        }
    }
    answer = settled(std::move(answer), subject, "open accounts");
    if (answer.outcome == Outcome::fail && only_unasked) answer.at_most = Severity::low;
    if (answer.outcome == Outcome::pass && passwd->cut) {
        answer = unknown("etc/passwd is longer than what is looked at");
    }
    return answer;
}

}  // namespace stratascan::policy
