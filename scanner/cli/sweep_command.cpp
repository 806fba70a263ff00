// The command `sweep`: all that registries hold, each layer once, into the store.
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <chrono>
#include <condition_variable>
#include <map>
#include <memory>
#include <mutex>

#include "scanner/cli/command.hpp"
#include "scanner/cli/form.hpp"
#include "scanner/cli/rules_command.hpp"
#include "scanner/cli/scan_options.hpp"
#include "scanner/cli/stop_signals.hpp"
#include "scanner/cli/sweep_view.hpp"
#include "scanner/cli/told_words.hpp"
#include "scanner/report/report_writer.hpp"
#include "scanner/store/place.hpp"
#include "scanner/sweep/sweep.hpp"

namespace stratascan::cli {

namespace {

struct SweepArguments {
    Options options;
    ScanChoices choices;
    sweep::SweepOptions asked;
    Form form;
    std::string service, watch;
    bool quiet = false, no_progress = false, stats = false;
    bool password_from_input = false;
};

const std::map<std::string, registry::Service>& services() {
    using registry::Service;
    static const std::map<std::string, Service> names = {
        {"catalog", Service::catalog},   {"docker-hub", Service::docker_hub},
        {"harbor", Service::harbor},     {"github", Service::github},
        {"google", Service::artifact_registry}, {"azure", Service::azure},
        {"quay", Service::quay},         {"gitlab", Service::gitlab},
        {"ecr", Service::ecr}};
    return names;
}

SweepView::Form view_form(const SweepArguments& arguments) {
    if (arguments.quiet) return SweepView::Form::none;
    const bool live = !arguments.no_progress && ::isatty(STDERR_FILENO) == 1;
    return live ? SweepView::Form::live : SweepView::Form::lines;
}

/// False when stopped.
bool wait(std::int64_t seconds, const std::stop_token& stop) {
    std::mutex mutex;
    std::condition_variable_any never;
    std::unique_lock lock(mutex);
    never.wait_for(lock, stop, std::chrono::seconds(seconds), [] { return false; });
    return !stop.stop_requested();
}

std::string summary_text(const sweep::SweepSummary& summary, const Form& form) {
    if (form.format == "json") return sweep::write_json(summary);
    if (form.format == "jsonl") return sweep::write_jsonl(summary);
    const report::TableStyle style = table_style(form);
    return sweep::write_table(summary, {style.width, style.colour});
}

int run(SweepArguments& arguments) {
    Options& options = arguments.options;
    options.secrets = !arguments.choices.programs_only;
    options.programs = !arguments.choices.secrets_only;
    if (arguments.password_from_input && !read_password(options.registries.password)) {
        return complain("standard input has no password");
    }
    if (options.store_path.empty()) options.store_path = store::default_place();
    if (!arguments.service.empty()) arguments.asked.service = services().at(arguments.service);
    std::int64_t watch = 0;
    if (!arguments.watch.empty()) {
        const auto interval = sweep::parse_interval(arguments.watch);
        if (!interval) return complain(interval.error().message());
        watch = *interval;
    }
    const StopSignals signals;
    auto sweep = sweep::Sweep::create(options, arguments.asked);
    if (!sweep) return complain_of(sweep.error());
    std::size_t told = 0;
    const auto tell_new_notes = [&] {
        const std::vector<std::string> notes = (*sweep)->notes();
        if (!arguments.quiet) {
            tell_notes({notes.begin() + static_cast<std::ptrdiff_t>(told), notes.end()});
        }
        told = notes.size();
    };
    tell_new_notes();
    int code = exit_failed;
    do {
        SweepView view(view_form(arguments));
        const auto summary = (*sweep)->run(view, signals.token());
        view.end();
        tell_new_notes();
        if (!summary) return complain(summary.error().message());
        if (!write_output(arguments.form.output, summary_text(*summary, arguments.form))) {
            return exit_failed;
        }
        // Not one registry could be listed.
        const bool nothing = summary->repositories.empty() && !summary->troubles.empty() &&
                             !summary->stopped;
        code = nothing ? exit_failed : summary->exit_code();
    } while (watch > 0 && !signals.token().stop_requested() && wait(watch, signals.token()));
    if (arguments.stats) {
        const std::string text = report::write_stats((*sweep)->stats());
        static_cast<void>(std::fwrite(text.data(), 1, text.size(), stderr));
    }
    return code;
}

void add_choice(CLI::App& command, SweepArguments& arguments) {
    sweep::SweepOptions& asked = arguments.asked;
    auto* const group = command.add_option_group("choice", "What of a registry is swept");
    group->add_option("--include", asked.include,
                      "Repositories that match this glob; * stays within a name, ** does not, and\n"
                      "a glob without a slash is held against the last name")
        ->allow_extra_args(false);
    group->add_option("--exclude", asked.exclude, "And not those that match this one")
        ->allow_extra_args(false);
    group->add_option("--tag", asked.tags, "Tags that match this glob")->allow_extra_args(false);
    group->add_option("--newest", asked.newest,
                      "So many tags of each repository, by the dates in their configs; those\n"
                      "without a date are taken, too")
        ->check(CLI::PositiveNumber);
    group->add_option("--max-age", asked.max_age_days, "Images of the last so many days")
        ->check(CLI::PositiveNumber);
    std::vector<std::string> names;
    for (const auto& [name, service] : services()) names.push_back(name);
    group->add_option("--service", arguments.service,
                      "How repositories are listed, where the registry's name does not tell")
        ->check(CLI::IsMember(names));
    group->add_option("--service-api", asked.service_api, "https://HOST of that service's API");
    group->add_flag("--all-referrers", asked.all_referrers,
                    "Ask what refers to an image also where the image is known: a request each");
}

void add_options(CLI::App& command, SweepArguments& arguments) {
    Options& options = arguments.options;
    command.add_option("registry", arguments.asked.targets,
                       "host[:port] for all that it lists, or host[:port]/PATH for that repository\n"
                       "or those below it")
        ->required();
    command.add_flag("--plan", arguments.asked.plan_only,
                     "Say what there is to fetch, and fetch no layer");
    command.add_option("--bandwidth", arguments.asked.bandwidth,
                       "Bytes a second of layers, as in 20MB (default: no limit)")
        ->transform(CLI::AsSizeValue(false));
    command.add_option("--watch", arguments.watch, "Again after this time, as in 6h, until stopped");
    add_form(command, arguments.form, {"table", "json", "jsonl"});
    add_choice(command, arguments);
    command.add_option("--store", options.store_path,
                       "Where results go and what is known is taken from (default:\n"
                       "$XDG_DATA_HOME/stratascan/store.sqlite)");
    command.add_flag("-q,--quiet", arguments.quiet, "Nothing on standard error but errors");
    command.add_flag("--no-progress", arguments.no_progress, "Plain lines on a terminal, too");
    command.add_flag("--stats", arguments.stats, "Print throughput and memory to standard error");
    add_registry_options(command, options.registries, arguments.password_from_input);
    add_scan_options(command, options, &arguments.choices);
}

}  // namespace

void add_sweep_command(CLI::App& app, int& code) {
    auto arguments = std::make_shared<SweepArguments>();
    CLI::App* const command =
        app.add_subcommand("sweep", "Scan all that registries hold, each layer once");
    command->footer(
        "Layers that the store knows are not fetched, so a sweep that ended early is gone on with\n"
        "by beginning it again, and a daily one costs a HEAD request a tag and the new layers.\n"
        "Afterwards `report` and `find` answer from the store. --jobs bounds the threads that\n"
        "scan; layers are fetched four at a time, or --jobs, and up to twelve small ones beside\n"
        "them, as far as --memory has room.\n\n"
        "Exit codes: 0 all that is listed was read and is clean, 1 it was read and something\n"
        "was found, 2 not all was read (the summary says what and why), 3 it could not run.");
    add_options(*command, *arguments);
    command->callback([arguments, &code] { code = run(*arguments); });
}

}  // namespace stratascan::cli
