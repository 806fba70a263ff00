// A file that the user asks for: a report, an export. It gets its name when it is whole,
// so a full disk, a signal or a crash leaves the old file as it was, and never half of a
// new one.
#pragma once

#include <string>
#include <string_view>

#include "stratascan/error.hpp"

namespace stratascan::cli {

/// Written under another name in the same folder, and renamed by finish(). What is no
/// regular file (a device, a pipe, what is below /dev or /proc) is written as it is, and
/// so is a file in whose folder no other can be made. A link is followed where it is the
/// user's own or the system's, and refused where another user made it.
class OutputFile {
public:
    /// "" and "-" are standard output.
    [[nodiscard]] static Result<OutputFile> open(const std::string& path);
    OutputFile(OutputFile&& other) noexcept;
    OutputFile& operator=(OutputFile&&) = delete;
    /// Removes what was not finished.
    ~OutputFile();

    /// Errors stay: after one nothing more is written, and finish() says it.
    void write(std::string_view bytes);
    [[nodiscard]] bool failed() const noexcept { return error_ != 0; }
    [[nodiscard]] Result<void> finish();

private:
    OutputFile(int descriptor, std::string path, std::string draft)
        : descriptor_(descriptor), path_(std::move(path)), draft_(std::move(draft)) {}

    int descriptor_;
    std::string path_;
    std::string draft_;  ///< empty: it is written in place
    int error_ = 0;      ///< errno
};

}  // namespace stratascan::cli
