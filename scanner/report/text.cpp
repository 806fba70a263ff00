#include "scanner/report/text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "scanner/report/report_writer.hpp"
#include "scanner/report/utf8.hpp"

namespace stratascan::report {

namespace {

constexpr std::string_view ellipsis = "…";
constexpr std::string_view dot = " · ";

// More of a build step than any terminal is wide.
constexpr std::size_t step_bytes = 2000;

/// Bytes of the longest beginning of `text` that takes at most `width` columns.
std::size_t fitting(std::string_view text, std::size_t width) {
    std::size_t used = 0;
    std::size_t at = 0;
    while (at < text.size()) {
        const CodePoint point = code_point_at(text, at);
        used += point.valid ? columns(point.value) : 1;
        if (used > width) break;
        at += point.length;
    }
    return at;
}

void strip_prefix(std::string_view& text, std::string_view prefix) {
    if (text.starts_with(prefix)) text.remove_prefix(prefix.size());
}

std::string_view sgr(Tone tone) {
    switch (tone) {
        case Tone::plain: return "";
        case Tone::strong: return "1";
        case Tone::faint: return "2";
        case Tone::critical: return "1;31";
        case Tone::high: return "31";
        case Tone::medium: return "33";
        case Tone::low: return "36";
        case Tone::good: return "32";
        case Tone::warning: return "33";
    }
    return "";
}

}  // namespace

std::string cut_end(std::string_view text, std::size_t width) {
    if (fitting(text, width) == text.size()) return std::string(text);
    if (width == 0) return {};
    std::string cut(text.substr(0, fitting(text, width - 1)));
    cut.erase(cut.find_last_not_of(' ') + 1);
    return cut + std::string(ellipsis);
}

std::string cut_middle(std::string_view text, std::size_t width) {
    const std::size_t total = columns(text);
    if (total <= width) return std::string(text);
    if (width < 8) return cut_end(text, width);
    const std::size_t head_width = (width - 1) / 3;
    const std::size_t tail_width = width - 1 - head_width;
    const std::size_t head = fitting(text, head_width);
    // A wide character may straddle the place where the tail begins.
    std::size_t tail = fitting(text, total - tail_width);
    while (tail < text.size() && columns(text.substr(tail)) > tail_width) {
        tail += code_point_at(text, tail).length;
    }
    return fmt::format("{}{}{}", text.substr(0, head), ellipsis, text.substr(tail));
}

std::string padded(std::string_view text, std::size_t width) {
    std::string result(text);
    const std::size_t used = columns(text);
    if (used < width) result.append(width - used, ' ');
    return result;
}

std::string grouped(std::uint64_t number) {
    const std::string digits = std::to_string(number);
    std::string text;
    for (std::size_t i = 0; i < digits.size(); ++i) {
        if (i > 0 && (digits.size() - i) % 3 == 0) text += ' ';
        text += digits[i];
    }
    return text;
}

std::string counted(std::uint64_t number, std::string_view noun) {
    return fmt::format("{} {}{}", grouped(number), noun, number == 1 ? "" : "s");
}

std::string sized(std::uint64_t bytes) {
    constexpr std::array units = {"kB", "MB", "GB", "TB", "PB", "EB"};
    if (bytes < 1000) return fmt::format("{} B", bytes);
    auto value = static_cast<double>(bytes) / 1000;
    std::size_t unit = 0;
    while (value >= 999.5 && unit + 1 < units.size()) {
        value /= 1000;
        ++unit;
    }
    return value < 9.95 ? fmt::format("{:.1f} {}", value, units[unit])
                        : fmt::format("{:.0f} {}", value, units[unit]);
}

namespace {

// "blob 1a2b…" with the digits that git itself shows, if it is that.
std::string short_id(const std::string& step) {
    constexpr std::size_t shown = 10;
    for (const std::string_view kind : {"blob ", "commit ", "tree ", "tag "}) {
        if (!step.starts_with(kind)) continue;
        const std::size_t end = std::min(step.find(' ', kind.size()), step.size());
        const std::string_view id = std::string_view(step).substr(kind.size(), end - kind.size());
        const bool is_id = (id.size() == 40 || id.size() == 64) &&
                           id.find_first_not_of("0123456789abcdef") == id.npos;
        if (is_id) return step.substr(0, kind.size() + shown) + step.substr(end);
    }
    return step;
}

}  // namespace

std::string place_in(std::string_view path, const std::vector<std::string>& inner_path) {
    std::string text = printable(path);
    for (const std::string& inner : inner_path) text += " › " + printable(short_id(inner));
    return text;
}

std::string short_digest(std::string_view digest) {
    return printable(digest.substr(digest.find(':') + 1).substr(0, 12));  // npos + 1 is 0
}

std::string build_step(std::string_view created_by) {
    std::string_view step = created_by.substr(0, step_bytes);
    strip_prefix(step, "/bin/sh -c #(nop) ");
    while (step.starts_with(' ')) step.remove_prefix(1);
    if (step.starts_with("/bin/sh -c ")) {
        step.remove_prefix(std::string_view("/bin/sh -c ").size());
    } else if (step.starts_with("RUN /bin/sh -c ")) {
        step.remove_prefix(std::string_view("RUN /bin/sh -c ").size());
    } else {
        const std::size_t shell = step.find(" /bin/sh -c ");
        const bool arguments = step.starts_with("|") || step.starts_with("RUN |");
        if (arguments && shell != std::string_view::npos) {
            step.remove_prefix(shell + std::string_view(" /bin/sh -c ").size());
        }
    }
    if (step.ends_with("# buildkit")) step.remove_suffix(std::string_view("# buildkit").size());
    std::string line;
    for (std::size_t at = 0; at < step.size(); ++at) {
        const char c = step[at];
        if (step.substr(at).starts_with("\\\n")) continue;
        const bool space = c == ' ' || c == '\t' || c == '\n' || c == '\r';
        if (!space) line += c;
        if (space && !line.empty() && line.back() != ' ') line += ' ';
    }
    if (line.ends_with(' ')) line.pop_back();
    return printable(line);
}

std::string index_list(const std::vector<int>& ascending) {
    std::vector<std::string> runs;
    for (std::size_t i = 0; i < ascending.size();) {
        std::size_t last = i;
        while (last + 1 < ascending.size() && ascending[last + 1] == ascending[last] + 1) ++last;
        if (last == i) {
            runs.push_back(std::to_string(ascending[i]));
        } else {
            runs.push_back(fmt::format("{}{}{}", ascending[i], last == i + 1 ? ", " : "–",
                                       ascending[last]));
        }
        i = last + 1;
    }
    return listed(runs, ", ");
}

std::string listed(const std::vector<std::string>& texts, std::string_view separator) {
    std::string list;
    for (const std::string& text : texts) {
        if (!list.empty()) list += separator;
        list += text;
    }
    return list;
}

void Canvas::put(const Piece& piece) {
    const std::string_view code = colour_ ? sgr(piece.tone) : std::string_view();
    if (code.empty() || piece.text.empty()) {
        out_ += piece.text;
    } else {
        out_ += fmt::format("\x1b[{}m{}\x1b[0m", code, piece.text);
    }
}

void Canvas::line(std::size_t indent, const std::vector<Piece>& pieces) {
    out_.append(indent, ' ');
    std::size_t at = indent;
    bool first = true;
    for (const Piece& piece : pieces) {
        if (piece.text.empty()) continue;
        const std::size_t gap = first ? 0 : 2;
        if (at + gap >= width_) break;
        const std::string text = cut_end(piece.text, width_ - at - gap);
        out_.append(gap, ' ');
        put({text, piece.tone});
        at += gap + columns(text);
        first = false;
    }
    out_.erase(out_.find_last_not_of(' ') + 1);
    out_ += '\n';
}

void Canvas::flow(std::size_t indent, const std::vector<Piece>& pieces) {
    out_.append(indent, ' ');
    flow_from(indent, indent, pieces);
}

void Canvas::labelled(std::size_t indent, const Piece& label, std::size_t column,
                      const std::vector<Piece>& pieces) {
    out_.append(indent, ' ');
    put({padded(label.text, column), label.tone});
    out_ += "  ";
    flow_from(indent + column + 2, indent + column + 2, pieces);
}

/// Word by word, going on in the next line where a word does not fit.
void Canvas::put_sentence(const Piece& piece, std::size_t indent, std::size_t& at) {
    const std::string_view text = piece.text;
    for (std::size_t begin = 0; begin < text.size();) {
        const std::size_t end = std::min(text.find(' ', begin), text.size());
        const std::string word = cut_middle(text.substr(begin, end - begin), room(indent));
        begin = end + 1;
        if (at > indent && at + 1 + columns(word) > width_) {
            out_ += '\n';
            out_.append(indent, ' ');
            at = indent;
        } else if (at > indent) {
            out_ += ' ';
            ++at;
        }
        put({word, piece.tone});
        at += columns(word);
    }
}

void Canvas::flow_from(std::size_t at, std::size_t indent, const std::vector<Piece>& pieces) {
    const auto next_line = [&] {
        out_ += '\n';
        out_.append(indent, ' ');
        at = indent;
    };
    bool first = true;
    for (const Piece& piece : pieces) {
        if (piece.text.empty()) continue;
        const std::size_t whole = columns(piece.text);
        if (piece.sentence && whole > room(indent)) {
            if (!first) next_line();
            put_sentence(piece, indent, at);
            first = false;
            continue;
        }
        const std::size_t needed = std::min(whole, room(indent));
        if (!first && at + columns(dot) + needed > width_) {
            next_line();
        } else if (!first) {
            put({std::string(dot), Tone::faint});
            at += columns(dot);
        }
        put({cut_middle(piece.text, room(indent)), piece.tone});
        at += needed;
        first = false;
    }
    out_ += '\n';
}

}  // namespace stratascan::report
