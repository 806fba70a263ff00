#include "scanner/nested/encoded_walk.hpp"

#include <algorithm>
#include <utility>

#include "scanner/layer/encoded_step.hpp"

namespace stratascan::nested {

namespace {

// Streams of what a slot opens: more than a nest has levels.
constexpr std::uint32_t streams_a_slot = 1000;
// Of all slots together; what takes more is tried again alone, as in the nest of files.
constexpr std::uint64_t memory_share = 4;
constexpr std::size_t gaps_told = 1000;
// Decoded at a time, so that what is held is little.
constexpr std::size_t read_at_once = 64 << 10;

// An archive and the compression round it are one level, as in the nest; an encoding is
// none.
unsigned depth_of(const layer::InnerPlace* place) {
    unsigned depth = 0;
    bool in_compression = false;
    for (; place != nullptr; place = place->outer.get()) {
        if (place->same_file && !layer::encoding_of_step(place->step).empty()) continue;
        const bool compression = place->same_file && !place->self_unpacking;
        if (!compression) {
            ++depth;
            in_compression = true;  // the compression outside, if any, counts with it
        } else if (!std::exchange(in_compression, false)) {
            ++depth;
        }
    }
    return depth;
}

std::uint32_t first_stream_of(std::size_t slot) noexcept {
    return layer::first_passing_stream + static_cast<std::uint32_t>(slot) * streams_a_slot;
}

std::string_view step_of(views::Encoding encoding) noexcept {
    return encoding == views::Encoding::hex ? "hex" : "base64";
}

}  // namespace

std::optional<std::size_t> EncodedWalk::slot_of(std::uint32_t stream) const {
    for (std::size_t slot = 0; slot < open_.size(); ++slot) {
        if (open_[slot] && open_[slot]->stream == stream) return slot;
    }
    return std::nullopt;
}

// Those that are open were each begun where the layer's counts stood.
NestCounts EncodedWalk::counts() const {
    NestCounts all = counts_;
    for (const auto& one : open_) {
        if (one) all += one->nest.counts() - one->before;
    }
    return all;
}

// Their decoders share one allowance.
NestLimits EncodedWalk::limits_left() const {
    std::uint64_t held = 0;
    for (const auto& one : open_) held += one ? one->nest.hold() : 0;
    NestLimits left = limits_;
    const std::uint64_t memory = limits_.decoder_bytes / memory_share;
    left.decoder_bytes = memory - std::min(memory, held);
    return left;
}

void EncodedWalk::add(const layer::Window& window, std::vector<layer::EncodedStart> starts) {
    const std::optional<std::size_t> going_on = slot_of(window.stream);
    if (starts.empty() && !going_on) return;
    std::sort(starts.begin(), starts.end(), [](const auto& a, const auto& b) {
        return std::pair(a.member, a.offset) < std::pair(b.member, b.offset);
    });
    auto start = starts.begin();
    for (const layer::Piece& piece : window.pieces) {
        if (piece.kind != layer::PieceKind::contents) continue;
        const std::uint64_t from = std::max(piece.begin, window.own_begin());
        const std::uint64_t to = std::min(piece.end, window.own_end());
        if (from >= to) continue;
        const layer::Member& member = window.members[piece.member];
        const std::uint64_t begin = piece.file_offset + (from - piece.begin);
        const std::string_view bytes = window.bytes().substr(
            static_cast<std::size_t>(from - window.sight_begin()),
            static_cast<std::size_t>(to - from));
        std::uint64_t done = begin;
        if (const auto slot = slot_of(window.stream)) {
            Open& open = *open_[*slot];
            if (open.ordinal == member.ordinal && open.next == begin) {
                done = begin + read_on(*slot, bytes);
            } else {
                close(*slot);
            }
        }
        for (; start != starts.end() && start->member <= piece.member; ++start) {
            // Those in front are within what was read.
            if (start->member < piece.member || start->offset < done) continue;
            if (start->offset >= begin + bytes.size()) break;
            const std::string_view rest =
                bytes.substr(static_cast<std::size_t>(start->offset - begin));
            const auto slot = open(window, member, *start);
            if (!slot) continue;
            done = start->offset + read_on(*slot, rest);
        }
    }
}

std::optional<std::size_t> EncodedWalk::open(const layer::Window& window,
                                             const layer::Member& member,
                                             const layer::EncodedStart& start) {
    layer::HostFile host{member.path, member.ordinal, member.kind, member.after_end, member.mode};
    if (member.inner) host = *member.inner->host;
    const auto free = std::find(open_.begin(), open_.end(), nullptr);
    if (free == open_.end()) {
        layer::OrdinalGap gap{{host.path, "more is open already of what is written in base64 or hex",
                               0, {}}, host.ordinal};
        if (member.inner) gap.gap.inner_path = member.inner->steps();
        add_gap(std::move(gap));
        return std::nullopt;
    }
    const auto shared = std::make_shared<const layer::HostFile>(std::move(host));
    auto place = std::make_shared<const layer::InnerPlace>(
        shared, member.inner,
        layer::encoded_step(step_of(start.writing.outer), start.offset), true);
    const unsigned depth = depth_of(member.inner.get());
    if (start.writing.twice) {
        place = std::make_shared<const layer::InnerPlace>(shared, place, "base64", true);
    }
    auto opened = std::make_unique<Open>(pool_, limits_left(), start.writing);
    opened->stream = window.stream;
    opened->ordinal = member.ordinal;
    opened->next = start.offset;
    opened->before = counts();
    opened->nest.begin_at(opened->before);
    opened->nest.open_inside(shared, place, depth);
    *free = std::move(opened);
    return static_cast<std::size_t>(free - open_.begin());
}

// Gives how many of the bytes belong to it.
std::size_t EncodedWalk::read_on(std::size_t slot, std::string_view bytes) {
    Open& open = *open_[slot];
    std::size_t all = 0;
    while (!bytes.empty() && !open.reader.ended() && !stop_.stop_requested()) {
        std::string decoded;
        const std::size_t used = open.reader.read(bytes.substr(0, read_at_once), decoded);
        bytes.remove_prefix(used);
        all += used;
        if (decoded.empty()) continue;
        open.nest.give(decoded);
        drain(slot);
        if (open.nest.reads_nothing()) break;
    }
    open.next += all;
    if (open.reader.ended() || open.nest.reads_nothing()) close(slot);
    return all;
}

// Scans what became ready, and opens what is written in that.
void EncodedWalk::drain(std::size_t slot) {
    Nest& nest = open_[slot]->nest;
    for (;;) {
        while (auto window = nest.take()) {
            window->stream += first_stream_of(slot);
            layer::WindowScan scan = scan_(*window);
            add(*window, std::move(scan.encoded_starts));
            collect_(*window, scan);
        }
        if (stop_.stop_requested() || !nest.run()) return;
    }
}

void EncodedWalk::close(std::size_t slot) {
    Nest& nest = open_[slot]->nest;
    nest.close();
    drain(slot);
    nest.finish();
    drain(slot);
    const std::uint32_t from = first_stream_of(slot);
    // What is written in its windows ends with them.
    for (std::size_t other = 0; other < open_.size(); ++other) {
        if (open_[other] && open_[other]->stream >= from &&
            open_[other]->stream < from + streams_a_slot) {
            close(other);
        }
    }
    ended_(from, from + streams_a_slot);
    for (const layer::OrdinalGap& gap : nest.gaps()) add_gap(gap);
    gaps_untold_ += nest.gaps_untold();
    counts_ += nest.counts() - open_[slot]->before;
    over_memory_ = over_memory_ || nest.over_memory();
    open_[slot].reset();
}

void EncodedWalk::add_gap(layer::OrdinalGap gap) {
    if (gaps_.size() < gaps_told) {
        gaps_.push_back(std::move(gap));
    } else {
        ++gaps_untold_;
    }
}

void EncodedWalk::finish() {
    for (std::size_t slot = 0; slot < open_.size(); ++slot) {
        if (open_[slot]) close(slot);
    }
}

}  // namespace stratascan::nested
