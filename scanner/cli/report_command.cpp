// The command `report`: what was found in images that were scanned before. Their layers'
// results are joined again, so the report is the one that the scan gave.
#include <CLI/CLI.hpp>
#include <memory>

#include "scanner/cli/command.hpp"
#include "scanner/cli/form.hpp"
#include "scanner/cli/stored.hpp"
#include "scanner/report/formats.hpp"
#include "stratascan/scanner.hpp"

namespace stratascan::cli {

namespace {

struct ReportArguments {
    std::string store;
    store::ImageFilter filter;
    Form form;
};

int report(ReportArguments& arguments) {
    auto store = open_stored(arguments.store);
    if (!store) return complain(store.error().message());
    Report all;
    std::string mixed;
    const auto asked = (*store)->each_image(arguments.filter, [&](store::StoredImage&& stored) {
        const EngineInfo engine{stored.ruleset.engine, stored.ruleset.rules};
        if (all.targets.empty()) all.engine = engine;
        if (engine.ruleset != all.engine.ruleset) mixed = engine.ruleset;
        all.targets.push_back(joined_report(stored));
        return true;
    });
    if (!asked) return complain(asked.error().message());
    if (all.targets.empty() && !arguments.filter.image.empty()) {
        return complain("the store has no scan of " + arguments.filter.image);
    }
    if (!mixed.empty()) {
        complain("not all images were scanned with the same rules; the report names the first");
    }
    if (!write_output(arguments.form.output, written(all, arguments.form))) return exit_failed;
    return exit_code(all);
}

}  // namespace

void add_report_command(CLI::App& app, int& code) {
    auto arguments = std::make_shared<ReportArguments>();
    CLI::App* const command =
        app.add_subcommand("report", "Report what the store knows of images, as scan does");
    command->footer("Exit codes: as those of scan; 3 also where the image is not in the store.");
    command->add_option("--image", arguments->filter.image,
                        "Only this: a digest, a repository, repository:tag, or a file that was\n"
                        "scanned, as it was named then");
    command->add_flag("--gone", arguments->filter.with_gone,
                      "Also images that were gone at the last look");
    add_store_place(*command, arguments->store);
    add_form(*command, arguments->form, report::format_names());
    command->callback([arguments, &code] { code = report(*arguments); });
}

}  // namespace stratascan::cli
