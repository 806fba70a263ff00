#include "scanner/layer/layer_collector.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <functional>

#include "scanner/layer/dropped_told.hpp"
#include "scanner/layer/pairs.hpp"

namespace stratascan::layer {

namespace {

constexpr std::size_t named_bytes_limit = 8 << 20;
constexpr std::size_t unsettled_findings = 10'000;  // of a file in one window
constexpr std::size_t files_told_left_out = 100;
constexpr std::uint64_t relocations_kept = 2 << 20;  // of a program's beginning
constexpr unsigned windows_round_texts = 2;  // the text's own and the next, besides the last

}  // namespace

LayerCollector::LayerCollector(std::shared_ptr<const program::ProgramSet> programs,
                               std::shared_ptr<const match::PairRules> pairs,
                               const FileLimits& limits, ExhaustedFiles& exhausted,
                               std::size_t& findings_left, Certificates& certificates,
                               std::size_t* windows_left)
    : programs_(programs), judge_(std::move(programs)), pairs_(std::move(pairs)),
      findings_a_file_(limits.findings), told_(limits.told),
      exhausted_(exhausted), looks_(limits.looks, limits.time_ns),
      findings_left_(findings_left), certificates_(certificates),
      member_digests_(windows_left) {}

void LayerCollector::add(Window& window, WindowScan& scan) {
    if (scan.error && !error_) error_ = scan.error;
    add_paths(window);
    if (looks_.has_exhausted()) pass_exhausted(window, scan);
    // The line mark of a member that began in an earlier window has the lines of
    // all windows before this one in front of it.
    const std::uint64_t base = continuing_lines_;
    const auto carry = [&](WindowFinding& found) {
        const bool carried = found.member != no_member && continuing_ &&
                             window.members[found.member].ordinal == *continuing_;
        if (carried) found.lines += static_cast<std::int64_t>(base);
    };
    for (WindowFinding& found : scan.findings) {
        carry(found);
        take_finding(window, found);
    }
    take_left_out(window, scan);
    for (DroppedFinding& one : scan.dropped) {
        carry(one.finding);
        take_place(window, one.finding).dropped_findings.push_back(std::move(one));
    }
    // Several rules see the same bytes: only what is settled counts, and all that is seen of
    // a place is seen in one window.
    const auto settle_many = [&](OpenFile& file) {
        if (file.findings.size() / 2 >= findings_a_file_) settle_file(file);
    };
    for (auto& [ordinal, file] : open_) settle_many(file);
    settle_many(nobody_);
    for (Sighting& sighting : scan.sightings) {
        OpenFile& file = file_of(window, sighting.member);
        if (programs_->needs_bytes(sighting.seen.literal)) {
            file.kept_windows = windows_round_texts;
            member_digests_.keep_last_longer();
        }
        file.sightings.push_back(std::move(sighting.seen));
    }
    for (ElfHead& head : scan.elf_heads) {
        file_of(window, head.member).elf = std::move(head.facts);
    }
    for (ScriptHead& head : scan.script_heads) {
        file_of(window, head.member).interpreter = std::move(head.interpreter);
    }
    add_modules(window, scan);
    read_late_dynamic(window);
    package_lists_.add(window);
    add_certificates(window, scan);

    std::optional<std::uint32_t> goes_on;
    if (scan.open_member) goes_on = window.members[*scan.open_member].ordinal;
    continuing_lines_ = scan.open_lines + (goes_on && goes_on == continuing_ ? base : 0);
    continuing_ = goes_on;
    count_looks(window, scan, goes_on);
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
    // What is in containers has no path of its own that a package could list.
    const bool own_stream = window.stream == 0;
    const bool last = window.last;
    const Keeping keeping = keeping_of(window, goes_on);
    if (own_stream) member_digests_.expect(hints_);
    member_digests_.keep(std::move(window), keeping);
    while (!open_.empty() && open_.begin()->first < done_below) {
        close(open_.begin()->second, open_.begin()->first);
        open_.erase(open_.begin());
    }
    add_digests(done_below);
    const auto open = goes_on ? open_.find(*goes_on) : open_.end();
    if (!own_stream && (open == open_.end() || !open->second.elf)) {
        member_digests_.release_all();
    } else if (!last) {
        member_digests_.release(done_below);
    }
}

void LayerCollector::add_certificates(const Window& window, WindowScan& scan) {
    for (SeenCertificate& seen : scan.certificates) {
        const Member& member = window.members[seen.member];
        LayerCertificate found{std::move(seen.certificate), member.path, {}, member.ordinal};
        if (member.inner) {
            found.path = member.inner->host->path;
            found.inner_path = member.inner->steps();
            found.ordinal = member.inner->host->ordinal;
        }
        certificates_.add(std::move(found));
    }
}

void LayerCollector::add_modules(const Window& window, WindowScan& scan) {
    for (const SeenModule& seen : scan.modules) {
        const Member& member = window.members[seen.member];
        Program program =
            program::program_of_module(*seen.rule, seen.module.name, seen.module.version);
        program.path = member.path;
        found_programs_.push_back({std::move(program), member.ordinal});
        if (may_be_packaged(member.path)) want_digest(member.ordinal);
    }
}

bool LayerCollector::may_want_digest(const OpenFile& file) {
    return file.kind == EntryKind::file && file.inner_path.empty() && !file.after_end &&
           (!file.findings.empty() || !file.sightings.empty()) &&
           may_be_packaged(file.path);
}

void LayerCollector::add_digests(std::uint32_t below) {
    while (!wanted_.empty() && wanted_.begin()->first < below) {
        const auto [ordinal, needs_glibc] = *wanted_.begin();
        if (const auto digest = member_digests_.digest(ordinal, needs_glibc)) {
            digests_.push_back(*digest);
        }
        wanted_.erase(wanted_.begin());
    }
}

// Links are kept by their names, until all layers are known.
bool LayerCollector::may_keep_link(const Member& member) {
    link_bytes_ += member.path.size() + member.link.size() + sizeof(Link);
    if (link_bytes_ > link_bytes_a_layer) paths_.truncated = true;
    return !paths_.truncated;
}

void LayerCollector::pass_exhausted(const Window& window, WindowScan& scan) {
    std::erase_if(scan.findings, [&](const WindowFinding& found) {
        return found.member != no_member &&
               looks_.is_exhausted(window.members[found.member].ordinal);
    });
    for (const Piece& piece : window.pieces) {
        if (piece.kind != PieceKind::contents ||
            !looks_.is_exhausted(window.members[piece.member].ordinal)) {
            continue;
        }
        const std::uint64_t from = std::max(piece.begin, window.own_begin());
        const std::uint64_t to = std::min(piece.end, window.own_end());
        if (from < to) looks_.pass(to - from);
    }
}

void LayerCollector::count_looks(const Window& window, const WindowScan& scan,
                                 std::optional<std::uint32_t> goes_on) {
    if (looks_.has_exhausted() && !(goes_on && looks_.is_exhausted(*goes_on))) tell_exhausted();
    if (!looks_.count(goes_on, scan.open_looks, scan.spent_ns)) return;
    const OpenFile& file = file_of(window, *scan.open_member);
    looks_.exhaust({*goes_on, 0, looks_.reason(), file.path, file.inner_path, file.host});
    exhausted_.set(window.stream, *goes_on);
}

void LayerCollector::tell_exhausted() {
    FileLooks::Exhausted file = looks_.take();
    gaps_.push_back({{std::move(file.path),
                      file.reason + "; the rest was not looked at",
                      file.bytes, std::move(file.inner_path)},
                     file.host});
}

void LayerCollector::add_paths(const Window& window) {
    for (const Member& member : window.members) {
        if (!member.fresh || member.after_end || member.inner) continue;
        hints_.see(member.path);
        paths_.entries.push_back({member.hash, member.ordinal, member.kind});
        if (member.kind == EntryKind::hardlink) {
            if (!may_keep_link(member)) continue;
            paths_.hardlinks.push_back({member.path, member.link, member.ordinal});
        } else if (member.kind == EntryKind::symlink) {
            if (!may_keep_link(member)) continue;
            paths_.symlinks.push_back({member.path, member.link, member.ordinal});
        }
    }
}

LayerCollector::OpenFile& LayerCollector::file_of(const Window& window, std::uint32_t member) {
    const Member& from = window.members[member];
    const auto [at, fresh] = open_.try_emplace(from.ordinal);
    OpenFile& file = at->second;
    if (!fresh) return file;
    file.mode = from.mode;
    if (from.inner) {
        const HostFile& host = *from.inner->host;
        file.path = host.path;
        file.inner_path = from.inner->steps();
        file.name = from.inner->name();
        file.unpacked = from.inner->self_unpacking;
        file.origins = from.inner->origins;
        file.place = file.origins ? from.inner->outer : from.inner;
        file.host = host.ordinal;
        file.kind = host.kind;
        file.after_end = host.after_end;
    } else {
        file.path = from.path;
        file.host = from.ordinal;
        file.kind = from.kind;
        file.after_end = from.after_end;
    }
    return file;
}

// Says of a finding where in its file it is.
LayerCollector::OpenFile& LayerCollector::take_place(const Window& window, WindowFinding& found) {
    Finding& finding = found.finding;
    OpenFile& file = found.member == no_member ? nobody_ : file_of(window, found.member);
    if (file.after_end) finding.source = Source::trailer;
    if (file.kind == EntryKind::whiteout && finding.source == Source::file) {
        finding.source = Source::whiteout;
    }
    if (found.has_line)
        finding.line = static_cast<std::uint64_t>(std::max<std::int64_t>(found.lines, 0)) + 1;
    return file;
}

void LayerCollector::take_finding(const Window& window, WindowFinding& found) {
    OpenFile& file = take_place(window, found);
    if (!found.named_secret.empty()) keep_named(file, found);
    file.findings.push_back(std::move(found));
    if (file.findings.size() >= findings_a_file_ + unsettled_findings) settle_file(file);
}

void LayerCollector::settle_file(OpenFile& file) {
    // Offsets count from different starts in contents and headers.
    std::map<Source, std::vector<WindowFinding>> by_source;
    for (WindowFinding& found : file.findings) {
        by_source[found.finding.source].push_back(std::move(found));
    }
    file.findings.clear();
    for (auto& [source, findings] : by_source) {
        settle(findings, dropped_, told_ != nullptr ? &file.dropped_findings : nullptr);
        std::move(findings.begin(), findings.end(), std::back_inserter(file.findings));
    }
    if (file.findings.size() <= findings_a_file_) return;
    file.dropped += file.findings.size() - findings_a_file_;
    file.findings.erase(file.findings.begin() + static_cast<std::ptrdiff_t>(findings_a_file_),
                        file.findings.end());
}

// Paths are printed with what is found there, so secrets in names are kept until all
// is known, to be cut out. Where they are too many, nothing more is told.
void LayerCollector::keep_named(const OpenFile& file, WindowFinding& found) {
    named_bytes_ += sizeof(NamedSecret) + found.named_secret.size();
    if (named_bytes_ > named_bytes_limit) has_more_named_ = true;
    if (has_more_named_) {
        findings_left_ = 0;
        return;
    }
    const std::string& name = file.inner_path.empty() ? file.path : file.inner_path.back();
    named_.push_back({file.host, std::hash<std::string>()(name), std::move(found.named_secret),
                      found.finding.redacted});
}

void LayerCollector::take_left_out(const Window& window, const WindowScan& scan) {
    for (const LeftOut& one : scan.left_out) {
        OpenFile* const file = one.member == no_member ? nullptr : &file_of(window, one.member);
        const bool fresh = file == nullptr || file->left_out == 0;
        if (file == nullptr || (fresh && files_left_out_ == files_told_left_out)) {
            more_left_out_ += one.count;
            continue;
        }
        if (fresh) ++files_left_out_;
        file->left_out += one.count;
    }
    if (!scan.names_left_out) return;
    has_more_named_ = true;
    findings_left_ = 0;
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

// Of a long program its beginning, where a linker puts relocations, and what is round the
// texts of one that holds many commands: names stand there.
Keeping LayerCollector::keeping_of(const Window& window, std::optional<std::uint32_t> goes_on) {
    const auto found = goes_on ? open_.find(*goes_on) : open_.end();
    if (found == open_.end() || !found->second.elf) return Keeping::newest;
    OpenFile& file = found->second;
    if (file.kept_windows > 0) {
        --file.kept_windows;
        return Keeping::longer;
    }
    const bool begins = std::ranges::any_of(window.pieces, [&](const Piece& piece) {
        // A piece may begin in windows before this one.
        const std::uint64_t passed = window.begin > piece.begin ? window.begin - piece.begin : 0;
        return piece.kind == PieceKind::contents &&
               piece.file_offset + passed < relocations_kept &&
               window.members[piece.member].ordinal == *goes_on;
    });
    return begins ? Keeping::longer : Keeping::newest;
}

}  // namespace stratascan::layer
