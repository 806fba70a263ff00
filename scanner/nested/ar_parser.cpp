// ar, as Debian packages and static libraries are made: "!<arch>\n", then members,
// each a header of 60 bytes of text, its contents, and a line break where their
// size is odd. Names longer than 15 bytes stand elsewhere: System V keeps them in a
// member "//" and points into it ("/123"), BSD puts them in front of the contents
// ("#1/20"). deb(5), ar(5).
#include <fmt/format.h>

#include "scanner/layer/layer_result.hpp"
#include "scanner/nested/archive_parser.hpp"
#include "scanner/nested/bytes.hpp"

namespace stratascan::nested {

namespace {

constexpr std::size_t magic_size = 8;
constexpr std::size_t header_size = 60;
constexpr std::size_t name_table_limit = 1 << 20;

std::string_view without_spaces(std::string_view text) {
    const std::size_t end = text.find_last_not_of(' ');
    return end == text.npos ? std::string_view{} : text.substr(0, end + 1);
}

class ArParser final : public ArchiveParser {
public:
    Found step(std::string_view& in, bool last) override {
        for (;;) {
            switch (state_) {
                case State::magic:
                    if (!gather(held_, in, magic_size)) return starved(last);
                    held_.clear();
                    state_ = State::header;
                    return say(Found::aside, "!<arch>\n");
                case State::header:
                    if (!gather(held_, in, header_size)) return starved(last);
                    if (const Found found = read_header(); found != Found::need_input) return found;
                    break;
                case State::bsd_name:
                    if (!gather(held_, in, header_size + name_left_)) return starved(last);
                    return begin_member(held_.substr(header_size));
                case State::table:
                    if (left_ == 0) {
                        padding();
                        break;
                    }
                    if (in.empty()) return starved(last);
                    return table(in);
                case State::contents:
                    if (left_ == 0) {
                        padding();
                        return Found::member_end;
                    }
                    if (in.empty()) return starved(last);
                    return run(Found::contents, in, left_);
                case State::padding:
                    if (in.empty()) return Found::need_input;
                    state_ = State::header;
                    left_ = 1;
                    return run(Found::aside, in, left_);
                case State::rest:
                    if (in.empty()) return Found::need_input;
                    left_ = in.size();
                    return run(Found::aside, in, left_);
            }
        }
    }

private:
    enum class State : std::uint8_t { magic, header, bsd_name, table, contents, padding, rest };

    Found starved(bool last) {
        const bool between = state_ == State::header && held_.empty();
        if (!last || between) return Found::need_input;
        state_ = State::rest;
        return damaged("ar: it ends early", held_);
    }

    // Behind contents of odd size stands one byte.
    void padding() { state_ = odd_ ? State::padding : State::header; }

    Found read_header() {
        const std::string_view head = held_;
        const auto size = digits(head.substr(48, 10), 10);
        if (head.substr(58) != "`\n" || !size) {
            state_ = State::rest;
            return damaged("ar: damaged header", held_);
        }
        left_ = *size;
        odd_ = *size % 2 == 1;
        head_ = {};
        head_.mode = static_cast<std::uint32_t>(digits(head.substr(40, 8), 8).value_or(0));
        const std::string_view name = without_spaces(head.substr(0, 16));
        if (name == "/" || name == "//" || name == "/SYM64/" || name == "__.SYMDEF") {
            if (name == "//") names_.clear();
            keep_names_ = name == "//";
            state_ = State::table;
            header_ = std::move(held_);
            held_.clear();
            return say(Found::aside, header_);
        }
        if (name.starts_with("#1/")) {
            const auto length = digits(name.substr(3), 10);
            if (!length || *length > longest_name || *length > left_) {
                state_ = State::rest;
                return damaged("ar: damaged name", held_);
            }
            name_left_ = static_cast<std::size_t>(*length);
            left_ -= name_left_;
            state_ = State::bsd_name;
            return Found::need_input;  // nothing to say yet; the loop goes on
        }
        return begin_member(std::string(full_name(name)));
    }

    // "name/" or "name", or "/123" in the table of names, where "/\n" ends each.
    [[nodiscard]] std::string_view full_name(std::string_view name) const {
        if (name.size() > 1 && name.front() == '/') {
            const auto at = digits(name.substr(1), 10);
            if (!at || *at >= names_.size()) return name;
            const std::string_view rest = std::string_view(names_).substr(static_cast<std::size_t>(*at));
            std::string_view found = rest.substr(0, std::min(rest.find('\n'), longest_name));
            if (found.ends_with('/')) found.remove_suffix(1);
            return found;
        }
        if (name.ends_with('/')) name.remove_suffix(1);
        return name;
    }

    Found begin_member(std::string name) {
        while (!name.empty() && name.back() == '\0') name.pop_back();
        head_.name = layer::normalise_path(name);
        head_.bytes = left_;
        header_ = std::move(held_);
        held_.clear();
        state_ = State::contents;
        return Found::member;
    }

    Found table(std::string_view& in) {
        const Found found = run(Found::aside, in, left_);
        if (keep_names_ && names_.size() < name_table_limit) {
            names_ += bytes_.substr(0, name_table_limit - names_.size());
        }
        return found;
    }

    State state_ = State::magic;
    std::string held_;
    std::string names_;
    bool keep_names_ = false, odd_ = false;
    std::size_t name_left_ = 0;
    std::uint64_t left_ = 0;
};

}  // namespace

std::unique_ptr<ArchiveParser> make_ar_parser() { return std::make_unique<ArParser>(); }

}  // namespace stratascan::nested
