#include "scanner/layer/directory_walk.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <memory>
#include <span>

namespace stratascan::layer {

namespace {

constexpr std::size_t deepest = 256;
constexpr long proc_magic = 0x9fa0;
constexpr long sysfs_magic = 0x62656572;

std::string joined(const std::string& path, const std::string& name) {
    return path.empty() ? name : path + "/" + name;
}

EntryKind kind_of(mode_t mode) {
    if (S_ISREG(mode)) return EntryKind::file;
    if (S_ISDIR(mode)) return EntryKind::directory;
    if (S_ISLNK(mode)) return EntryKind::symlink;
    return EntryKind::other;
}

// Kernel file systems are no part of a root file system, and reading them may
// hang or never end.
bool is_kernel_tree(int descriptor) {
    struct statfs status {};
    if (::fstatfs(descriptor, &status) != 0) return false;
    return status.f_type == proc_magic || status.f_type == sysfs_magic;
}

}  // namespace

DirectoryWalk::DirectoryWalk(const std::string& root, SlabPool& pool) : pool_(pool) {
    const int descriptor = ::open(root.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (descriptor < 0) {
        gap({}, "the folder can't be read");
    } else {
        enter(descriptor, {});
    }
}

DirectoryWalk::~DirectoryWalk() {
    for (const Level& level : levels_) ::close(level.descriptor);
    if (file_ >= 0) ::close(file_);
}

void DirectoryWalk::gap(const std::string& path, const std::string& what) {
    gaps_.push_back({path, what + ": " + std::strerror(errno), 0});
}

// Takes over the descriptor. All names are read at once, to sort them.
void DirectoryWalk::enter(int descriptor, std::string path) {
    Level level{descriptor, std::move(path), {}, 0};
    const int listing = ::openat(descriptor, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    const std::unique_ptr<DIR, int (*)(DIR*)> folder(listing < 0 ? nullptr : ::fdopendir(listing),
                                                     &::closedir);
    if (folder == nullptr) {
        gap(level.path, "the folder can't be listed");
    } else {
        while (const dirent* entry = ::readdir(folder.get())) {
            const std::string_view name = entry->d_name;
            if (name != "." && name != "..") level.names.emplace_back(name);
        }
    }
    std::sort(level.names.begin(), level.names.end());
    levels_.push_back(std::move(level));
}

// Lists one name; true when it is a file that is now open.
bool DirectoryWalk::see(const std::string& name) {
    const int above = levels_.back().descriptor;
    const std::string path = joined(levels_.back().path, name);
    struct stat status {};
    if (::fstatat(above, name.c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0) {
        gap(path, "it can't be looked at");
        return false;
    }
    Member member;
    member.kind = kind_of(status.st_mode);
    member.mode = status.st_mode;
    member.uid = status.st_uid;
    member.size = static_cast<std::uint64_t>(status.st_size);
    member.mtime = status.st_mtime;
    member.path = path;
    builder_.add_member(std::move(member));
    if (S_ISDIR(status.st_mode)) {
        const int inner = ::openat(above, name.c_str(),
                                   O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        if (inner < 0) {
            gap(path, "the folder can't be read");
        } else if (levels_.size() >= deepest) {
            ::close(inner);
            errno = ELOOP;
            gap(path, "folders are nested too deep");
        } else if (is_kernel_tree(inner)) {
            ::close(inner);
            notes_.push_back(path + " is a kernel file system; it was left out");
        } else {
            enter(inner, path);
        }
        return false;
    }
    if (!S_ISREG(status.st_mode)) return false;
    file_ = ::openat(above, name.c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
    if (file_ < 0) {
        gap(path, "the file can't be read");
        return false;
    }
    ++files_;
    file_offset_ = 0;
    return true;
}

bool DirectoryWalk::open_next_file() {
    while (!levels_.empty()) {
        Level& level = levels_.back();
        if (level.next == level.names.size()) {
            ::close(level.descriptor);
            levels_.pop_back();
            continue;
        }
        const std::string name = std::move(level.names[level.next++]);
        if (see(name)) return true;
    }
    return false;
}

// Reads on in the open file, as far as the slab has room.
void DirectoryWalk::read_file() {
    const std::size_t used = static_cast<std::size_t>(slab_.size());
    const ssize_t size = ::read(file_, slab_.slab->payload() + used, slab_payload - used);
    if (size < 0 && errno == EINTR) return;
    if (size < 0) gap(builder_.newest().path, "the file can't be read to its end");
    if (size <= 0) {
        ::close(file_);
        file_ = -1;
        separate();
        return;
    }
    const auto count = static_cast<std::uint64_t>(size);
    builder_.add_piece({position_, position_ + count, file_offset_, builder_.newest().ordinal,
                        PieceKind::contents});
    file_offset_ += count;
    bytes_ += count;
    position_ += count;
    slab_.end = position_;
}

// A byte between files, so that no word of one goes on in the next. There is
// room: a full slab is handed out before its file is read to the end.
void DirectoryWalk::separate() {
    *(slab_.slab->payload() + slab_.size()) = '\0';
    slab_.end = ++position_;
}

Result<std::optional<Window>> DirectoryWalk::next() {
    if (done_) return std::nullopt;
    if (!slab_.slab) slab_.slab = pool_.acquire();
    while (slab_.size() < slab_payload) {
        if (file_ < 0 && !open_next_file()) {
            done_ = true;
            return builder_.assemble(std::move(slab_), true);
        }
        read_file();
    }
    FilledSlab next;
    next.slab = pool_.acquire();
    carry_context(slab_, next);
    next.end = next.begin;
    Window window = builder_.assemble(std::move(slab_), false);
    slab_ = std::move(next);
    return window;
}

}  // namespace stratascan::layer
