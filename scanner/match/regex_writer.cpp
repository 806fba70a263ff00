#include <fmt/format.h>

#include <algorithm>
#include <cctype>

#include "scanner/match/regex_tree.hpp"

namespace stratascan::match {

namespace {

using Bytes = std::bitset<256>;
using Kind = RegexNode::Kind;

constexpr std::string_view nothing = "(?:)";

// Letters and digits are themselves in a class and out of it, all else is escaped.
std::string written(std::size_t byte) {
    const bool plain = byte < 0x80 && std::isalnum(static_cast<int>(byte)) != 0;
    return plain ? std::string(1, static_cast<char>(byte)) : fmt::format("\\x{:02x}", byte);
}

std::string ranges(const Bytes& bytes) {
    std::string text;
    for (std::size_t first = 0; first < bytes.size(); ++first) {
        if (!bytes[first]) continue;
        std::size_t last = first;
        while (last + 1 < bytes.size() && bytes[last + 1]) ++last;
        text += written(first);
        if (last > first + 1) text += '-';
        if (last > first) text += written(last);
        first = last;
    }
    return text;
}

std::string class_of(const Bytes& bytes) {
    if (bytes.all()) return ".";
    if (bytes.count() == 1) return ranges(bytes);
    const std::string in = ranges(bytes), out = ranges(~bytes);
    // A class that no byte is in can only be written as all that it leaves out.
    const bool as_rest = in.empty() || out.size() < in.size();
    return as_rest ? "[^" + out + "]" : "[" + in + "]";
}

std::string joined(const std::vector<RegexNode>& nodes, std::string_view between) {
    std::string text;
    for (const RegexNode& node : nodes) {
        if (&node != &nodes.front()) text += between;
        text += engine_syntax(node);
    }
    return text;
}

std::string times(const RegexNode& node) {
    if (node.most == RegexNode::unbounded) {
        if (node.least == 0) return "*";
        return node.least == 1 ? "+" : fmt::format("{{{},}}", node.least);
    }
    if (node.least == 0 && node.most == 1) return "?";
    if (node.least == node.most) return fmt::format("{{{}}}", node.least);
    return fmt::format("{{{},{}}}", node.least, node.most);
}

}  // namespace

std::string engine_syntax(const RegexNode& node) {
    switch (node.kind) {
        case Kind::empty: return std::string(nothing);
        case Kind::bytes: return class_of(node.bytes);
        case Kind::sequence: return joined(node.children, "");
        case Kind::choice: return "(?:" + joined(node.children, "|") + ")";
        case Kind::repeat: {
            const RegexNode& inner = node.children.front();
            const std::string text = engine_syntax(inner);
            return (inner.kind == Kind::bytes ? text : "(?:" + text + ")") + times(node);
        }
    }
    return std::string(nothing);
}

}  // namespace stratascan::match
