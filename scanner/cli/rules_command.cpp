#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <memory>
#include <string>
#include <vector>

#include "scanner/cli/command.hpp"
#include "scanner/engine.hpp"

namespace stratascan::cli {

namespace {

struct RulesArguments {
    std::vector<std::string> rule_files;
    std::string id;
};

int list(const Engine& engine) {
    std::string text;
    for (const auto& rule : engine.rules->rules()) {
        text += fmt::format("secret   {:<40} {:<9} {}\n", rule->rule().id,
                            to_string(rule->rule().severity), rule->rule().title);
    }
    for (const auto& program : engine.rules->programs().rules()) {
        text += fmt::format("program  {:<40} {:<17} {}\n", program.id, program.program_class,
                            program.title);
    }
    return write_output({}, text) ? exit_clean : exit_failed;
}

std::string joined(const std::vector<std::string>& texts) {
    std::string all;
    for (const std::string& text : texts) all += fmt::format("{}'{}'", all.empty() ? "" : ", ", text);
    return all;
}

int show(const Engine& engine, const std::string& id) {
    for (const auto& compiled : engine.rules->rules()) {
        const match::Rule& rule = compiled->rule();
        if (rule.id != id) continue;
        std::string text = fmt::format(
            "id          {}\ntitle       {}\nseverity    {}\nconfidence  {}\npattern     {}\n"
            "width       {} bytes\n",
            rule.id, rule.title, to_string(rule.severity), to_string(rule.confidence),
            rule.pattern, rule.width);
        if (!rule.gate.empty()) text += fmt::format("gate        {}\n", rule.gate);
        if (!rule.anchors.empty()) {
            text += fmt::format("anchors     {}{}\n", joined(rule.anchors),
                                rule.nocase ? " (any case)" : "");
        }
        if (rule.reach > 0) text += fmt::format("reach       {} bytes\n", rule.reach);
        if (rule.digit) text += "digit       one, or 32 bytes\n";
        if (rule.entropy > 0) text += fmt::format("entropy     {} bits a byte\n", rule.entropy);
        if (!rule.context.empty()) {
            text += fmt::format("context     {} within {} bytes\n", joined(rule.context),
                                rule.context_within);
        }
        if (!rule.check.empty()) text += fmt::format("check       {}\n", rule.check);
        if (!rule.reference.empty()) text += fmt::format("reference   {}\n", rule.reference);
        text += fmt::format("file        {}:{}\n", rule.file, rule.line);
        return write_output({}, text) ? exit_clean : exit_failed;
    }
    return complain(fmt::format("there is no rule \"{}\" (see stratascan rules list)", id));
}

template <typename Action>
void add_action(CLI::App& rules, const std::shared_ptr<RulesArguments>& arguments, int& code,
                const std::string& name, const std::string& help, Action action) {
    CLI::App* const command = rules.add_subcommand(name, help);
    command->add_option("--rules", arguments->rule_files,
                        "More rules, a TOML file or a folder of them")
        ->allow_extra_args(false);
    if (name == "show") command->add_option("id", arguments->id, "The rule's id")->required();
    command->callback([arguments, &code, action] {
        const auto engine = load_engine(arguments->rule_files);
        code = engine ? action(*engine, *arguments) : complain(engine.error().message());
    });
}

}  // namespace

void add_rules_command(CLI::App& app, int& code) {
    auto arguments = std::make_shared<RulesArguments>();
    CLI::App* const rules = app.add_subcommand("rules", "What is looked for");
    rules->require_subcommand(1);
    add_action(*rules, arguments, code, "list", "List secrets and programs",
               [](const Engine& engine, const RulesArguments&) { return list(engine); });
    add_action(*rules, arguments, code, "show", "Show one rule in full",
               [](const Engine& engine, const RulesArguments& given) {
                   return show(engine, given.id);
               });
}

}  // namespace stratascan::cli
