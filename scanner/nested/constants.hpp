// String constants of compiled code, Java's class files and CPython's .pyc, written out as
// text. In the file a string has its length in front of it and the next constant's kind behind
// it, bytes that may be letters, and the name that it is given stands elsewhere: no rule sees
// the one end or the other, nor what the string is for. In the text each is a line of its own
// with the name that the code gives it.
//
// An image has tens of thousands of these files, and next to none holds a secret. So the bytes
// are looked over first for what a secret would have to look like; only a file that may have
// one is read to its end, and only one that has a string worth telling has a text.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "scanner/layer/inner_place.hpp"
#include "scanner/nested/archive_parser.hpp"

namespace stratascan::nested {

/// The step into what compiled code says.
inline constexpr const char* constants_step = "constants";

/// How code uses a string, and the form of its line.
enum class Use : std::uint8_t {
    alone,     ///< value
    argument,  ///< name("value")
    element,   ///< "name": "value"
    assigned,  ///< name = "value"
};

/// What was collected, and from where in the file each line's value is.
struct ConstantText {
    std::string text;
    layer::TextOrigins origins;
    std::uint64_t untold = 0;  ///< bytes of values for which there was no room
};

/// Each value is one line, under the name that says most: the first that a password would have,
/// or else a key, or else the first. Keeps views into the file.
class ConstantLines {
public:
    explicit ConstantLines(std::string_view file, std::uint64_t memory)
        : file_(file), memory_(memory) {}

    /// What is added under names counts up to some times the file's size, as a few bytes of code
    /// can name a long string many times; then it is full, and takes values alone.
    /// REQUIRES: `value` is a part of the file; `name` outlives this.
    void add(std::string_view value, std::string_view name, Use use);
    [[nodiscard]] bool full() const noexcept { return full_; }
    /// No text where no value is worth it. `write` appends a value as UTF-8.
    [[nodiscard]] ConstantText finish(
        const std::function<void(std::string_view value, std::string& out)>& write) const;

private:
    struct Line {
        std::string_view value, name;
        Use use = Use::alone;
        unsigned rank = 0;  // of the name
        std::vector<std::uint64_t> at;  // in the file
    };
    [[nodiscard]] static bool is_told(const Line& line);

    std::string_view file_;
    std::uint64_t memory_, held_ = 0, untold_ = 0, named_ = 0;
    bool full_ = false;
    std::vector<Line> lines_;
    std::unordered_map<std::string_view, std::size_t> line_of_;
};

/// The constants of a whole file, read within so much memory; empty where there is nothing to
/// tell, and where the file is damaged or no such file.
using ReadConstants = ConstantText (*)(std::string_view file, std::uint64_t memory);

/// One member at most, called constants_step. `what` names the format. A file that is larger
/// than a quarter of `memory` is not read: like any file it is scanned as it stands.
[[nodiscard]] std::unique_ptr<ArchiveParser> make_constants_parser(ReadConstants read,
                                                                   std::string_view what,
                                                                   std::uint64_t memory);

}  // namespace stratascan::nested
