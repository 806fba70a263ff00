#include "scanner/layer/tar_walk.hpp"

#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <new>
#include <utility>

#include "scanner/layer/tar_ambiguity.hpp"
#include "scanner/layer/whiteout.hpp"

namespace stratascan::layer {

namespace {

constexpr std::size_t block = 512;
constexpr std::uint64_t nowhere = ~std::uint64_t{0};
constexpr std::size_t gaps_told = 1000;
constexpr std::size_t told_of_a_kind = 100;
// Headers over their limit are read to so many times that limit: a member that is a little over it
// is a member.
constexpr std::uint64_t headers_read_over = 32;

bool all_zero(std::string_view bytes) noexcept {
    return bytes.find_first_not_of('\0') == std::string_view::npos;
}

// A block is a tar header when its checksum holds: the sum of its bytes, the
// checksum field (8 bytes at 148) counted as spaces. POSIX.1-2017, pax, "ustar
// Interchange Format". Old writers summed signed bytes.
bool is_tar_header(std::string_view bytes) noexcept {
    if (bytes.size() < block || bytes[0] == '\0') return false;
    std::int64_t claimed = 0;
    bool digits = false;
    for (const char c : bytes.substr(148, 8)) {
        if (c >= '0' && c <= '7') {
            claimed = claimed * 8 + (c - '0');
            digits = true;
        } else if (digits) {
            break;
        } else if (c != ' ') {
            return false;
        }
    }
    constexpr std::int64_t own_field = std::int64_t{8} * ' ';
    std::int64_t plain = own_field;
    std::int64_t as_signed = own_field;
    for (std::size_t i = 0; i < block; ++i) {
        if (i >= 148 && i < 156) continue;
        plain += static_cast<unsigned char>(bytes[i]);
        as_signed += static_cast<signed char>(bytes[i]);
    }
    return digits && (claimed == plain || claimed == as_signed);
}

std::string entry_path(archive_entry* entry) {
    if (const char* path = archive_entry_pathname(entry)) return path;
    if (const char* path = archive_entry_pathname_utf8(entry)) return path;
    return {};
}

// Null where it is none.
const char* hardlink_of(archive_entry* entry) {
    const char* const target = archive_entry_hardlink(entry);
    return target != nullptr ? target : archive_entry_hardlink_utf8(entry);
}

EntryKind kind_of(archive_entry* entry) {
    if (hardlink_of(entry) != nullptr) return EntryKind::hardlink;
    switch (archive_entry_filetype(entry)) {
        case AE_IFREG: return EntryKind::file;
        case AE_IFDIR: return EntryKind::directory;
        case AE_IFLNK: return EntryKind::symlink;
        case 0: return EntryKind::hardlink;  // one whose target was lost on the way
        default: return EntryKind::other;
    }
}

// The extended attribute that gives a file's process capabilities; "" where there is
// none. No valid one is longer than 24 bytes.
std::string capability_of(archive_entry* entry) {
    if (archive_entry_xattr_count(entry) == 0) return {};
    archive_entry_xattr_reset(entry);
    const char* name = nullptr;
    const void* value = nullptr;
    std::size_t size = 0;
    while (archive_entry_xattr_next(entry, &name, &value, &size) == ARCHIVE_OK) {
        if (name == nullptr || std::string_view(name) != "security.capability") continue;
        return {static_cast<const char*>(value), std::min<std::size_t>(size, 32)};
    }
    return {};
}

}  // namespace

TarWalk::TarWalk(BlobStream& stream, SlabPool& pool, const TarWalkOptions& options)
    : stream_(stream), pool_(pool), options_(options) {}

Result<std::optional<Window>> TarWalk::next() {
    const NameLocale::Inside reading(names_);
    while (ready_.empty() && state_ != State::done) step();
    if (ready_.empty()) return std::nullopt;
    Window window = std::move(ready_.front());
    ready_.pop_front();
    return window;
}

void TarWalk::step() {
    switch (state_) {
        case State::start: step_start(); break;
        case State::header: step_header(); break;
        case State::contents: step_contents(); break;
        case State::between: step_between(); break;
        case State::done: break;
    }
}

// Fills the next slab. The slab before it stays until its members are known.
bool TarWalk::advance() {
    if (stream_ended_) return false;
    FilledSlab next;
    next.slab = pool_.acquire();
    if (!filled_.empty()) carry_context(filled_.back(), next);
    const std::size_t size = [&] {
        const NameLocale::Outside waiting(names_);
        return stream_.fill({next.slab->payload(), slab_payload});
    }();
    stream_ended_ = size < slab_payload;
    next.end = next.begin + size;
    // An empty slab is kept only as the stream's first and only one.
    if (size == 0 && !filled_.empty()) return false;
    filled_.push_back(std::move(next));
    return size > 0;
}

la_ssize_t TarWalk::read_callback(archive*, void* self, const void** buffer) {
    return static_cast<TarWalk*>(self)->give(buffer);
}

la_ssize_t TarWalk::give(const void** buffer) {
    // libarchive remembers each extent of a sparse file, in any number.
    const std::uint64_t ahead = give_from_ - std::min(position_, give_from_);
    if (state_ == State::header && ahead / headers_read_over > options_.header_bytes) {
        header_is_endless_ = true;
        return ARCHIVE_FATAL;
    }
    if (give_from_ == filled_.back().end && !advance()) return 0;
    const std::string_view bytes = current_bytes(give_from_);
    *buffer = bytes.data();
    give_from_ += bytes.size();
    return static_cast<la_ssize_t>(bytes.size());
}

// The current slab's bytes from a stream position on.
std::string_view TarWalk::current_bytes(std::uint64_t position) const noexcept {
    const FilledSlab& slab = filled_.back();
    position = std::clamp(position, slab.begin, slab.end);
    return {slab.slab->payload() + (position - slab.begin),
            static_cast<std::size_t>(slab.end - position)};
}

void TarWalk::begin_archive(std::uint64_t position) {
    archive_.reset(archive_read_new());
    if (!archive_) throw std::bad_alloc();
    // Only tar: every other format that libarchive knows is attack surface here.
    if (archive_read_support_format_tar(archive_.get()) < ARCHIVE_WARN) throw std::bad_alloc();
    archive_base_ = position;
    give_from_ = position;
    position_ = position;
    if (archive_read_open(archive_.get(), this, nullptr, &TarWalk::read_callback, nullptr) !=
        ARCHIVE_OK) {
        // Without a word it fails for want of memory; a form that is none it names.
        if (archive_errno(archive_.get()) == 0) throw std::bad_alloc();
        expect_memory();
        damaged("a header that no tar reader accepts");
        return;
    }
    state_ = State::header;
}

void TarWalk::step_start() {
    advance();
    if (filled_.back().end == 0) {
        hand_out(0);
        state_ = State::done;
        return;
    }
    if (is_tar_header(current_bytes(0)) ||
        all_zero(current_bytes(0).substr(0, std::min<std::size_t>(2 * block, slab_payload)))) {
        is_tar_ = true;
        begin_archive(0);
        return;
    }
    // No tar: the whole stream is one run of bytes, and is scanned as such.
    between_ = 0;
    state_ = State::between;
}

void TarWalk::step_header() {
    archive_entry* entry = nullptr;
    const int status = archive_read_next_header(archive_.get(), &entry);
    const auto consumed =
        archive_base_ + static_cast<std::uint64_t>(archive_filter_bytes(archive_.get(), 0));
    if (status == ARCHIVE_EOF) {
        // A marker is at least one zero block behind the last member's padding.
        const std::uint64_t size = position_ - archive_base_;
        const std::uint64_t padded = position_ + (block - size % block) % block;
        if (consumed < padded + block && !stream_.damage()) {
            note_once("the archive has no end marker");
        }
        // To GNU tar a volume's label is a member, and tarfile reads nothing of an archive
        // that begins with such headers alone.
        const std::string behind = bytes_in_hand(padded, padded + block);
        if (behind.size() == block && !all_zero(behind)) {
            note_ambiguity({}, "headers with no member behind them");
        }
        after_end_ = true;
        between_ = std::min(consumed, give_from_);
        state_ = State::between;
        return;
    }
    if (status == ARCHIVE_FATAL || status == ARCHIVE_RETRY) {
        expect_memory();
        if (ended_without_marker()) return;
        const char* why = archive_error_string(archive_.get());
        position_ = std::min(consumed, give_from_);
        if (std::exchange(header_is_endless_, false)) {
            damaged(fmt::format("headers of more than {} bytes", options_.header_bytes));
        } else {
            damaged(why != nullptr ? why : "damaged tar header");
        }
        return;
    }
    if (status == ARCHIVE_WARN) ++warnings_;
    if (builder_.members() >= options_.members_limit) {
        add_gap({{}, fmt::format("more than {} members; the rest was scanned as plain bytes",
                                 options_.members_limit), 0});
        between_ = nowhere;
        position_ = consumed;
        state_ = State::between;
        return;
    }
    position_ = consumed;
    const auto header =
        archive_base_ + static_cast<std::uint64_t>(archive_read_header_position(archive_.get()));
    Member member;
    member.kind = kind_of(entry);
    member.mode = static_cast<std::uint32_t>(archive_entry_mode(entry));
    member.uid = static_cast<std::uint32_t>(archive_entry_uid(entry));
    member.mtime = archive_entry_mtime(entry);
    member.size = static_cast<std::uint64_t>(std::max<la_int64_t>(archive_entry_size(entry), 0));
    member.capability = capability_of(entry);
    member.path = normalise_path(entry_path(entry));
    if (const char* target = hardlink_of(entry)) member.link = normalise_path(target);
    if (member.kind == EntryKind::symlink) {
        const char* target = archive_entry_symlink(entry);
        if (target == nullptr) target = archive_entry_symlink_utf8(entry);
        member.link = resolve_link(member.path, target != nullptr ? target : "");
    }
    // A sparse member's stored size is not told beforehand.
    contents_end_ = archive_entry_sparse_count(entry) > 0
                        ? nowhere
                        : position_ + static_cast<std::uint64_t>(archive_entry_size(entry));
    if (Whiteout whiteout = read_whiteout(member.path);
        whiteout.kind != EntryKind::file && member.kind == EntryKind::file) {
        member.kind = whiteout.kind;
        member.whiteout_payload = archive_entry_size(entry) > 0;
        member.path = std::move(whiteout.path);
    }
    member.after_end = after_end_;
    if (member.kind == EntryKind::file) ++files_;
    keep_within_limits(header, member);
    look_for_ambiguity(header, member);
    // libarchive takes none from an extended header where the member's own has none; and "." and
    // "/" are the name of no member.
    if (member.kind == EntryKind::hardlink && member.link.empty()) {
        note_ambiguity(member.path, "a hard link without a target");
    }
    const std::uint32_t ordinal = builder_.add_member(std::move(member));
    builder_.add_piece({std::min(header, position_), position_, 0, ordinal, PieceKind::header});
    hand_out(position_);
    file_end_ = 0;
    parts_told_ = false;
    state_ = State::contents;
}

// The stream's bytes from one position to another, as far as slabs have them that are not
// handed out yet.
std::string TarWalk::bytes_in_hand(std::uint64_t from, std::uint64_t to) const {
    std::string bytes;
    for (const FilledSlab& slab : filled_) {
        const std::uint64_t begin = std::max(from, slab.begin), end = std::min(to, slab.end);
        if (begin < end) bytes.append(slab.slab->payload() + (begin - slab.begin), end - begin);
    }
    return bytes;
}

// Whether all readers see this member as it is seen here. Its headers lie in the slabs
// that are not handed out yet.
void TarWalk::look_for_ambiguity(std::uint64_t header, const Member& member) {
    if (after_end_ && !std::exchange(told_after_end_, true)) {
        note_ambiguity(member.path, "members behind the end marker");
    }
    if (header >= position_ || position_ - header > most_tar_headers) return;
    std::string gathered;
    std::string_view bytes =
        current_bytes(header).substr(0, static_cast<std::size_t>(position_ - header));
    if (header < filled_.back().begin) bytes = gathered = bytes_in_hand(header, position_);
    const std::string_view why = tar_ambiguity(bytes);
    if (!why.empty()) note_ambiguity(member.path, why);
}

// All bytes are scanned all the same; what is cut is what is remembered of them.
void TarWalk::keep_within_limits(std::uint64_t header, Member& member) {
    const bool path = shorten_path(member.path, options_.path_bytes);
    const bool link = shorten_path(member.link, options_.path_bytes);
    const bool long_name = path || link;
    const bool long_header = position_ > header && position_ - header > options_.header_bytes + block;
    if (!long_name && !long_header) return;
    if (++over_limit_ > told_of_a_kind) return;
    add_gap({member.path,
             long_name ? fmt::format("a path of more than {} bytes", options_.path_bytes)
                       : fmt::format("headers of more than {} bytes", options_.header_bytes),
             0});
}

void TarWalk::note_ambiguity(const std::string& path, std::string_view what) {
    if (++ambiguous_ > told_of_a_kind) return;
    add_gap({path, fmt::format("{}: {}", ambiguous_archive, what), 0});
}

// Some writers leave out the end marker, and even the padding of the last
// member; nothing is missing then.
bool TarWalk::ended_without_marker() {
    if (!stream_ended_ || stream_.damage() || position_ < contents_end_) return false;
    const std::string_view rest = current_bytes(position_);
    if (rest.size() >= block || !all_zero(rest)) return false;
    note_once("the archive has no end marker");
    between_ = nowhere;
    state_ = State::between;
    return true;
}

void TarWalk::step_contents() {
    const void* buffer = nullptr;
    std::size_t size = 0;
    la_int64_t offset = 0;
    const int status = archive_read_data_block(archive_.get(), &buffer, &size, &offset);
    if (status == ARCHIVE_EOF) {
        state_ = State::header;
        return;
    }
    if (status == ARCHIVE_RETRY) return;
    if (status != ARCHIVE_OK && status != ARCHIVE_WARN) {
        expect_memory();
        if (ended_without_marker()) return;
        const char* why = archive_error_string(archive_.get());
        damaged(why != nullptr ? why : "damaged contents");
        return;
    }
    if (size > 0) {
        const auto from = static_cast<std::uint64_t>(offset);
        // In whatever form the map of a sparse file stands.
        if (from < file_end_ || from > builder_.newest().size ||
            size > builder_.newest().size - from) {
            if (!std::exchange(parts_told_, true)) {
                note_ambiguity(builder_.newest().path,
                               "parts of a file on top of each other or behind its end");
            }
        }
        file_end_ = from + size;
        builder_.add_piece({position_, position_ + size, from, builder_.newest().ordinal,
                            PieceKind::contents});
        position_ += size;
    }
    hand_out(position_);
}

/// That memory ran out says nothing of the layer, so it must not be in its result.
void TarWalk::expect_memory() const {
    if (archive_errno(archive_.get()) == ENOMEM) throw std::bad_alloc();
}

void TarWalk::damaged(const std::string& what) {
    const std::string path = builder_.members() == 0 ? std::string() : builder_.newest().path;
    // A stream that ended early was told by the decoder already; the walk then
    // only says which member it cut.
    add_gap({state_ == State::contents ? path : std::string(), "tar: " + what, 0});
    archive_.reset();
    // At least one block further than this archive's own first header: a header
    // that libarchive refuses is not tried twice.
    between_ = std::max({position_, filled_.back().begin, archive_base_ + block});
    state_ = State::between;
}

// Behind an end marker or a damaged header: on to the next header that holds, or
// to the end. Blocks are aligned to where this archive began.
void TarWalk::step_between() {
    if (between_ != nowhere) {
        between_ += (block - (between_ - archive_base_) % block) % block;
    }
    const std::uint64_t from = between_;
    for (;;) {
        const std::string_view bytes = current_bytes(between_);
        if (between_ >= filled_.back().end || bytes.size() < block) break;
        if (is_tar_header(bytes)) {
            take_as_one_file(from, between_);
            if (!is_tar_) {
                is_tar_ = true;
                add_gap({{}, "the stream does not begin with a tar header", between_});
            }
            begin_archive(between_);
            return;
        }
        between_ += block;
    }
    take_as_one_file(from, filled_.back().end);
    if (advance()) {
        hand_out(filled_.back().begin);
        return;
    }
    hand_out(filled_.back().end);
    if (warnings_ > 0) {
        notes_.push_back(fmt::format("{} members were read with a warning", warnings_));
    }
    if (ambiguous_ > told_of_a_kind) {
        gaps_.push_back({{}, fmt::format("{}: {} more members", ambiguous_archive,
                                         ambiguous_ - told_of_a_kind), 0});
    }
    if (over_limit_ > told_of_a_kind) {
        gaps_.push_back({{}, fmt::format("{} more members with paths or headers over a limit",
                                         over_limit_ - told_of_a_kind), 0});
    }
    if (gaps_untold_ > 0) {
        gaps_.push_back({{}, fmt::format("{} more places are damaged", gaps_untold_), 0});
    }
    state_ = State::done;
}

// Damage at every block of a large layer must not fill memory with words.
void TarWalk::add_gap(Gap gap) {
    if (gaps_.size() < gaps_told) {
        gaps_.push_back(std::move(gap));
    } else {
        ++gaps_untold_;
    }
}

// A stream that is no tar is one file without a name: a document, or noise.
void TarWalk::take_as_one_file(std::uint64_t from, std::uint64_t to) {
    if (is_tar_) return;
    if (builder_.members() == 0) builder_.add_member({});
    builder_.add_piece({from, to, from, builder_.newest().ordinal, PieceKind::contents});
}

void TarWalk::note_once(const std::string& text) {
    if (std::find(notes_.begin(), notes_.end(), text) == notes_.end()) notes_.push_back(text);
}

// Turns every filled slab whose bytes are all accounted for into a window. The
// current slab goes out only when the stream has ended.
void TarWalk::hand_out(std::uint64_t known_to) {
    while (!filled_.empty() && filled_.front().end <= known_to) {
        const bool current = filled_.size() == 1;
        if (current && !stream_ended_) return;
        if (current && state_ != State::between && state_ != State::start) return;
        if (current) {
            // The current slab is still looked at by the caller: its place is
            // taken by an empty one at the same position.
            FilledSlab rest;
            rest.begin = rest.end = filled_.front().end;
            ready_.push_back(builder_.assemble(std::move(filled_.front()), true));
            filled_.front() = std::move(rest);
            return;
        }
        ready_.push_back(builder_.assemble(std::move(filled_.front()), false));
        filled_.pop_front();
    }
}

}  // namespace stratascan::layer
