// From a tar stream to windows.
//
// libarchive reads the headers; the bytes themselves stay where the decoder put
// them. Three traps are met here. ARCHIVE_WARN means "read, with a remark": a
// path that cannot be converted is answered so, and a loop that wants ARCHIVE_OK
// stops at the first file of a real Debian layer. A tar ends at two zero blocks,
// but the stream does not: container runtimes ignore members behind the end
// marker, libarchive too, an attacker does not. And a damaged header ends
// libarchive's walk for good, though the next member may be a block away: the
// walk then looks for the next header that holds its checksum and begins anew.
#pragma once

#include <archive.h>
#include <archive_entry.h>

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "scanner/layer/blob_stream.hpp"
#include "scanner/layer/name_locale.hpp"
#include "scanner/layer/slab.hpp"
#include "scanner/layer/window.hpp"
#include "scanner/layer/window_builder.hpp"

namespace stratascan::layer {

struct TarWalkOptions {
    std::uint64_t members_limit = 8'000'000;
    std::uint64_t path_bytes = 4096;
    std::uint64_t header_bytes = std::uint64_t{1} << 20;
};

class TarWalk final : public WindowSource {
public:
    TarWalk(BlobStream& stream, SlabPool& pool, const TarWalkOptions& options);

    Result<std::optional<Window>> next() override;

    // What the walk saw; final after next() gave nothing.
    [[nodiscard]] const std::vector<Gap>& gaps() const noexcept { return gaps_; }
    [[nodiscard]] const std::vector<std::string>& notes() const noexcept { return notes_; }
    [[nodiscard]] std::uint64_t members() const noexcept { return builder_.members(); }
    [[nodiscard]] std::uint64_t files() const noexcept { return files_; }
    /// False when no tar header was found at all.
    [[nodiscard]] bool is_tar() const noexcept { return is_tar_; }

private:
    struct FreeArchive {
        void operator()(archive* a) const noexcept { archive_read_free(a); }
    };
    enum class State : std::uint8_t { start, header, contents, between, done };

    static la_ssize_t read_callback(archive*, void* self, const void** buffer);
    la_ssize_t give(const void** buffer);

    bool advance();
    void begin_archive(std::uint64_t position);
    void step();
    void step_start();
    void step_header();
    void step_contents();
    void step_between();
    void expect_memory() const;
    void damaged(const std::string& what);
    void look_for_ambiguity(std::uint64_t header, const Member& member);
    void keep_within_limits(std::uint64_t header, Member& member);
    void note_ambiguity(const std::string& path, std::string_view what);
    [[nodiscard]] std::string_view current_bytes(std::uint64_t position) const noexcept;
    [[nodiscard]] std::string bytes_in_hand(std::uint64_t from, std::uint64_t to) const;
    void hand_out(std::uint64_t known_to);
    bool ended_without_marker();
    void take_as_one_file(std::uint64_t from, std::uint64_t to);
    void add_gap(Gap gap);
    void note_once(const std::string& text);

    BlobStream& stream_;
    SlabPool& pool_;
    NameLocale names_;
    TarWalkOptions options_;
    State state_ = State::start;

    std::unique_ptr<archive, FreeArchive> archive_;
    std::uint64_t archive_base_ = 0;   // stream position of the archive's first byte
    std::uint64_t give_from_ = 0;      // what the callback gives next
    std::uint64_t between_ = 0;        // where the look for the next header stands
    bool stream_ended_ = false;
    bool after_end_ = false;           // an end marker was passed

    std::deque<FilledSlab> filled_;    // the last one is the current slab
    std::deque<Window> ready_;
    WindowBuilder builder_;

    std::uint64_t position_ = 0;       // of the next byte of the current member
    std::uint64_t contents_end_ = ~std::uint64_t{0};  // where its contents should end
    std::uint64_t file_end_ = 0;       // of the current member's contents, as a file's offset
    bool parts_told_ = false;          // that they do not follow each other
    std::uint64_t files_ = 0;
    std::uint64_t warnings_ = 0;
    bool header_is_endless_ = false;
    bool is_tar_ = false;
    bool told_after_end_ = false;      // that there are members behind it
    std::uint64_t over_limit_ = 0;     // members with longer names or headers
    std::uint64_t ambiguous_ = 0;      // members that readers do not agree on
    std::vector<Gap> gaps_;
    std::uint64_t gaps_untold_ = 0;
    std::vector<std::string> notes_;
};

}  // namespace stratascan::layer
