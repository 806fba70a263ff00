#include "scanner/nested/constants.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <utility>

namespace stratascan::nested {

namespace {

// The shortest token that any rule knows, about; random ones have a digit.
constexpr std::size_t shortest_token = 16;
constexpr std::size_t shortest_password = 6;
constexpr std::size_t longest_password = 256;
// A longer text is told without a name, if at all.
constexpr std::size_t longest_named_value = 1024;
constexpr std::uint64_t most_named_growth = 8;
// Where the same string is known to stand in a file.
constexpr std::size_t most_places = 64;
constexpr std::size_t longest_told_name = 256;
constexpr std::size_t block_bytes = 64;  // that are looked at at once
// About what a line costs beside its bytes.
constexpr std::size_t line_bytes = 192;

enum Kind : std::uint8_t { other = 0, lower_case = 1, upper_case = 2, digit = 4, mark = 8 };

// Without the slash of base64: paths and names of classes are more.
constexpr std::array<std::uint8_t, 256> kinds = [] {
    std::array<std::uint8_t, 256> made{};
    for (unsigned byte = 'a'; byte <= 'z'; ++byte) {
        made[byte] = lower_case;
        made[byte - 32] = upper_case;
    }
    for (unsigned byte = '0'; byte <= '9'; ++byte) made[byte] = digit;
    for (const char byte : {'_', '-', '+', '='}) made[static_cast<unsigned char>(byte)] = mark;
    return made;
}();

constexpr std::uint8_t kind_of(char byte) { return kinds[static_cast<unsigned char>(byte)]; }

// Names in code are words, with a number here and there, as utf8String and W32_LONG_NAME. Of 16
// random letters and digits, four stand beside one of another kind than themselves in digits,
// and ten in that or in case.
bool looks_random(std::string_view run) {
    std::size_t beside_digits = 0, changes = 0;
    bool digits = false;
    for (std::size_t at = 1; at < run.size(); ++at) {
        const std::uint8_t before = kind_of(run[at - 1]), now = kind_of(run[at]);
        digits = digits || ((before | now) & digit) != 0;
        if (before == now || ((before | now) & mark) != 0) continue;
        ++changes;
        if (((before | now) & digit) != 0) ++beside_digits;
    }
    return beside_digits >= 3 || (digits && changes * 20 > run.size() * 9);
}

// The run that [begin, end) is a part of, as far as it is near.
bool is_in_random_run(std::string_view bytes, std::size_t begin, std::size_t end) {
    constexpr std::size_t near = 64;
    for (std::size_t at = begin; at < end; ++at) {
        if (kind_of(bytes[at]) == other) return false;
    }
    const std::size_t first = begin < near ? 0 : begin - near;
    const std::size_t last = std::min(end + near, bytes.size());
    while (begin > first && kind_of(bytes[begin - 1]) != other) --begin;
    while (end < last && kind_of(bytes[end]) != other) ++end;
    return end - begin >= shortest_token && looks_random(bytes.substr(begin, end - begin));
}

std::uint64_t eight_at(std::string_view bytes, std::size_t number) {
    std::uint64_t eight = 0;
    std::memcpy(&eight, bytes.data() + number * 8, 8);
    return eight;
}

constexpr std::uint64_t in_each(std::uint64_t byte) { return byte * 0x0101010101010101; }
constexpr std::uint64_t high_bits = in_each(0x80);

// Whether none is a blank, a quote or what only binaries have: between '+' and 0x7f.
constexpr bool are_dense(std::uint64_t eight) {
    return ((eight | (eight - in_each('+'))) & high_bits) == 0;
}

constexpr std::uint64_t digits_in(std::uint64_t eight) {
    const std::uint64_t ascii = eight & ~high_bits;
    return (ascii + in_each(0x80 - '0')) & ~(ascii + in_each(0x80 - ':')) & ~eight & high_bits;
}

// A run of 16 has eight bytes from a multiple of eight on, and one with a digit has that in
// such eight or in those beside them. All other bytes are looked at no closer.
bool has_token(std::string_view bytes) {
    if (bytes.size() < shortest_token) return false;
    const std::size_t eights = bytes.size() / 8;
    std::uint64_t before = 0, digits = eights > 0 ? digits_in(eight_at(bytes, 0)) : 0;
    for (std::size_t i = 0; i < eights; ++i) {
        const std::uint64_t behind =
            i + 1 < eights ? digits_in(eight_at(bytes, i + 1)) : high_bits;
        if (are_dense(eight_at(bytes, i)) & ((before | digits | behind) != 0)) {
            if (is_in_random_run(bytes, i * 8, i * 8 + 8)) return true;
        }
        before = digits;
        digits = behind;
    }
    return false;
}

constexpr unsigned char lower(char byte) { return static_cast<unsigned char>(byte) | 0x20U; }

// As names of passwords begin or end: passw(or)d, passphrase, passcode, db_pass, pwd.
constexpr bool names_password_at(const char* from) {
    const unsigned char first = lower(from[0]), second = lower(from[1]), third = lower(from[2]),
                        fourth = lower(from[3]), last = lower(from[4]);
    const bool letter_behind = last >= 'a' && last <= 'z';
    const bool more = (last == 'w') | (last == 'p') | (last == 'c');
    const bool pass = (second == 'a') & (third == 's') & (fourth == 's');
    // A blank has the same bit as a letter's case: prose has "pass the".
    const bool ends = !letter_behind & (last != ' ');
    const bool pwd = (second == 'w') & (third == 'd');
    return (first == 'p') & ((pass & (more | ends)) | pwd);
}

// Whether "pas" or "pwd" begins in a block; a compiler makes vectors of this.
bool may_name_password(const char* from) {
    unsigned char found = 0;
    for (std::size_t i = 0; i < block_bytes; ++i) {
        const unsigned char first = lower(from[i]), second = lower(from[i + 1]),
                            third = lower(from[i + 2]);
        const auto pas = static_cast<unsigned char>((second ^ 'a') | (third ^ 's'));
        const auto pwd = static_cast<unsigned char>((second ^ 'w') | (third ^ 'd'));
        found |= static_cast<unsigned char>((first == 'p') & ((pas == 0) | (pwd == 0)));
    }
    return found != 0;
}

// What rules look for in names, and more: this only chooses between two names.
bool is_secret_name(std::string_view name) {
    using namespace std::string_view_literals;
    static constexpr std::array words = {"pass"sv, "pwd"sv, "secret"sv, "token"sv,
                                         "key"sv,  "auth"sv, "cred"sv};
    std::string small(name);
    for (char& byte : small) byte = static_cast<char>(lower(byte));
    return std::ranges::any_of(words, [&](auto word) { return small.contains(word); });
}

// API_TOKEN = "api-token": what such a thing is called.
bool is_its_name(std::string_view name, std::string_view value) {
    std::size_t at = 0;
    const auto pass_marks = [](std::string_view text, std::size_t from) {
        while (from < text.size() && (kind_of(text[from]) & ~mark) == 0) ++from;
        return from;
    };
    for (std::size_t i = pass_marks(value, 0); i < value.size(); i = pass_marks(value, i + 1)) {
        at = pass_marks(name, at);
        if (at == name.size() || lower(name[at]) != lower(value[i])) return false;
        ++at;
    }
    return pass_marks(name, at) == name.size();
}

bool may_be_password(std::string_view value) {
    return value.size() >= shortest_password && value.size() <= longest_password &&
           std::ranges::none_of(value, [](char c) { return static_cast<unsigned char>(c) <= ' '; });
}

bool has_url_password(std::string_view value) {
    const std::size_t scheme = value.find("://");
    return scheme != value.npos && value.find('@', scheme) != value.npos;
}

class ConstantsParser final : public ArchiveParser {
public:
    ConstantsParser(ReadConstants read, std::string_view format, std::uint64_t memory)
        : read_(read), format_(format), memory_(memory) {}

