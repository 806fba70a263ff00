// cpio, as rpm packages and initial RAM disks are made. Three of its forms are in
// use, two with headers of text: newc ("070701", with a checksum "070702"), whose
// names and contents are padded to four bytes, and odc ("070707"), not padded. The oldest,
// which cpio(1) writes when nobody asks for another, has numbers of two bytes in the order of
// the machine that wrote it, the halves of longer ones highest first, and pads to two. The
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
#include "scanner/nested/recognise.hpp"

namespace stratascan::nested {

namespace {

constexpr std::size_t magic_size = 6;

/// Where the fields of a header are, what their digits are to the base of, and to what name and
/// contents are padded. Base 0: two bytes, or four, as they are.
struct Form {
    struct Field {
        std::size_t at, size;
    };
    std::size_t size = 0, padding = 1;
    unsigned base = 0;
    Field mode{}, bytes{}, name{}, sum{};
};
constexpr Form newc = {110, 4, 16, {14, 8}, {54, 8}, {94, 8}, {102, 8}};
constexpr Form odc = {76, 1, 8, {18, 6}, {65, 11}, {59, 6}, {}};
constexpr Form binary = {26, 2, 0, {6, 2}, {22, 4}, {20, 2}, {}};

class CpioParser final : public ArchiveParser {
public:
    Found step(std::string_view& in, bool last) override {
        for (;;) {
            switch (state_) {
                case State::magic:
                    if (!gather(held_, in, magic_size)) return starved(last);
                    if (!know_form()) return broken("cpio: damaged header");
                    state_ = State::header;
                    break;
                case State::header:
                    if (!gather(held_, in, form_->size)) return starved(last);
                    if (!read_header()) return broken("cpio: damaged header");
                    state_ = State::name;
                    break;
                case State::name:
                    if (!gather(held_, in, padded(form_->size + name_bytes_))) return starved(last);
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
    bool know_form() {
        is_big_ = held_.starts_with(big_binary_cpio);
        if (held_ == "070701" || held_ == "070702") {
            form_ = &newc;
        } else if (held_ == "070707") {
            form_ = &odc;
        } else {
            form_ = &binary;
            return is_big_ || held_.starts_with(little_binary_cpio);
        }
        return true;
    }
    [[nodiscard]] std::uint64_t padded(std::uint64_t size) const {
        return (size + form_->padding - 1) / form_->padding * form_->padding;
    }
    [[nodiscard]] std::optional<std::uint64_t> number(Form::Field field) const {
        const std::string_view bytes = std::string_view(held_).substr(field.at, field.size);
        if (form_->base != 0) return digits(bytes, form_->base);
        std::uint64_t value = 0;
        for (std::size_t at = 0; at < bytes.size(); at += 2) {
            value <<= 16U;
            value |= is_big_ ? big_endian(bytes, at, 2) : little_endian(bytes, at, 2);
        }
        return value;
    }

    bool read_header() {
        const auto mode = number(form_->mode), size = number(form_->bytes);
        const auto name = number(form_->name);
        if (!mode || !size || !name || *name == 0 || *name > longest_name) return false;
        head_ = {};
        head_.mode = static_cast<std::uint32_t>(*mode);
        const bool has_sum = held_.starts_with("070702") && S_ISREG(head_.mode) && *size > 0;
        said_sum_ = has_sum ? number(form_->sum) : std::nullopt;
        sum_ = 0;
        left_ = *size;
        contents_padding_ = padded(*size) - *size;
        name_bytes_ = static_cast<std::size_t>(*name);
        return true;
    }

    void add_up() {
        sum_ = std::accumulate(bytes_.begin(), bytes_.end(), sum_, [](std::uint32_t sum, char c) {
            return sum + static_cast<unsigned char>(c);
        });
    }

    Found begin_member() {
        std::string_view name = std::string_view(held_).substr(form_->size, name_bytes_);
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
    const Form* form_ = &newc;
    bool is_big_ = false;
    std::size_t name_bytes_ = 0;
    std::uint64_t left_ = 0, contents_padding_ = 0;
    std::optional<std::uint64_t> said_sum_;
    std::uint32_t sum_ = 0;
};

}  // namespace

std::unique_ptr<ArchiveParser> make_cpio_parser() { return std::make_unique<CpioParser>(); }

}  // namespace stratascan::nested
