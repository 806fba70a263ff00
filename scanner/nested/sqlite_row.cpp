#include "scanner/nested/sqlite_row.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cctype>
#include <optional>

#include "scanner/nested/bytes.hpp"
#include "scanner/nested/recognise.hpp"

namespace stratascan::nested {

namespace {

// More than the header of a row of as many columns as SQLite allows takes.
constexpr std::uint64_t longest_header = 64 << 10;
constexpr std::size_t longest_key = 64;
constexpr std::size_t most_blobs = 100;  // that a row may have opened
constexpr std::uint64_t least_blob = 10;

void put(std::uint32_t code, std::string& out) {
    const auto byte = [&](std::uint32_t value) { out += static_cast<char>(value); };
    if (code < 0x80) {
        byte(code);
    } else if (code < 0x800) {
        byte(0xc0U | code >> 6U);
        byte(0x80U | (code & 0x3fU));
    } else if (code < 0x10000) {
        byte(0xe0U | code >> 12U);
        byte(0x80U | (code >> 6U & 0x3fU));
        byte(0x80U | (code & 0x3fU));
    } else {
        byte(0xf0U | code >> 18U);
        byte(0x80U | (code >> 12U & 0x3fU));
        byte(0x80U | (code >> 6U & 0x3fU));
        byte(0x80U | (code & 0x3fU));
    }
}

// A name that a setting may have: "smtp.password", "AWS_SECRET_ACCESS_KEY".
bool is_key(std::string_view text) {
    return text.size() >= 2 && text.size() <= longest_key &&
           std::isalpha(static_cast<unsigned char>(text.front())) != 0 &&
           std::all_of(text.begin(), text.end(), [](char c) {
               return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_' || c == '.' ||
                      c == '-' || c == ':' || c == '/';
           });
}

bool holds_values(std::string_view column) {
    std::string lower(column);
    for (char& c : lower) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    return lower == "v" || lower.find("val") != lower.npos || lower.find("data") != lower.npos ||
           lower.find("content") != lower.npos;
}

// Whether it is text of ASCII's letters in UTF-16, and then whether the low byte comes first.
std::optional<bool> utf16_order(std::string_view bytes) {
    bool little = true, big = true;
    for (std::size_t i = 0; i + 1 < bytes.size(); i += 2) {
        const auto is_letter = [](char c) {
            return (c >= ' ' && c < '\x7f') || (c >= '\t' && c <= '\r');
        };
        little = little && is_letter(bytes[i]) && bytes[i + 1] == '\0';
        big = big && is_letter(bytes[i + 1]) && bytes[i] == '\0';
    }
    if (bytes.size() < 2 || little == big) return std::nullopt;
    return little;
}

std::uint64_t bytes_of_type(std::uint64_t type) {
    constexpr std::array<std::uint8_t, 12> fixed = {0, 1, 2, 3, 4, 6, 8, 8, 0, 0, 0, 0};
    return type < fixed.size() ? fixed[static_cast<std::size_t>(type)] : (type - 12) / 2;
}

}  // namespace

void Utf16Reader::take(std::string_view bytes, std::string& out) {
    for (const char c : bytes) {
        const int byte = static_cast<unsigned char>(c);
        if (low_ < 0) {
            low_ = byte;
            continue;
        }
        const auto unit = static_cast<std::uint32_t>(little_ ? byte << 8 | low_ : low_ << 8 | byte);
        low_ = -1;
        const bool follows = unit >= 0xdc00 && unit < 0xe000;
        if (high_ != 0) {
            put(follows ? 0x10000 + ((high_ - 0xd800) << 10U) + (unit - 0xdc00) : 0xfffd, out);
            high_ = 0;
            if (follows) continue;
        }
        if (unit >= 0xd800 && unit < 0xdc00) {
            high_ = unit;
        } else {
            put(follows ? 0xfffd : unit, out);
        }
    }
}

SqliteRow::SqliteRow(SqliteFile& file, SqlitePayload payload,
                     const std::vector<std::string>& columns)
    : file_(file), payload_(payload), columns_(columns) {
    if (read_header()) return;
    file_.count_damage(payload_.left());
    ended_ = true;
}

// Its own size, then the type of each value.
bool SqliteRow::read_header() {
    std::string header;
    do {
        const std::string_view byte = payload_.take(1);
        if (byte.empty()) return false;
        header += byte;
    } while ((static_cast<unsigned char>(header.back()) & 0x80U) != 0 && header.size() < 9);
    std::string_view in = header;
    const auto size = take_sqlite_varint(in);
    if (!size || *size > longest_header || *size < header.size()) return false;
    const std::size_t used = header.size();
    while (header.size() < *size) {
        const std::string_view more = payload_.take(*size - header.size());
        if (more.empty()) return false;
        header += more;
    }
    in = std::string_view(header).substr(used);
    while (!in.empty()) {
        const auto type = take_sqlite_varint(in);
        if (!type || *type == 10 || *type == 11) return false;
        types_.push_back(*type);
    }
    return true;
}

bool SqliteRow::write(std::string& out, std::size_t enough) {
    while (!ended_ && out.size() < enough) {
        if (!in_value_) {
            if (column_ == types_.size()) {
                ended_ = true;
                break;
            }
            begin_value(out);
            continue;
        }
        if (is_probed_) {
            probe_blob(out);
            continue;
        }
        const std::string_view part = payload_.take(std::min<std::uint64_t>(left_, enough));
        left_ -= part.size();
        const std::size_t from = out.size();
        if (is_utf16_) {
            utf16_.take(part, out);
        } else if (!is_left_out_) {
            out += part;
        }
        if (is_text_ && this_text_.size() <= longest_key) {
            this_text_ += std::string_view(out).substr(from, longest_key + 1);
        }
        if (left_ > 0 && !part.empty()) continue;
        if (!is_left_out_) out += "\"\n";
        in_value_ = false;
        ended_ = left_ > 0;  // its pages break off
        if (is_text_) last_text_ = this_text_;
        ++column_;
    }
    return !ended_;
}

// Until its first bytes tell whether it is a container.
void SqliteRow::probe_blob(std::string& out) {
    const std::string_view part =
        payload_.take(std::min<std::uint64_t>(left_, recognised_within - head_.size()));
    left_ -= part.size();
    head_ += part;
    if (left_ > 0 && !part.empty() && head_.size() < recognised_within) return;
    is_probed_ = false;
    const Format format = recognise(head_);
    is_left_out_ = format != Format::none && !may_have_appended(format);
    if (is_left_out_) {
        blobs_.push_back(std::move(blob_));
        return;
    }
    out += opening_;
    if (const auto little = utf16_order(head_)) {
        is_utf16_ = true;
        utf16_ = Utf16Reader(*little);
        utf16_.take(head_, out);
    } else {
        out += head_;
    }
}

std::string SqliteRow::name_of(std::size_t column) const {
    return column < columns_.size() ? columns_[column] : fmt::format("column {}", column + 1);
}

// NULL, and values of no bytes, are not told.
void SqliteRow::begin_value(std::string& out) {
    const std::uint64_t type = types_[column_];
    if (type < 12) {
        write_number(out);
        ++column_;
        return;
    }
    left_ = bytes_of_type(type);
    if (left_ == 0) {
        ++column_;
        return;
    }
    is_text_ = type % 2 == 1;
    in_value_ = true;
    is_utf16_ = is_text_ && file_.header().text != SqliteText::utf8;
    utf16_ = Utf16Reader(file_.header().text == SqliteText::utf16_little);
    this_text_.clear();
    const std::string name = name_of(column_);
    const bool paired = column_ >= columns_.size() || holds_values(name);
    opening_ = (paired && is_key(last_text_) ? last_text_ : name) + " = \"";
    is_left_out_ = false;
    is_probed_ = !is_text_ && left_ >= least_blob && blobs_.size() < most_blobs;
    if (is_probed_) {
        head_.clear();
        blob_ = {name, payload_.again(left_)};
    } else {
        out += opening_;
    }
}

void SqliteRow::write_number(std::string& out) {
    const std::string number = read_number();
    if (!number.empty()) out += fmt::format("{} = {}\n", name_of(column_), number);
}

// Empty for NULL, and where its pages break off.
std::string SqliteRow::read_number() {
    const std::uint64_t type = types_[column_];
    if (type == 0) return {};
    std::string bytes;
    for (std::uint64_t size = bytes_of_type(type); bytes.size() < size;) {
        const std::string_view more = payload_.take(size - bytes.size());
        if (more.empty()) {
            ended_ = true;
            return {};
        }
        bytes += more;
    }
    if (type == 7) return fmt::format("{}", std::bit_cast<double>(big_endian(bytes, 0, 8)));
    if (bytes.empty()) return fmt::format("{}", type - 8);
    // Two's complement of as many bytes.
    const auto unused = static_cast<unsigned>(64 - 8 * bytes.size());
    const auto value = static_cast<std::int64_t>(big_endian(bytes, 0, bytes.size()) << unused);
    return fmt::format("{}", value >> unused);
}

std::string SqliteRow::read_bytes(std::size_t most) {
    const std::uint64_t type = types_[column_];
    const bool utf16 = type % 2 == 1 && file_.header().text != SqliteText::utf8;
    Utf16Reader reader(file_.header().text == SqliteText::utf16_little);
    std::string text;
    for (left_ = bytes_of_type(type); left_ > 0;) {
        const std::string_view part = payload_.take(left_);
        left_ -= part.size();
        ended_ = part.empty();
        if (ended_) break;
        if (text.size() >= most) continue;
        if (utf16) {
            reader.take(part, text);
        } else {
            text += part;
        }
    }
    text.resize(std::min(text.size(), most));
    return text;
}

std::vector<std::string> SqliteRow::values(std::size_t count, std::size_t most) {
    std::vector<std::string> values;
    for (; !ended_ && column_ < types_.size() && values.size() < count; ++column_) {
        values.push_back(types_[column_] < 12 ? read_number() : read_bytes(most));
    }
    values.resize(count);
    return values;
}

}  // namespace stratascan::nested
