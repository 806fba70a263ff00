// libarchive is asked for tar and nothing else: every further format would be one
// more parser for hostile bytes, and compression is undone before (see
// decoded_stream.cpp). ARCHIVE_WARN is no error: it comes for a path that the locale
// cannot print, and such a path is a path like any other.
#include "scanner/source/tar_stream.hpp"

#include <archive.h>
#include <archive_entry.h>

#include <algorithm>
#include <cerrno>
#include <new>
#include <utility>

#include "scanner/layer/layer_result.hpp"
#include "scanner/source/archive_index.hpp"

namespace stratascan::source {

namespace {

constexpr int max_retries = 16;

std::string name_of(archive_entry* entry) {
    const char* name = archive_entry_pathname(entry);
    if (name == nullptr) name = archive_entry_pathname_utf8(entry);
    return name == nullptr ? std::string() : layer::normalise_path(name);
}

TarStream::Member describe(archive_entry* entry) {
    TarStream::Member member;
    member.name = name_of(entry);
    if (archive_entry_size_is_set(entry) != 0) member.size = archive_entry_size(entry);
    const char* const hard = archive_entry_hardlink(entry);
    const char* const symbolic = archive_entry_symlink(entry);
    if (hard != nullptr && member.size <= 0) {
        member.is_link = true;
        member.link = resolve_link(member.name, hard, false);
    } else if (symbolic != nullptr && archive_entry_filetype(entry) == AE_IFLNK) {
        member.is_link = true;
        member.link = resolve_link(member.name, symbolic, true);
    } else {
        member.is_file = hard != nullptr || archive_entry_filetype(entry) == AE_IFREG;
    }
    return member;
}

}  // namespace

TarStream::TarStream(Pull pull) : pull_(std::move(pull)), archive_(archive_read_new()) {}

TarStream::~TarStream() {
    if (archive_ != nullptr) archive_read_free(archive_);
}

long TarStream::pull_bytes(archive* handle, void* self, const void** bytes) {
    auto& stream = *static_cast<TarStream*>(self);
    const auto pulled = stream.pull_();
    if (!pulled) {
        stream.pull_error_ = pulled.error();
        archive_set_error(handle, EIO, "%s", "the stream could not be read");
        return ARCHIVE_FATAL;
    }
    *bytes = pulled->data();
    return static_cast<long>(pulled->size());
}

Error TarStream::error() const {
    if (pull_error_) return *pull_error_;
    if (archive_errno(archive_) == ENOMEM) throw std::bad_alloc();
    const char* const text = archive_error_string(archive_);
    return Error{ErrorCode::malformed,
                 std::string("damaged archive: ") + (text == nullptr ? "unknown" : text), {}, {}};
}

Result<std::unique_ptr<TarStream>> TarStream::open(Pull pull) {
    auto stream = std::make_unique<TarStream>(std::move(pull));
    archive* const handle = stream->archive_;
    if (handle == nullptr) return fail(ErrorCode::unreadable, "out of memory");
    if (archive_read_support_format_tar(handle) < ARCHIVE_WARN) {
        return std::unexpected(stream->error());
    }
    // Archives appended to each other are read to the last one.
    archive_read_set_options(handle, "tar:read_concatenated_archives");
    const int opened =
        archive_read_open(handle, stream.get(), nullptr, &TarStream::pull_bytes, nullptr);
    // Without a word it fails for want of memory; a form that is none it names.
    if (opened < ARCHIVE_WARN && archive_errno(handle) == 0) throw std::bad_alloc();
    if (opened < ARCHIVE_WARN) return std::unexpected(stream->error());
    return stream;
}

Result<std::optional<TarStream::Member>> TarStream::next() {
    for (int attempt = 0; attempt < max_retries; ++attempt) {
        archive_entry* entry = nullptr;
        const int status = archive_read_next_header(archive_, &entry);
        if (status == ARCHIVE_EOF) return std::optional<Member>();
        if (status == ARCHIVE_OK || status == ARCHIVE_WARN) {
            Member member = describe(entry);
            ended_ = false;
            left_ = member.size > 0 ? static_cast<std::uint64_t>(member.size) : 0;
            return member;
        }
        if (status != ARCHIVE_RETRY) break;
    }
    return std::unexpected(error());
}

// What it read behind the last member, where it looked for one more.
bool TarStream::has_end() const noexcept {
    return archive_filter_bytes(archive_, 0) > archive_read_header_position(archive_);
}

/// libarchive reports the end of a sparse member before the hole that it may end
/// in. For any other member an end before its size is an error, and comes first.
std::size_t TarStream::fill_hole(std::span<std::byte> out) noexcept {
    const auto count =
        static_cast<std::size_t>(std::min<std::uint64_t>(out.size(), left_));
    std::ranges::fill(out.first(count), std::byte{0});
    left_ -= count;
    return count;
}

Result<std::size_t> TarStream::read(std::span<std::byte> out) {
    std::size_t done = 0;
    int retries = 0;
    while (done < out.size() && !ended_) {
        const auto got = archive_read_data(archive_, out.data() + done, out.size() - done);
        ended_ = got == 0;
        if (got > 0) {
            left_ -= std::min(left_, static_cast<std::uint64_t>(got));
            done += static_cast<std::size_t>(got);
        } else if (got != 0 &&
                   ((got != ARCHIVE_WARN && got != ARCHIVE_RETRY) || ++retries > max_retries)) {
            return std::unexpected(error());
        }
    }
    return done + fill_hole(out.subspan(done));
}

}  // namespace stratascan::source
