#include "scanner/nested/constants.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

#include "scanner/nested/secret_signs.hpp"

namespace stratascan::nested {

namespace {

constexpr std::size_t shortest_password = 6;
// A longer text is told without a name, if at all.
constexpr std::size_t longest_named_value = 1024;
// Of a file's code most has a few bytes of names and values for each of its own.
constexpr std::uint64_t most_named_growth = 32;
constexpr std::size_t named_bytes = 16;  // that a name and its value count beside their own
// Where the same string is known to stand in a file.
constexpr std::size_t most_places = 64;
constexpr std::size_t longest_told_name = 256;
// About what a line costs beside its bytes.
constexpr std::size_t line_bytes = 192;

constexpr char lower(char byte) { return static_cast<char>(byte | 0x20); }

bool is_letter_or_digit(char byte) {
    return (byte >= '0' && byte <= '9') || (lower(byte) >= 'a' && lower(byte) <= 'z');
}

// What rules look for in names, and more: this only chooses between two names.
bool is_secret_name(std::string_view name) {
    using namespace std::string_view_literals;
    static constexpr std::array words = {"pass"sv, "pwd"sv, "secret"sv, "token"sv,
                                         "key"sv,  "auth"sv, "cred"sv};
    std::string small(name);
    for (char& byte : small) byte = lower(byte);
    return std::ranges::any_of(words, [&](auto word) { return small.contains(word); });
}

// Of two names of a value the one of the higher rank is told.
unsigned rank_of(std::string_view name) {
    return names_password(name) ? 2 : is_secret_name(name) ? 1 : 0;
}

// API_TOKEN = "api-token", FLAG_PASSWORD = "-password": what such a thing is called.
bool is_its_name(std::string_view name, std::string_view value) {
    const auto take_last = [](std::string_view& text) {
        while (!text.empty() && !is_letter_or_digit(text.back())) text.remove_suffix(1);
        const char last = text.empty() ? '\0' : lower(text.back());
        text.remove_suffix(text.empty() ? 0 : 1);
        return last;
    };
    while (const char last = take_last(value)) {
        if (take_last(name) != last) return false;
    }
    return true;
}

bool may_be_password(std::string_view value) {
    return value.size() >= shortest_password && may_be_name(value);
}

class ConstantsParser final : public ArchiveParser {
public:
    ConstantsParser(ReadConstants read, std::string_view format, std::uint64_t memory)
        : read_(read), format_(format), memory_(memory) {}

    Found step(std::string_view& in, bool last) override {
        switch (state_) {
            case State::gather:
                bytes_seen_ += in.size();
                if (last && file_.empty()) return open(std::exchange(in, {}));
                if (bytes_seen_ <= memory_ / 4) file_ += in;
                in = {};
                return last ? open(std::exchange(file_, {})) : Found::need_input;
            case State::text:
                state_ = State::end;
                return say(Found::contents, text_);
            case State::end:
                state_ = untold_ > 0 ? State::untold : State::over;
                return Found::member_end;
            case State::untold: return tell_untold();
            case State::over: break;
        }
        in = {};
        return Found::need_input;
    }

    bool makes_contents() const override { return true; }
    std::uint64_t hold() const override {
        const std::uint64_t origins =
            origins_ ? origins_->capacity() * sizeof(layer::TextOrigin) : 0;
        return file_.capacity() + text_.capacity() + origins;
    }
    bool over_memory() const override { return untold_ > 0; }
    std::shared_ptr<const layer::TextOrigins> origins() const override {
        return origins_;
    }

private:
    enum class State : std::uint8_t { gather, text, end, untold, over };

    Found open(std::string_view file) {
        state_ = State::over;
        if (bytes_seen_ > memory_ / 4) return Found::need_input;
        ConstantText made = read_(file, memory_ / 2);
        untold_ = made.untold;
        if (made.text.empty()) return untold_ > 0 ? tell_untold() : Found::need_input;
        text_ = std::move(made.text);
        origins_ = std::make_shared<const layer::TextOrigins>(std::move(made.origins));
        state_ = State::text;
        head_ = {};
        head_.name = constants_step;
        return Found::member;
    }

    Found tell_untold() {
        state_ = State::over;
        return lost(fmt::format("{}: its constants take more memory than there is for them",
                                format_), untold_);
    }

    ReadConstants read_;
    std::string_view format_;
    std::uint64_t memory_, bytes_seen_ = 0, untold_ = 0;
    State state_ = State::gather;
    std::string file_, text_;
    std::shared_ptr<const layer::TextOrigins> origins_;
};

}  // namespace

void ConstantLines::add(std::string_view value, std::string_view name, Use use) {
    if (value.empty()) return;
    if (use != Use::alone) {
        if (name.empty() || name.size() > longest_told_name) return;
        if (value.size() > longest_named_value || full_) return;
        named_ += name.size() + value.size() + named_bytes;
        if (named_ > most_named_growth * file_.size()) {
            full_ = true;
            untold_ += value.size();
            return;
        }
        if (is_its_name(name, value)) return;
    }
    const auto at = static_cast<std::uint64_t>(value.data() - file_.data());
    const unsigned rank = use == Use::alone ? 0 : rank_of(name);
    const auto [found, fresh] = line_of_.try_emplace(value, lines_.size());
    if (fresh) {
        // What only stands near a secret leaves room for one.
        const bool may_matter = rank > 0 || may_be_secret(value);
        if (held_ + line_bytes > (may_matter ? memory_ : memory_ / 2)) {
            line_of_.erase(found);
            if (may_matter) untold_ += value.size();
            return;
        }
        held_ += line_bytes;
        if (use == Use::alone) name = {};
        lines_.push_back({value, name, use, rank, {at}});
        return;
    }
    Line& line = lines_[found->second];
    if (line.at.size() < most_places && held_ < memory_ &&
        std::ranges::find(line.at, at) == line.at.end()) {
        line.at.push_back(at);
        held_ += sizeof(at);
    }
    const bool first_name = line.use == Use::alone && use != Use::alone;
    if (!first_name && line.rank >= rank) return;
    line.name = name;
    line.use = use;
    line.rank = rank;
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
            // They are kept as long as what is found there: for a text of short lines, one each.
            const bool more = made.origins.size() * sizeof(layer::TextOrigin) < 2 * made.text.size();
            if (at != line.at.front() && !more) break;
            made.origins.push_back({begin, made.text.size() - begin, at, line.value.size()});
        }
        if (line.use != Use::alone) made.text += '"';
        if (line.use == Use::argument) made.text += ')';
        made.text += '\n';
    }
    made.origins.shrink_to_fit();
    return made;
}

std::unique_ptr<ArchiveParser> make_constants_parser(ReadConstants read, std::string_view what,
                                                     std::uint64_t memory) {
    return std::make_unique<ConstantsParser>(read, what, memory);
}

}  // namespace stratascan::nested
