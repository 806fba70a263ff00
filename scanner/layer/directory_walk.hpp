// The files of a root file system folder, as windows: one file behind the other,
// as if they were the contents of one archive without headers. Symbolic links
// are listed and never followed, so nothing outside the folder is read; devices,
// pipes and sockets are not opened. Entries come in the order of their names, so
// the result does not depend on the file system.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>
#include <vector>

#include "scanner/layer/slab.hpp"
#include "scanner/layer/window.hpp"
#include "scanner/layer/window_builder.hpp"

namespace stratascan::layer {

class DirectoryWalk final : public WindowSource {
public:
    DirectoryWalk(const std::string& root, SlabPool& pool);
    ~DirectoryWalk() override;

    Result<std::optional<Window>> next() override;

    [[nodiscard]] const std::vector<Gap>& gaps() const noexcept { return gaps_; }
    [[nodiscard]] const std::vector<std::string>& notes() const noexcept { return notes_; }
    [[nodiscard]] std::uint64_t members() const noexcept { return builder_.members(); }
    [[nodiscard]] std::uint64_t files() const noexcept { return files_; }
    [[nodiscard]] std::uint64_t bytes() const noexcept { return bytes_; }

private:
    // A folder that is being read: its names, in order, and how far it is.
    struct Level {
        int descriptor = -1;
        std::string path;
        std::vector<std::string> names;
        std::size_t next = 0;
    };

    bool open_next_file();
    void enter(int descriptor, std::string path);
    bool see(const std::string& name);
    void gap(const std::string& path, const std::string& what);
    void read_file();
    void separate();

    SlabPool& pool_;
    std::vector<Level> levels_;
    int file_ = -1;
    std::uint64_t file_offset_ = 0;

    FilledSlab slab_;              // being filled
    std::uint64_t position_ = 0;   // of the stream
    bool done_ = false;
    WindowBuilder builder_;
    std::uint64_t files_ = 0, bytes_ = 0;
    std::vector<Gap> gaps_;
    std::vector<std::string> notes_;
};

}  // namespace stratascan::layer
