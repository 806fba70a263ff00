#include "scanner/layer/contents_table.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <span>
#include <utility>

namespace stratascan::layer {

namespace {

using Json = nlohmann::json;

// What of a text is looked at before more of it is kept: zstd:chunked has another frame
// with many lines of JSON, which may be long.
constexpr std::size_t first_look = std::size_t{1} << 20;

enum class Key : std::uint8_t { other, entries, name, type, link, size, mode, uid };

// As Go's encoding/json has names: in either case, and with the two letters from outside of
// ASCII whose other case is in it (U+017F and U+212A).
std::string folded(std::string_view text) {
    std::string low;
    low.reserve(text.size());
    for (std::size_t at = 0; at < text.size(); ++at) {
        const std::string_view rest = text.substr(at);
        if (rest.starts_with("\xc5\xbf")) {
            low += 's';
            at += 1;
        } else if (rest.starts_with("\xe2\x84\xaa")) {
            low += 'k';
            at += 2;
        } else {
            const char c = rest.front();
            low += c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
        }
    }
    return low;
}

// The longest name of interest has 8 letters, of which each may be three bytes long.
constexpr std::size_t longest_key = 24;

struct Known {
    Key key;
    std::string_view name;
};
constexpr Known root_keys[] = {{Key::entries, "entries"}};
constexpr Known entry_keys[] = {{Key::name, "name"}, {Key::type, "type"}, {Key::link, "linkName"},
                                {Key::size, "size"}, {Key::mode, "mode"}, {Key::uid, "uid"}};

// A parser holds a text or a number several times over while it reads it. The longest honest
// one is the value of an extended attribute, of up to 64 KiB, in base64.
constexpr std::size_t longest_token = std::size_t{1} << 20;

bool has_longer_token(std::string_view text) noexcept {
    bool in_string = false;
    std::size_t begin = 0;
    for (std::size_t at = 0; at < text.size(); ++at) {
        const char c = text[at];
        const bool ends = c == '"' || (!in_string && (c == ',' || c == '[' || c == '{'));
        if (ends) {
            if (at - begin > longest_token) return true;
            begin = at;
        }
        if (c == '"') in_string = !in_string;
        if (in_string && c == '\\') ++at;
    }
    return text.size() - begin > longest_token;
}

// Takes what a parser tells it, and builds no tree. The members' names are nlohmann's.
class TableListener {
public:
    explicit TableListener(const std::function<void(TableEntry&)>& tell) : tell_(tell) {}

    bool null() { return true; }
    bool boolean(bool) { return true; }
    bool number_integer(Json::number_integer_t value) {
        return number(static_cast<std::uint64_t>(value));
    }
    bool number_unsigned(Json::number_unsigned_t value) { return number(value); }
    bool number_float(Json::number_float_t, const std::string&) { return true; }
    bool binary(Json::binary_t&) { return true; }
    bool parse_error(std::size_t, const std::string&, const Json::exception&) { return false; }

    bool start_object(std::size_t) {
        if (++depth_ == 3 && in_entries_) {
            entry_ = {};
            seen_ = 0;
        }
        return true;
    }
    bool end_object() {
        if (depth_-- == 3 && in_entries_) tell_(entry_);
        return true;
    }
    bool start_array(std::size_t) {
        if (++depth_ == 2 && key_ == Key::entries) {
            in_entries_ = true;
            reading_.is_strict = reading_.is_strict && !reading_.is_table;
            reading_.is_table = true;
        }
        return true;
    }
    bool end_array() {
        if (depth_-- == 2) in_entries_ = false;
        return true;
    }
    bool key(std::string& name) {
        if (depth_ == 1) key_ = key_of(name, root_keys);
        if (depth_ != 3 || !in_entries_) return true;
        key_ = key_of(name, entry_keys);
        const unsigned bit = 1U << static_cast<unsigned>(key_);
        if (key_ != Key::other && (seen_ & bit) != 0) reading_.is_strict = false;
        seen_ |= bit;
        return true;
    }
    bool string(std::string& value) {
        if (!is_in_entry()) return true;
        if (key_ == Key::name) {
            entry_.name = std::move(value);
        } else if (key_ == Key::type) {
            entry_.type = std::move(value);
        } else if (key_ == Key::link) {
            entry_.link = std::move(value);
        }
        return true;
    }

    [[nodiscard]] TableReading reading() const { return reading_; }

private:
    // Arrays count as objects do: an entry is the third thing that is open.
    [[nodiscard]] bool is_in_entry() const { return depth_ == 3 && in_entries_; }

    bool number(std::uint64_t value) {
        if (!is_in_entry()) return true;
        if (key_ == Key::size) entry_.size = value;
        if (key_ == Key::mode) entry_.mode = static_cast<std::uint32_t>(value);
        if (key_ == Key::uid) entry_.uid = static_cast<std::uint32_t>(value);
        return true;
    }

    Key key_of(std::string_view name, std::span<const Known> keys) {
        for (const Known& known : keys) {
            if (name == known.name) return known.key;
        }
        if (name.size() > longest_key) return Key::other;
        const std::string low = folded(name);
        for (const Known& known : keys) {
            if (low != folded(known.name)) continue;
            reading_.is_strict = false;
            return known.key;
        }
        return Key::other;
    }

    const std::function<void(TableEntry&)>& tell_;
    TableReading reading_;
    TableEntry entry_;
    std::size_t depth_ = 0;
    unsigned seen_ = 0;  // keys of the entry, as bits
    Key key_ = Key::other;
    bool in_entries_ = false;
};

}  // namespace

TableReading read_contents_table(std::string_view text,
                                 const std::function<void(TableEntry&)>& tell) {
    if (has_longer_token(text)) return {.is_too_long = true};
    TableListener listener(tell);
    constexpr bool to_the_end = false;
    const bool whole = Json::sax_parse(text.begin(), text.end(), &listener,
                                       Json::input_format_t::json, to_the_end);
    TableReading reading = listener.reading();
    reading.is_whole = whole;
    return reading;
}

void TableText::add(std::string_view bytes) {
    if (is_none_) return;
    if (text_.empty()) {
        bytes.remove_prefix(std::min(bytes.find_first_not_of(" \t\r\n"), bytes.size()));
        if (bytes.empty()) return;
        if (bytes.front() != '{') {
            is_none_ = true;
            return;
        }
    }
    const std::size_t room = contents_table_limit - text_.size();
    is_cut_ = is_cut_ || bytes.size() > room;
    text_ += bytes.substr(0, room);
    if (!looked_ && text_.size() >= first_look) look();
}

void TableText::look() {
    looked_ = true;
    const TableReading reading = read_contents_table(text_, [](TableEntry&) {});
    if (!reading.is_whole || reading.is_table) return;
    is_none_ = true;
    text_ = {};
}

}  // namespace stratascan::layer
