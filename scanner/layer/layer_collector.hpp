// Puts windows' results together, in stream order, into a layer's result. The
// place where what belongs to one file but was seen in several windows meets:
// line numbers, a program's literals, a generic finding beside a specific one.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "scanner/layer/layer_result.hpp"
#include "scanner/layer/window.hpp"
#include "scanner/layer/window_scan.hpp"
#include "scanner/program/identify.hpp"

namespace stratascan::layer {

class LayerCollector {
public:
    LayerCollector(std::shared_ptr<const program::ProgramSet> programs,
                   std::uint64_t findings_a_file);

    /// Windows come in order of their sequence.
    void add(Window& window, WindowScan& scan);

    /// Hands over findings, programs, paths and the gaps met here.
    void finish(LayerResult& result);

    [[nodiscard]] const std::optional<Error>& error() const noexcept { return error_; }
    [[nodiscard]] std::size_t findings() const noexcept { return findings_.size(); }

private:
    // A member that something was seen in.
    struct OpenFile {
        std::string path;
        std::uint32_t mode = 0;
        EntryKind kind = EntryKind::file;
        bool after_end = false;
        std::uint64_t lines = 0;  // before the next window's mark
        std::vector<WindowFinding> findings;
        std::vector<program::Observation> sightings;
        std::optional<program::ElfFacts> elf;
        std::string head;  // of an ELF file that goes on behind its first window
        std::uint64_t dropped = 0;
    };

    void add_paths(const Window& window);
    OpenFile& file_of(const Window& window, std::uint32_t member);
    void read_late_dynamic(const Window& window);
    void close(std::uint32_t ordinal, OpenFile& file);
    void take_finding(const Window& window, WindowFinding& found);

    std::shared_ptr<const program::ProgramSet> programs_;
    program::FileJudge judge_;
    std::uint64_t findings_a_file_;
    std::map<std::uint32_t, OpenFile> open_;
    OpenFile nobody_;  // what stands in front of the first member
    std::optional<std::uint32_t> continuing_;  // ordinal of the member across windows
    std::uint64_t continuing_lines_ = 0;
    std::vector<LayerFinding> findings_;
    std::vector<LayerProgram> found_programs_;
    std::vector<Gap> gaps_;
    PathIndex paths_;
    DropCounts dropped_;
    std::uint64_t findings_dropped_ = 0;
    std::optional<Error> error_;
};

}  // namespace stratascan::layer
