#include "scanner/match/gitleaks_file.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <map>
#include <optional>
#include <utility>

#include "scanner/match/allow_list.hpp"
#include "scanner/match/gitleaks_notes.hpp"
#include "scanner/match/rule_limits.hpp"
#include "scanner/match/toml.hpp"

namespace stratascan::match {

namespace {

// Where in the file something stands, and the notes about it.
class Place {
public:
    Place(const std::string& file, const toml::node& node, std::vector<std::string>& notes,
          std::string rule = {})
        : where_(fmt::format("{}:{}", file, node.source().begin.line)), rule_(std::move(rule)),
          notes_(notes) {}

    void note(std::string_view what) const {
        notes_.push_back(rule_.empty() ? fmt::format("{}: {}", where_, what)
                                       : fmt::format("{}: rule \"{}\": {}", where_, rule_, what));
    }
    void lost(std::string_view what, std::string_view why) const {
        note(fmt::format("{} {}{}", what, nothing_left, why));
    }
    // The rule, as a whole.
    void lose(std::string_view why) const { note(fmt::format("{}{}", nothing_left, why)); }
    [[nodiscard]] const std::string& where() const noexcept { return where_; }

private:
    std::string where_, rule_;
    std::vector<std::string>& notes_;
};

// What stands under a key; nothing, and a note, when it is of another type.
std::optional<std::string> text_of(const Place& place, std::string_view key,
                                   const toml::node& node) {
    const auto value = node.value_exact<std::string>();
    if (!value) place.lost(fmt::format("`{}`", key), "it must be a string");
    return value;
}

std::optional<std::vector<std::string>> texts_of(const Place& place, std::string_view key,
                                                 const toml::node& node) {
    std::vector<std::string> texts;
    if (const toml::array* array = node.as_array()) {
        for (const toml::node& element : *array) {
            if (const auto text = element.value_exact<std::string>()) texts.push_back(*text);
        }
        if (texts.size() == array->size()) return texts;
    }
    place.lost(fmt::format("`{}`", key), "it must be a list of strings");
    return std::nullopt;
}

// An allowlist on its way. A part that is lost makes a list that wants all of its
// parts hold too often, so such a list is lost as a whole.
struct AllowDraft {
    AllowList list;
    std::vector<std::string> ids;
    bool damaged = false;
};

void read_allow_key(const Place& place, std::string_view key, const toml::node& node,
                    AllowDraft& draft) {
    const auto take_text = [&](const std::function<bool(const std::string&)>& use) {
        const auto text = text_of(place, key, node);
        if (text && use(*text)) return;
        if (text) place.lost(fmt::format("allowlist: `{}`", key), "its value is not known");
        draft.damaged = true;
    };
    const auto take_texts = [&](std::vector<std::string>& into) {
        auto texts = texts_of(place, key, node);
        draft.damaged = draft.damaged || !texts;
        if (texts) into = std::move(*texts);
    };
    if (key == "description") {
        draft.list.description = node.value_or(std::string());
    } else if (key == "paths") {
        take_texts(draft.list.paths);
    } else if (key == "regexes") {
        take_texts(draft.list.regexes);
    } else if (key == "stopwords") {
        take_texts(draft.list.stopwords);
    } else if (key == "targetRules") {
        take_texts(draft.ids);
    } else if (key == "regexTarget") {
        take_text([&](const std::string& text) {
            if (text == "match") draft.list.target = AllowList::Target::match;
            if (text == "line") draft.list.target = AllowList::Target::line;
            return text.empty() || text == "secret" || text == "match" || text == "line";
        });
    } else if (key == "condition") {
        take_text([&](const std::string& text) {
            draft.list.all = text == "AND" || text == "and" || text == "&&";
            return draft.list.all || text.empty() || text == "OR" || text == "or" || text == "||";
        });
    } else if (key == "commits") {
        const toml::array* array = node.as_array();
        if (array != nullptr && array->empty()) return;
        draft.damaged = true;
        place.lost("allowlist: `commits`", "an image has none");
    } else {
        draft.damaged = true;
        place.lost(fmt::format("allowlist: `{}`", key), "the key is not known");
    }
}

// Leaves out expressions that RE2 does not take.
void check_expressions(const Place& place, std::vector<std::string>& expressions,
                       AllowDraft& draft) {
    std::erase_if(expressions, [&](const std::string& text) {
        const re2::RE2 expression(text, regex_options());
        if (expression.ok()) return false;
        place.lost(fmt::format("allowlist: `{}`", text), expression.error());
        draft.damaged = true;
        return true;
    });
}

std::optional<AllowDraft> read_allow_list(const Place& place, const toml::node& node) {
    const toml::table* table = node.as_table();
    if (table == nullptr) {
        place.lost("the allowlist is", "it must be a table");
        return std::nullopt;
    }
    AllowDraft draft;
    for (const auto& [key, value] : *table) read_allow_key(place, key.str(), value, draft);
    check_expressions(place, draft.list.paths, draft);
    check_expressions(place, draft.list.regexes, draft);
    std::erase(draft.list.stopwords, std::string());
    if (draft.list.all && draft.damaged) {
        place.lost("the allowlist is", "it wants all of its parts, and not all of them are known");
        return std::nullopt;
    }
    const bool empty = draft.list.paths.empty() && draft.list.regexes.empty() &&
                       draft.list.stopwords.empty();
    if (empty) return std::nullopt;
    return draft;
}

class FileReader {
public:
    FileReader(const std::string& name, GitleaksFile& into) : name_(name), file_(into) {}

