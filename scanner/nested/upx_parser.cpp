// How the original is put together again; see upx.hpp.
#include <fmt/format.h>

#include <algorithm>
#include <utility>
#include <vector>

#include "scanner/nested/upx.hpp"
#include "scanner/nested/recognise.hpp"
#include "scanner/nested/zip_search.hpp"
#include "scanner/program/elf.hpp"

namespace stratascan::nested {

namespace {

// The loader is some KB; behind it stands what no segment loads.
constexpr std::size_t loader_limit = 64 << 10;
constexpr std::size_t shown_at_once = 64 << 10;

class UpxParser final : public ArchiveParser {
public:
    explicit UpxParser(std::uint64_t memory) : memory_(memory / 4 * 3) {}

    Found step(std::string_view& in, bool last) override {
        for (;;) {
            if (std::exchange(begin_member_, false)) {
                open_ = true;
                return Found::member;
            }
            if (shown_to_ < shown_.size()) return show();
            if (hole_ > 0) return show_hole();
            if (untold_) return lost(*std::exchange(untold_, std::nullopt), untold_bytes_);
            if (ended_) {
                ended_ = false;
                if (std::exchange(open_, false)) return Found::member_end;
            }
            if (state_ == State::rest) {
                if (!zip_told_ && zip_behind(in, last)) {
                    zip_told_ = true;
                    return lost("UPX: the zip file behind it is not opened", in.size());
                }
                in = {};
                return Found::need_input;
            }
            if (advance(in, last)) continue;
            if (!last || !in.empty()) return Found::need_input;
            give_up("UPX: it ends early");
        }
    }

    bool makes_contents() const override { return true; }
    std::uint64_t hold() const override { return memory_; }
    bool over_memory() const override { return over_memory_; }

private:
    enum class State : std::uint8_t { start, header, block, skip, search, rest };

    // One step; false where it needs more bytes.
    bool advance(std::string_view& in, bool last) {
        switch (state_) {
            case State::start: {
                if (!gather(held_, in, recognised_within) && !last) return false;
                const auto start = find_upx(held_);
                if (!start) {
                    state_ = State::rest;
                    return true;
                }
                start_ = *start;
                held_.erase(0, start_.blocks);
                state_ = State::header;
                return true;
            }
            case State::header:
                if (!gather(held_, in, upx_block_header)) return false;
                begin_block();
                return true;
            case State::block:
                if (!gather(held_, in, static_cast<std::size_t>(block_.packed))) return false;
                unpack();
                return true;
            case State::skip:
                return skip(in);
            case State::search:
                if (!gather(held_, in, loader_limit + upx_block_header) && !last) return false;
                search();
                return true;
            case State::rest: break;
        }
        return false;
    }

    void begin_block() {
        const auto block = read_upx_block(held_, start_.big_endian);
        if (!block || block->unpacked > most_to_come()) {
            // A packer that says nothing of segments ends with an empty block.
            give_up(expected() ? "UPX: damaged block" : "");
            return;
        }
        held_.erase(0, upx_block_header);
        block_ = *block;
        state_ = State::block;
        if (block_.packed + block_.unpacked <= memory_) return;
        over_memory_ = true;
        std::string what = fmt::format(
            "UPX: a block of {} bytes takes more memory than there is for it", block_.unpacked);
        if (!segments_read_) {
            give_up(std::move(what));
            return;
        }
        tell(std::move(what), block_.unpacked);
        state_ = State::skip;
    }

    void unpack() {
        const std::string_view packed = std::string_view(held_).substr(0, static_cast<std::size_t>(block_.packed));
        auto out = unpack_upx(block_, packed);
        if (!out) {
            give_up("UPX: damaged block");
            return;
        }
        held_.erase(0, packed.size());
        shown_ = std::move(*out);
        shown_to_ = 0;
        if (!segments_read_) {
            segments_read_ = true;
            read_segments();
            head_ = {};
            head_.name = to_string(Format::upx);
            header_ = {};
            begin_member_ = true;
        }
        block_done();
    }

    bool skip(std::string_view& in) {
        if (held_.size() < block_.packed) {
            block_.packed -= held_.size();
            held_.clear();
            const std::size_t part = static_cast<std::size_t>(std::min<std::uint64_t>(in.size(), block_.packed));
            in.remove_prefix(part);
            block_.packed -= part;
            if (block_.packed > 0) return false;
        } else {
            held_.erase(0, static_cast<std::size_t>(block_.packed));
        }
        hole_ = block_.unpacked;
        block_done();
        return true;
    }

