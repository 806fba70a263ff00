// rpm packages: a lead of 96 bytes that nobody reads any more, a header with the
// signatures, padded to eight bytes, the header proper, and the payload: a cpio
// archive, mostly compressed. A header is a magic, the count of its index entries
// (16 bytes each) and the size of its data. Linux Standard Base, "Package File
// Format". What the payload is, its own magic says.
#include <utility>

#include "scanner/nested/archive_parser.hpp"
#include "scanner/nested/bytes.hpp"

namespace stratascan::nested {

namespace {

constexpr std::size_t lead_size = 96;
constexpr std::size_t intro_size = 16;
constexpr std::string_view header_magic = "\x8e\xad\xe8\x01";

class RpmParser final : public ArchiveParser {
public:
    Found step(std::string_view& in, bool last) override {
        for (;;) {
            switch (state_) {
                case State::lead:
                    if (left_ > 0) {
                        if (in.empty()) return starved(last);
                        return run(Found::aside, in, left_);
                    }
                    state_ = State::intro;
                    break;
                case State::intro:
                    if (!gather(held_, in, intro_size)) return starved(last);
                    return read_intro();
                case State::header:
                    if (left_ > 0) {
                        if (in.empty()) return starved(last);
                        return run(Found::aside, in, left_);
                    }
                    if (headers_ < 2) {
                        state_ = State::intro;
                        break;
                    }
                    head_ = {};
                    header_.clear();
                    state_ = State::payload;
                    return Found::member;
                case State::payload:
                    if (in.empty()) {
                        if (!last) return Found::need_input;
                        if (!std::exchange(paid_, true)) return lost("rpm: it ends early", 0);
                        state_ = State::rest;
                        return Found::member_end;
                    }
                    paid_ = true;
                    left_ = in.size();
                    return run(Found::contents, in, left_);
                case State::rest:
                    if (in.empty()) return Found::need_input;
                    left_ = in.size();
                    return run(Found::aside, in, left_);
            }
        }
    }

private:
    enum class State : std::uint8_t { lead, intro, header, payload, rest };

    Found starved(bool last) {
        if (!last) return Found::need_input;
        state_ = State::rest;
        // Behind a header that holds it is an rpm package, though it has no member yet.
        if (headers_ > 0) return lost("rpm: it ends early", 0);
        return damaged("rpm: it ends early", held_);
    }

    Found read_intro() {
        if (!held_.starts_with(header_magic)) {
            state_ = State::rest;
            return damaged("rpm: damaged header", held_);
        }
        left_ = big_endian(held_, 8, 4) * 16 + big_endian(held_, 12, 4);
        if (++headers_ == 1) left_ += (8 - (intro_size + left_) % 8) % 8;
        header_ = std::move(held_);
        held_.clear();
        state_ = State::header;
        return say(Found::aside, header_);
    }

    State state_ = State::lead;
    std::string held_;
    unsigned headers_ = 0;
    std::uint64_t left_ = lead_size;
    bool paid_ = false;  // something of the payload came
};

}  // namespace

std::unique_ptr<ArchiveParser> make_rpm_parser() { return std::make_unique<RpmParser>(); }

}  // namespace stratascan::nested
