// How a command writes what it has to say: the options for it, and the writing.
#pragma once

#include <string>
#include <vector>

#include "scanner/policy/verdict.hpp"
#include "scanner/report/report_writer.hpp"
#include "stratascan/report.hpp"

namespace CLI {
class App;
}

namespace stratascan::cli {

struct Form {
    std::string format = "table";
    std::string output;  ///< empty: standard output
    std::string colour = "auto";
};

/// --format with these words, --output and --color.
void add_form(CLI::App& command, Form& form, const std::vector<std::string>& formats);

[[nodiscard]] report::TableStyle table_style(const Form& form);

/// The report in one of report::format_names(), with the gate's verdict where there is one.
[[nodiscard]] std::string written(const Report& report, const Form& form,
                                  const policy::GateReport* gate = nullptr);

}  // namespace stratascan::cli
