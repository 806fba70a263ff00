#include "scanner/policy/suppression.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <map>
#include <optional>

#include "scanner/policy/date.hpp"
#include "scanner/policy/glob.hpp"
#include "scanner/policy/toml_reader.hpp"

namespace stratascan::policy {

namespace {

using Field = std::string Suppression::*;

constexpr std::size_t shortest_reason = 10;

const std::map<std::string_view, Field>& selectors() {
    static const std::map<std::string_view, Field> fields = {
        {"secret", &Suppression::secret}, {"rule", &Suppression::rule},
        {"program", &Suppression::program}, {"path", &Suppression::path},
        {"layer", &Suppression::layer}, {"check", &Suppression::check}};
    return fields;
}

// A TOML date, or the same as a string.
Result<std::int64_t> end_of(const TomlPlace& place, const toml::node& node) {
    std::string text;
    if (const auto date = node.value_exact<toml::date>()) {
        text = fmt::format("{:04}-{:02}-{:02}", date->year, date->month, date->day);
    } else if (const auto words = node.value_exact<std::string>()) {
        text = *words;
    }
    const auto day = text.size() == 10 ? read_date(text) : std::nullopt;
    if (!day) {
        return place.wrong(node, "`until` must be a day", "write it as until = 2027-01-31");
    }
    return *day + seconds_a_day - 1;
}

Result<void> check_entry(const TomlPlace& place, std::uint32_t line, const Suppression& entry,
                         std::int64_t now) {
    bool selects = false;
    for (const auto& [key, field] : selectors()) {
        const std::string& value = entry.*field;
        if (value.empty()) continue;
        selects = true;
        if (glob_is_blanket(value)) {
            return place.wrong(line, fmt::format("`{}` = \"{}\" would suppress everything", key,
                                                 value),
                               "name what is meant");
        }
        const bool is_glob = value.find_first_of("*?") != value.npos;
        if (is_glob && key != "path") {
            return place.wrong(line, fmt::format("`{}` takes no pattern", key),
                               "name one; `path` takes patterns");
        }
    }
    if (!selects) {
        return place.wrong(line, "it says not what it suppresses",
                           "give one or more of secret, rule, program, path, layer, check");
    }
    if (entry.reason.size() < shortest_reason) {
        return place.wrong(line, entry.reason.empty() ? "`reason` is missing"
                                                      : "`reason` is too short to be one",
                           "say why this may pass");
    }
    if (entry.owner.empty()) {
        return place.wrong(line, "`owner` is missing", "say who answers for it");
    }
    if (entry.until == 0) {
        return place.wrong(line, "`until` is missing", "write until = 2027-01-31, at most a year "
                                                       "away");
    }
    if (entry.until - now > longest_suppression_days * seconds_a_day) {
        return place.wrong(line, "`until` is more than a year away",
                           "at the latest " +
                               written_date(now + (longest_suppression_days - 1) * seconds_a_day));
    }
    return {};
}

Result<Suppression> read_entry(const TomlPlace& place, const toml::table& table,
                               std::int64_t now) {
    Suppression entry;
    const std::uint32_t line = table.source().begin.line;
    entry.where = place.where(line);
    for (const auto& [key, node] : table) {
        const auto selector = selectors().find(key.str());
        Field into = selector != selectors().end() ? selector->second
                     : key == "reason"             ? &Suppression::reason
                     : key == "owner"              ? &Suppression::owner
                                                   : nullptr;
        if (key == "until") {
            const auto end = end_of(place, node);
            if (!end) return std::unexpected(end.error());
            entry.until = *end;
        } else if (into != nullptr) {
            auto text = place.text(key.str(), node);
            if (!text) return std::unexpected(text.error());
            if (text->empty()) {
                return place.wrong(node, fmt::format("`{}` is empty", key.str()));
            }
            entry.*into = std::move(*text);
        } else {
            return place.wrong(node, fmt::format("there is no key `{}`", key.str()),
                               "secret, rule, program, path, layer, check, reason, owner, until");
        }
    }
    if (auto sound = check_entry(place, line, entry, now); !sound) {
        return std::unexpected(sound.error());
    }
    entry.expired = entry.until < now;
    for (const auto& [key, field] : selectors()) {
        if (!(entry.*field).empty()) entry.about.emplace_back(key, entry.*field);
    }
    return entry;
}

std::string toml_string(std::string_view text) {
    std::string out = "\"";
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        if (c == '"' || c == '\\') {
            (out += '\\') += c;
        } else if (byte < 0x20 || byte == 0x7f) {
            out += fmt::format("\\u{:04x}", byte);
        } else {
            out += c;
        }
    }
    return out + "\"";
}

}  // namespace

