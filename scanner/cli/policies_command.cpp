// `policies`: which policies and checks there are.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <memory>
#include <string>

#include "scanner/cli/command.hpp"
#include "scanner/cli/told_words.hpp"
#include "scanner/policy/policy.hpp"
#include "scanner/report/report_writer.hpp"
#include "scanner/report/text.hpp"

namespace stratascan::cli {

namespace {

using report::Piece;
using report::Tone;

int list_policies() {
    report::Canvas canvas(terminal_width(), false);
    for (const policy::CarriedFile& file : policy::carried_policies()) {
        const auto policy = policy::load_policy(std::string(file.id));
        if (!policy) return complain(policy.error().message());
        const auto musts = static_cast<std::size_t>(
            std::count_if(policy->checks.begin(), policy->checks.end(),
                          [](const auto& one) { return one.level == policy::Level::must; }));
        canvas.labelled(0, {policy->id, Tone::strong}, 14,
                        {{policy->title, Tone::plain, true},
                         {fmt::format("{} must, {} should", musts,
                                      policy->checks.size() - musts)}});
    }
    return write_output({}, canvas.take()) ? exit_clean : exit_failed;
}

void write_check(report::Canvas& canvas, const policy::CheckInfo& info,
                 const std::vector<Piece>& first) {
    canvas.labelled(0, {info.id, Tone::strong}, 24, first);
    const auto row = [&](std::string_view label, const std::string& text) {
        if (text.empty()) return;
        canvas.labelled(2, {std::string(label), Tone::faint}, 10,
                        {{report::printable(text), Tone::plain, true}});
    };
    row("asks", info.title);
    row("decided", info.decided);
    row("mend", info.mend);
    if (!info.undecidable.empty()) row("no answer", info.undecidable);
    std::string references;
    const auto add = [&](std::string_view name, const std::vector<std::string>& list) {
        if (list.empty()) return;
        references += fmt::format("{}{} {}", references.empty() ? "" : "; ", name,
                                  report::listed(list, ", "));
    };
    add("NIST SP 800-190", info.nist);
    add("CIS Docker", info.cis);
    add("BSI", info.bsi);
    row("see", references);
    row("see", info.unreferenced);
    std::string settings;
    for (const auto& [name, value] : info.settings) {
        std::string shown = std::visit(
            [](const auto& one) -> std::string {
                using Value = std::decay_t<decltype(one)>;
                if constexpr (std::is_same_v<Value, std::vector<std::string>>) {
                    return "[" + report::listed(one, ", ") + "]";
                } else {
                    return fmt::format("{}", one);
                }
            },
            value);
        settings += fmt::format("{}{} = {}", settings.empty() ? "" : ", ", name, shown);
    }
    row("settings", settings);
}

int show_policy(const std::string& name) {
    auto sandbox = Sandbox::create(Options::SandboxMode::automatic);
    if (!sandbox) return complain(sandbox.error().message());
    ToldWords words(**sandbox);
    auto policy = read_inside(**sandbox, [&] { return policy::load_policy(name); });
    if (!policy) return complain(words.message(policy.error()));
    words.clean(policy::told_texts(*policy));
    report::Canvas canvas(terminal_width(), false);
    canvas.line(0, {{report::printable(policy->title), Tone::strong}});
    if (!policy->source.empty()) canvas.line(0, {{report::printable(policy->source)}});
    canvas.blank();
    for (const policy::PolicyCheck& check : policy->checks) {
        write_check(canvas, check.info,
                    {{std::string(to_string(check.level))},
                     {std::string(to_string(check.info.severity))},
                     {report::printable(check.section)}});
    }
    return write_output({}, canvas.take()) ? exit_clean : exit_failed;
}

int list_checks() {
    report::Canvas canvas(terminal_width(), false);
    for (const policy::CheckInfo& info : policy::catalogue()) {
        write_check(canvas, info, {{std::string(to_string(info.severity))}});
    }
    return write_output({}, canvas.take()) ? exit_clean : exit_failed;
}

}  // namespace

void add_policies_command(CLI::App& app, int& code) {
    CLI::App* const policies = app.add_subcommand("policies", "List policies and their checks");
    policies->require_subcommand(1);
    policies->add_subcommand("list", "List the policies that the program carries")
        ->callback([&code] { code = list_policies(); });
    policies->add_subcommand("checks", "Show every check that a policy can ask for")
        ->callback([&code] { code = list_checks(); });
    auto name = std::make_shared<std::string>();
    CLI::App* const show = policies->add_subcommand(
        "show", "Show a policy, of the program or of a file, with its checks");
    show->add_option("policy", *name, "Its name or file")->required();
    show->callback([name, &code] { code = show_policy(*name); });
}

}  // namespace stratascan::cli
