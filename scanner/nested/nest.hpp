// The containers that are open, one in the other, while a file of the layer passes.
//
// The layer's walk pushes a file's bytes in as it meets them. Each open container is
// a level: a decoder or a parser of archives, which hands what it makes to the level
// above. The highest level that has something to do goes on first, and each step is
// a small one (a decoder's buffer, a member's header), so the work can stop between
// any two as soon as a window is full. That is what bounds memory: a bomb inflates
// no faster than its windows are scanned and their slabs come back.
//
// All bytes of a file are scanned as they stand by the layer's own windows. Here the
// insides are added: contents that a decoder made, and, so that a finding knows the
// way in, those that an archive stores as they are.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "scanner/layer/ordinal_gap.hpp"
#include "scanner/layer/slab.hpp"
#include "scanner/layer/window.hpp"
#include "scanner/nested/git_history.hpp"
#include "scanner/nested/inner_stream.hpp"
#include "scanner/nested/level.hpp"
#include "stratascan/report.hpp"

namespace stratascan::nested {

struct NestLimits {
    unsigned depth = 5;
    std::uint64_t output_bytes = std::uint64_t{1} << 40;  ///< of all that decoders make
    std::uint64_t ratio = 2000;                           ///< of that to one file's bytes
    std::uint64_t members = 8'000'000;
    std::uint64_t path_bytes = 4096;  ///< of a member's name
    /// Of all that is open at once: decoders, and what is kept of git packs and
    /// databases. An eighth is for what is known of git histories.
    std::uint64_t decoder_bytes = std::uint64_t{16} << 20;
};

/// What the limits of a layer count.
struct NestCounts {
    std::uint64_t members = 0;
    std::uint64_t input_bytes = 0;   ///< of the files that were given
    std::uint64_t output_bytes = 0;  ///< what decoders made

    NestCounts& operator+=(const NestCounts& other) noexcept {
        members += other.members;
        input_bytes += other.input_bytes;
        output_bytes += other.output_bytes;
        return *this;
    }
    [[nodiscard]] NestCounts operator-(const NestCounts& other) const noexcept {
        return {members - other.members, input_bytes - other.input_bytes,
                output_bytes - other.output_bytes};
    }
};

/// One thread at a time. Hostile input ends in gaps.
class Nest {
public:
    Nest(layer::SlabPool& pool, const NestLimits& limits);
    /// What the layer's limits have been used up of elsewhere: counts() begin there.
    void begin_at(const NestCounts& counts) noexcept { counts_ = counts; }

    /// Whether a file is open.
    [[nodiscard]] bool is_open() const noexcept { return !levels_.empty(); }
    /// The file that is open. REQUIRES: is_open().
    [[nodiscard]] const layer::HostFile& host() const noexcept { return *host_; }
    /// Whether what is open was no container, or has ended: more bytes of it change nothing.
    [[nodiscard]] bool reads_nothing() const noexcept;
    /// Bytes of it so far.
    [[nodiscard]] std::uint64_t host_bytes() const noexcept { return host_bytes_; }

    /// REQUIRES: !is_open().
    void open(layer::HostFile host);
    /// The same for what stands at `place` in the file, inside so many containers, and is
    /// shown already.
    void open_inside(std::shared_ptr<const layer::HostFile> host,
                     std::shared_ptr<const layer::InnerPlace> place, unsigned depth);
    /// The same for a container that begins with `first_bytes` in a file that is none; `offset`
    /// bytes of it have passed.
    void open_behind(layer::HostFile host, std::string first_bytes, std::uint64_t offset);
    /// A gap of a file that was not opened. REQUIRES: !is_open().
    void tell(layer::HostFile host, std::string reason);
    /// The next bytes; they must stay until run() has answered false.
    void give(std::string_view bytes);
    /// There are no more. Once run() has answered false, the file is no longer open.
    void close();
    /// The file cannot be read on.
    void abandon(std::string reason);
    /// Works until a window is ready (true), or all bytes given are used up (false).
    bool run();
    /// A window that is ready.
    [[nodiscard]] std::optional<layer::Window> take();
    /// No file comes any more; the last windows become ready.
    void finish();

    [[nodiscard]] const std::vector<layer::OrdinalGap>& gaps() const noexcept { return gaps_; }
    [[nodiscard]] std::uint64_t gaps_untold() const noexcept { return gaps_untold_; }
    [[nodiscard]] const NestCounts& counts() const noexcept { return counts_; }
    /// A decoder asked for more memory than there was, or a container could have
    /// been told more of with more.
    [[nodiscard]] bool over_memory() const noexcept {
        return over_memory_ || history_.truncated();
    }
    /// The memory of decoders and parsers that are open, about.
    [[nodiscard]] std::uint64_t hold() const { return limits_.decoder_bytes - memory_left(); }
    /// Of the git repositories that were met.
    [[nodiscard]] const GitHistory& history() const noexcept { return history_; }

private:
    bool step(std::size_t at);
    bool step_unknown(Level& level);
    bool step_leaf(std::size_t at);
    bool step_decoder(std::size_t at);
    bool step_archive(std::size_t at);

    void begin_container(Level& level, Format format);
    void begin_parser(Level& level);
    void begin_decoder(Level& level, Packing packing);
    [[nodiscard]] std::uint64_t memory_left() const;
    [[nodiscard]] NamesIn names_of(const layer::InnerPlace* place) const;
    void decoder_made(std::size_t at, std::string_view bytes);
    void decoder_ended(std::size_t at, const Error* error);
    void begin_member(std::size_t at);
    void arrive(Level& level, std::string_view bytes);
    bool refill(Level& level);
    void end(std::size_t at);
    [[nodiscard]] bool over_limit();
    void stop_host(std::string reason);
    void add_gap(const layer::InnerPlace* place, std::string reason, std::uint64_t bytes);

    InnerStream& stream(std::uint32_t number);
    std::uint32_t add_member(std::uint32_t number, const Level& level, std::uint32_t mode,
                             std::string_view header);

    layer::SlabPool& pool_;
    NestLimits limits_;
    std::shared_ptr<const layer::HostFile> host_;
    std::vector<std::unique_ptr<Level>> levels_;
    std::vector<std::unique_ptr<InnerStream>> streams_;
    std::deque<layer::Window> ready_;
    std::uint64_t host_bytes_ = 0, host_output_ = 0;
    NestCounts counts_;
    GitHistory history_;
    std::string exhausted_;  // a limit of the whole layer was reached
    bool over_memory_ = false;
    std::vector<layer::OrdinalGap> gaps_;
    std::size_t gap_text_ = 0;
    std::uint64_t gaps_untold_ = 0;
};

}  // namespace stratascan::nested
