// A tar archive, read member by member from a stream with libarchive: only what a
// stream needs, with its handle owned. It is not compressed, or no longer.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>

#include "stratascan/error.hpp"

struct archive;
struct archive_entry;

namespace stratascan::source {

class TarStream {
public:
    /// The next bytes of the archive; empty at its end. The span holds until the
    /// next call.
    using Pull = std::function<Result<std::span<const std::byte>>()>;

    struct Member {
        std::string name;  ///< normalised
        std::string link;  ///< resolved and normalised
        bool is_link = false;
        bool is_file = false;
        std::int64_t size = -1;
    };

    [[nodiscard]] static Result<std::unique_ptr<TarStream>> open(Pull pull);

    /// What open() makes; of no use before open() set it up.
    explicit TarStream(Pull pull);
    TarStream(const TarStream&) = delete;
    TarStream& operator=(const TarStream&) = delete;
    ~TarStream();

    /// The next member; nothing at the archive's end. What was not read of the
    /// one before is skipped. After an error there is nothing more.
    [[nodiscard]] Result<std::optional<Member>> next();

    /// Whether zeros stand behind the last member; asked once next() has given nothing.
    [[nodiscard]] bool has_end() const noexcept;

    /// Reads of the current member, as BlobReader::read does.
    [[nodiscard]] Result<std::size_t> read(std::span<std::byte> out);

private:
    static long pull_bytes(archive* handle, void* self, const void** bytes);
    [[nodiscard]] Error error() const;

    [[nodiscard]] std::size_t fill_hole(std::span<std::byte> out) noexcept;

    Pull pull_;
    std::uint64_t left_ = 0;  ///< bytes that the current member still has
    bool ended_ = false;      ///< libarchive has no more of the current member
    archive* archive_ = nullptr;
    std::optional<Error> pull_error_;
};

}  // namespace stratascan::source
