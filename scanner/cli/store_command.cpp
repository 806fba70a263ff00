// The command `store`: what is in it, whether it is sound, what it need not hold, and all
// of it as JSON lines.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <memory>

#include "scanner/cli/command.hpp"
#include "scanner/cli/output_file.hpp"
#include "scanner/cli/stored.hpp"
#include "scanner/report/report_writer.hpp"
#include "scanner/report/text.hpp"
#include "scanner/store/store.hpp"

namespace stratascan::cli {

namespace {

constexpr std::int64_t seconds_an_hour = 3600;
constexpr std::size_t written_at_once = 64 << 10;

struct StoreArguments {
    std::string store, output;
    bool dry_run = false, repair = false;
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

void add_lines(std::string& text, std::string_view before, const std::vector<std::string>& lines) {
    for (const std::string& line : lines) {
        text += fmt::format("{}{}\n", before, report::printable(line));
    }
}

using Lines = Result<std::vector<std::string>>;

/// What is wrong with the store. One that SQLite can't even open is a problem and no error
/// where it may be repaired.
Lines problems_of(const StoreArguments& arguments) {
    const auto store = open_stored(arguments.store);
    if (store) return (*store)->check();
    if (!arguments.repair || store.error().code != ErrorCode::malformed) {
        return std::unexpected(store.error());
    }
    return std::vector{store.error().message()};
}

Lines repair(const StoreArguments& arguments) {
    {
        const auto store = open_stored(arguments.store);
        const Lines done = store ? (*store)->repair() : std::unexpected(store.error());
        if (done || done.error().code != ErrorCode::malformed) return done;
    }
    return store::Store::salvage(stored_place(arguments.store));
}

int check(const StoreArguments& arguments) {
    auto problems = problems_of(arguments);
    if (!problems) return complain(problems.error().message());
    std::string text;
    add_lines(text, "", *problems);
    if (arguments.repair && !problems->empty()) {
        const Lines done = repair(arguments);
        if (!done) {
            static_cast<void>(write_output(arguments.output, text));
            return complain(done.error().message());
        }
        add_lines(text, "repaired: ", *done);
        problems = problems_of(arguments);
        if (!problems) return complain(problems.error().message());
        add_lines(text, "still: ", *problems);
    }
    if (problems->empty()) text += "sound\n";
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
    auto file = OutputFile::open(arguments.output);
    if (!file) return complain(file.error().message());
    std::string part;
    const auto done = (*store)->dump([&](std::string_view line) {
        part += line;
        part += '\n';
        if (part.size() >= written_at_once) {
            file->write(part);
            part.clear();
        }
        return !file->failed();
    });
    file->write(part);
    // What was read before the store failed is no export.
    if (!done) return complain(done.error().message());
    const auto written = file->finish();
    return written ? exit_clean : complain(written.error().message());
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
    CLI::App* const check_command =
        add("check", "Whether the file is sound, and what it says",
            "Each problem is a line. A repair keeps what can be read and says what it did; images\n"
            "that lost something are scanned again. Where the file itself is damaged, a new one\n"
            "takes its place and the old one stays as FILE.damaged.\n\n"
            "Exit codes: 0 sound, or made so; 1 problems, 3 it can't be opened or repaired.",
            check);
    check_command->add_flag("--repair", arguments->repair, "Mend what can be mended");
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