    Found step(std::string_view& in, bool last) override {
        switch (state_) {
            case State::gather:
                bytes_seen_ += in.size();
                if (bytes_seen_ <= memory_ / 4) file_ += in;
                in = {};
                if (!last) return Found::need_input;
                return open(in);
            case State::text:
                state_ = State::end;
                return say(Found::contents, text_);
            case State::end:
                state_ = untold_ > 0 ? State::untold : State::over;
                return Found::member_end;
            case State::untold:
                state_ = State::over;
                return lost(fmt::format("{}: its constants take more memory than there is for them",
                                        format_), untold_);
            case State::over: break;
        }
        in = {};
        return Found::need_input;
    }

    bool makes_contents() const override { return true; }
    std::uint64_t hold() const override { return file_.capacity() + text_.capacity(); }
    std::shared_ptr<const layer::TextOrigins> origins() const override {
        return origins_;
    }

private:
    enum class State : std::uint8_t { gather, text, end, untold, over };

    Found open(std::string_view& in) {
        state_ = State::over;
        const std::string file = std::exchange(file_, {});
        if (bytes_seen_ > memory_ / 4) {
            return lost(fmt::format("{}: more than {} bytes; it was scanned as it stands only",
                                    format_, memory_ / 4), bytes_seen_);
        }
        ConstantText made = read_(file, memory_ / 2);
        untold_ = made.untold;
        if (made.text.empty()) {
            if (untold_ > 0) state_ = State::untold;
            return untold_ > 0 ? step(in, true) : Found::need_input;
        }
        text_ = std::move(made.text);
        origins_ = std::make_shared<const layer::TextOrigins>(std::move(made.origins));
        state_ = State::text;
        head_ = {};
        head_.name = constants_step;
        return Found::member;
    }

