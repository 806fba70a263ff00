// Texts as the files of a layer, so that what is asked of them is asked of all that a
// scan does: a tar archive made in memory, and the blob that it is read from.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "scanner/source/blob.hpp"

namespace stratascan::lint {

inline constexpr std::size_t tar_block = 512;

/// A member of a tar archive (POSIX.1-1988, "ustar"); a path of more than 100 bytes is in
/// an extended header in front of it (POSIX.1-2001, pax). Two blocks of zeros end the
/// archive, which is for the caller to add. REQUIRES: fewer than 8 GiB.
void append_file(std::string& archive, std::string_view path, std::string_view contents);

class TextBlob final : public source::BlobReader {
public:
    explicit TextBlob(std::string bytes) : bytes_(std::move(bytes)) {}

    Result<std::size_t> read(std::span<std::byte> out) override;
    std::int64_t size() const noexcept override { return static_cast<std::int64_t>(bytes_.size()); }

private:
    std::string bytes_;
    std::size_t at_ = 0;
};

}  // namespace stratascan::lint
