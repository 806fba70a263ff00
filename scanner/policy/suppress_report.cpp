#include "scanner/policy/suppress_report.hpp"

#include "scanner/policy/date.hpp"

namespace stratascan::policy {

namespace {

std::string_view layer_of(const TargetReport& target, int index) {
    return index >= 0 && static_cast<std::size_t>(index) < target.layers.size()
               ? std::string_view(target.layers[static_cast<std::size_t>(index)].digest)
               : std::string_view();
}

void mark(Rare<Suppressed>& place, const Suppressible& what, SuppressionFile& file,
          Suppressor& suppressor) {
    const int by = suppressor.suppress(what);
    if (by < 0) return;
    const Suppression& entry = file.entries[static_cast<std::size_t>(by)];
    place = Suppressed{entry.reason, entry.owner, written_date(entry.until), entry.where};
}

}  // namespace

std::vector<std::string> suppress(Report& report, SuppressionFile& file) {
    Suppressor suppressor(file.entries);
    for (TargetReport& target : report.targets) {
        for (Finding& finding : target.findings) {
            mark(finding.suppressed,
                 {finding.secret_id, finding.rule, {}, finding.path,
                  layer_of(target, finding.layer_index), {}},
                 file, suppressor);
        }
        for (Program& program : target.programs) {
            mark(program.suppressed,
                 {{}, {}, program.program, program.path, layer_of(target, program.layer_index), {}},
                 file, suppressor);
        }
    }
    std::vector<std::string> warnings;
    file.trouble = suppressor.trouble();
    if (!file.trouble.empty()) warnings.push_back(file.trouble);
    for (const Suppression& entry : file.entries) {
        if (entry.expired) {
            warnings.push_back(entry.where + ": this suppression has run out: " + entry.words());
        } else if (entry.matched == 0 && entry.check.empty()) {
            warnings.push_back(entry.where + ": this suppression matches nothing: " +
                               entry.words());
        }
    }
    return warnings;
}

}  // namespace stratascan::policy
