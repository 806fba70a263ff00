// tar inside a layer's file. The layer's own stream is read with libarchive, which
// pulls; here the bytes are pushed, and an archive may have to be left and taken up
// again in the middle of a header.
//
// As with the layer's stream, an end marker ends nothing: Alpine packages are three
// archives one behind the other, of which only the last has one. And behind a
// damaged header the next one that holds its checksum is looked for.
#include <algorithm>
#include <utility>

#include "scanner/layer/layer_result.hpp"
#include "scanner/nested/archive_parser.hpp"
#include "scanner/nested/bytes.hpp"
#include "scanner/nested/tar_header.hpp"

namespace stratascan::nested {

namespace {

using namespace std::string_view_literals;

// Extended headers are kept up to this; longer ones are damage.
constexpr std::size_t extended_limit = 1 << 20;

class TarParser final : public ArchiveParser {
public:
    Found step(std::string_view& in, bool last) override {
        in_ = &in;
        given_ = in.size();
        const Found found = advance(in, last);
        passed_ = position();
        in_ = nullptr;
        return found;
    }

private:
    enum class State : std::uint8_t {
        header, extended, sparse_map, map_in_contents, contents, padding, rest
    };

    Found advance(std::string_view& in, bool last) {
        for (;;) {
            switch (state_) {
                case State::header:
                    if (!gather(held_, in, held_from_ + tar_block)) return starved(last);
                    if (const Found found = read_header(); found != Found::need_input) return found;
                    break;
                case State::extended:
                    if (!gather(held_, in, held_from_ + padded(left_))) return starved(last);
                    read_extended();
                    break;
                case State::sparse_map:
                    if (!gather(held_, in, held_from_ + tar_block)) return starved(last);
                    if (const Found found = read_sparse_map(); found != Found::need_input) {
                        return found;
                    }
                    break;
                case State::map_in_contents:
                    if (!gather(held_, in, std::min(map_read_ + tar_block, left_))) {
                        return starved(last);
                    }
                    if (const Found found = read_map_in_contents(); found != Found::need_input) {
                        return found;
                    }
                    break;
                case State::contents:
                    if (left_ == 0) {
                        state_ = State::padding;
                        left_ = padding_;
                        return Found::member_end;
                    }
                    if (in.empty()) return starved(last);
                    return run(Found::contents, in, left_);
                case State::padding:
                    if (left_ == 0) {
                        state_ = State::header;
                        break;
                    }
                    if (in.empty()) return Found::need_input;
                    return run(Found::aside, in, left_);
                case State::rest:
                    if (in.empty()) return Found::need_input;
                    left_ = in.size();
                    return run(Found::aside, in, left_);
            }
        }
    }

    // Of what comes next.
    [[nodiscard]] std::uint64_t position() const { return passed_ + given_ - in_->size(); }
    // How far the newest header may reach.
    [[nodiscard]] std::uint64_t room() const {
        return claimed_ ? claimed_to_ - position() : ~std::uint64_t{0};
    }

    static std::uint64_t padded(std::uint64_t size) {
        return (size + tar_block - 1) / tar_block * tar_block;
    }

    // Some writers leave out the last member's padding and the end marker.
    Found starved(bool last) {
        if (!last) return Found::need_input;
        const bool whole = state_ == State::header && held_from_ == 0 &&
                           held_.find_first_not_of('\0') == held_.npos;
        state_ = State::rest;
        if (!whole) return damaged("tar: it ends early", held_);
        header_ = std::move(held_);
        held_.clear();
        return header_.empty() ? Found::need_input : say(Found::aside, header_);
    }

    void forget_header() {
        held_.clear();
        held_from_ = 0;
        long_name_.reset();
        pax_ = {};
    }

    // Found::need_input: nothing to say, the loop goes on.
    Found read_header() {
        const std::string_view bytes = std::string_view(held_).substr(held_from_);
        auto read = read_tar_block(bytes);
        if (!read) return no_header(bytes);
        lost_ = false;
        block_ = std::move(*read);
        left_ = block_.size;
        held_from_ += tar_block;
        claimed_ = position() <= claimed_to_;
        if (position() == claimed_to_ + tar_block) {  // nothing from there holds here
            pax_ = {};
            long_name_.reset();
        }
        switch (block_.type) {
            case 'x': case 'g': case 'L': case 'K':
                if (left_ > extended_limit || held_from_ > extended_limit ||
                    padded(left_) > room()) {
                    if (!claimed_) claimed_to_ = position() + padded(left_);
                    return too_long();
                }
                state_ = State::extended;
                return Found::need_input;
            case 'S':
                if (!block_.more_sparse || room() < tar_block) break;
                state_ = State::sparse_map;
                return Found::need_input;
            default: break;
        }
        return begin_member();
    }

