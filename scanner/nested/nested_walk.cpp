#include "scanner/nested/nested_walk.hpp"

#include <algorithm>
#include <utility>

#include "scanner/nested/recognise.hpp"

namespace stratascan::nested {

namespace {

constexpr char zeros[64 << 10] = {};
// So much of what a file leaves out is given to its containers.
constexpr std::uint64_t most_zeros = std::uint64_t{64} << 20;

layer::HostFile host_of(const layer::Member& member) {
    return {member.path, member.ordinal, member.kind, member.after_end, member.mode};
}

}  // namespace

Result<std::optional<layer::Window>> NestedWalk::next() {
    for (;;) {
        if (auto inner = nest_.take()) return inner;
        if (nest_.run()) continue;
        if (window_) {
            if (!give_next()) return std::exchange(window_, std::nullopt);
        } else if (!ended_) {
            auto outer = outer_.next();
            if (!outer) return outer;
            ended_ = !outer->has_value();
            if (ended_) {
                nest_.close();
                end_search();
            }
            window_ = std::move(*outer);
            piece_ = 0;
        } else if (!finished_) {
            finished_ = true;
            nest_.finish();
        } else {
            return std::nullopt;
        }
    }
}

// The next piece of a file that is a container, or may be one, goes to the nest.
// False when the window has no more.
bool NestedWalk::give_next() {
    while (piece_ < window_->pieces.size()) {
        const layer::Piece& piece = window_->pieces[piece_];
        const layer::Member& member = window_->members[piece.member];
        const std::uint64_t from = std::max(piece.begin, window_->begin);
        const std::uint64_t to = std::min(piece.end, window_->end);
        if (piece.kind != layer::PieceKind::contents || from >= to) {
            ++piece_;
            continue;
        }
        if (nest_.is_open() && nest_.host().ordinal != member.ordinal) {
            nest_.close();
            return true;
        }
        const std::uint64_t offset = piece.file_offset + (from - piece.begin);
        if (nest_.is_open() && give_hole(offset)) return true;
        ++piece_;
        std::string_view bytes = window_->bytes().substr(
            static_cast<std::size_t>(from - window_->sight_begin()),
            static_cast<std::size_t>(to - from));
        if (nest_.is_open() && offset != nest_.host_bytes()) {
            nest_.abandon("a container in a sparse file");
        }
        if (!nest_.is_open()) {
            if (offset == 0 && (may_be_container(piece, bytes) || may_be_git_ref(member.path))) {
                end_search();
                zeros_given_ = 0;
                nest_.open(host_of(member));
            } else if (!search(member, offset, bytes)) {
                continue;
            }
        }
        nest_.give(bytes);
        return true;
    }
    return false;
}

// Zeros for a hole in front of what comes next, as whoever reads the file gets them.
bool NestedWalk::give_hole(std::uint64_t to) {
    const std::uint64_t from = nest_.host_bytes();
    if (to <= from || to - from > most_zeros - zeros_given_) return false;
    const std::uint64_t part = std::min<std::uint64_t>(to - from, sizeof zeros);
    zeros_given_ += part;
    nest_.give({zeros, static_cast<std::size_t>(part)});
    return true;
}

// Whether the nest has opened a zip file that begins in the bytes; then they are what is behind
// its first header.
bool NestedWalk::search(const layer::Member& member, std::uint64_t offset,
                        std::string_view& bytes) {
    if (searched_ != member.ordinal) {
        end_search();
        searched_ = member.ordinal;
    }
    if (offset > zips_.seen()) zips_.pass(offset - zips_.seen());
    if (auto header = zips_.find(bytes)) {
        zeros_given_ = 0;
        nest_.open_behind(host_of(member), std::move(*header), zips_.seen());
        searched_.reset();
        end_search();
        return true;
    }
    if (zips_.ends_in_directory() && !in_directory_) in_directory_ = host_of(member);
    return false;
}

void NestedWalk::end_search() {
    if (searched_ && in_directory_ && zips_.ends_in_directory()) {
        nest_.tell(std::move(*in_directory_), std::string(unread_zip));
    }
    zips_ = {};
    searched_.reset();
    in_directory_.reset();
}

// By its first bytes; where those are cut, the nest waits for more.
bool NestedWalk::may_be_container(const layer::Piece& piece, std::string_view bytes) const {
    const bool cut = piece.end >= window_->end && !window_->last;
    return (cut && bytes.size() < recognised_within) ||
           recognise(bytes.substr(0, recognised_within)) != Format::none;
}

}  // namespace stratascan::nested
