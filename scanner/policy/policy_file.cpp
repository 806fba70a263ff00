// Reads the catalogue of checks and policies from TOML.
#include <algorithm>
#include <array>
#include <filesystem>
#include <functional>
#include <map>
#include <set>

#include "scanner/policy/glob.hpp"
#include "scanner/policy/policy.hpp"
#include "scanner/policy/toml_reader.hpp"

namespace stratascan::policy {

namespace {

constexpr std::size_t deepest_extends = 8;

// Of a policy with all that it extends; what is extended again by another file counts again, for
// it is merged again.
constexpr std::size_t most_extends = 200;
constexpr std::size_t most_exemptions = 20'000;
constexpr std::size_t most_bytes = 2 << 20;
constexpr std::size_t most_merged = 32 << 20;

/// What the files of one policy have in common.
struct Reading {
    std::map<std::string, Policy> known;  ///< by path: each is read once
    std::size_t extends = 0, bytes = 0, merged = 0;
};

std::string carried_names() {
    std::string names;
    for (const CarriedFile& file : carried_policies()) {
        (names += names.empty() ? "" : ", ") += file.id;
    }
    return names;
}

Result<Severity> severity_of(const TomlPlace& place, std::string_view key, const toml::node& node) {
    const auto name = place.text(key, node);
    if (!name) return std::unexpected(name.error());
    if (const auto severity = severity_from(*name)) return *severity;
    return place.wrong(node, fmt::format("`{}` has no value \"{}\"", key, *name),
                       "info, low, medium, high or critical");
}

Result<Setting> setting_of(const TomlPlace& place, std::string_view key, const toml::node& node) {
    if (node.is_integer()) {
        auto value = place.number(key, node);
        if (!value) return std::unexpected(value.error());
        return Setting(*value);
    }
    if (node.is_boolean()) return Setting(node.value_exact<bool>().value_or(false));
    if (node.is_string()) return Setting(node.value_exact<std::string>().value_or(""));
    auto value = place.texts(key, node);
    if (!value) return std::unexpected(value.error());
    return Setting(std::move(*value));
}

std::string_view type_name(const Setting& setting) {
    constexpr std::array<std::string_view, 4> names = {"a whole number", "true or false",
                                                       "a string", "a list of strings"};
    return names[setting.index()];
}

// Puts a value into a place, or says what is wrong with it.
template <typename Value>
Result<void> put(Value& into, Result<Value> value) {
    if (!value) return std::unexpected(value.error());
    into = std::move(*value);
    return {};
}

// Keys that the catalogue and policies have in common.
Result<bool> read_common(const TomlPlace& place, std::string_view key, const toml::node& node,
                         CheckInfo& info) {
    const std::map<std::string_view, std::string CheckInfo::*> names = {
        {"title", &CheckInfo::title}, {"reason", &CheckInfo::reason},
        {"decided", &CheckInfo::decided}, {"mend", &CheckInfo::mend}};
    const std::map<std::string_view, std::vector<std::string> CheckInfo::*> lists = {
        {"nist", &CheckInfo::nist}, {"cis", &CheckInfo::cis}, {"bsi", &CheckInfo::bsi}};
    Result<void> done;
    if (key == "severity") {
        done = put(info.severity, severity_of(place, key, node));
    } else if (const auto name = names.find(key); name != names.end()) {
        done = put(info.*(name->second), place.text(key, node));
    } else if (const auto list = lists.find(key); list != lists.end()) {
        done = put(info.*(list->second), place.texts(key, node));
    } else {
        return false;
    }
    if (!done) return std::unexpected(done.error());
    return true;
}

Result<CheckInfo> read_info(const TomlPlace& file, const toml::table& table) {
    CheckInfo info;
    const TomlPlace place = file.inside(
        fmt::format("check \"{}\"", table["id"].value_or(std::string("without an id"))));
    for (const auto& [key, node] : table) {
        const auto common = read_common(place, key.str(), node, info);
        if (!common) return std::unexpected(common.error());
        if (*common) continue;
        Result<void> done;
        if (key == "id") {
            done = put(info.id, place.text(key.str(), node));
        } else if (key == "undecidable") {
            done = put(info.undecidable, place.text(key.str(), node));
        } else if (key == "unreferenced") {
            done = put(info.unreferenced, place.text(key.str(), node));
        } else if (key == "proof") {
            done = put(info.proof, place.flag(key.str(), node));
        } else if (key == "settings" && node.is_table()) {
            for (const auto& [name, value] : *node.as_table()) {
                auto setting = setting_of(place, name.str(), value);
                if (!setting) return std::unexpected(setting.error());
                info.settings.emplace(std::string(name.str()), std::move(*setting));
            }
        } else {
            done = place.wrong(node, fmt::format("there is no key `{}`", key.str()));
        }
        if (!done) return std::unexpected(done.error());
    }
    if (info.id.empty() || info.title.empty() || info.reason.empty()) {
        return place.wrong(table, "`id`, `title` and `reason` are needed");
    }
    return info;
}

// Settings that are one of a few words: a slip of the pen must not ask for less.
Result<void> wrong_word(const TomlPlace& place, std::string_view check, std::string_view key,
                        const Setting& value, const toml::node& node) {
    struct Words {
        std::string_view setting;
        std::vector<std::string_view> words;
    };
    static const std::array<Words, 3> known = {{{"signature", {"none", "present", "verified"}},
                                                {"confidence", {"low", "medium", "high"}},
                                                {"mode", {"", "max"}}}};
    const auto* const text = std::get_if<std::string>(&value);
    for (const Words& one : known) {
        if (text == nullptr || one.setting != key) continue;
        const bool is_word = std::ranges::find(one.words, *text) != one.words.end();
        if (is_word && !(check == "signed" && *text == "none")) continue;
        std::string all;
        for (const std::string_view word : one.words) {
            (all += all.empty() ? "\"" : ", \"").append(word) += '"';
        }
        return place.wrong(node, fmt::format("`{}` has no value \"{}\"", key, *text), "one of " + all);
    }
    return {};
}

// What `extends` and the file's own tables make of a policy.
class PolicyReader {
public:
    PolicyReader(std::string name, std::vector<std::string> above, Reading& reading)
        : place_(name, {}), name_(std::move(name)), above_(std::move(above)), reading_(reading) {}

