// What a layer's collector tells of its files when they end, and of the layer.
#include "scanner/layer/layer_collector.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <tuple>

#include "scanner/layer/dropped_told.hpp"
#include "scanner/layer/pairs.hpp"

namespace stratascan::layer {

namespace {

// What it costs to repeat where something was found.
std::size_t cost_of_place(const std::string& path, const std::vector<std::string>& inner) {
    std::size_t bytes = path.size();
    for (const std::string& step : inner) bytes += step.size();
    return 1 + bytes / place_bytes;
}

bool spend(std::size_t& left, std::size_t cost) {
    const bool enough = left >= cost;
    left = enough ? left - cost : 0;
    return enough;
}

// Those of another stream: of a database that is read row by row.
void add_packages(PackageFacts& to, PackageFacts from) {
    const auto lists = static_cast<std::uint32_t>(to.lists.size());
    const auto packages = static_cast<std::uint32_t>(to.packages.size());
    for (ListedPackage& package : from.packages) package.list += lists;
    for (ListedFile& file : from.files) file.package += packages;
    std::move(from.lists.begin(), from.lists.end(), std::back_inserter(to.lists));
    std::move(from.packages.begin(), from.packages.end(), std::back_inserter(to.packages));
    to.files.insert(to.files.end(), from.files.begin(), from.files.end());
    std::sort(to.files.begin(), to.files.end());
    to.untold += from.untold;
}

}  // namespace

void LayerCollector::close(OpenFile& file, std::uint32_t ordinal) {
    settle_file(file);
    if (told_ != nullptr) close_dropped(file);
    pair_up(file.findings, pairs_.get());
    drop_told_secrets(file.findings);
    const bool may_want = may_want_digest(file);
    const std::size_t before = found_programs_.size();
    const bool has_findings = !file.findings.empty();
    const std::size_t cost = cost_of_place(file.path, file.inner_path);
    for (WindowFinding& found : file.findings) {
        Finding& finding = found.finding;
        finding.path = file.path;
        if (finding.pair) finding.pair->path = file.path;
        if (!spend(findings_left_, cost)) {
            ++findings_dropped_;
            continue;
        }
        // What it has is the way from the file's bytes to what they stand for.
        finding.inner_path.insert(finding.inner_path.begin(), file.inner_path.begin(),
                                  file.inner_path.end());
        LayerFinding& told = findings_.emplace_back(std::move(finding), file.host,
                                                    file.inner_path.size());
        told.place = file.place;
        if (!file.origins) continue;
        const std::uint64_t begin = told.finding.offset;
        told.origins = origins_of(*file.origins, begin, begin + told.finding.length);
    }
    if (file.dropped > 0) {
        gaps_.push_back({{file.path,
                          fmt::format("more than {} findings in one file; {} are not told",
                                      findings_a_file_, file.dropped), 0, file.inner_path},
                         file.host});
    }
    if (file.left_out > 0) {
        gaps_.push_back({{file.path,
                          fmt::format("too many findings within a mebibyte; {} more, not yet held "
                                      "against each other, are not told (--max-findings)",
                                      file.left_out),
                          0, file.inner_path},
                         file.host});
    }
    const bool needs_glibc =
        file.elf && std::ranges::find(file.elf->needed, "libc.so.6") != file.elf->needed.end();
    close_programs(file, ordinal);
    if (may_want && (has_findings || found_programs_.size() > before)) {
        wanted_.insert_or_assign(ordinal, needs_glibc);
    }
}

void LayerCollector::close_dropped(OpenFile& file) {
    for (DroppedFinding& one : file.dropped_findings) {
        Finding& finding = one.finding.finding;
        finding.path = file.path;
        finding.inner_path.insert(finding.inner_path.begin(), file.inner_path.begin(),
                                  file.inner_path.end());
        told_->add({{std::move(finding), file.host, file.inner_path.size()}, one.reason,
                    std::move(one.detail)});
    }
}

// A program in a container is known by its own name there.
void LayerCollector::close_programs(OpenFile& file, std::uint32_t ordinal) {
    for (program::Observation& seen : file.sightings) judge_.add(std::move(seen));
    const std::string& name = file.inner_path.empty() ? file.path : file.name;
    program::FileBytes bytes;
    if (file.elf) bytes = member_digests_.bytes(ordinal);
    std::vector<Program> programs = judge_.judge(
        {file.elf, name, file.mode, file.interpreter, bytes.size > 0 ? &bytes : nullptr});
    std::sort(programs.begin(), programs.end(),
              [](const Program& a, const Program& b) { return a.program < b.program; });
    if (judge_.applets_cut()) {
        gaps_.push_back({{file.path,
                          fmt::format("more than {} commands in one program; the rest are not told",
                                      program::most_names), 0, file.inner_path},
                         file.host});
    }
    const std::size_t cost = cost_of_place(file.path, file.inner_path);
    for (Program& program : programs) {
        if (!spend(programs_left_, cost)) {
            ++programs_dropped_;
            continue;
        }
        program.path = file.path;
        program.inner_path = file.inner_path;
        program.packed = program.packed || file.unpacked;
        found_programs_.push_back({std::move(program), file.host});
    }
}

void LayerCollector::finish(LayerResult& result, std::vector<OrdinalGap>& gaps) {
    for (auto& [ordinal, file] : open_) close(file, ordinal);
    open_.clear();
    close(nobody_, no_member);
    add_digests(no_member);
    if (looks_.has_exhausted()) tell_exhausted();
    if (paths_.truncated) {
        gaps_.push_back({{{}, fmt::format("links with names of more than {} bytes; what later "
                                          "layers hide is not told", link_bytes_a_layer), 0, {}}, 0});
    }
    if (more_left_out_ > 0) {
        gaps_.push_back({{{}, fmt::format("too many findings within a mebibyte; {} more elsewhere "
                                          "are not told (--max-findings)", more_left_out_), 0, {}}, 0});
    }
    if (programs_dropped_ > 0) {
        gaps_.push_back({{{}, fmt::format("more than {} programs in one layer; {} are not told",
                                          programs_a_layer, programs_dropped_), 0, {}}, 0});
    }
    if (findings_dropped_ > 0) {
        gaps_.push_back({{{}, fmt::format("more than {} findings in one layer; {} are not told",
                                          findings_of_layer(findings_a_file_), findings_dropped_),
                          0, {}}, 0});
    }
    std::sort(paths_.entries.begin(), paths_.entries.end(), [](const auto& a, const auto& b) {
        return std::tie(a.path, a.ordinal) < std::tie(b.path, b.ordinal);
    });
    std::move(findings_.begin(), findings_.end(), std::back_inserter(result.findings));
    std::move(found_programs_.begin(), found_programs_.end(),
              std::back_inserter(result.programs));
    if (!paths_.entries.empty()) result.paths = std::move(paths_);
    if (!digests_.empty()) result.digests = std::move(digests_);
    PackageFacts packages = package_lists_.take();
    if (packages.untold > 0) {
        result.notes.push_back(fmt::format(
            "the package lists are longer than {} files; {} more are not known as packaged",
            packaged_files_a_layer, packages.untold));
    }
    if (!packages.lists.empty()) add_packages(result.packages, std::move(packages));
    for (OrdinalGap& gap : package_lists_.gaps()) gaps_.push_back(std::move(gap));
    for (const auto& [reason, count] : dropped_) result.dropped[reason] += count;
    std::move(gaps_.begin(), gaps_.end(), std::back_inserter(gaps));
}

}  // namespace stratascan::layer
