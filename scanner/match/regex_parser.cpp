#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <map>

#include "scanner/match/regex_tree.hpp"

namespace stratascan::match {

namespace {

using Bytes = std::bitset<256>;
using Kind = RegexNode::Kind;

constexpr unsigned deepest = 200;

Bytes range(unsigned from, unsigned to) {
    Bytes bytes;
    for (unsigned i = from; i <= to && i < 256; ++i) bytes.set(i);
    return bytes;
}

const Bytes digits = range('0', '9');
const Bytes word = digits | range('A', 'Z') | range('a', 'z') | range('_', '_');
const Bytes space = range('\t', '\n') | range('\f', '\r') | range(' ', ' ');

// RE2 knows the cases of Latin-1's letters too; 0xF7 is the division sign.
Bytes any_case(Bytes bytes) {
    for (unsigned lower = 'a'; lower <= 0xfe; ++lower) {
        const bool letter = lower <= 'z' || (lower >= 0xe0 && lower != 0xf7);
        const unsigned upper = lower - 32;
        if (letter && (bytes[lower] || bytes[upper])) {
            bytes.set(lower);
            bytes.set(upper);
        }
    }
    return bytes;
}

RegexNode node_of(Bytes bytes) {
    RegexNode node;
    node.kind = Kind::bytes;
    node.bytes = bytes;
    return node;
}

struct Broken {
    std::string what;
};

// Recursive descent; throws Broken inside, never out of parse_regex().
class Parser {
public:
    Parser(std::string_view text, EndOfText end) : text_(text), end_(end) {}

    RegexNode parse() {
        RegexNode node = choice();
        if (!at_end()) broken("an unmatched )");
        return node;
    }

private:
    [[nodiscard]] bool at_end() const { return at_ >= text_.size(); }
    [[nodiscard]] char peek() const { return at_end() ? '\0' : text_[at_]; }
    char take() {
        if (at_end()) broken("an early end");
        return text_[at_++];
    }
    bool skip(std::string_view token) {
        if (!text_.substr(at_).starts_with(token)) return false;
        at_ += token.size();
        return true;
    }
    [[noreturn]] void broken(const std::string& what) const {
        throw Broken{fmt::format("{} at byte {} of the expression", what, at_)};
    }

    RegexNode choice() {
        if (++depth_ > deepest) broken("too deep nesting");
        const bool caseless = caseless_;
        const bool lines = lines_;
        RegexNode node;
        node.kind = Kind::choice;
        node.children.push_back(sequence());
        while (skip("|")) node.children.push_back(sequence());
        caseless_ = caseless;
        lines_ = lines;
        --depth_;
        if (node.children.size() == 1) {
            RegexNode only = std::move(node.children.front());
            return only;
        }
        return node;
    }

    RegexNode sequence() {
        RegexNode node;
        node.kind = Kind::sequence;
        while (!at_end() && peek() != '|' && peek() != ')') {
            RegexNode one = atom();
            if (!at_end() && is_quantifier()) one = repeated(std::move(one));
            // RE2 has no repeated repeats; here they would nest without a limit.
            if (!at_end() && is_quantifier()) broken("a repeated repeat");
            if (one.kind != Kind::empty) node.children.push_back(std::move(one));
        }
        if (node.children.empty()) return {};
        return node;
    }

    [[nodiscard]] bool is_quantifier() const {
        const char c = peek();
        return c == '*' || c == '+' || c == '?' ||
               (c == '{' && at_ + 1 < text_.size() &&
                std::isdigit(static_cast<unsigned char>(text_[at_ + 1])) != 0);
    }

    RegexNode repeated(RegexNode inner) {
        RegexNode node;
        node.kind = Kind::repeat;
        const char c = take();
        node.least = c == '+' ? 1 : 0;
        node.most = c == '?' ? 1 : RegexNode::unbounded;
        if (c == '{') {
            node.least = node.most = count();
            if (skip(",")) node.most = peek() == '}' ? RegexNode::unbounded : count();
            if (!skip("}")) broken("an unclosed {");
        }
        skip("?");  // lazy or greedy: the same texts
        // A repeat of nothing is nothing; so every repeat costs an automaton states,
        // whose number is limited.
        if (inner.kind == Kind::empty || node.most == 0) return {};
        node.children.push_back(std::move(inner));
        return node;
    }

