// The files of a root file system folder, as windows: one file behind the other, as if
// they were the contents of one archive. In front of each stands what an archive's header
// would say beside numbers: the path, a link's target, and extended attributes, each as
// the PAX record that GNU tar makes of it. Symbolic links are listed and never followed,
// so nothing outside the folder is read; devices, pipes and sockets are not opened. Holes
// of a sparse file are passed over. Entries come in the order of their names, so the
// result does not depend on the file system.
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

    bool see_next();
    void enter(int descriptor, std::string path);
    void see(const std::string& name);
    void enter_folder(int above, const std::string& name, const std::string& path);
    void open_file(int above, const std::string& name, const Member& member, bool sparse);
    void add_attributes(int descriptor, Member& member);
    void gap(const std::string& path, const std::string& what);
    bool put_header();
    void find_data();
    void read_file();
    void separate();

    SlabPool& pool_;
    std::vector<Level> levels_;
    int file_ = -1;
    bool sparse_ = false;  // that file may have holes
    std::uint64_t file_offset_ = 0;
    std::uint64_t data_end_ = 0;  // of a sparse file: where the next hole begins
    std::string header_;   // of the newest member, not in a slab yet

    FilledSlab slab_;              // being filled
    std::uint64_t position_ = 0;   // of the stream
    bool done_ = false;
    WindowBuilder builder_;
    std::uint64_t files_ = 0, bytes_ = 0;
    std::vector<Gap> gaps_;
    std::vector<std::string> notes_;
};

}  // namespace stratascan::layer