    Result<Policy> read(std::string_view text);

private:
    using Step = Result<void>;
    Step read_key(std::string_view key, const toml::node& node);
    Step read_extends(const toml::node& node);
    Step extend(const std::string& base, const toml::node& node);
    Result<Policy*> read_base(const std::string& base, const toml::node& node);
    Step read_checks(const toml::node& node);
    Step read_check(std::string_view id, const toml::table& table, std::uint32_t line);
    Step read_check_key(const TomlPlace& place, std::string_view key, const toml::node& node,
                        PolicyCheck& check);
    Step read_exemptions(const toml::node& node);
    Step read_exemption(const toml::table& table);

    TomlPlace place_;
    std::string name_;
    std::vector<std::string> above_;  // the files that extend this one
    Reading& reading_;
    Policy policy_;
};

Result<Policy*> PolicyReader::read_base(const std::string& base, const toml::node& node) {
    const CarriedFile* const own = carried_policy(base);
    const std::string path =
        own != nullptr ? base : (std::filesystem::path(name_).parent_path() / base).string();
    if (std::find(above_.begin(), above_.end(), path) != above_.end() || path == name_ ||
        above_.size() >= deepest_extends) {
        return place_.wrong(node, fmt::format("`extends` \"{}\" leads back to itself or too deep",
                                              base));
    }
    if (const auto known = reading_.known.find(path); known != reading_.known.end()) {
        return &known->second;
    }
    const auto text = own != nullptr ? Result<std::string>(std::string(own->text))
                                     : read_small_file(path, "policy");
    if (!text) {
        return place_.wrong(node, fmt::format("`extends` \"{}\": {}", base, text.error().what),
                            "name a file beside this one, or one of " + carried_names());
    }
    std::vector<std::string> above = above_;
    above.push_back(name_);
    auto read = PolicyReader(path, std::move(above), reading_).read(*text);
    if (!read) return std::unexpected(read.error());
    return &reading_.known.emplace(path, std::move(*read)).first->second;
}

Result<void> PolicyReader::extend(const std::string& base, const toml::node& node) {
    if (++reading_.extends > most_extends) {
        return place_.wrong(node, fmt::format("`extends` names more than {} policies, with those "
                                              "that they extend", most_extends));
    }
    const auto read = read_base(base, node);
    if (!read) return std::unexpected(read.error());
    Policy& other = **read;
    reading_.merged += bytes_of(other);
    if (reading_.merged > most_merged) {
        return place_.wrong(node, "what `extends` names says too much, all in all",
                            "have fewer policies extend others");
    }
    for (const PolicyCheck& check : other.checks) {
        std::erase_if(policy_.checks,
                      [&](const PolicyCheck& old) { return old.info.id == check.info.id; });
        policy_.checks.push_back(check);
    }
    if (policy_.exemptions.size() + other.exemptions.size() > most_exemptions) {
        return place_.wrong(node, fmt::format("more than {} exemptions, with those of what it "
                                              "extends", most_exemptions));
    }
    policy_.exemptions.insert(policy_.exemptions.end(), other.exemptions.begin(),
                              other.exemptions.end());
    if (other.fail_on) policy_.fail_on = other.fail_on;
    if (policy_.source.empty()) policy_.source = other.source;
    return {};
}

Result<void> PolicyReader::read_extends(const toml::node& node) {
    const auto bases = place_.texts("extends", node);
    if (!bases) return std::unexpected(bases.error());
    for (const std::string& base : *bases) {
        if (auto done = extend(base, node); !done) return done;
    }
    return {};
}

Result<void> PolicyReader::read_check_key(const TomlPlace& place, std::string_view key,
                                          const toml::node& node, PolicyCheck& check) {
    const auto common = read_common(place, key, node, check.info);
    if (!common) return std::unexpected(common.error());
    if (*common) return {};
    const std::map<std::string_view, std::vector<std::string> AllowList::*> lists = {
        {"allow_programs", &AllowList::programs}, {"allow_paths", &AllowList::paths},
        {"allow_bases", &AllowList::bases}, {"allow_labels", &AllowList::labels}};
    if (const auto list = lists.find(key); list != lists.end()) {
        auto globs = place.texts(key, node);
        if (!globs) return std::unexpected(globs.error());
        for (const std::string& glob : *globs) {
            if (!glob_is_blanket(glob) && glob.front() != '=') continue;
            return place.wrong(node, fmt::format("`{}` has \"{}\", which would allow everything", key,
                                                 glob),
                               "name what is allowed, or write off = true");
        }
        check.allow.*(list->second) = std::move(*globs);
        return {};
    }
    if (key == "section") return put(check.section, place.text(key, node));
    if (key == "accept_unknown") return put(check.accept_unknown, place.flag(key, node));
    if (key == "exemptible") return put(check.exemptible, place.flag(key, node));
    if (key == "level") {
        const auto level = place.text(key, node);
        if (!level) return std::unexpected(level.error());
        if (*level != "must" && *level != "should") {
            return place.wrong(node, fmt::format("`level` has no value \"{}\"", *level),
                               "must or should");
        }
        check.level = *level == "must" ? Level::must : Level::should;
        return {};
    }
    const auto setting = check.info.settings.find(key);
    if (setting == check.info.settings.end()) {
        std::string known;
        for (const auto& [name, value] : check.info.settings) {
            (known += known.empty() ? "" : ", ") += name;
        }
        return place.wrong(node, fmt::format("there is no key `{}`", key),
                           known.empty() ? "it has no settings" : "its settings are " + known);
    }
    auto value = setting_of(place, key, node);
    if (!value) return std::unexpected(value.error());
    if (value->index() != setting->second.index()) {
        return place.wrong(node, fmt::format("`{}` must be {}", key, type_name(setting->second)));
    }
    if (auto wrong = wrong_word(place, check.info.id, key, *value, node); !wrong) return wrong;
    setting->second = std::move(*value);
    return {};
}

Result<void> PolicyReader::read_check(std::string_view id, const toml::table& table,
                                      std::uint32_t line) {
    const TomlPlace place = place_.inside(fmt::format("check \"{}\"", id));
    auto at = std::find_if(policy_.checks.begin(), policy_.checks.end(),
                           [&](const PolicyCheck& check) { return check.info.id == id; });
    if (const toml::node* off = table.get("off")) {
        const auto is_off = place.flag("off", *off);
        if (!is_off) return std::unexpected(is_off.error());
        if (*is_off) {
            if (at == policy_.checks.end()) {
                return place.wrong(line, "`off` for a check that no extended policy asks for",
                                   "remove it, or check the id");
            }
            policy_.checks.erase(at);
            return {};
        }
    }
    if (at == policy_.checks.end()) {
        const auto& known = catalogue();
        const auto info = std::find_if(known.begin(), known.end(),
                                       [&](const CheckInfo& one) { return one.id == id; });
        if (info == known.end()) {
            return place.wrong(line, "there is no such check", "see `stratascan policies checks`");
        }
        PolicyCheck check;
        check.info = *info;
        policy_.checks.push_back(std::move(check));
        at = std::prev(policy_.checks.end());
    }
    for (const auto& [key, node] : table) {
        if (key == "off") continue;
        if (auto done = read_check_key(place, key.str(), node, *at); !done) return done;
    }
    return {};
}

Result<void> PolicyReader::read_checks(const toml::node& node) {
    const toml::table* checks = node.as_table();
    if (checks == nullptr) return place_.wrong(node, "checks stand in [checks.ID] tables");
    for (const auto& [id, check] : *checks) {
        const toml::table* table = check.as_table();
        if (table == nullptr) return place_.wrong(check, "checks stand in [checks.ID] tables");
        if (auto done = read_check(id.str(), *table, check.source().begin.line); !done) return done;
    }
    return {};
}

Result<void> PolicyReader::read_exemption(const toml::table& table) {
    Exemption exemption;
    exemption.where = place_.where(table.source().begin.line);
    for (const auto& [key, node] : table) {
        std::string* into = key == "check" ? &exemption.check
                            : key == "program" ? &exemption.program
                            : key == "use_case" ? &exemption.use_case
                                                : nullptr;
        if (into == nullptr) return place_.wrong(node, fmt::format("there is no key `{}`", key.str()));
        if (auto done = put(*into, place_.text(key.str(), node)); !done) return done;
    }
    const PolicyCheck* check = policy_.find(exemption.check);
    if (check == nullptr) {
        return place_.wrong(table, fmt::format("`check` \"{}\" is not one of this policy",
                                               exemption.check));
    }
    if (!check->exemptible) {
        return place_.wrong(table, fmt::format("the check \"{}\" has no exemptions",
                                               exemption.check),
                            "what a library of the language does is no use case for a tool");
    }
    if (exemption.program.empty() || glob_is_blanket(exemption.program)) {
        return place_.wrong(table, "`program` must name the program that stays");
    }
    constexpr std::size_t shortest_use_case = 20;
    if (exemption.use_case.size() < shortest_use_case) {
        return place_.wrong(table, "`use_case` must say what the program is needed for",
                            "write a sentence that a reviewer can judge");
    }
    if (policy_.exemptions.size() == most_exemptions) {
        return place_.wrong(table, fmt::format("more than {} exemptions", most_exemptions));
    }
    policy_.exemptions.push_back(std::move(exemption));
    return {};
}

Result<void> PolicyReader::read_exemptions(const toml::node& node) {
    const toml::array* array = node.as_array();
    if (array == nullptr) return place_.wrong(node, "exemptions stand in [[exempt]] tables");
    for (const toml::node& element : *array) {
        if (!element.is_table()) {
            return place_.wrong(element, "exemptions stand in [[exempt]] tables");
        }
        if (auto done = read_exemption(*element.as_table()); !done) return done;
    }
    return {};
}

Result<void> PolicyReader::read_key(std::string_view key, const toml::node& node) {
    if (key == "id") return put(policy_.id, place_.text(key, node));
    if (key == "title") return put(policy_.title, place_.text(key, node));
    if (key == "source") return put(policy_.source, place_.text(key, node));
    if (key == "fail_on") {
        auto severity = severity_of(place_, key, node);
        if (!severity) return std::unexpected(severity.error());
        policy_.fail_on = *severity;
        return {};
    }
    if (key == "accept_incomplete") {
        auto why = place_.text(key, node);
        if (!why) return std::unexpected(why.error());
        if (why->empty()) {
            return place_.wrong(node, "`accept_incomplete` must say why an image that was not "
                                      "read in full may pass");
        }
        policy_.accept_incomplete = std::move(*why);
        return {};
    }
    if (key == "extends" || key == "checks" || key == "exempt") return {};
    return place_.wrong(node, fmt::format("there is no key `{}`", key),
                        "id, title, source, extends, fail_on, accept_incomplete, [checks.ID] and "
                        "[[exempt]]");
}

Result<Policy> PolicyReader::read(std::string_view text) {
    reading_.bytes += text.size();
    if (reading_.bytes > most_bytes) {
        return place_.wrong(1, "a policy may have 2 MiB, with those that it extends");
    }
    auto document = parse_toml(text, name_);
    if (!document) return std::unexpected(document.error());
    // What is inherited must be there before it is changed, wherever it stands.
    if (const toml::node* extends = document->get("extends")) {
        if (auto done = read_extends(*extends); !done) return std::unexpected(done.error());
    }
    for (const auto& [key, node] : *document) {
        if (auto done = read_key(key.str(), node); !done) return std::unexpected(done.error());
    }
    if (const toml::node* checks = document->get("checks")) {
        if (auto done = read_checks(*checks); !done) return std::unexpected(done.error());
    }
    if (const toml::node* exempt = document->get("exempt")) {
        if (auto done = read_exemptions(*exempt); !done) return std::unexpected(done.error());
    }
    if (policy_.id.empty()) {
        return place_.wrong(1, "`id` is missing", "give the policy a name: id = \"mine\"");
    }
    if (policy_.checks.empty()) {
        return place_.wrong(1, "the policy asks for nothing",
                            "name checks under [checks.ID], or extend a policy");
    }
    std::map<std::string_view, std::size_t> order;
    for (const CheckInfo& info : catalogue()) order.emplace(info.id, order.size());
    std::stable_sort(policy_.checks.begin(), policy_.checks.end(),
                     [&](const PolicyCheck& a, const PolicyCheck& b) {
                         return order[a.info.id] < order[b.info.id];
                     });
    return std::move(policy_);
}

}  // namespace

const PolicyCheck* Policy::find(std::string_view check) const {
    const auto at = std::find_if(checks.begin(), checks.end(),
                                 [&](const PolicyCheck& one) { return one.info.id == check; });
    return at == checks.end() ? nullptr : &*at;
}

Result<std::vector<CheckInfo>> read_catalogue(std::string_view text, const std::string& name) {
    auto document = parse_toml(text, name);
    if (!document) return std::unexpected(document.error());
    const TomlPlace place(name, {});
    const toml::array* array = (*document)["check"].as_array();
    if (array == nullptr) return place.wrong(1, "checks stand in [[check]] tables");
    std::vector<CheckInfo> checks;
    std::set<std::string> ids;
    for (const toml::node& element : *array) {
        if (!element.is_table()) return place.wrong(element, "checks stand in [[check]] tables");
        auto info = read_info(place, *element.as_table());
        if (!info) return std::unexpected(info.error());
        if (!ids.insert(info->id).second) {
            return place.wrong(element, fmt::format("the id \"{}\" is there twice", info->id));
        }
        checks.push_back(std::move(*info));
    }
    return checks;
}

Result<Policy> parse_policy(std::string_view text, const std::string& name) {
    Reading reading;
    return PolicyReader(name, {}, reading).read(text);
}

Result<Policy> load_policy(const std::string& name) {
    if (const CarriedFile* const own = carried_policy(name)) return parse_policy(own->text, name);
    auto text = read_small_file(name, "policy");
    if (!text) {
        Error error = text.error();
        error.hint = "the program has " + carried_names() +
                     "; anything else must be the path of a file";
        return std::unexpected(std::move(error));
    }
    return parse_policy(*text, name);
}

}  // namespace stratascan::policy
