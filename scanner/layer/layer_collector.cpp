#include "scanner/layer/layer_collector.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <tuple>

namespace stratascan::layer {

namespace {

// A layer that is nothing but secrets must not fill memory with findings.
constexpr std::size_t findings_a_layer = 50'000;
constexpr std::uint32_t no_member = ~std::uint32_t{0};

// A file's name may itself hold a secret; no report repeats it.
void cut_out(std::string& path, const std::string& secret, const std::string& redacted) {
    if (secret.empty()) return;
    for (std::size_t at = path.find(secret); at != path.npos;
         at = path.find(secret, at + redacted.size())) {
        path.replace(at, secret.size(), redacted);
    }
}

}  // namespace

LayerCollector::LayerCollector(std::shared_ptr<const program::ProgramSet> programs,
                               std::uint64_t findings_a_file)
    : programs_(programs), judge_(std::move(programs)), findings_a_file_(findings_a_file) {}

void LayerCollector::add(Window& window, WindowScan& scan) {
    if (scan.error && !error_) error_ = scan.error;
    add_paths(window);
    // The line mark of a member that began in an earlier window has the lines of
    // all windows before this one in front of it.
    const std::uint64_t base = continuing_lines_;
    for (WindowFinding& found : scan.findings) {
        const bool carried = found.member != no_member && continuing_ &&
                             window.members[found.member].ordinal == *continuing_;
        if (carried) found.lines += static_cast<std::int64_t>(base);
        take_finding(window, found);
    }
    for (Sighting& sighting : scan.sightings) {
        file_of(window, sighting.member).sightings.push_back(std::move(sighting.seen));
    }
    for (ElfHead& head : scan.elf_heads) {
        file_of(window, head.member).elf = std::move(head.facts);
    }
    read_late_dynamic(window);

    std::optional<std::uint32_t> goes_on;
    if (scan.open_member) goes_on = window.members[*scan.open_member].ordinal;
    continuing_lines_ = scan.open_lines + (goes_on && goes_on == continuing_ ? base : 0);
    continuing_ = goes_on;
    // Whoever comes before the first member that the next window owns a part of
    // is done. Members in the margin behind own_end are shown again.
    std::uint32_t done_below = no_member;
    if (!window.last) {
        for (const Piece& piece : window.pieces) {
            if (piece.end <= window.own_end()) continue;
            done_below = window.members[piece.member].ordinal;
            break;
        }
    }
    while (!open_.empty() && open_.begin()->first < done_below) {
        close(open_.begin()->first, open_.begin()->second);
        open_.erase(open_.begin());
    }
}

void LayerCollector::add_paths(const Window& window) {
    for (const Member& member : window.members) {
        if (!member.fresh || member.after_end) continue;
        paths_.entries.push_back({member.hash, member.ordinal, member.kind});
        if (member.kind == EntryKind::hardlink) {
            paths_.hardlinks.push_back({member.path, member.link, member.ordinal});
        } else if (member.kind == EntryKind::symlink) {
            paths_.symlinks.push_back({member.path, member.link, member.ordinal});
        }
    }
}

LayerCollector::OpenFile& LayerCollector::file_of(const Window& window, std::uint32_t member) {
    const Member& from = window.members[member];
    OpenFile& file = open_[from.ordinal];
    if (file.path.empty()) {
        file.path = from.path;
        file.mode = from.mode;
        file.kind = from.kind;
        file.after_end = from.after_end;
    }
    return file;
}

void LayerCollector::take_finding(const Window& window, WindowFinding& found) {
    Finding& finding = found.finding;
    OpenFile& file = found.member == no_member ? nobody_ : file_of(window, found.member);
    cut_out(file.path, found.named_secret, finding.redacted);
    if (file.after_end) finding.source = Source::trailer;
    if (file.kind == EntryKind::whiteout && finding.source == Source::file) {
        finding.source = Source::whiteout;
    }
    if (found.has_line) finding.line = static_cast<std::uint64_t>(std::max<std::int64_t>(found.lines, 0)) + 1;
    if (file.findings.size() < findings_a_file_) {
        file.findings.push_back(std::move(found));
    } else {
        ++file.dropped;
    }
}

// An executable's dynamic section lies near its end, often windows away from its
// header, and points back to strings near its beginning: those are kept.
void LayerCollector::read_late_dynamic(const Window& window) {
    const std::string_view bytes = window.bytes();
    const std::uint64_t sight = window.sight_begin();
    for (const Piece& piece : window.pieces) {
        if (piece.kind != PieceKind::contents) continue;
        const auto found = open_.find(window.members[piece.member].ordinal);
        if (found == open_.end() || !found->second.elf) continue;
        OpenFile& file = found->second;
        const std::uint64_t from = std::max(piece.begin, sight);
        const std::uint64_t to = std::min(piece.end, window.end);
        if (from >= to) continue;
        const std::string_view in_sight = bytes.substr(static_cast<std::size_t>(from - sight),
                                                       static_cast<std::size_t>(to - from));
        const std::uint64_t offset = piece.file_offset + (from - piece.begin);
        if (offset == 0 && piece.end >= window.end && !window.last) file.head = in_sight;
        const auto& dynamic = file.elf->dynamic;
        if (!file.elf->dynamic_read && file.elf->has_dynamic && dynamic.offset >= offset &&
            dynamic.offset + dynamic.size <= offset + in_sight.size()) {
            const std::string_view head = offset == 0 ? in_sight : std::string_view(file.head);
            program::read_dynamic(*file.elf, head, in_sight, offset);
        }
    }
}

void LayerCollector::close(std::uint32_t ordinal, OpenFile& file) {
    // Offsets count from different starts in contents and headers.
    std::map<Source, std::vector<WindowFinding>> by_source;
    for (WindowFinding& found : file.findings) {
        by_source[found.finding.source].push_back(std::move(found));
    }
    for (auto& [source, findings] : by_source) {
        settle(findings, dropped_);
        for (WindowFinding& found : findings) {
            found.finding.path = file.path;
            if (findings_.size() < findings_a_layer) {
                findings_.push_back({std::move(found.finding), ordinal});
            } else {
                ++findings_dropped_;
            }
        }
    }
    if (file.dropped > 0) {
        gaps_.push_back({file.path,
                         fmt::format("more than {} findings in one file; {} are not told",
                                     findings_a_file_, file.dropped), 0});
    }
    for (program::Observation& seen : file.sightings) judge_.add(std::move(seen));
    for (Program& program : judge_.judge(file.elf, file.path, file.mode)) {
        program.path = file.path;
        found_programs_.push_back({std::move(program), ordinal});
    }
}

void LayerCollector::finish(LayerResult& result) {
    for (auto& [ordinal, file] : open_) close(ordinal, file);
    open_.clear();
    close(0, nobody_);
    if (findings_dropped_ > 0) {
        gaps_.push_back({{}, fmt::format("more than {} findings in one layer; {} are not told",
                                         findings_a_layer, findings_dropped_), 0});
    }
    std::sort(findings_.begin(), findings_.end(), [](const auto& a, const auto& b) {
        return std::tie(a.ordinal, a.finding.source, a.finding.offset, a.finding.rule) <
               std::tie(b.ordinal, b.finding.source, b.finding.offset, b.finding.rule);
    });
    std::sort(found_programs_.begin(), found_programs_.end(), [](const auto& a, const auto& b) {
        return std::tie(a.ordinal, a.program.program) < std::tie(b.ordinal, b.program.program);
    });
    std::sort(paths_.entries.begin(), paths_.entries.end(), [](const auto& a, const auto& b) {
        return std::tie(a.path, a.ordinal) < std::tie(b.path, b.ordinal);
    });
    result.findings = std::move(findings_);
    result.programs = std::move(found_programs_);
    result.paths = std::move(paths_);
    result.dropped = std::move(dropped_);
    std::move(gaps_.begin(), gaps_.end(), std::back_inserter(result.gaps));
}

}  // namespace stratascan::layer
