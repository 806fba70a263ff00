#include "scanner/layer/directory_walk.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <memory>
#include <span>

namespace stratascan::layer {

namespace {

constexpr std::size_t deepest = 256;
// Of a list of extended attributes and of each value: the kernel has no longer ones.
constexpr std::size_t largest_attribute = 64 << 10;
// Of what is told of a member beside its contents.
constexpr std::size_t largest_header = 512 << 10;
static_assert(largest_header < slab_payload);
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

// Extended attributes, and the one that gives a file's process capabilities by itself. A
// file system without them has none.
void DirectoryWalk::add_attributes(int descriptor, Member& member) {
    ssize_t listed = ::flistxattr(descriptor, nullptr, 0);
    if (listed <= 0) return;
    std::string names(largest_attribute, '\0'), value(largest_attribute, '\0');
    listed = ::flistxattr(descriptor, names.data(), names.size());
    if (listed < 0) return gap(member.path, "its extended attributes can't be listed");
    std::string_view left = std::string_view(names).substr(0, static_cast<std::size_t>(listed));
    while (!left.empty()) {
        const std::string name(left.substr(0, left.find('\0')));
        left.remove_prefix(std::min(left.size(), name.size() + 1));
        const ssize_t size = ::fgetxattr(descriptor, name.c_str(), value.data(), value.size());
        if (size < 0) {
            if (errno != ENODATA) gap(member.path, "the extended attribute " + name +
                                                       " can't be read");
            continue;
        }
        const std::string_view bytes =
            std::string_view(value).substr(0, static_cast<std::size_t>(size));
        if (name == "security.capability") member.capability = bytes.substr(0, 32);
        if (header_.size() + name.size() + bytes.size() > largest_header) {
            gaps_.push_back({member.path, "more than 512 KiB of extended attributes",
                             bytes.size()});
            continue;
        }
        header_ += "SCHILY.xattr." + name + '=';
        header_ += bytes;
        header_ += '\n';
    }
}

// Lists one name, and opens it when it is a file.
void DirectoryWalk::see(const std::string& name) {
    const int above = levels_.back().descriptor;
    const std::string path = joined(levels_.back().path, name);
    struct stat status {};
    if (::fstatat(above, name.c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0) {
        gap(path, "it can't be looked at");
        return;
    }
    Member member;
    member.kind = kind_of(status.st_mode);
    member.mode = status.st_mode;
    member.uid = status.st_uid;
    member.size = static_cast<std::uint64_t>(status.st_size);
    member.mtime = status.st_mtime;
    member.path = path;
    header_ = path + '\0';
    if (S_ISLNK(status.st_mode)) {
        std::string target(PATH_MAX, '\0');
        const ssize_t size = ::readlinkat(above, name.c_str(), target.data(), target.size());
        if (size < 0) gap(path, "the link can't be read");
        target.resize(size < 0 ? 0 : static_cast<std::size_t>(size));
        member.link = resolve_link(path, target);
        header_ += target + '\0';
    } else if (S_ISREG(status.st_mode)) {
        const bool sparse = static_cast<std::uint64_t>(status.st_blocks) * 512 < member.size;
        open_file(above, name, member, sparse);
    }
    if (file_ >= 0) add_attributes(file_, member);
    builder_.add_member(std::move(member));
    if (S_ISDIR(status.st_mode)) enter_folder(above, name, path);
}

void DirectoryWalk::enter_folder(int above, const std::string& name, const std::string& path) {
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
        Member of_folder;
        of_folder.path = path;
        add_attributes(inner, of_folder);
        enter(inner, path);
    }
}

void DirectoryWalk::open_file(int above, const std::string& name, const Member& member,
                              bool sparse) {
    file_ = ::openat(above, name.c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
    if (file_ < 0) {
        gap(member.path, "the file can't be read");
        return;
    }
    ++files_;
    file_offset_ = data_end_ = 0;
    sparse_ = sparse;
}

// Lists the next name; false: there is none.
bool DirectoryWalk::see_next() {
    while (!levels_.empty()) {
        Level& level = levels_.back();
        if (level.next < level.names.size()) {
            const std::string name = std::move(level.names[level.next++]);
            see(name);
            return true;
        }
        ::close(level.descriptor);
        levels_.pop_back();
    }
    return false;
}

// False: the slab has no room for it, and goes out as it is.
bool DirectoryWalk::put_header() {
    const std::size_t used = static_cast<std::size_t>(slab_.size());
    if (header_.size() > slab_payload - used) return false;
    std::memcpy(slab_.slab->payload() + used, header_.data(), header_.size());
    builder_.add_piece({position_, position_ + header_.size(), 0, builder_.newest().ordinal,
                        PieceKind::header});
    position_ += header_.size();
    slab_.end = position_;
    header_.clear();
    return true;
}

// Where a sparse file's next bytes are. What a hole hides is zeros. A file system that
// can't tell has no holes.
void DirectoryWalk::find_data() {
    const off_t at = static_cast<off_t>(file_offset_);
    const off_t data = ::lseek(file_, at, SEEK_DATA);
    // A hole up to the end: there the next read finds nothing.
    if (data < 0 && errno == ENXIO && ::lseek(file_, 0, SEEK_END) >= at) return;
    const off_t hole = data < 0 ? -1 : ::lseek(file_, data, SEEK_HOLE);
    if (data < at || hole < data || ::lseek(file_, data, SEEK_SET) != data) {
        sparse_ = false;
        static_cast<void>(::lseek(file_, at, SEEK_SET));  // a file that can be asked can be sought in
        return;
    }
    if (data > at && at > 0) separate();
    file_offset_ = static_cast<std::uint64_t>(data);
    data_end_ = static_cast<std::uint64_t>(hole);
}

// Reads on in the open file, as far as the slab has room.
void DirectoryWalk::read_file() {
    if (sparse_ && file_offset_ >= data_end_) find_data();
    const std::size_t used = static_cast<std::size_t>(slab_.size());
    std::size_t room = slab_payload - used;
    if (room == 0) return;
    if (sparse_ && data_end_ > file_offset_) {
        room = static_cast<std::size_t>(std::min<std::uint64_t>(room, data_end_ - file_offset_));
    }
    const ssize_t size = ::read(file_, slab_.slab->payload() + used, room);
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
        if (!header_.empty()) {
            if (!put_header()) break;
        } else if (file_ >= 0) {
            read_file();
        } else if (!see_next()) {
            done_ = true;
            return builder_.assemble(std::move(slab_), true);
        }
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
