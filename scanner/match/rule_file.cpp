#include "scanner/match/rule_file.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <functional>
#include <iterator>
#include <map>
#include <optional>

#include "scanner/match/toml.hpp"
#include "scanner/text_file.hpp"

namespace stratascan::match {

namespace {

constexpr std::size_t largest_file_mebibytes = 8;

// Carries what is being read, so that every complaint says where.
struct Reader {
    const std::string& file;
    std::string id;
    std::uint32_t line = 0;

    [[nodiscard]] std::unexpected<Error> wrong(const std::string& what) const {
        const std::string rule = id.empty() ? std::string() : fmt::format("rule \"{}\": ", id);
        return fail(ErrorCode::invalid_argument, rule + what, fmt::format("{}:{}", file, line));
    }
};

Result<std::string> as_text(const Reader& reader, std::string_view key, const toml::node& node) {
    if (const auto value = node.value_exact<std::string>()) return *value;
    return reader.wrong(fmt::format("`{}` must be a string", key));
}

Result<std::vector<std::string>> as_texts(const Reader& reader, std::string_view key,
                                          const toml::node& node) {
    std::vector<std::string> texts;
    const toml::array* array = node.as_array();
    if (array == nullptr) return reader.wrong(fmt::format("`{}` must be a list of strings", key));
    for (const toml::node& element : *array) {
        auto text = as_text(reader, key, element);
        if (!text) return std::unexpected(text.error());
        texts.push_back(std::move(*text));
    }
    return texts;
}

Result<double> as_number(const Reader& reader, std::string_view key, const toml::node& node,
                         double low, double high) {
    const auto value = node.value<double>();
    // Written so that NaN, which TOML has, is refused too.
    if (!value || !(*value >= low && *value <= high)) {
        return reader.wrong(fmt::format("`{}` must be a number from {} to {}", key, low, high));
    }
    return *value;
}

// One setter a key; the table is also the list of keys that exist.
template <typename Target>
using Setter =
    std::function<Result<void>(const Reader&, std::string_view, const toml::node&, Target&)>;
template <typename Target>
using Setters = std::map<std::string_view, Setter<Target>>;

template <typename Target>
Setter<Target> text(std::string Target::* member) {
    return [member](const Reader& reader, std::string_view key, const toml::node& node,
                    Target& target) -> Result<void> {
        auto value = as_text(reader, key, node);
        if (!value) return std::unexpected(value.error());
        target.*member = std::move(*value);
        return {};
    };
}

template <typename Target>
Setter<Target> texts(std::vector<std::string> Target::* member) {
    return [member](const Reader& reader, std::string_view key, const toml::node& node,
                    Target& target) -> Result<void> {
        auto value = as_texts(reader, key, node);
        if (!value) return std::unexpected(value.error());
        target.*member = std::move(*value);
        return {};
    };
}

template <typename Target, typename Number>
Setter<Target> number(Number Target::* member, double low, double high) {
    return [member, low, high](const Reader& reader, std::string_view key, const toml::node& node,
                               Target& target) -> Result<void> {
        const auto value = as_number(reader, key, node, low, high);
        if (!value) return std::unexpected(value.error());
        target.*member = static_cast<Number>(*value);
        return {};
    };
}

template <typename Target, typename Enum, typename From>
Setter<Target> choice(Enum Target::* member, From from) {
    return [member, from](const Reader& reader, std::string_view key, const toml::node& node,
                          Target& target) -> Result<void> {
        const auto name = as_text(reader, key, node);
        if (!name) return std::unexpected(name.error());
        const auto value = from(*name);
        if (!value) return reader.wrong(fmt::format("`{}` has no value \"{}\"", key, *name));
        target.*member = *value;
        return {};
    };
}

template <typename Target>
Setter<Target> flag(bool Target::* member) {
    return [member](const Reader& reader, std::string_view key, const toml::node& node,
                    Target& rule) -> Result<void> {
        const auto value = node.value_exact<bool>();
        if (!value) return reader.wrong(fmt::format("`{}` must be true or false", key));
        rule.*member = *value;
        return {};
    };
}

const Setters<Rule>& rule_setters() {
    static const Setters<Rule> setters = {
        {"id", text(&Rule::id)},
        {"title", text(&Rule::title)},
        {"severity", choice(&Rule::severity, severity_from)},
        {"confidence", choice(&Rule::confidence, confidence_from)},
        {"pattern", text(&Rule::pattern)},
        {"anchors", texts(&Rule::anchors)},
        {"nocase", flag(&Rule::nocase)},
        {"gate", text(&Rule::gate)},
        {"reach", number(&Rule::reach, 1, 1024)},
        {"width", number(&Rule::width, 1, 16'384 - 64)},
        {"entropy", number(&Rule::entropy, 0, 8)},
        {"digit", flag(&Rule::digit)},
        {"gate_in_secret", flag(&Rule::gate_in_secret)},
        {"context", texts(&Rule::context)},
        {"context_within", number(&Rule::context_within, 1, 4096)},
        {"allow", texts(&Rule::allow)},
        {"check", text(&Rule::check)},
        {"pairs_with", texts(&Rule::pairs_with)},
        {"pair_within", number(&Rule::pair_within, 1, 4096)},
        {"identifier", text(&Rule::identifier)},
        {"section", texts(&Rule::section)},
        {"public_prefix", number(&Rule::public_prefix, 0, 64)},
        {"examples", texts(&Rule::examples)},
        {"counter_examples", texts(&Rule::counter_examples)},
        {"reference", text(&Rule::reference)},
        {"note", text(&Rule::note)},
        {"short_literal_reason", text(&Rule::short_literal_reason)},
    };
    return setters;
}

Result<void> set_identity(const Reader& reader, std::string_view key, const toml::node& node,
                          program::ProgramRule& rule) {
    const toml::array* sets = node.as_array();
    if (sets == nullptr) return reader.wrong("`identity` must be a list of lists of strings");
    for (const toml::node& element : *sets) {
        auto set = as_texts(reader, key, element);
        if (!set) return std::unexpected(set.error());
        rule.identity.push_back(std::move(*set));
    }
    return {};
}

/// One set, as scripts mostly have.
Result<void> set_contains(const Reader& reader, std::string_view key, const toml::node& node,
                          program::ProgramRule& rule) {
    auto set = as_texts(reader, key, node);
    if (!set) return std::unexpected(set.error());
    rule.identity.push_back(std::move(*set));
    return {};
}

const Setters<program::ProgramRule>& program_setters() {
    using program::ProgramRule;
    static const Setters<ProgramRule> setters = {
        {"id", text(&ProgramRule::id)},
        {"title", text(&ProgramRule::title)},
        {"class", text(&ProgramRule::program_class)},
        {"identity", set_identity},
        {"shebang", texts(&ProgramRule::shebang)},
        {"contains", set_contains},
        {"modules", texts(&ProgramRule::modules)},
        {"version_from_library", text(&ProgramRule::version_from_library)},
        {"runs_commands", flag(&ProgramRule::runs_commands)},
        {"unless", texts(&ProgramRule::unless)},
        {"embedded_when", texts(&ProgramRule::embedded_when)},
        {"version", text(&ProgramRule::version)},
        {"version_near", texts(&ProgramRule::version_near)},
        {"version_reason", text(&ProgramRule::version_reason)},
        {"multicall", text(&ProgramRule::multicall)},
        {"table_anchor", text(&ProgramRule::table_anchor)},
        {"applets_before", text(&ProgramRule::applets_before)},
        {"applets_behind", text(&ProgramRule::applets_behind)},
        {"names", texts(&ProgramRule::names)},
        {"examples", texts(&ProgramRule::examples)},
    };
    return setters;
}

// The table's rule; nothing, and every mistake told, when it has one.
template <typename Target>
std::optional<Target> read_table(Reader reader, const toml::table& table,
                                 const Setters<Target>& setters, std::vector<Error>& mistakes) {
    Target target;
    const std::size_t before = mistakes.size();
    if (const auto id = table["id"].value<std::string>()) reader.id = *id;
    for (const auto& [key, node] : table) {
        reader.line = node.source().begin.line;
        const auto setter = setters.find(key.str());
        if (setter == setters.end()) {
            mistakes.push_back(
                reader.wrong(fmt::format("there is no key `{}`", key.str())).error());
            continue;
        }
        if (auto set = setter->second(reader, key.str(), node, target); !set) {
            mistakes.push_back(set.error());
        }
    }
    reader.line = table.source().begin.line;
    if (target.id.empty() && mistakes.size() == before) {
        mistakes.push_back(reader.wrong("`id` is missing").error());
    }
    if constexpr (std::is_same_v<Target, Rule>) {
        target.file = reader.file;
        target.line = reader.line;
        if (target.pattern.empty() && mistakes.size() == before) {
            mistakes.push_back(reader.wrong("`pattern` is missing").error());
        }
    }
    if (mistakes.size() > before) return std::nullopt;
    return target;
}

template <typename Target>
void read_array(const std::string& name, const toml::node& node, const Setters<Target>& setters,
                std::vector<Target>& into, std::vector<Error>& mistakes) {
    const toml::array* array = node.as_array();
    const Reader reader{name, {}, node.source().begin.line};
    const auto no_table = reader.wrong("rules stand in [[rule]] or [[program]] tables");
    if (array == nullptr) {
        mistakes.push_back(no_table.error());
        return;
    }
    for (const toml::node& element : *array) {
        const toml::table* table = element.as_table();
        if (table == nullptr) {
            mistakes.push_back(no_table.error());
            continue;
        }
        auto target = read_table<Target>(reader, *table, setters, mistakes);
        if (target) into.push_back(std::move(*target));
    }
}

}  // namespace

Result<std::string> read_rule_text(const std::string& path) {
    return read_given_file(path, "rule file", largest_file_mebibytes);
}

Result<std::vector<std::string>> rule_files_below(const std::string& path) {
    std::error_code error, of_entry;
    if (!std::filesystem::is_directory(path, error)) return std::vector{path};
    std::vector<std::string> files;
    auto entry = std::filesystem::recursive_directory_iterator(path, error);
    for (; !error && entry != end(entry); entry.increment(error)) {
        if (entry->is_regular_file(of_entry) && entry->path().extension() == ".toml") {
            files.push_back(entry->path().string());
        }
    }
    if (error) {
        return fail(ErrorCode::unreadable, "the rules can't be listed: " + error.message(), path);
    }
    std::sort(files.begin(), files.end());
    return files;
}

RuleFile parse_rule_file(std::string_view source, const std::string& name,
                         std::vector<Error>& mistakes) {
    RuleFile file;
    try {
        const toml::table document = read_toml(source, name);
        for (const auto& [key, node] : document) {
            if (key == "rule") {
                read_array(name, node, rule_setters(), file.rules, mistakes);
            } else if (key == "program") {
                read_array(name, node, program_setters(), file.programs, mistakes);
            } else {
                const Reader reader{name, {}, node.source().begin.line};
                mistakes.push_back(
                    reader.wrong(fmt::format("there is no key `{}`", key.str())).error());
            }
        }
    } catch (const toml::parse_error& error) {
        mistakes.push_back({ErrorCode::malformed, description_of(error),
                            fmt::format("{}:{}", name, error.source().begin.line), {}});
    }
    return file;
}

Result<RuleFile> parse_rule_file(std::string_view source, const std::string& name) {
    std::vector<Error> mistakes;
    RuleFile file = parse_rule_file(source, name, mistakes);
    if (!mistakes.empty()) return std::unexpected(std::move(mistakes.front()));
    return file;
}

Result<RuleFile> read_rule_files(const std::vector<std::string>& paths) {
    RuleFile all;
    for (const std::string& path : paths) {
        const auto files = rule_files_below(path);
        if (!files) return std::unexpected(files.error());
        for (const std::string& file : *files) {
            const auto source = read_rule_text(file);
            if (!source) return std::unexpected(source.error());
            auto parsed = parse_rule_file(*source, file);
            if (!parsed) return parsed;
            std::move(parsed->rules.begin(), parsed->rules.end(), std::back_inserter(all.rules));
            std::move(parsed->programs.begin(), parsed->programs.end(),
                      std::back_inserter(all.programs));
        }
    }
    return all;
}

}  // namespace stratascan::match