bool Suppression::matches_but_path(const Suppressible& what) const {
    return (secret.empty() || secret == what.secret) && (rule.empty() || rule == what.rule) &&
           (program.empty() || program == what.program) &&
           (layer.empty() || layer == what.layer) && (check.empty() || check == what.check) &&
           (path.empty() || !what.path.empty());
}

Suppressor::Suppressor(std::vector<Suppression>& entries) : entries_(entries) {
    for (const Suppression& entry : entries) globs_.emplace_back(entry.path);
}

bool Suppressor::path_matches(std::size_t entry, const GlobText& text, Match& known) {
    if (known == Match::unknown) {
        known = globs_[entry].matches(text, work_) ? Match::yes : Match::no;
    }
    return known == Match::yes;
}

int Suppressor::suppress(const Suppressible& what) {
    constexpr std::size_t most_paths = 4096;
    int by = -1;
    std::optional<GlobText> text;
    std::vector<Match>* known = nullptr;
    for (std::size_t i = 0; i < entries_.size(); ++i) {
        Suppression& entry = entries_[i];
        if (!entry.matches_but_path(what)) continue;
        if (!entry.path.empty()) {
            if (!text) {
                if (asked_.size() >= most_paths) asked_.clear();
                known = &asked_.try_emplace(std::string(what.path), entries_.size()).first->second;
                text.emplace(what.path);
            }
            if (!path_matches(i, *text, (*known)[i])) continue;
        }
        ++entry.matched;
        if (by < 0 && !entry.expired) by = static_cast<int>(i);
    }
    return by;
}

std::string Suppressor::trouble() const {
    return work_.is_used_up() ? "the paths of suppressions took too long: from some finding on "
                                "they suppress nothing (name fewer, or with fewer stars)"
                              : "";
}

std::string Suppression::words() const {
    std::string text;
    for (const auto& [key, value] : about) {
        // An identity is long, and its beginning tells enough.
        text += fmt::format("{}{} {}", text.empty() ? "" : ", ", key,
                            value.size() > 64 ? value.substr(0, 28) + "…" : value);
    }
    return text;
}

Result<SuppressionFile> parse_suppressions(std::string_view text, const std::string& name,
                                           std::int64_t now) {
    auto document = parse_toml(text, name);
    if (!document) return std::unexpected(document.error());
    const TomlPlace place(name, "suppression");
    SuppressionFile file;
    file.given = true;
    for (const auto& [key, node] : *document) {
        const toml::array* array = node.as_array();
        if (key != "suppress" || array == nullptr) {
            return place.wrong(node, fmt::format("there is no key `{}`", key.str()),
                               "suppressions stand in [[suppress]] tables");
        }
        if (array->size() > most_suppressions) {
            return place.wrong(node, fmt::format("more than {} suppressions", most_suppressions));
        }
        for (const toml::node& element : *array) {
            if (!element.is_table()) {
                return place.wrong(element, "suppressions stand in [[suppress]] tables");
            }
            auto entry = read_entry(place, *element.as_table(), now);
            if (!entry) return std::unexpected(entry.error());
            file.entries.push_back(std::move(*entry));
        }
    }
    return file;
}

std::vector<std::string*> told_texts(SuppressionFile& file) {
    std::vector<std::string*> texts;
    for (Suppression& entry : file.entries) {
        texts.insert(texts.end(), {&entry.reason, &entry.owner});
        for (auto& [key, value] : entry.about) texts.push_back(&value);
    }
    return texts;
}

bool has_suppressions(const std::string& path) {
    if (!path.empty()) return true;
    // A link that leads nowhere is there, too: somebody meant something to be suppressed.
    std::error_code error;
    return std::filesystem::symlink_status(default_suppressions, error).type() !=
           std::filesystem::file_type::not_found;
}

Result<SuppressionFile> load_suppressions(const std::string& path, std::int64_t now) {
    if (!has_suppressions(path)) return SuppressionFile{};
    const std::string name = path.empty() ? std::string(default_suppressions) : path;
    auto text = read_small_file(name, "suppression file");
    if (!text) return std::unexpected(text.error());
    return parse_suppressions(*text, name, now);
}

Result<std::string> write_suppression(const Suppression& entry, std::int64_t now) {
    std::string text = "[[suppress]]\n";
    for (const std::string_view key : {"secret", "rule", "program", "path", "layer", "check"}) {
        const std::string& value = entry.*selectors().find(key)->second;
        if (!value.empty()) text += fmt::format("{} = {}\n", key, toml_string(value));
    }
    text += fmt::format("reason = {}\nowner = {}\n", toml_string(entry.reason), toml_string(entry.owner));
    if (entry.until > 0) text += fmt::format("until = {}\n", written_date(entry.until));
    auto read = parse_suppressions(text, "the new entry", now);
    if (!read) return std::unexpected(read.error());
    if (read->entries.front().expired) {
        return fail(ErrorCode::invalid_argument, "--until has passed already");
    }
    return text;
}

}  // namespace stratascan::policy