    // Headers are looked for in what belongs to it, too: who can say that it does.
    Found too_long() {
        lost_ = true;
        state_ = State::header;
        std::string held = std::move(held_);
        forget_header();
        return damaged("tar: an extended header is too long", held);
    }

    Found no_header(std::string_view bytes) {
        const bool zeros = bytes.find_first_not_of('\0') == bytes.npos;
        const bool tell = !zeros && !lost_;
        lost_ = lost_ || tell;
        std::string held = std::move(held_);
        forget_header();
        if (tell) return damaged("tar: damaged header", held);
        header_ = std::move(held);
        return say(Found::aside, header_);
    }

    void read_extended() {
        const std::string_view bytes =
            std::string_view(held_).substr(held_from_, static_cast<std::size_t>(left_));
        if (block_.type == 'x') pax_ = read_pax(bytes);
        if (block_.type == 'L') long_name_ = std::string(bytes.substr(0, bytes.find('\0')));
        held_from_ = held_.size();
        state_ = State::header;
    }

    // A block of 21 extents of 24 bytes; the byte behind them says whether there
    // is one more.
    Found read_sparse_map() {
        const bool more = held_[held_from_ + 504] != '\0';
        held_from_ += tar_block;
        if (more && room() < tar_block) return begin_member();
        if (more && held_from_ < extended_limit) return Found::need_input;
        if (more) return too_long();
        return begin_member();
    }

    // GNU tar, "Storing Sparse Files": decimal numbers, each in a line of its own, that of the
    // extents and two for each of them; the last block is filled up. What is none is contents.
    Found read_map_in_contents() {
        const std::string_view block = std::string_view(held_).substr(map_read_);
        if (map_read_ == 0) {
            map_extents_ = digits(block.substr(0, block.find('\n')), 10).value_or(extended_limit);
            map_lines_ = 0;
        }
        if (block.size() < tar_block || map_extents_ >= extended_limit ||
            held_.size() > extended_limit ||
            block.find_first_not_of("0123456789\n\0"sv) != block.npos) {
            return contents_held();
        }
        map_lines_ += static_cast<std::uint64_t>(std::count(block.begin(), block.end(), '\n'));
        map_read_ = held_.size();
        return map_lines_ > 2 * map_extents_ ? pass_map() : Found::need_input;
    }
    Found pass_map() {
        static_cast<void>(contents_held());
        return say(Found::aside, header_);
    }
    Found contents_held() {
        left_ -= held_.size();
        state_ = State::contents;
        header_ = std::exchange(held_, {});
        return say(Found::contents, header_);
    }

    Found begin_member() {
        head_ = {};
        head_.mode = block_.mode;
        head_.name = layer::normalise_path(pax_.path        ? *pax_.path
                                           : long_name_     ? *long_name_
                                                            : block_.name);
        if (pax_.size) left_ = *pax_.size;
        // Links, devices and folders have no contents, whatever their header says;
        // a pax archive may store a hard link with its file.
        const bool empty = block_.type >= '2' && block_.type <= '6';
        if (empty || (block_.type == '1' && !pax_.size)) left_ = 0;
        left_ = std::min(left_, room());
        padding_ = std::min(padded(left_), room()) - left_;
        head_.bytes = left_;
        header_ = std::move(held_);
        map_read_ = 0;
        const bool map = pax_.sparse_map_in_contents && left_ > 0;
        forget_header();
        state_ = map ? State::map_in_contents : State::contents;
        return Found::member;
    }

    State state_ = State::header;
    std::string held_;            // the headers of the next member so far
    std::size_t held_from_ = 0;   // where the block that is being read begins in it
    TarBlock block_;
    PaxRecords pax_;
    std::optional<std::string> long_name_;
    std::uint64_t left_ = 0, padding_ = 0;
    // Of a sparse map that stands in the contents: what was read, its lines, and what it claims.
    std::uint64_t map_read_ = 0, map_lines_ = 0, map_extents_ = 0;
    bool lost_ = false;  // behind a damaged header
    // Bytes that came, and how many of them, and of those that come, a header claims that was not
    // read. What looks like a member there must not take what stands behind.
    const std::string_view* in_ = nullptr;  // within step()
    std::size_t given_ = 0;
    std::uint64_t passed_ = 0, claimed_to_ = 0;
    bool claimed_ = false;  // the newest header stands there
};

}  // namespace

std::unique_ptr<ArchiveParser> make_tar_parser() { return std::make_unique<TarParser>(); }

}  // namespace stratascan::nested
