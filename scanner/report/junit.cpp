// JUnit XML: the names that Jenkins' and GitLab's readers share. Each layer is a test case,
// and so are the settings of the image; a layer with secrets has failed, one that was not
// read whole is an error.
#include <fmt/format.h>

#include <vector>

#include "scanner/report/formats.hpp"
#include "scanner/report/phrases.hpp"
#include "scanner/report/text.hpp"

namespace stratascan::report {

namespace {

struct Case {
    std::string name;
    std::string failure;  ///< findings, a line each
    std::size_t findings = 0;
    std::string suppressed;  ///< those that are let pass, a line each
    std::string error;
};

std::vector<Case> cases_of(const TargetReport& target) {
    std::vector<Case> cases(1 + target.layers.size());
    const bool read = target.image.kind != "unread";
    cases[0].name = read ? "configuration and manifest" : "target";
    for (const Gap& gap : target.gaps) {
        cases[0].error += (gap.path.empty() ? "" : gap.path + ": ") + gap.reason + "\n";
    }
    for (std::size_t i = 0; i < target.layers.size(); ++i) {
        const LayerReport& layer = target.layers[i];
        Case& one = cases[i + 1];
        one.name = fmt::format("layer {} {} {}", layer.index, short_digest(layer.digest),
                               build_step(layer.created_by));
        if (layer.state == LayerState::complete) continue;
        one.error = fmt::format("{}: {}\n", to_string(layer.state), layer.state_reason);
        for (const Gap& gap : layer.gaps) one.error += gap.path + ": " + gap.reason + "\n";
    }
    for (const Finding& finding : target.findings) {
        const auto index = static_cast<std::size_t>(finding.layer_index + 1);
        Case& one = cases[index < cases.size() ? index : 0];
        if (!finding.suppressed) ++one.findings;
        (finding.suppressed ? one.suppressed : one.failure) +=
            fmt::format("{} {}{}: {}\n", to_string(finding.severity),
                        place_in(finding.path, finding.inner_path),
                        finding.line > 0 ? fmt::format(":{}", finding.line) : "",
                        sentence(finding));
    }
    return cases;
}

void write_case(std::string& out, const std::string& suite, const Case& one) {
    out += fmt::format("    <testcase classname=\"{}\" name=\"{}\">\n", xml_text(suite),
                       xml_text(one.name));
    const auto lines = [](const std::string& text) {
        std::string escaped;
        for (std::size_t at = 0; at < text.size();) {
            const std::size_t end = text.find('\n', at);
            escaped += xml_text(text.substr(at, end - at)) + "\n";
            at = end + 1;
        }
        return escaped;
    };
    if (one.findings > 0) {
        out += fmt::format("      <failure type=\"secret\" message=\"{}\">{}</failure>\n",
                           counted(one.findings, "secret"), lines(one.failure));
    }
    if (!one.error.empty()) {
        out += fmt::format("      <error type=\"incomplete\" message=\"not everything was "
                           "read\">{}</error>\n", lines(one.error));
    }
    if (!one.suppressed.empty()) {
        out += fmt::format("      <system-out>{}</system-out>\n", lines(one.suppressed));
    }
    out += "    </testcase>\n";
}

}  // namespace

std::string write_junit(const Report& report) {
    std::string suites;
    std::size_t tests = 0, failures = 0, errors = 0;
    for (const TargetReport& target : report.targets) {
        const std::vector<Case> cases = cases_of(target);
        std::size_t failed = 0, broken = 0;
        std::string body;
        std::string name = image_name(target);
        if (!target.image.platform.empty()) name += " (" + target.image.platform + ")";
        for (const Case& one : cases) {
            failed += one.findings > 0 ? 1 : 0;
            broken += one.error.empty() ? 0 : 1;
            write_case(body, name, one);
        }
        suites += fmt::format(
            "  <testsuite name=\"{}\" tests=\"{}\" failures=\"{}\" errors=\"{}\">\n{}  </testsuite>\n",
            xml_text(name), cases.size(), failed, broken, body);
        tests += cases.size();
        failures += failed;
        errors += broken;
    }
    return fmt::format("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"stratascan\" "
                       "tests=\"{}\" failures=\"{}\" errors=\"{}\">\n{}</testsuites>\n",
                       tests, failures, errors, suites);
}

}  // namespace stratascan::report
