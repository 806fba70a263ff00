// A zip file behind anything else. Its readers begin at the directory at its end, so whatever
// stands in front of it is no matter to them: a program for another system that unpacks itself,
// four bytes of a format's own (Java's .jmod, Chrome's .crx), a picture. Here the first local
// header (PKWARE, APPNOTE.TXT, 4.3.7) is looked for, wherever it stands, and believed only when all
// of its fields have values that writers give them; and should there be none, the record that ends
// a directory (4.3.16), so that no reader sees a zip file of which nothing is said here.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace stratascan::nested {

/// What is told where a directory ends and no header was found.
inline constexpr std::string_view unread_zip =
    "zip: the directory at the end has entries, and no header of any was found";

class ZipSearch {
public:
    /// The next bytes of a file, which `in` is moved past, however they are cut; where a zip's
    /// first header stands, only up to behind its fixed part, and that part is the answer.
    [[nodiscard]] std::optional<std::string> find(std::string_view& in);
    /// So many bytes come that are not worth a look.
    void pass(std::uint64_t bytes) noexcept {
        held_.clear();
        seen_ += bytes;
    }
    /// No bytes come: whether they end with a zip's directory, as readers look for it.
    [[nodiscard]] bool ends_in_directory() const noexcept;
    /// The same, and nothing stands behind it: for bytes that may hold one by themselves.
    [[nodiscard]] bool ends_with_directory() const noexcept;
    /// Bytes that came so far.
    [[nodiscard]] std::uint64_t seen() const noexcept { return seen_; }

private:
    enum class Look : std::uint8_t { nothing, header, cut };
    [[nodiscard]] Look look_at(std::string_view at, std::uint64_t offset);

    std::string held_;  // what may be the beginning of either, and was cut
    std::uint64_t seen_ = 0;
    // The newest record that ends a directory: where it stands, and where its comment ends.
    struct Record {
        std::uint64_t at = 0, end = 0;
    };
    std::optional<Record> directory_;
};

}  // namespace stratascan::nested