    Result<void> read(const toml::table& document) {
        for (const auto& [key, node] : document) {
            const std::string_view name = key.str();
            if (name == "rules") {
                each(node, [this](const toml::node& one) { read_rule(one); });
            } else if (name == "allowlist" || name == "allowlists") {
                each(node, [this](const toml::node& one) { read_global(one); });
            } else if (name == "extend") {
                read_extend(node);
            } else if (name != "title" && name != "description" && name != "minVersion") {
                place_of(node).lost(fmt::format("`{}`", name), "the key is not known");
            }
        }
        if (too_much_) return std::unexpected(*too_much_);
        return {};
    }

private:
    [[nodiscard]] Place place_of(const toml::node& node, const std::string& rule = {}) {
        return {name_, node, file_.notes, rule};
    }

    template <typename Action>
    void each(const toml::node& node, const Action& action) {
        const toml::array* array = node.as_array();
        if (array == nullptr) return action(node);
        for (const toml::node& element : *array) {
            if (too_much_) return;
            action(element);
        }
    }

    // A file that asks for too much is refused: what it is about would be looked for in part.
    bool fits(const Rule& rule, const Place& place, std::uint64_t instructions) {
        const auto sized = sizes_.add(rule, instructions);
        if (sized && file_.rules.size() < most_rules) return true;
        too_much_ = sized ? Error{ErrorCode::over_limit,
                                  fmt::format("there are more than {} rules", most_rules), {},
                                  "give fewer at once"}
                          : sized.error();
        too_much_->where = place.where();
        return false;
    }

    void read_global(const toml::node& node) {
        const Place place = place_of(node);
        auto draft = read_allow_list(place, node);
        if (!draft) return;
        // Whether a rule has room for lines is asked of each rule.
        if (draft->list.target == AllowList::Target::line) {
            constexpr std::uint64_t times = 100;
            std::uint64_t instructions = 0;
            [[maybe_unused]] const auto sound = check_allow_list(draft->list, instructions);
            if (!fits({}, place, times * instructions)) return;
        }
        file_.everywhere.push_back({std::move(draft->list), std::move(draft->ids), place.where()});
    }

    void read_extend(const toml::node& node) {
        const Place place = place_of(node);
        file_.extend_where = place.where();
        const toml::table* table = node.as_table();
        if (table == nullptr) return place.lost("`extend`", "it must be a table");
        for (const auto& [key, value] : *table) {
            if (key == "useDefault") {
                file_.use_default = value.value_or(false);
            } else if (key == "path") {
                if (const auto path = text_of(place, "path", value)) file_.extend_path = *path;
            } else if (key == "disabledRules") {
                if (auto ids = texts_of(place, "disabledRules", value)) {
                    file_.disabled = std::move(*ids);
                }
            } else {
                place.lost(fmt::format("`extend.{}`", key.str()), "the key is not known");
            }
        }
    }

    void read_rule(const toml::node& node) {
        const toml::table* table = node.as_table();
        if (table == nullptr) return place_of(node).lost("a rule is", "it must be a table");
        GitleaksRule from;
        Rule& rule = from.rule;
        rule.id = (*table)["id"].value_or(std::string());
        rule.file = name_;
        rule.line = table->source().begin.line;
        const Place place = place_of(node, rule.id);
        if (rule.id.empty()) return place.lost("a rule is", "it has no `id`");
        bool sound = true;
        for (const auto& [key, value] : *table) {
            sound = read_rule_key(place, key.str(), value, from) && sound;
        }
        if (!sound) return place.lose("see the line before");
        if (rule.title.empty()) rule.title = rule.id;
        if (rule.pattern.empty()) return take_without_pattern(place, from);
        std::vector<std::string> notes;
        std::uint64_t instructions = 0;
        auto carried = carry_over(std::move(from), notes, instructions);
        if (!fits(carried ? *carried : Rule(), place, instructions)) return;
        if (!carried) {
            const Error& why = carried.error();
            return place.lose(why.what + (why.hint.empty() ? "" : " (" + why.hint + ")"));
        }
        for (const std::string& note : notes) place.note(note);
        const auto earlier = std::find_if(file_.rules.begin(), file_.rules.end(),
                                          [&](const Rule& one) { return one.id == carried->id; });
        if (earlier == file_.rules.end()) {
            file_.rules.push_back(std::move(*carried));
            return;
        }
        file_.notes.push_back(fmt::format("{}:{}: rule \"{}\": {}the id stands again at line {}",
                                          earlier->file, earlier->line, earlier->id, nothing_left,
                                          carried->line));
        *earlier = std::move(*carried);
    }

