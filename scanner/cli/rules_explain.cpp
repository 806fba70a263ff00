// `rules explain`.
#include <fmt/format.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "scanner/cli/command.hpp"
#include "scanner/cli/rules_command.hpp"
#include "scanner/cli/told_words.hpp"
#include "scanner/engine.hpp"
#include "scanner/lint/explain.hpp"
#include "scanner/report/report_writer.hpp"
#include "scanner/report/text.hpp"
#include "scanner/sandbox/sandbox.hpp"

namespace stratascan::cli {

namespace {

using report::printable;

// A file is held in memory as a whole; what is larger belongs in a scan.
constexpr std::size_t largest_file = std::size_t{256} << 20;

// Of a condition's expression its beginning tells enough; `rules show` has all of it.
constexpr std::size_t detail_columns = 100;

struct Close {
    void operator()(std::FILE* file) const noexcept {
        if (file != stdin) static_cast<void>(std::fclose(file));  // it was read
    }
};

Result<std::string> read_file(const std::string& path) {
    const std::unique_ptr<std::FILE, Close> file(path == "-" ? stdin
                                                            : std::fopen(path.c_str(), "rbe"));
    const auto unreadable = [&] {
        return fail(ErrorCode::unreadable,
                    std::string("the file can't be read: ") + std::strerror(errno), path);
    };
    if (!file) return unreadable();
    std::string text;
    constexpr std::size_t part_bytes = std::size_t{1} << 20;
    std::string part(part_bytes, '\0');
    while (true) {
        const std::size_t got = std::fread(part.data(), 1, part_bytes, file.get());
        text.append(part, 0, got);
        if (text.size() > largest_file) {
            return fail(ErrorCode::over_limit, "a file to explain may have 256 MiB", path,
                        "scan it instead");
        }
        if (got == part_bytes) continue;
        if (std::ferror(file.get()) != 0) return unreadable();
        return text;
    }
}

// Lines and offsets are those of the innermost file, so they stand behind its name, and
// what it is encoded in there behind them.
std::string place_of(const std::string& path, const lint::Explained& one) {
    const Finding& finding = one.finding;
    const auto inside =
        finding.inner_path.begin() + static_cast<std::ptrdiff_t>(one.containers);
    const std::vector<std::string> way(finding.inner_path.begin(), inside);
    const std::vector<std::string> encodings(inside, finding.inner_path.end());
    std::string place = report::place_in(path, way);
    if (finding.source != Source::file) place += fmt::format(" ({})", to_string(finding.source));
    place += finding.line > 0 ? fmt::format(":{}", finding.line)
                              : fmt::format("@{}", finding.offset);
    return report::place_in(place, encodings);
}

std::string shown_of(const Finding& finding) {
    return finding.clear_text.empty() ? finding.redacted : finding.clear_text;
}

std::string fate_of(const lint::Explained& one) {
    if (!one.reason.empty()) {
        return fmt::format("dropped: {}{}", one.reason,
                           one.detail.empty()
                               ? ""
                               : " (" + report::cut_end(printable(one.detail), detail_columns) + ")");
    }
    const Finding& finding = one.finding;
    return fmt::format("reported: {}, {} confidence, {}{}", to_string(finding.severity),
                       to_string(finding.confidence), to_string(finding.evidence),
                       finding.evidence_detail.empty() ? "" : " (" + finding.evidence_detail + ")");
}

std::string summary_of(const lint::Explanation& explanation) {
    std::map<std::string_view, std::size_t> reasons;
    std::size_t reported = 0;
    for (const lint::Explained& one : explanation.candidates) {
        if (one.reason.empty()) ++reported;
        else ++reasons[one.reason];
    }
    const std::size_t all = explanation.candidates.size();
    std::string text = fmt::format("{}: {} reported, {} dropped\n",
                                   report::counted(all, "candidate"), reported, all - reported);
    for (const auto& [reason, count] : reasons) {
        text += fmt::format("{:>9}  {}\n", report::grouped(count), printable(reason));
    }
    if (explanation.untold > 0) {
        text += fmt::format("{} more were dropped and are not told\n",
                            report::counted(explanation.untold, "candidate"));
    }
    return text;
}

std::string gap_of(const std::string& name, const Gap& gap) {
    std::string text = fmt::format("{}  not read: {}", report::place_in(name, gap.inner_path),
                                   printable(gap.reason));
    if (gap.bytes > 0) text += fmt::format(", {} bytes", report::grouped(gap.bytes));
    return text + '\n';
}

}  // namespace

int explain_file(const RulesArguments& arguments) {
    const std::string& path = arguments.files.front();
    const auto text = read_file(path);
    if (!text) return complain(text.error().message());
    const auto engine = read_inside([&] { return load_engine(arguments.rule_files); });
    if (!engine) return complain_of(engine.error());
    tell_notes(engine->notes);
    const std::string name = path == "-" ? "standard input" : path;
    const auto explanation = read_inside([&] {
        return lint::explain(*engine, *text, path == "-" ? "" : path, arguments.show_secrets);
    });
    if (!explanation) return complain(explanation.error().message());
    std::string shown;
    for (const lint::Explained& one : explanation->candidates) {
        shown += fmt::format("{}  {}  {}\n    {}\n", place_of(name, one),
                             printable(one.finding.rule), printable(shown_of(one.finding)),
                             printable(fate_of(one)));
    }
    for (const Gap& gap : explanation->gaps) shown += gap_of(name, gap);
    shown += summary_of(*explanation);
    return write_output({}, shown) ? exit_clean : exit_failed;
}

}  // namespace stratascan::cli