    std::uint32_t count() {
        std::uint32_t value = 0;
        while (std::isdigit(static_cast<unsigned char>(peek())) != 0) {
            value = value * 10 + static_cast<std::uint32_t>(take() - '0');
            if (value > 100'000) broken("too large a count");
        }
        return value;
    }

    RegexNode atom() {
        const char c = take();
        switch (c) {
            case '(': return group();
            case '[': return node_of(cased(bracket()));
            case '.': return node_of(Bytes().set());
            case '^': return {};
            case '$': {
                if (end_ == EndOfText::nothing || lines_) return {};
                return node_of({});
            }
            case '\\': return escape();
            default: return node_of(cased(single(c)));
        }
    }

    [[nodiscard]] Bytes cased(const Bytes& bytes) const {
        return caseless_ ? any_case(bytes) : bytes;
    }
    static Bytes single(char c) { return Bytes().set(static_cast<unsigned char>(c)); }

    RegexNode group() {
        if (skip("?P<secret>")) {
            RegexNode inner = inside(caseless_, lines_);
            if (inner.kind == Kind::empty) return inner;
            RegexNode node;
            node.kind = Kind::sequence;
            node.secret = true;
            node.children.push_back(std::move(inner));
            return node;
        }
        if (skip("?P<")) {
            while (take() != '>') {
            }
        } else if (skip("?")) {
            return flags();
        }
        return inside(caseless_, lines_);
    }

    // What stands between a group's ( or : and its ).
    RegexNode inside(bool caseless, bool lines) {
        const bool outer_caseless = caseless_, outer_lines = lines_;
        caseless_ = caseless;
        lines_ = lines;
        RegexNode inner = choice();
        caseless_ = outer_caseless;
        lines_ = outer_lines;
        if (!skip(")")) broken("an unclosed (");
        return inner;
    }

    // (?flags) holds for the rest of the enclosing group, (?flags:...) for its own.
    RegexNode flags() {
        bool on = true;
        bool caseless = caseless_, lines = lines_;
        for (char c = take();; c = take()) {
            if (c == ':') return inside(caseless, lines);
            if (c == ')') {
                // RE2 repeats what stands before the flags.
                if (!at_end() && is_quantifier()) broken("a repeat behind flags");
                caseless_ = caseless;
                lines_ = lines;
                return {};
            }
            if (c == '-') {
                on = false;
            } else if (c == 'i') {
                caseless = on;
            } else if (c == 'm') {
                lines = on;
            } else if (c != 's' && c != 'U') {
                broken("a group that is not understood");
            }
        }
    }

    RegexNode escape() {
        const char c = take();
        if (c == 'b' || c == 'B' || c == 'A' || c == 'z' || c == 'Z') return {};
        return node_of(cased(escaped(c)));
    }

    // The bytes that \c stands for, inside a bracket or out of it.
    Bytes escaped(char c) {
        switch (c) {
            case 'd': return digits;
            case 'D': return ~digits;
            case 'w': return word;
            case 'W': return ~word;
            case 's': return space;
            case 'S': return ~space;
            case 'n': return single('\n');
            case 'r': return single('\r');
            case 't': return single('\t');
            case 'f': return single('\f');
            case 'v': return single('\v');
            case 'a': return single('\a');
            case 'x': return hex();
            default:
                if (std::isalnum(static_cast<unsigned char>(c)) != 0) {
                    broken(fmt::format("\\{} which is not understood", c));
                }
                return single(c);
        }
    }

    Bytes hex() {
        std::string text;
        if (skip("{")) {
            while (peek() != '}') text += take();
            take();
        } else {
            text += take();
            text += take();
        }
        unsigned value = 0;
        for (const char c : text) {
            if (std::isxdigit(static_cast<unsigned char>(c)) == 0) broken("a bad \\x");
            const unsigned digit = c <= '9' ? static_cast<unsigned>(c - '0')
                                            : static_cast<unsigned>((c | 32) - 'a' + 10);
            value = value * 16 + digit;
            if (value > 255) broken("a \\x above one byte");
        }
        return Bytes().set(value);
    }

    Bytes bracket() {
        const bool negated = skip("^");
        Bytes bytes;
        for (bool first = true; first || peek() != ']'; first = false) {
            if (at_end()) broken("an unclosed [");
            if (skip("[:")) {
                bytes |= named();
                continue;
            }
            Bytes from = one_of_bracket();
            const bool is_range = peek() == '-' && at_ + 1 < text_.size() && text_[at_ + 1] != ']' &&
                                  from.count() == 1;
            if (is_range) {
                take();
                const Bytes to = one_of_bracket();
                if (to.count() != 1 || lowest(to) < lowest(from)) broken("a bad range");
                from = range(lowest(from), lowest(to));
            }
            bytes |= from;
        }
        take();
        if (caseless_) bytes = any_case(bytes);
        return negated ? ~bytes : bytes;
    }

    Bytes one_of_bracket() {
        const char c = take();
        return c == '\\' ? escaped(take()) : single(c);
    }

    Bytes named() {
        static const std::map<std::string_view, Bytes> classes = {
            {"alpha", range('A', 'Z') | range('a', 'z')},
            {"digit", digits},
            {"alnum", digits | range('A', 'Z') | range('a', 'z')},
            {"upper", range('A', 'Z')},
            {"lower", range('a', 'z')},
            {"space", space | range('\v', '\v')},
            {"xdigit", digits | range('A', 'F') | range('a', 'f')},
            {"word", word},
            {"punct", range('!', '/') | range(':', '@') | range('[', '`') | range('{', '~')},
            {"print", range(' ', '~')},
            {"graph", range('!', '~')},
        };
        const std::size_t end = text_.find(":]", at_);
        const auto found = end == text_.npos ? classes.end() : classes.find(text_.substr(at_, end - at_));
        if (found == classes.end()) broken("a class that is not understood");
        at_ = end + 2;
        return found->second;
    }

    static unsigned lowest(const Bytes& bytes) {
        unsigned i = 0;
        while (i < 255 && !bytes[i]) ++i;
        return i;
    }

    std::string_view text_;
    std::size_t at_ = 0;
    unsigned depth_ = 0;
    bool caseless_ = false;
    bool lines_ = false;
    EndOfText end_;
};

}  // namespace

Result<RegexNode> parse_regex(std::string_view pattern, EndOfText end) {
    try {
        return Parser(pattern, end).parse();
    } catch (const Broken& broken) {
        return fail(ErrorCode::invalid_argument, broken.what);
    }
}

}  // namespace stratascan::match
