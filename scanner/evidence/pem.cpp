// The base64 of a PEM block is read in two steps. First the text is brought into
// plain lines: escapes for a line's end become one, and where the block is
// written as string literals of a program, only what stands inside the quotes is
// kept. Then the lines are sorted into headers and base64. A strict reader such
// as OpenSSL's would refuse most keys that stand in JSON or in source code.
#include "scanner/evidence/pem.hpp"

#include <algorithm>

#include "scanner/evidence/codec.hpp"

namespace stratascan::evidence {

namespace {

constexpr auto npos = std::string_view::npos;
constexpr std::string_view opening = "-----BEGIN ";
constexpr std::string_view closing = "-----END ";
constexpr std::string_view dashes = "-----";

constexpr bool is_quote(char c) noexcept { return c == '"' || c == '\'' || c == '`'; }

/// Appends what the escape at `at` (a backslash) stands for and gives the
/// position behind it. JSON in JSON doubles its backslashes, so a run is one.
std::size_t unescape(std::string_view text, std::size_t at, Wiped& plain) {
    while (at < text.size() && text[at] == '\\') ++at;
    if (at == text.size()) return at;
    const std::string_view rest = text.substr(at);
    if (rest.starts_with("u000a") || rest.starts_with("u000A") || rest.starts_with("u000d") ||
        rest.starts_with("u000D")) {
        plain.push_back('\n');
        return at + 5;
    }
    if (rest.starts_with("u002b") || rest.starts_with("u002B")) {
        plain.push_back('+');
        return at + 5;
    }
    if (rest.front() == 'n' || rest.front() == 'r') {
        plain.push_back('\n');
        return at + 1;
    }
    if (rest.front() == 't') return at + 1;
    // `\/`, a quote, or a line continued in the source: the character itself.
    return at;
}

/// The block's text in plain lines.
Wiped plain_lines(std::string_view text) {
    Wiped plain;
    plain.reserve(text.size() + 1);
    const bool quoted = std::any_of(text.begin(), text.end(), is_quote);
    bool inside = true;
    for (std::size_t at = 0; at < text.size();) {
        const char c = text[at];
        if (c == '\\') {
            at = inside ? unescape(text, at, plain) : at + 1;
        } else if (quoted && is_quote(c)) {
            inside = !inside;
            plain.push_back('\n');
            ++at;
        } else {
            if (inside || c == '\n') plain.push_back(c == '\r' ? '\n' : c);
            ++at;
        }
    }
    return plain;
}

/// A line without its indent and the mark of a comment or quotation.
std::string_view bare(std::string_view line) noexcept {
    line = trimmed(line);
    if (line.starts_with("//") && (line.size() == 2 || is_blank(line[2]))) line.remove_prefix(2);
    while (!line.empty() && std::string_view("#*>|;").find(line.front()) != npos) {
        line.remove_prefix(1);
    }
    return trimmed(line);
}

void sort_line(std::string_view line, Pem& pem, Wiped& base64) {
    if (line.empty()) return;
    if (line.find(':') != npos) {
        constexpr std::size_t most = 1024;
        if (pem.headers.size() + line.size() < most) pem.headers.append(line).push_back('\n');
        return;
    }
    if (line.size() == 5 && line.front() == '=') {
        pem.armor_sum = line.substr(1);
        return;
    }
    for (const char c : line) {
        if (!is_blank(c)) base64.push_back(c);
    }
}

}  // namespace

std::optional<Pem> read_pem(std::string_view text) {
    const std::size_t begin = text.find(opening);
    if (begin == npos) return std::nullopt;
    text.remove_prefix(begin + opening.size());
    constexpr std::size_t longest_label = 64;
    const std::size_t label_end = text.substr(0, longest_label + dashes.size()).find(dashes);
    if (label_end == npos) return std::nullopt;

    Pem pem;
    pem.label = text.substr(0, label_end);
    text.remove_prefix(label_end + dashes.size());
    text = text.substr(0, text.find(closing));

    const Wiped lines = plain_lines(text);
    Wiped base64;
    base64.reserve(lines.view().size());
    std::string_view rest = lines.view();
    while (!rest.empty()) {
        const std::size_t end = std::min(rest.find('\n'), rest.size());
        sort_line(bare(rest.substr(0, end)), pem, base64);
        rest.remove_prefix(std::min(end + 1, rest.size()));
    }
    if (auto bytes = decode_base64(base64.view())) pem.body = Wiped(std::move(*bytes));
    return pem;
}

}  // namespace stratascan::evidence