    // Where its ends and holes are; the header block shows the original's.
    void read_segments() {
        const auto elf = program::read_elf(shown_);
        if (!elf || !elf->segments_known) return;
        extents_.reserve(elf->loads.size());
        for (const program::FileRange& load : elf->loads) {
            const std::uint64_t end = std::min(load.offset + load.size, start_.file_size);
            if (load.offset < end) extents_.push_back({load.offset, end});
        }
        std::uint64_t at = shown_.size();
        for (const Extent& extent : extents_) {
            if (extent.begin > at) behind_.push_back(extent.begin - at);
            at = std::max(at, extent.end);
        }
        if (start_.file_size > at) behind_.push_back(start_.file_size - at);
    }

    void block_done() {
        state_ = State::header;
        if (in_behind_) {
            behind_.front() -= block_.unpacked;
            if (behind_.front() == 0) behind_.erase(behind_.begin());
            if (behind_.empty()) finish();
            return;
        }
        at_ += block_.unpacked;
        while (next_ < extents_.size() && at_ >= extents_[next_].end) ++next_;
        if (next_ < extents_.size()) {
            if (at_ < extents_[next_].begin) {
                hole_ += extents_[next_].begin - at_;
                at_ = extents_[next_].begin;
            }
            return;
        }
        if (extents_.empty()) {
            if (at_ >= start_.file_size) finish();
        } else if (behind_.empty()) {
            finish();
        } else {
            state_ = State::search;
        }
    }

    // The blocks of what no segment loads stand behind the loader, whose size is not told;
    // the first one is as large as the first hole, if no block is smaller than that.
    void search() {
        for (std::size_t at = 0; at + upx_block_header <= held_.size(); ++at) {
            const auto block = read_upx_block(std::string_view(held_).substr(at, upx_block_header),
                                              start_.big_endian);
            if (!block || block->unpacked > behind_.front()) continue;
            if (block->unpacked < behind_.front() && block->unpacked < start_.block_size) continue;
            held_.erase(0, at);
            in_behind_ = true;
            state_ = State::header;
            return;
        }
        give_up("UPX: what no segment loads is not unpacked");
    }

    [[nodiscard]] std::uint64_t most_to_come() const {
        return in_behind_ ? behind_.front() : start_.file_size - at_;
    }

    [[nodiscard]] bool expected() const { return !segments_read_ || !extents_.empty(); }

    void give_up(std::string what) {
        std::uint64_t left = start_.file_size - at_;
        if (in_behind_ || state_ == State::search) {
            left = 0;
            for (const std::uint64_t bytes : behind_) left += bytes;
        }
        if (!what.empty()) tell(std::move(what), left);
        finish();
    }

    void finish() {
        ended_ = true;
        state_ = State::rest;
    }

    bool zip_behind(std::string_view& in, bool last) {
        const std::string held = std::exchange(held_, {});
        std::string_view before = held;
        return zips_.find(before) || zips_.find(in) || (last && zips_.ends_in_directory());
    }

    void tell(std::string what, std::uint64_t bytes) {
        untold_ = std::move(what);
        untold_bytes_ = bytes;
    }

    Found show() {
        const std::string_view part = std::string_view(shown_).substr(shown_to_, shown_at_once);
        shown_to_ += part.size();
        return say(Found::contents, part);
    }

    Found show_hole() {
        static constexpr char zeros[shown_at_once] = {};
        const std::size_t part = static_cast<std::size_t>(std::min<std::uint64_t>(hole_, sizeof zeros));
        hole_ -= part;
        return say(Found::contents, {zeros, part});
    }

    struct Extent {
        std::uint64_t begin, end;  ///< in the original
    };

    std::uint64_t memory_;
    State state_ = State::start;
    UpxStart start_;
    UpxBlock block_;
    std::string held_;
    std::string shown_;
    std::size_t shown_to_ = 0;
    std::uint64_t hole_ = 0;  // zeros to show behind shown_
    std::uint64_t at_ = 0;    // in the original
    std::vector<Extent> extents_;
    std::size_t next_ = 0;
    std::vector<std::uint64_t> behind_;  // sizes of what no segment loads, bytes
    bool segments_read_ = false, in_behind_ = false;
    ZipSearch zips_;  // behind it
    bool zip_told_ = false;
    bool begin_member_ = false, open_ = false, ended_ = false, over_memory_ = false;
    std::optional<std::string> untold_;
    std::uint64_t untold_bytes_ = 0;
};

}  // namespace

std::unique_ptr<ArchiveParser> make_upx_parser(std::uint64_t memory) {
    return std::make_unique<UpxParser>(memory);
}

}  // namespace stratascan::nested
