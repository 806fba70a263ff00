// A root file system's folder that the input says how to make: files, sparse ones too, folders,
// links, pipes and extended attributes, with any names. The walk lists each once, gives every byte
// of every file, and tells names, targets and attributes in front.
//
// A step has a byte for its kind, one for the length of its name, the name, and for what has one
// two bytes for the length of its contents, and those.
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <string_view>

#include "scanner/layer/directory_walk.hpp"
#include "tests/support/files_of_input.hpp"

namespace {

using namespace stratascan;
using namespace stratascan::layer;

constexpr std::size_t most_steps = 24;
constexpr std::size_t longest_name = 64;
constexpr std::size_t longest_contents = 4096;
constexpr off_t hole = 16 << 10;  // all of it fits a window where a file system has no holes

void require(bool holds) {
    if (!holds) __builtin_trap();
}

class Input {
public:
    explicit Input(std::string_view bytes) : left_(bytes) {}
    [[nodiscard]] bool empty() const { return left_.empty(); }
    std::size_t number(std::size_t bytes) {
        std::size_t value = 0;
        for (const char c : text(bytes)) value = value << 8U | static_cast<unsigned char>(c);
        return value;
    }
    std::string_view text(std::size_t size) {
        const std::string_view taken = left_.substr(0, size);
        left_.remove_prefix(taken.size());
        return taken;
    }

private:
    std::string_view left_;
};

/// A name that a folder takes.
std::string name_of(Input& input) {
    std::string name(input.text(input.number(1) % (longest_name + 1)));
    std::ranges::replace(name, '/', '_');
    std::ranges::replace(name, '\0', '_');
    return name.empty() || name == "." || name == ".." ? "n" : name;
}

struct Made {
    std::map<std::string, std::string> told;      ///< by path: what stands in front of its contents
    std::map<std::string, std::string> contents;  ///< of files
};

class Maker {
public:
    explicit Maker(std::string root) : root_(std::move(root)) {}

    Made make(Input input) {
        for (std::size_t step = 0; step < most_steps && !input.empty(); ++step) {
            const std::size_t kind = input.number(1);
            if (kind % 8 == 7) {
                folder_ = std::filesystem::path(folder_).parent_path().string();
                continue;
            }
            const std::string name = name_of(input);
            const std::string path = folder_.empty() ? name : folder_ + "/" + name;
            if (made_.told.contains(path)) continue;
            std::string told = path + '\0';
            const std::string at = root_ + "/" + path;
            const std::string contents(input.text(input.number(2) % (longest_contents + 1)));
            switch (kind % 8) {
                case 0: case 1: case 2: case 3: {
                    const bool sparse = kind % 8 == 3;
                    if (!file(at, contents, sparse, kind >= 128, told)) continue;
                    made_.contents[path] = (sparse ? std::string(hole, '\0') : std::string()) + contents;
                    break;
                }
                case 4:
                    if (::mkdir(at.c_str(), 0755) != 0) continue;
                    folder_ = path;
                    break;
                case 5: {
                    const std::string target(contents.substr(0, contents.find('\0')));
                    if (::symlink(target.c_str(), at.c_str()) != 0) continue;
                    told += target + '\0';
                    break;
                }
                default:
                    if (::mkfifo(at.c_str(), 0600) != 0) continue;
            }
            made_.told[path] = told;
        }
        return std::move(made_);
    }

private:
    static bool file(const std::string& at, const std::string& contents, bool sparse, bool named,
                     std::string& told) {
        const int file = ::open(at.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
        if (file < 0) return false;
        const off_t from = sparse ? hole : 0;
        require(::pwrite(file, contents.data(), contents.size(), from) ==
                static_cast<ssize_t>(contents.size()));
        if (sparse) require(::ftruncate(file, from + static_cast<off_t>(contents.size())) == 0);
        // A file system may have none, or no room for as much.
        if (named && ::fsetxattr(file, "user.of", contents.data(), contents.size(), 0) == 0) {
            told += "SCHILY.xattr.user.of=" + contents + '\n';
        }
        ::close(file);
        return true;
    }

    std::string root_, folder_;
    Made made_;
};

/// What a window shows must be what was made.
void check(const Window& window, const Made& made) {
    std::map<std::string, std::string> told, contents;
    for (const Member& member : window.members) require(made.told.contains(member.path));
    for (const Piece& piece : window.pieces) {
        const std::string& path = window.members[piece.member].path;
        const std::string_view bytes = window.bytes().substr(
            static_cast<std::size_t>(piece.begin - window.sight_begin()),
            static_cast<std::size_t>(piece.end - piece.begin));
        if (piece.kind == PieceKind::header) {
            require(told.emplace(path, bytes).second);
            continue;
        }
        std::string& all = contents[path];
        const auto end = static_cast<std::size_t>(piece.file_offset) + bytes.size();
        all.resize(std::max(all.size(), end));
        std::ranges::copy(bytes, all.begin() + static_cast<std::ptrdiff_t>(piece.file_offset));
    }
    require(told == made.told);
    for (const auto& [path, text] : made.contents) {
        // What lies behind the last byte that is no hole has no piece.
        std::string& seen = contents[path];
        require(seen.size() <= text.size());
        seen.resize(text.size());
        require(seen == text);
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    static const test::FilesOfInput folder;
    folder.clear();
    const Made made = Maker(folder.path()).make(Input({reinterpret_cast<const char*>(data), size}));
    SlabPool pool(2);
    DirectoryWalk walk(folder.path(), pool);
    const auto window = walk.next();
    require(window.has_value() && window->has_value() && (*window)->last);
    const auto end = walk.next();
    require(end.has_value() && !end->has_value());
    require(walk.gaps().empty() && walk.notes().empty());
    require(walk.members() == made.told.size() && walk.files() == made.contents.size());
    check(**window, made);
    return 0;
}
