// The names in an image archive or layout that nothing else looks through: of folders, links with
// their targets, empty files, and texts that go to an image as they are. A name is bytes that
// somebody chose, and whoever gets the image gets it, too.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace stratascan::source {

class MemberNames {
public:
    static constexpr std::size_t most_bytes = std::size_t{4} << 20;

    /// Keeps the name, and what it links to, but for names that every tool writes:
    /// "blobs/sha256/<digest>", "<id>/layer.tar", "repositories".
    void add(std::string_view name, std::string_view link = {});

    /// One a line, a link's target on the next one.
    [[nodiscard]] const std::string& text() const noexcept { return text_; }
    /// Bytes of names that there was no room for; what to say of them.
    [[nodiscard]] std::uint64_t left_out() const noexcept { return left_out_; }
    static constexpr std::string_view left_out_reason =
        "the names of folders, links and empty members have more than 4 MiB; the rest was not read";

private:
    void keep(std::string_view name);

    std::string text_;
    std::uint64_t left_out_ = 0;
};

}  // namespace stratascan::source
