// The command `store`: what is in it, whether it is sound, what it need not hold, and all
// of it as JSON lines.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <memory>

#include "scanner/cli/command.hpp"
#include "scanner/cli/stored.hpp"
#include "scanner/report/report_writer.hpp"
#include "scanner/report/text.hpp"
#include "scanner/store/sqlite_store.hpp"

namespace stratascan::cli {

namespace {

constexpr std::int64_t seconds_an_hour = 3600;

struct StoreArguments {
    std::string store, output;
    bool dry_run = false;
    std::int64_t keep_hours = 24;
};

int info(const StoreArguments& arguments) {
    auto store = open_stored(arguments.store);
    if (!store) return complain(store.error().message());
    const auto figures = (*store)->figures();
    if (!figures) return complain(figures.error().message());
    std::string text = fmt::format("{:<16} {}\n{:<16} {}\n", "version", figures->version, "size",
                                   report::sized(figures->file_bytes));
    for (const auto& [table, rows] : figures->rows) {
        text += fmt::format("{:<16} {}\n", table,
                            report::grouped(static_cast<std::uint64_t>(rows)));
    }
    for (const std::string& key : figures->keys) text += fmt::format("{:<16} {}\n", "key", key);
    for (std::size_t i = 0; i < figures->rulesets.size(); ++i) {
        const store::Ruleset& ruleset = figures->rulesets[i];
        text += fmt::format(
            "{:<16} {}, {}\n", "rules", report::printable(ruleset.hash),
            report::counted(static_cast<std::uint64_t>(figures->layers_of_ruleset[i]), "layer"));
    }
    return write_output(arguments.output, text) ? exit_clean : exit_failed;
}

int check(const StoreArguments& arguments) {
    auto store = open_stored(arguments.store);
    if (!store) return complain(store.error().message());
    const auto problems = (*store)->check();
    if (!problems) return complain(problems.error().message());
    std::string text;
    for (const std::string& problem : *problems) text += report::printable(problem) + '\n';
    if (problems->empty()) text = "sound\n";
    if (!write_output(arguments.output, text)) return exit_failed;
    return problems->empty() ? exit_clean : exit_findings;
}

int collect(const StoreArguments& arguments) {
    auto store = open_stored(arguments.store);
    if (!store) return complain(store.error().message());
    const auto dropped = (*store)->collect_garbage(arguments.keep_hours * seconds_an_hour,
                                                   arguments.dry_run, store::current_time());
    if (!dropped) return complain(dropped.error().message());
    const std::string text = fmt::format(
        "{}: {} scans of images, {} layer results, {} manifests, {} blobs, {} secrets, {} paths\n",
        arguments.dry_run ? "would drop" : "dropped", dropped->image_scans, dropped->layers,
        dropped->manifests, dropped->blobs, dropped->secrets, dropped->paths);
    return write_output(arguments.output, text) ? exit_clean : exit_failed;
}

int dump(const StoreArguments& arguments) {
    auto store = open_stored(arguments.store);
    if (!store) return complain(store.error().message());
    const bool to_file = !arguments.output.empty() && arguments.output != "-";
    std::FILE* const file = to_file ? std::fopen(arguments.output.c_str(), "wbe") : stdout;
    if (file == nullptr) return complain(arguments.output + ": it can't be written");
    bool whole = true;
    const auto done = (*store)->dump([&](std::string_view line) {
        whole = std::fwrite(line.data(), 1, line.size(), file) == line.size() &&
                std::fputc('\n', file) != EOF;
        return whole;
    });
    whole = std::fflush(file) == 0 && whole;
    if (to_file) std::fclose(file);
    if (!done) return complain(done.error().message());
    return whole ? exit_clean : complain("the export can't be written in full");
}

}  // namespace

void add_store_command(CLI::App& app, int& code) {
    auto arguments = std::make_shared<StoreArguments>();
    CLI::App* const store =
        app.add_subcommand("store", "The store of results: info, check, gc and export");
    store->require_subcommand(1);
    const auto add = [&](const std::string& name, const std::string& help,
                         const std::string& footer, int (*action)(const StoreArguments&)) {
        CLI::App* const command = store->add_subcommand(name, help);
        command->footer(footer);
        add_store_place(*command, arguments->store);
        command->add_option("-o,--output", arguments->output, "Write to this file");
        command->callback([arguments, &code, action] { code = action(*arguments); });
        return command;
    };
    add("info", "What the store holds, and how much", "Exit codes: 0, 3 it can't be read.", info);
    add("check", "Whether the file is sound, and what it says",
        "Each problem is a line. Exit codes: 0 sound, 1 problems, 3 it can't be opened.", check);
    CLI::App* const gc = add(
        "gc", "Drop results that nothing needs",
        "Dropped are results of layers that no image has, and results that newer rules or a\n"
        "newer key replaced. What images held that are gone now stays: `find` tells it.\n\n"
        "Exit codes: 0, 3 it can't be written.",
        collect);
    gc->add_flag("--dry-run", arguments->dry_run, "Say what would be dropped, and drop nothing");
    gc->add_option("--keep-hours", arguments->keep_hours,
                   "Keep results that are younger: a scan may be under way")
        ->check(CLI::NonNegativeNumber)
        ->capture_default_str();
    add("export", "Everything as JSON, one object a line", "Exit codes: 0, 3.", dump);
}

}  // namespace stratascan::cli
