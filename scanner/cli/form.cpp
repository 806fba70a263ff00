#include "scanner/cli/form.hpp"

#include <unistd.h>

#include <CLI/CLI.hpp>
#include <cstdlib>
#include <ctime>

#include "scanner/cli/command.hpp"
#include "scanner/report/formats.hpp"

namespace stratascan::cli {

void add_form(CLI::App& command, Form& form, const std::vector<std::string>& formats) {
    std::string words;
    for (std::size_t i = 0; i < formats.size(); ++i) {
        if (i > 0) words += i + 1 == formats.size() ? " or " : ", ";
        words += formats[i];
    }
    command.add_option("-f,--format", form.format, words)
        ->check(CLI::IsMember(formats))
        ->capture_default_str();
    command.add_option("-o,--output", form.output, "Write the report to this file");
    command.add_option("--color", form.colour, "auto, always or never")
        ->check(CLI::IsMember({"auto", "always", "never"}))
        ->capture_default_str();
}

report::TableStyle table_style(const Form& form) {
    const bool terminal = form.output.empty() && ::isatty(STDOUT_FILENO) == 1;
    report::TableStyle style;
    style.colour = form.colour == "always" || (form.colour == "auto" && terminal &&
                                               std::getenv("NO_COLOR") == nullptr);
    style.width = terminal_width();
    return style;
}

std::string written(const Report& report, const Form& form, const policy::GateReport* gate) {
    return report::write(
        report, form.format,
        {table_style(form), static_cast<std::int64_t>(std::time(nullptr)), gate});
}

}  // namespace stratascan::cli