    // Whether the rule can still be what it should be.
    bool read_rule_key(const Place& place, std::string_view key, const toml::node& node,
                       GitleaksRule& from) {
        Rule& rule = from.rule;
        const auto take = [&](std::string& into) {
            auto text = text_of(place, key, node);
            if (text) into = std::move(*text);
            return text.has_value();
        };
        if (key == "id") return true;
        if (key == "description") return take(rule.title);
        if (key == "regex") return take(rule.pattern);
        if (key == "path") return take_path(place, node, rule);
        if (key == "entropy") return take_entropy(place, node, rule);
        if (key == "secretGroup") {
            const auto number = node.value<std::int64_t>();
            if (!number) place.lost("`secretGroup`", "it must be a number");
            from.secret_group = number.value_or(0);
            return number.has_value();
        }
        if (key == "keywords") {
            auto words = texts_of(place, key, node);
            if (words) from.keywords = std::move(*words);
            std::erase(from.keywords, std::string());
            return words.has_value();
        }
        if (key == "tags") {
            for (const std::string& tag : texts_of(place, key, node).value_or(std::vector<std::string>())) {
                rule.note += (rule.note.empty() ? "tags: " : ", ") + tag;
            }
            return true;
        }
        if (key == "allowlist" || key == "allowlists") {
            each(node, [&](const toml::node& one) {
                if (auto draft = read_allow_list(place, one)) {
                    rule.allowlists.push_back(std::move(draft->list));
                }
            });
            return true;
        }
        place.lost(fmt::format("`{}`", key), key == "required"
                                                 ? "the rule is reported without its companions"
                                                 : "the key is not known");
        return true;
    }

    static bool take_path(const Place& place, const toml::node& node, Rule& rule) {
        const auto text = text_of(place, "path", node);
        if (!text) return false;
        const re2::RE2 expression(*text, regex_options());
        if (!expression.ok()) place.lost("`path`", expression.error());
        rule.path = *text;
        return expression.ok();
    }

    static bool take_entropy(const Place& place, const toml::node& node, Rule& rule) {
        const auto number = node.value<double>();
        const bool sound = number && *number >= 0 && *number < 8;
        if (!sound) place.lost("`entropy`", "it must be a number from 0 to less than 8");
        rule.entropy = sound ? *number : 0;
        return sound;
    }

    // A rule that is defined elsewhere may get further allowlists here.
    void take_without_pattern(const Place& place, GitleaksRule& from) {
        Rule& rule = from.rule;
        if (rule.allowlists.empty()) {
            return place.lose(rule.path.empty() ? "it has no `regex`"
                                                : "it has a `path` and no `regex`, and a file's "
                                                  "name alone is no secret");
        }
        for (const auto& [is_set, key] :
             {std::pair(rule.entropy > 0, "entropy"), std::pair(!rule.path.empty(), "path"),
              std::pair(!from.keywords.empty(), "keywords"),
              std::pair(from.secret_group != 0, "secretGroup")}) {
            if (is_set) {
                place.lost(fmt::format("`{}`", key),
                           "without a `regex`, a rule that is defined elsewhere gets allowlists alone");
            }
        }
        for (AllowList& list : rule.allowlists) {
            file_.refinements.push_back({std::move(list), {rule.id}, place.where()});
        }
    }

    const std::string& name_;
    GitleaksFile& file_;
    RuleSizes sizes_;
    std::optional<Error> too_much_;
};

}  // namespace

bool is_gitleaks_file(std::string_view text) {
    try {
        const toml::table document = read_toml(text);
        if (document.contains("rule") || document.contains("program")) return false;
        return std::any_of(document.begin(), document.end(), [](const auto& member) {
            const std::string_view key = member.first.str();
            return key == "rules" || key == "allowlist" || key == "allowlists" || key == "extend";
        });
    } catch (const toml::parse_error&) {
        return false;
    }
}

Result<GitleaksFile> parse_gitleaks_file(std::string_view text, const std::string& name) {
    GitleaksFile file;
    try {
        const toml::table document = read_toml(text, name);
        if (auto read = FileReader(name, file).read(document); !read) {
            return std::unexpected(read.error());
        }
    } catch (const toml::parse_error& error) {
        return fail(ErrorCode::malformed, description_of(error),
                    fmt::format("{}:{}", name, error.source().begin.line));
    }
    return file;
}

}  // namespace stratascan::match
