// The command `rules`: its subcommands, what each takes, and what --help says.
#include "scanner/cli/rules_command.hpp"

#include <CLI/CLI.hpp>
#include <memory>

#include "scanner/cli/command.hpp"

namespace stratascan::cli {

namespace {

using Arguments = std::shared_ptr<RulesArguments>;

CLI::App* add(CLI::App& rules, const Arguments& arguments, int& code, const std::string& name,
              const std::string& help, const std::string& footer,
              int (*action)(const RulesArguments&)) {
    CLI::App* const command = rules.add_subcommand(name, help);
    command->footer(footer);
    command->callback([arguments, &code, action] { code = action(*arguments); });
    return command;
}

void add_rule_files(CLI::App& command, const Arguments& arguments) {
    command
        .add_option("--rules", arguments->rule_files,
                    "More rules: a TOML file, or a folder of them, in the form of patterns/\n"
                    "or of gitleaks. May be given several times.")
        ->allow_extra_args(false);
}

void add_looking(CLI::App& rules, const Arguments& arguments, int& code) {
    CLI::App* const list =
        add(rules, arguments, code, "list", "List every secret and program that is looked for",
            "A row for each type of secret: its id, how bad a leaked one is, how sure a finding\n"
            "is before its evidence is judged, and what it is.",
            list_rules);
    add_rule_files(*list, arguments);
    list->add_option("-f,--format", arguments->format, "table or json")
        ->check(CLI::IsMember({"table", "json"}))
        ->capture_default_str();
    CLI::App* const show =
        add(rules, arguments, code, "show", "Show one rule in full, with its examples",
            "Examples are templates: {{alnum:36}} stands for 36 drawn letters and digits.",
            show_rule);
    add_rule_files(*show, arguments);
    show->add_option("id", arguments->id, "The rule's id, as `rules list` prints it")->required();
}

void add_checking(CLI::App& rules, const Arguments& arguments, int& code) {
    CLI::App* const lint = add(
        rules, arguments, code, "lint", "Check that rules are sound, fast and quiet",
        "Each problem is a line: file, line, rule, what is wrong and what to do. Checked are\n"
        "the form and the words of each field, unique ids, a literal of 5 bytes or more that\n"
        "every match has (or the reason why not), a bounded width, the time to compile, and\n"
        "that examples are found and counter-examples are not, through a whole scan, with 0,\n"
        "7, 61 and 500 bytes round them.\n\n"
        "Exit codes: 0 no problem, 1 problems, 3 a file can't be read.",
        lint_rules);
    lint->add_option("file", arguments->files,
                     "Rule files, or folders of them (default: the rules that the program carries)");
    lint->add_flag("--strict", arguments->strict,
                   "Advice counts as a problem: a rule that names no reference, say");
    CLI::App* const test = add(
        rules, arguments, code, "test", "Hold a file's rules against their own examples",
        "Each example must be found, and no counter-example may be, through a whole scan\n"
        "beside the rules that the program carries.\n\n"
        "Exit codes: 0 all pass, 1 one fails, 3 a file can't be read or its rules are wrong.",
        test_rules);
    test->add_option("file", arguments->files, "Rule files, or folders of them")->required();
}

void add_explaining(CLI::App& rules, const Arguments& arguments, int& code) {
    CLI::App* const explain = add(
        rules, arguments, code, "explain", "Say why something in a file is reported, or is not",
        "Each candidate, that is, bytes which a rule's pattern matches, is shown with what\n"
        "became of it: reported, with its evidence, or dropped, with the reason. The file is\n"
        "scanned as in a layer: what is encoded, compressed or packed in it is looked into,\n"
        "and what could not be read is told.\n\n"
        "Exit codes: 0 it was looked at, whatever was found; 3 it can't be read.",
        explain_file);
    add_rule_files(*explain, arguments);
    explain->add_option("file", arguments->files, "A file, or - for standard input")
        ->required()
        ->expected(1);
    explain->add_flag("--show-secrets", arguments->show_secrets, "Show candidates in the clear");
}

}  // namespace

void add_rules_command(CLI::App& app, int& code) {
    auto arguments = std::make_shared<RulesArguments>();
    CLI::App* const rules =
        app.add_subcommand("rules", "What is looked for: list, show, check and explain rules");
    rules->require_subcommand(1);
    add_looking(*rules, arguments, code);
    add_checking(*rules, arguments, code);
    add_explaining(*rules, arguments, code);
}

}  // namespace stratascan::cli
