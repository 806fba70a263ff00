// One window, scanned: the engine's pass over its bytes, the second look at each
// hit, and what programs and ELF headers are in sight. Runs on any worker; what
// comes out is put together in stream order by LayerCollector.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "scanner/layer/hit_finder.hpp"
#include "scanner/layer/line_breaks.hpp"
#include "scanner/layer/view_scan.hpp"
#include "scanner/layer/window.hpp"
#include "scanner/match/database.hpp"
#include "scanner/match/second_look.hpp"
#include "scanner/program/elf.hpp"
#include "scanner/program/identify.hpp"
#include "scanner/program/script.hpp"

namespace stratascan::layer {

/// A finding in a member; `member` is an index into the window's members.
struct WindowFinding {
    std::uint32_t member = 0;
    std::uint32_t rule = 0;  ///< its number
    bool generic = false;
    /// Line breaks between the member's line mark (see WindowScan) and the
    /// secret; negative when it begins before the mark.
    std::int64_t lines = 0;
    bool has_line = false;
    Finding finding;  ///< source, offset and secret fields
    /// The secret itself, where it stands in the member's own name or link.
    std::string named_secret;
    /// Where the finding's identifier stands, in the same count as the offset.
    std::uint64_t identifier_offset = 0;
};

/// A candidate that became no finding, or a finding that gave way to another's.
struct DroppedFinding {
    WindowFinding finding;
    std::string_view reason;  ///< match/drop_reason.hpp
    std::string detail;       ///< which condition, or whose finding is told instead
};

/// What is written there, in base64 or hex, begins like a container.
struct EncodedStart {
    std::uint32_t member = 0;
    std::uint64_t offset = 0;  ///< of its first character in the member
    views::ContainerWriting writing;
};

struct Sighting {
    std::uint32_t member = 0;
    program::Observation seen;
};

struct ElfHead {
    std::uint32_t member = 0;
    program::ElfFacts facts;
};

/// A script's beginning.
struct ScriptHead {
    std::uint32_t member = 0;
    std::string interpreter;
};

/// A file that describes a module which is a program's.
struct SeenModule {
    std::uint32_t member = 0;
    const program::ProgramRule* rule = nullptr;  ///< of the rules, which outlive it
    program::ModuleFile module;
};

struct SeenCertificate {
    std::uint32_t member = 0;
    std::shared_ptr<const evidence::Certificate> certificate;
};

/// Findings of a window that were too many to be kept.
struct LeftOut {
    std::uint32_t member = ~std::uint32_t{0};  ///< or of any
    std::uint64_t count = 0;  ///< before those of one place are settled
};

struct WindowScan {
    std::vector<WindowFinding> findings;
    std::vector<LeftOut> left_out;  ///< by member, for a hundred of them
    bool names_left_out = false;    ///< some of them stand in names of members
    std::vector<DroppedFinding> dropped;  ///< where ScanOptions ask for it
    std::vector<SeenCertificate> certificates;  ///< in files' contents
    std::vector<EncodedStart> encoded_starts;   ///< likewise
    std::vector<Sighting> sightings;
    std::vector<ElfHead> elf_heads;
    std::vector<ScriptHead> script_heads;
    std::vector<SeenModule> modules;
    /// The member whose contents stand at own_end, and go on in the next window.
    std::optional<std::uint32_t> open_member;
    /// Line breaks that the open member's owned contents add to its line mark.
    std::uint64_t open_lines = 0;
    /// How often the open member's bytes were held against a rule.
    std::uint64_t open_looks = 0;
    std::uint64_t spent_ns = 0;  ///< of a processor, for the whole window
    std::uint64_t hits = 0;
    std::optional<Error> error;
};

/// How many candidates became no finding, by the reason (match/drop_reason.hpp).
using DropCounts = std::map<std::string_view, std::uint64_t>;

/// Counters that workers add to.
struct ScanCounters {
    std::uint64_t scan_ns = 0, confirm_ns = 0;
    std::uint64_t windows = 0, engine_bytes = 0, sieved_bytes = 0, hits = 0, confirmed = 0;
    DropCounts dropped;
};

struct ScanOptions {
    bool secrets = true;
    bool programs = true;
    bool show_secrets = false;
    /// What was dropped is handed over one by one, and candidates that plainly lack their
    /// digit are among it, which otherwise nothing looks at.
    bool tell_dropped = false;
    /// That a report takes of one file. A window keeps twice as many of a member, before those
    /// of one place are settled, and three times as many in all; what is over it is counted.
    std::uint64_t findings_a_file = ~std::uint64_t{0} / 3;
};

/// What one thread needs to scan windows. Not thread-safe; one a thread.
class WindowScanner {
public:
    /// `sieve` may be null: then the engine sees everything. All must outlive it.
    WindowScanner(const match::RuleSet& rules, const match::Database& database,
                  const sieve::Sieve* sieve, const identity::SecretKey& key,
                  const ScanOptions& options);
    WindowScanner(const WindowScanner&) = delete;  // its parts refer to one another
    WindowScanner& operator=(const WindowScanner&) = delete;

