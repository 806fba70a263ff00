// Puts windows' results together, in stream order, into a layer's result. The
// place where what belongs to one file but was seen in several windows meets:
// line numbers, a program's literals, a generic finding beside a specific one.
// One for each stream of windows that the layer has; StreamCollectors has them all.
#pragma once

#include <algorithm>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "scanner/layer/certificates.hpp"
#include "scanner/layer/file_looks.hpp"
#include "scanner/layer/inner_place.hpp"
#include "scanner/layer/layer_result.hpp"
#include "scanner/layer/member_digests.hpp"
#include "scanner/layer/ordinal_gap.hpp"
#include "scanner/layer/package_lists.hpp"
#include "scanner/layer/window.hpp"
#include "scanner/layer/window_scan.hpp"
#include "scanner/match/pair_rules.hpp"
#include "scanner/program/identify.hpp"

namespace stratascan::layer {

/// A layer that is nothing but secrets must not fill memory with findings.
/// Of findings it may have twice what a file may have, if that is more.
inline constexpr std::size_t findings_a_layer = 20'000;
[[nodiscard]] constexpr std::size_t findings_of_layer(std::uint64_t findings_a_file) noexcept {
    constexpr std::uint64_t most = ~std::uint64_t{0} / 2;
    return std::max<std::size_t>(findings_a_layer, 2 * std::min(findings_a_file, most));
}
inline constexpr std::size_t programs_a_layer = 20'000;
/// A finding or a program whose place is longer than this counts for several.
inline constexpr std::size_t place_bytes = 512;
/// The names of a layer's links are kept up to this.
inline constexpr std::size_t link_bytes_a_layer = std::size_t{64} << 20;

class LayerCollector {
public:
    /// `findings_left` are those that the layer may still have; shared and counted down.
    /// `certificates` are the layer's, of all its streams. `windows_left`: how many windows
    /// of those inside containers may still be kept; null for the layer's own stream.
    LayerCollector(std::shared_ptr<const program::ProgramSet> programs,
                   std::shared_ptr<const match::PairRules> pairs, const FileLimits& limits,
                   ExhaustedFiles& exhausted, std::size_t& findings_left,
                   Certificates& certificates, std::size_t* windows_left);

    /// Windows come in order of their sequence.
    void add(Window& window, WindowScan& scan);

    /// Something was found inside the container that is the member `ordinal` of the
    /// layer: its digest is wanted, if its bytes have not passed yet.
    void want_digest(std::uint32_t ordinal) { wanted_.try_emplace(ordinal, false); }

    /// Adds findings, programs, paths and the gaps met here. Those inside containers
    /// have the ordinal of the layer's member that holds them.
    void finish(LayerResult& result, std::vector<OrdinalGap>& gaps);

    [[nodiscard]] const std::optional<Error>& error() const noexcept { return error_; }

    /// A secret that stands in a name: in the path of the layer's member, or in a
    /// step from there.
    struct NamedSecret {
        std::uint32_t ordinal = 0;  ///< of the layer's member
        std::size_t name = 0;       ///< hash of the path or the step
        std::string secret, redacted;
    };
    [[nodiscard]] std::vector<NamedSecret>& named_secrets() noexcept { return named_; }
    /// There are more of them than are kept, so no name is to be told.
    [[nodiscard]] bool has_more_named() const noexcept { return has_more_named_; }

private:
    static constexpr std::uint32_t no_member = ~std::uint32_t{0};

    // A member that something was seen in.
    struct OpenFile {
        std::string path;
        std::vector<std::string> inner_path;
        std::shared_ptr<const TextOrigins> origins;  // of a text made of a file
        std::shared_ptr<const InnerPlace> place;     // as LayerFinding says
        std::string name;       ///< its own: the path, or the one in the container
        bool unpacked = false;  ///< from a program that unpacks itself
        std::uint32_t host = 0;  // the layer's member that it is, or is in
        std::uint32_t mode = 0;
        EntryKind kind = EntryKind::file;
        bool after_end = false;
        std::uint64_t lines = 0;  // before the next window's mark
        std::vector<WindowFinding> findings;
        std::vector<DroppedFinding> dropped_findings;
        std::vector<program::Observation> sightings;
        std::optional<program::ElfFacts> elf;
        std::string interpreter;  // of a script
        unsigned kept_windows = 0;  // of those to come that are kept until it is closed
        std::string head;  // of an ELF file that goes on behind its first window
        std::uint64_t dropped = 0;
        std::uint64_t left_out = 0;  // in windows that had too many
    };

    void add_paths(const Window& window);
    [[nodiscard]] bool may_keep_link(const Member& member);
    // What does not count of the file that has cost its looks, and what it may be told of.
    void pass_exhausted(const Window& window, WindowScan& scan);
    void count_looks(const Window& window, const WindowScan& scan,
                     std::optional<std::uint32_t> goes_on);
    void tell_exhausted();
    void add_certificates(const Window& window, WindowScan& scan);
    // Whether something that was seen in it may be a part of a package.
    [[nodiscard]] static bool may_want_digest(const OpenFile& file);
    // Of the members below an ordinal that are wanted.
    void add_digests(std::uint32_t below);
    OpenFile& file_of(const Window& window, std::uint32_t member);
    void read_late_dynamic(const Window& window);
    // Settles what was found in a file so far, and keeps as much as a report takes.
    void settle_file(OpenFile& file);
    [[nodiscard]] Keeping keeping_of(const Window& window, std::optional<std::uint32_t> goes_on);
    void close(OpenFile& file, std::uint32_t ordinal);
    void close_programs(OpenFile& file, std::uint32_t ordinal);
    void add_modules(const Window& window, WindowScan& scan);
    OpenFile& take_place(const Window& window, WindowFinding& found);
    void take_finding(const Window& window, WindowFinding& found);
    void close_dropped(OpenFile& file);
    void keep_named(const OpenFile& file, WindowFinding& found);
    void take_left_out(const Window& window, const WindowScan& scan);

    std::shared_ptr<const program::ProgramSet> programs_;
    program::FileJudge judge_;
    std::shared_ptr<const match::PairRules> pairs_;
    std::uint64_t findings_a_file_;
    DroppedTold* told_;
    ExhaustedFiles& exhausted_;
    FileLooks looks_;
    std::size_t& findings_left_;
    Certificates& certificates_;
    std::vector<NamedSecret> named_;
    std::size_t files_left_out_ = 0;    // that are told
    std::uint64_t more_left_out_ = 0;   // in others
    std::size_t named_bytes_ = 0;
    bool has_more_named_ = false;
    std::map<std::uint32_t, OpenFile> open_;
    OpenFile nobody_;  // what stands in front of the first member
    std::optional<std::uint32_t> continuing_;  // ordinal of the member across windows
    std::uint64_t continuing_lines_ = 0;
    std::vector<LayerFinding> findings_;
    std::vector<LayerProgram> found_programs_;
    std::vector<OrdinalGap> gaps_;
    PathIndex paths_;
    PackageLists package_lists_;
    ManagerHints hints_;
    MemberDigests member_digests_;
    // Members whose digest is wanted, and whether they need the GNU C library.
    std::map<std::uint32_t, bool> wanted_;
    std::vector<MemberDigest> digests_;
    DropCounts dropped_;
    std::uint64_t findings_dropped_ = 0;
    std::size_t programs_left_ = programs_a_layer;
    std::uint64_t programs_dropped_ = 0;
    std::size_t link_bytes_ = 0;
    std::optional<Error> error_;
};

}  // namespace stratascan::layer
