// Any bytes: what goes to a terminal is printable UTF-8 that stays as it is when
// it is made printable once more, and what goes into a report is valid JSON.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <nlohmann/json.hpp>
#include <string>

#include "scanner/report/report_writer.hpp"
#include "scanner/report/text.hpp"
#include "scanner/report/utf8.hpp"

namespace {

using namespace stratascan;

void require(bool holds) {
    if (!holds) std::abort();
}

Report report_of(const std::string& bytes) {
    TargetReport target;
    target.target = bytes;
    target.image.names = {bytes};
    target.notes = {bytes};
    target.gaps = {{bytes, bytes, bytes.size()}};
    target.layers.resize(1);
    target.layers[0].created_by = target.layers[0].digest = bytes;
    Finding finding;
    finding.layer_index = 0;
    finding.path = finding.title = finding.redacted = finding.evidence_detail = bytes;
    finding.inner_path = {bytes};
    target.findings.push_back(finding);
    Program program;
    program.layer_index = 0;
    program.program = program.path = program.program_class = bytes;
    target.programs.push_back(program);
    Report report;
    report.targets.push_back(target);
    return report;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string bytes(reinterpret_cast<const char*>(data), size);
    const std::string shown = report::printable(bytes);
    require(report::printable(shown) == shown);

    bool lossy = false;
    const auto parsed = nlohmann::json::parse(report::json_string(bytes, &lossy), nullptr, false);
    require(parsed.is_string() && (parsed.get<std::string>() == bytes) == !lossy);

    const std::size_t width = size % 90;
    require(report::columns(report::cut_end(shown, width)) <= width);
    require(report::columns(report::cut_middle(shown, width)) <= width);

    const Report report = report_of(bytes);
    require(!nlohmann::json::parse(report::write_json(report), nullptr, false).is_discarded());
    const std::string table =
        report::write_table(report, {false, static_cast<unsigned>(width) + 40});
    for (std::size_t at = 0; at < table.size();) {
        const std::size_t end = table.find('\n', at);
        require(end != std::string::npos);
        const std::string line = table.substr(at, end - at);
        require(report::columns(line) <= width + 40 && report::printable(line) == line);
        at = end + 1;
    }
    return 0;
}
