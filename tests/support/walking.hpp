// Archives with known contents, and what a walk over them gave, put together
// again from its windows.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <string>
#include <vector>

#include "scanner/layer/tar_walk.hpp"
#include "tests/support/blobs.hpp"

namespace stratascan::test {

/// What was seen of one member.
struct SeenMember {
    layer::Member member;
    std::string header;                       ///< bytes of its header pieces
    std::map<std::uint64_t, std::string> runs;  ///< contents, by file offset

    /// The contents, holes filled with zeros.
    [[nodiscard]] std::string contents() const {
        std::string all;
        for (const auto& [offset, bytes] : runs) {
            if (all.size() < offset) all.resize(offset, '\0');
            all.replace(offset, bytes.size(), bytes);
        }
        return all;
    }
};

struct Walked {
    std::string stream;  ///< the payloads, one after the other
    std::vector<SeenMember> members;
    std::vector<Gap> gaps;
    std::vector<std::string> notes;
    std::uint64_t files = 0;
    bool is_tar = false;
    std::string damage;

    [[nodiscard]] const SeenMember* find(std::string_view path) const {
        const auto found = std::find_if(members.begin(), members.end(), [&](const auto& seen) {
            return seen.member.path == path;
        });
        return found == members.end() ? nullptr : &*found;
    }
    [[nodiscard]] std::string contents_of(std::string_view path) const {
        const SeenMember* seen = find(path);
        return seen == nullptr ? "NO MEMBER " + std::string(path) : seen->contents();
    }
    [[nodiscard]] std::string told() const {
        std::string text;
        for (const Gap& gap : gaps) text += "gap " + gap.path + ": " + gap.reason + '\n';
        for (const std::string& note : notes) text += "note " + note + '\n';
        return text;
    }
};

/// Checks what every window promises, and notes what it shows. Only the places
/// that it owns count, so that a place owned twice, or by none, is seen.
class WindowChecker {
public:
    void take(const layer::Window& window, Walked& walked) {
        EXPECT_EQ(window.sequence, sequence_++);
        EXPECT_EQ(window.begin, walked.stream.size()) << "windows tile the stream";
        EXPECT_FALSE(ended_) << "a window behind the last one";
        ended_ = window.last;
        EXPECT_EQ(window.context, std::min<std::uint64_t>(window.begin, layer::slab_headroom));
        const std::string_view bytes = window.bytes();
        EXPECT_EQ(bytes.size(), window.context + (window.end - window.begin));
        EXPECT_TRUE(walked.stream.ends_with(bytes.substr(0, window.context)));
        walked.stream += bytes.substr(window.context);

        EXPECT_EQ(window.own_begin(), owned_to_) << "each place is owned once";
        owned_to_ = window.own_end();
        EXPECT_LE(window.sight_begin() + (window.begin > 0 ? layer::margin : 0),
                  std::max(window.own_begin(), window.sight_begin() + layer::margin));
        for (const layer::Member& member : window.members) take_member(member, walked);
        take_pieces(window, walked);
    }

    void finish(const Walked& walked) const {
        EXPECT_TRUE(ended_) << "the last window says so";
        EXPECT_EQ(owned_to_, walked.stream.size());
    }

private:
    void take_member(const layer::Member& member, Walked& walked) const {
        if (member.fresh) {
            EXPECT_EQ(member.ordinal, walked.members.size()) << "fresh once, in order";
            walked.members.push_back({member, {}, {}});
        } else {
            EXPECT_LT(member.ordinal, walked.members.size()) << "it was never fresh";
        }
    }

    static void take_pieces(const layer::Window& window, Walked& walked) {
        std::uint64_t before = 0;
        for (const layer::Piece& piece : window.pieces) {
            ASSERT_LT(piece.begin, piece.end);
            ASSERT_GE(piece.begin, before) << "pieces stand in order and apart";
            before = piece.end;
            ASSERT_LT(piece.member, window.members.size());
            const std::uint64_t from = std::max(piece.begin, window.own_begin());
            const std::uint64_t to = std::min(piece.end, window.own_end());
            if (from >= to) continue;
            const std::string_view bytes = window.bytes().substr(
                static_cast<std::size_t>(from - window.sight_begin()),
                static_cast<std::size_t>(to - from));
            SeenMember& seen = walked.members.at(window.members[piece.member].ordinal);
            if (piece.kind == layer::PieceKind::header) {
                seen.header += bytes;
            } else {
                auto& run = seen.runs[piece.file_offset + (from - piece.begin)];
                EXPECT_TRUE(run.empty()) << "bytes of a member were shown twice";
                run = bytes;
            }
        }
    }

    std::uint64_t sequence_ = 0, owned_to_ = 0;
    bool ended_ = false;
};

inline Walked walk_blob(std::string blob, const layer::TarWalkOptions& options = {}) {
    layer::SlabPool pool(4);
    layer::BlobStream stream(blob_of(std::move(blob)), {}, nullptr);
    layer::TarWalk walk(stream, pool, options);
    Walked walked;
    WindowChecker checker;
    for (;;) {
        auto window = walk.next();
        if (!window) {
            ADD_FAILURE() << window.error().message();
            break;
        }
        if (!*window) break;
        checker.take(**window, walked);
        if (::testing::Test::HasFatalFailure()) break;
    }
    checker.finish(walked);
    EXPECT_LE(pool.made(), 8U) << "slabs go round";
    walked.gaps = walk.gaps();
    walked.notes = walk.notes();
    walked.files = walk.files();
    walked.is_tar = walk.is_tar();
    if (stream.damage()) walked.damage = stream.damage()->message();
    EXPECT_EQ(walk.members(), walked.members.size()) << "every member was shown";
    return walked;
}

}  // namespace stratascan::test