    /// `exhausted`: the ordinal of a member that is not looked at any more.
    [[nodiscard]] WindowScan scan(Window& window,
                                  std::optional<std::uint32_t> exhausted = std::nullopt);

    /// Findings in a text that is in no layer: an environment variable, a label. What was
    /// dropped in it is not counted where the text repeats what was scanned before. Of more
    /// than `most`, before those of one place are settled, the first are given.
    [[nodiscard]] Result<std::vector<Finding>> scan_text(std::string_view text,
                                                         bool repeated = false,
                                                         std::uint64_t most = ~std::uint64_t{0});
    /// How many of the last such text were left out.
    [[nodiscard]] std::uint64_t left_out() const noexcept { return left_out_; }

    [[nodiscard]] const ScanCounters& counters() const noexcept { return counters_; }

private:
    struct Region;
    void look_at_hits(const Window& window, WindowScan& result);
    void look_at_hit(const Window& window, const Region& region, const match::Hit& hit,
                     std::size_t end, WindowScan& result);
    void count_dropped(std::uint64_t stream_begin);
    void count_dropped(std::uint64_t stream_begin, const ViewDrop& one);
    void settle_dropped();
    void tell_dropped(const Window& window, const Region& region, std::string_view path,
                      WindowScan& result);
    void tell_dropped(const Window& window, const Region& region, ViewDropped& one,
                      WindowScan& result);
    void take_match(const Window& window, const Region& region, match::Match& match,
                    WindowScan& result);
    void leave_out(std::uint32_t member, const Region& region, WindowScan& result);
    [[nodiscard]] WindowFinding placed(const Window& window, const Region& region,
                                       match::Match& match);
    void look_through_views(const Window& window, WindowScan& result);
    void see_program(const Region& region, std::uint32_t literal, std::size_t end,
                     WindowScan& result);
    [[nodiscard]] static LineUnit line_unit_of(const Region& region, const match::Match& match,
                                               const Finding& finding);
    [[nodiscard]] std::int64_t lines_from(const Window& window, const Piece& piece,
                                          std::uint64_t mark, std::uint64_t place, LineUnit unit);
    void read_heads(const Window& window, WindowScan& result) const;
    void read_text_head(const Member& member, std::uint32_t number, std::string_view head,
                        WindowScan& result) const;
    [[nodiscard]] bool is_exhausted(const Window& window, const Region& region) const;
    void mark_open_member(const Window& window, WindowScan& result) const;

    const match::RuleSet& rules_;
    HitFinder finder_;
    match::SecondLook second_look_;
    ViewScanner views_;
    ScanOptions options_;
    std::uint64_t member_room_, window_room_;  // findings
    std::uint64_t left_out_ = 0;
    // Of the member that had the last finding of the window.
    struct Room {
        std::uint32_t member = ~std::uint32_t{0} - 1;
        std::uint64_t left = 0;
    } room_;
    std::vector<match::Hit> hits_;
    std::vector<match::Match> matches_;
    // Of the hit that is looked at; and of the window, at places of the stream, so
    // that a candidate with several anchors counts once.
    std::vector<match::Dropped> dropped_;
    struct DroppedPlace {
        std::uint64_t begin = 0, end = 0;
        std::uint32_t rule = 0;
        std::string_view reason;
        auto operator<=>(const DroppedPlace&) const = default;
    };
    std::vector<DroppedPlace> window_dropped_;
    std::set<DroppedPlace> told_dropped_;  // of the window, if they are told
    std::vector<ViewMatch> view_matches_;
    views::HintPlaces hints_;  // of the window
    // How often each literal was observed in the member that had it last.
    struct Seen {
        std::uint32_t member = ~std::uint32_t{0};
        std::uint32_t times = 0;
    };
    std::vector<Seen> seen_literals_;
    // Line breaks between a mark and a place, both positions in the stream.
    struct LineCursor {
        std::uint64_t mark = ~std::uint64_t{0};
        std::uint64_t place = 0;
        std::int64_t lines = 0;
        LineUnit unit = LineUnit::none;
    };
    LineCursor line_cursor_;
    std::optional<std::uint32_t> exhausted_;
    // Looks at the member that had the last one.
    struct Looks {
        std::uint32_t member = 0;
        std::uint64_t count = 0;
    };
    std::optional<Looks> looks_;
    ScanCounters counters_;
};

/// Of findings of the same bytes keeps the most telling one, drops generic ones
/// that overlap specific ones, and sorts by offset and length. What was found in
/// decoded bytes gives way to what was found in the bytes as they are, and the
/// other way round where it tells more: the same secret is one finding. All must
/// be of one member and source. Counts what was dropped in `counts`, and hands it
/// over to `dropped` where that is not null.
void settle(std::vector<WindowFinding>& findings, DropCounts& counts,
            std::vector<DroppedFinding>* dropped = nullptr);

}  // namespace stratascan::layer
