#include "scanner/nested/constants.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
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
// About what a line costs beside its bytes.
constexpr std::size_t line_bytes = 192;

enum : std::uint8_t { other = 0, letter = 1, digit = 2, mark = 4 };

constexpr std::array<std::uint8_t, 256> kinds = [] {
    std::array<std::uint8_t, 256> made{};
    for (unsigned byte = 'a'; byte <= 'z'; ++byte) made[byte] = made[byte - 32] = letter;
    for (unsigned byte = '0'; byte <= '9'; ++byte) made[byte] = digit;
    for (const char byte : {'_', '-', '+', '/', '='}) made[static_cast<unsigned char>(byte)] = mark;
    return made;
}();

// A run that long has a byte at each multiple of its length: most others are never looked at.
bool has_token_run(std::string_view bytes) {
    const auto kind_at = [&](std::size_t at) {
        return kinds[static_cast<unsigned char>(bytes[at])];
    };
    std::size_t begin = 0;
    while (bytes.size() - begin >= shortest_token) {
        std::size_t at = begin + shortest_token;
        unsigned seen = 0;
        while (at > begin && kind_at(at - 1) != other) seen |= kind_at(--at);
        if (at > begin) {
            begin = at;
            continue;
        }
        std::size_t end = begin + shortest_token;
        while (end < bytes.size() && kind_at(end) != other) seen |= kind_at(end++);
        if ((seen & letter) != 0 && (seen & digit) != 0) return true;
        begin = end;
    }
    return false;
}

constexpr unsigned char lower(char byte) {
    return static_cast<unsigned char>(byte) | 0x20U;
}

// In blocks, as a compiler makes vectors of that.
bool names_password(std::string_view bytes) {
    constexpr std::size_t block = 64, more = 3;
    const auto is_at = [&](std::size_t at) {
        const unsigned char second = lower(bytes[at + 1]), third = lower(bytes[at + 2]);
        const auto pass = static_cast<unsigned char>((second ^ 'a') | (third ^ 's'));
        const auto pwd = static_cast<unsigned char>((second ^ 'w') | (third ^ 'd'));
        return lower(bytes[at]) == 'p' && (pass == 0 || pwd == 0);
    };
    std::size_t at = 0;
    for (; at + block + more <= bytes.size(); at += block) {
        const char* const from = bytes.data() + at;
        unsigned char found = 0;
        for (std::size_t i = 0; i < block; ++i) {
            const unsigned char first = lower(from[i]), second = lower(from[i + 1]),
                                third = lower(from[i + 2]);
            const auto pass = static_cast<unsigned char>((second ^ 'a') | (third ^ 's'));
            const auto pwd = static_cast<unsigned char>((second ^ 'w') | (third ^ 'd'));
            found |= static_cast<unsigned char>((first == 'p') & ((pass == 0) | (pwd == 0)));
        }
        if (found != 0) return true;
    }
    for (; at + more <= bytes.size(); ++at) {
        if (is_at(at)) return true;
    }
    return false;
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

bool may_be_password(std::string_view value) {
    return value.size() >= shortest_password && value.size() <= longest_password &&
           std::ranges::none_of(value, [](char c) { return static_cast<unsigned char>(c) <= ' '; });
}

bool has_url_password(std::string_view value) {
    const std::size_t scheme = value.find("://");
    return scheme != value.npos && value.find('@', scheme) != value.npos;
}

// Whether a file's bytes may hold a string that is worth reading the file for.
bool may_hold_secret(std::string_view file) {
    return has_token_run(file) || names_password(file) || has_url_password(file);
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
        if (!may_hold_secret(file)) return Found::need_input;
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

bool may_be_secret(std::string_view value) {
    return has_token_run(value) || has_url_password(value) ||
           (names_password(value) && value.find('=') != value.npos);
}

void ConstantLines::add(std::string_view value, std::string_view name, Use use) {
    if (value.empty()) return;
    if (use != Use::alone) {
        if (name.empty() || name.size() > longest_told_name) return;
        if (value.size() > longest_named_value) return;
        named_ += name.size() + value.size();
        if (named_ > most_named_growth * file_.size()) return;
    }
    const auto at = static_cast<std::uint64_t>(value.data() - file_.data());
    const bool secret_name = use != Use::alone && is_secret_name(name);
    const auto [found, fresh] = line_of_.try_emplace(value, lines_.size());
    if (fresh) {
        if (held_ + line_bytes > memory_) {
            line_of_.erase(found);
            untold_ += value.size();
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