    ReadConstants read_;
    std::string_view format_;
    std::uint64_t memory_, bytes_seen_ = 0, untold_ = 0;
    State state_ = State::gather;
    std::string file_, text_;
    std::shared_ptr<const layer::TextOrigins> origins_;
};

}  // namespace

bool names_password(std::string_view bytes) {
    constexpr std::size_t more = 5;
    std::size_t at = 0;
    for (; at + block_bytes + more <= bytes.size(); at += block_bytes) {
        const char* const from = bytes.data() + at;
        if (!may_name_password(from)) continue;
        for (std::size_t i = 0; i < block_bytes; ++i) {
            if (names_password_at(from + i)) return true;
        }
    }
    std::array<char, block_bytes + 2 * more> rest{};
    std::ranges::copy(bytes.substr(at), rest.begin());
    for (std::size_t i = 0; at + i < bytes.size(); ++i) {
        if (names_password_at(rest.data() + i)) return true;
    }
    return false;
}

bool may_hold_secret(std::string_view file) { return has_token(file) || names_password(file); }

bool may_be_secret(std::string_view value) {
    return has_token(value) || has_url_password(value) ||
           (names_password(value) && value.find('=') != value.npos);
}

void ConstantLines::add(std::string_view value, std::string_view name, Use use) {
    if (value.empty()) return;
    if (use != Use::alone) {
        if (name.empty() || name.size() > longest_told_name) return;
        if (value.size() > longest_named_value || is_its_name(name, value)) return;
        named_ += name.size() + value.size();
        if (named_ > most_named_growth * file_.size()) return;
    }
    const auto at = static_cast<std::uint64_t>(value.data() - file_.data());
    const bool secret_name = use != Use::alone && is_secret_name(name);
    const auto [found, fresh] = line_of_.try_emplace(value, lines_.size());
    if (fresh) {
        // What only stands near a secret leaves room for one.
        const bool may_matter = secret_name || may_be_secret(value);
        if (held_ + line_bytes > (may_matter ? memory_ : memory_ / 2)) {
            line_of_.erase(found);
            if (may_matter) untold_ += value.size();
            return;
        }
        held_ += line_bytes;
        if (use == Use::alone) name = {};
        lines_.push_back({value, name, use, secret_name, {at}});
        return;
    }
    Line& line = lines_[found->second];
    if (line.at.size() < most_places && std::ranges::find(line.at, at) == line.at.end()) {
        line.at.push_back(at);
    }
    const bool first_name = line.use == Use::alone && use != Use::alone;
    if (!first_name && (line.secret_name || !secret_name)) return;
    line.name = name;
    line.use = use;
    line.secret_name = secret_name;
}

// A text that has no name and no form is no secret to any rule.
bool ConstantLines::is_told(const Line& line) {
    return line.use != Use::alone || may_be_secret(line.value);
}

ConstantText ConstantLines::finish(
    const std::function<void(std::string_view value, std::string& out)>& write) const {
    ConstantText made;
    made.untold = untold_;
    const bool worth = std::ranges::any_of(lines_, [](const Line& line) {
        return may_be_secret(line.value) || (line.use != Use::alone && names_password(line.name) &&
                                             may_be_password(line.value));
    });
    if (!worth) return made;
    for (const Line& line : lines_) {
        if (!is_told(line)) continue;
        if (made.text.size() + line.value.size() + line.name.size() > memory_) {
            made.untold += line.value.size();
            continue;
        }
        if (line.use == Use::element) made.text += '"';
        write(line.name, made.text);
        if (line.use == Use::assigned) made.text += " = \"";
        if (line.use == Use::argument) made.text += "(\"";
        if (line.use == Use::element) made.text += "\": \"";
        const std::size_t begin = made.text.size();
        write(line.value, made.text);
        for (const std::uint64_t at : line.at) {
            made.origins.push_back({begin, made.text.size() - begin, at, line.value.size()});
        }
        if (line.use != Use::alone) made.text += '"';
        if (line.use == Use::argument) made.text += ')';
        made.text += '\n';
    }
    return made;
}

std::unique_ptr<ArchiveParser> make_constants_parser(ReadConstants read, std::string_view what,
                                                     std::uint64_t memory) {
    return std::make_unique<ConstantsParser>(read, what, memory);
}

}  // namespace stratascan::nested
