// cpio, as rpm packages and initial RAM disks are made. Two of its forms are in
// use, both with headers of text: newc ("070701", with a checksum "070702"), whose
// names and contents are padded to four bytes, and odc ("070707"), not padded. The
// checksum is the sum of a file's bytes; what is no file, and a name of several for one
// file that comes without its contents, has none. A
// member TRAILER!!! ends the archive, but not always the file: a RAM disk is
// several archives one behind the other, of which all but the first ones may be
// compressed, with zeros between them.
#include <sys/stat.h>

#include <numeric>
#include <optional>

#include "scanner/layer/layer_result.hpp"
#include "scanner/nested/archive_parser.hpp"
#include "scanner/nested/bytes.hpp"

namespace stratascan::nested {

namespace {

constexpr std::size_t magic_size = 6;
constexpr std::size_t newc_size = 110;
constexpr std::size_t odc_size = 76;

class CpioParser final : public ArchiveParser {
public:
    Found step(std::string_view& in, bool last) override {
        for (;;) {
            switch (state_) {
                case State::magic:
                    if (!gather(held_, in, magic_size)) return starved(last);
                    newc_ = held_ == "070701" || held_ == "070702";
                    if (!newc_ && held_ != "070707") return broken("cpio: damaged header");
                    state_ = State::header;
                    break;
                case State::header:
                    if (!gather(held_, in, newc_ ? newc_size : odc_size)) return starved(last);
                    if (!read_header()) return broken("cpio: damaged header");
                    state_ = State::name;
                    break;
                case State::name:
                    if (!gather(held_, in, padded(fixed() + name_bytes_))) return starved(last);
                    return begin_member();
                case State::contents:
                    if (left_ == 0) {
                        state_ = State::sum;
                        return Found::member_end;
                    }
                    if (in.empty()) return starved(last);
                    static_cast<void>(run(Found::contents, in, left_));
                    if (said_sum_) add_up();
                    return Found::contents;
                case State::sum:
                    left_ = contents_padding_;
                    state_ = State::padding;
                    if (said_sum_ && *said_sum_ != sum_) {
                        return mismatch("cpio: the contents are not those of the checksum");
                    }
                    break;
                case State::padding:
                    if (left_ == 0) {
                        state_ = after_;
                        break;
                    }
                    if (in.empty()) return Found::need_input;
                    return run(Found::aside, in, left_);
                case State::ended:
                    if (in.empty()) return Found::need_input;
                    return behind_trailer(in);
                case State::appended:
                    if (in.empty()) {
                        if (!last) return Found::need_input;
                        state_ = State::rest;
                        return Found::member_end;
                    }
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
    enum class State : std::uint8_t {
        magic, header, name, contents, sum, padding, ended, appended, rest
    };

    Found starved(bool last) {
        if (!last) return Found::need_input;
        const bool between = state_ == State::magic && held_.empty();
        return broken(between ? "cpio: the trailer is missing" : "cpio: it ends early");
    }
    Found broken(const char* what) {
        state_ = State::rest;
        return damaged(what, held_);
    }
    [[nodiscard]] std::size_t fixed() const { return newc_ ? newc_size : odc_size; }
    [[nodiscard]] std::size_t padded(std::size_t size) const {
        return newc_ ? (size + 3) / 4 * 4 : size;
    }

    bool read_header() {
        const std::string_view head = held_;
        const auto mode = newc_ ? digits(head.substr(14, 8), 16) : digits(head.substr(18, 6), 8);
        const auto size = newc_ ? digits(head.substr(54, 8), 16) : digits(head.substr(65, 11), 8);
        const auto name = newc_ ? digits(head.substr(94, 8), 16) : digits(head.substr(59, 6), 8);
        if (!mode || !size || !name || *name == 0 || *name > longest_name) return false;
        head_ = {};
        head_.mode = static_cast<std::uint32_t>(*mode);
        const bool has_sum = head.starts_with("070702") && S_ISREG(head_.mode) && *size > 0;
        said_sum_ = has_sum ? digits(head.substr(102, 8), 16) : std::nullopt;
        sum_ = 0;
        left_ = *size;
        contents_padding_ = newc_ ? (4 - *size % 4) % 4 : 0;
        name_bytes_ = static_cast<std::size_t>(*name);
        return true;
    }

    void add_up() {
        sum_ = std::accumulate(bytes_.begin(), bytes_.end(), sum_, [](std::uint32_t sum, char c) {
            return sum + static_cast<unsigned char>(c);
        });
    }

    Found begin_member() {
        std::string_view name = std::string_view(held_).substr(fixed(), name_bytes_);
        name = name.substr(0, name.find('\0'));
        header_ = std::move(held_);
        held_.clear();
        after_ = State::magic;
        if (name == "TRAILER!!!") {
            left_ += contents_padding_;
            state_ = State::padding;
            after_ = State::ended;
            return say(Found::aside, header_);
        }
        head_.name = layer::normalise_path(name);
        head_.bytes = left_;
        state_ = State::contents;
        return Found::member;
    }

    // Zeros, or one more archive: its contents are the caller's to recognise.
    Found behind_trailer(std::string_view& in) {
        const std::size_t zeros = std::min(in.find_first_not_of('\0'), in.size());
        if (zeros > 0) {
            left_ = zeros;
            return run(Found::aside, in, left_);
        }
        head_ = {};
        header_.clear();
        state_ = State::appended;
        return Found::member;
    }

    State state_ = State::magic, after_ = State::magic;
    std::string held_;
    bool newc_ = false;
    std::size_t name_bytes_ = 0;
    std::uint64_t left_ = 0, contents_padding_ = 0;
    std::optional<std::uint64_t> said_sum_;
    std::uint32_t sum_ = 0;
};

}  // namespace

std::unique_ptr<ArchiveParser> make_cpio_parser() { return std::make_unique<CpioParser>(); }

}  // namespace stratascan::nested
