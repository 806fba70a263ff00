#include "scanner/sieve/required.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <set>
#include <unordered_map>

#include "scanner/sieve/common_keys.hpp"

namespace stratascan::sieve {

namespace {

using match::RegexNode;
using Kind = RegexNode::Kind;

// Texts; in lower case, when that stands for any.
struct Strings {
    std::set<std::string> all;
    bool nocase = false;
};

constexpr std::size_t most_strings = 1000;
constexpr std::size_t longest_string = 32;
constexpr std::size_t most_bytes = 64;
constexpr std::uint32_t most_copies = 4;

struct Span {
    std::uint64_t before = 0, behind = 0;
};

std::uint64_t width(const RegexNode& node) {
    return match::widest(node).value_or(std::numeric_limits<std::uint32_t>::max());
}

std::optional<Strings> joined(const Strings& left, const Strings& right) {
    Strings both{{}, left.nocase || right.nocase};
    for (const std::string& a : left.all) {
        for (const std::string& b : right.all) {
            if (a.size() + b.size() > longest_string) return std::nullopt;
            both.all.insert(a + b);
            if (both.all.size() > most_strings) return std::nullopt;
        }
    }
    return both;
}

void add(Strings& strings, const Strings& more) {
    strings.all.insert(more.all.begin(), more.all.end());
    strings.nocase = strings.nocase || more.nocase;
}

std::optional<Strings> texts_of_bytes(const RegexNode& node) {
    Strings strings;
    for (unsigned byte = 0; byte < 256; ++byte) {
        if (!node.bytes[byte]) continue;
        const char c = static_cast<char>(byte);
        const bool both_cases = lower(c) != c && node.bytes[static_cast<unsigned char>(lower(c))];
        strings.nocase = strings.nocase || both_cases;
        strings.all.insert(std::string(1, both_cases ? lower(c) : c));
    }
    if (strings.all.size() > most_bytes) return std::nullopt;
    return strings;
}

// Every text of the node, when they are few.
std::optional<Strings> texts(const RegexNode& node) {
    switch (node.kind) {
        case Kind::empty: return Strings{{""}};
        case Kind::bytes: return texts_of_bytes(node);
        case Kind::sequence: {
            std::optional<Strings> strings = Strings{{""}};
            for (const RegexNode& child : node.children) {
                const auto more = texts(child);
                if (!more) return std::nullopt;
                strings = joined(*strings, *more);
                if (!strings) return std::nullopt;
            }
            return strings;
        }
        case Kind::choice: {
            Strings strings;
            for (const RegexNode& child : node.children) {
                const auto more = texts(child);
                if (!more) return std::nullopt;
                add(strings, *more);
            }
            if (strings.all.size() > most_strings) return std::nullopt;
            return strings;
        }
        case Kind::repeat: {
            if (node.most > most_copies) return std::nullopt;
            const auto one = texts(node.children.front());
            if (!one) return std::nullopt;
            std::optional<Strings> copies = Strings{{""}};
            Strings strings;
            for (std::uint32_t i = 0; i <= node.most; ++i) {
                if (i >= node.least) add(strings, *copies);
                if (i == node.most) break;
                copies = joined(*copies, *one);
                if (!copies || strings.all.size() > most_strings) return std::nullopt;
            }
            return strings;
        }
    }
    return std::nullopt;
}

// Bits of surprise of a byte in source code, times 4, letters in any case.
double surprise(char byte) {
    struct Known {
        std::string_view bytes;
        double bits;
    };
    constexpr std::array<Known, 12> known = {{{"e \n", 3.6},
                                              {"tra", 4.1},
                                              {"noisl", 4.3},
                                              {"cd", 4.9},
                                              {"pum", 5.3},
                                              {"fhg", 5.7},
                                              {".,;\"'()", 5.9},
                                              {"ybv_=/", 6.3},
                                              {"-0{}:1x", 6.6},
                                              {"wk2", 6.9},
                                              {"3456789*<>jqz", 7.6},
                                              {"[]&|?!+", 8.2}}};
    for (const Known& group : known) {
        if (group.bytes.find(lower(byte)) != std::string_view::npos) return group.bits;
    }
    return 10;
}

void keep_cheaper(std::optional<std::vector<Required>>& best,
                  std::optional<std::vector<Required>> other) {
    if (other && (!best || cost(*other) < cost(*best))) best = std::move(other);
}

std::optional<std::vector<Required>> all_long(const Strings& strings, Span span) {
    std::vector<Required> required;
    for (const std::string& text : strings.all) {
        if (text.size() < key_bytes) return std::nullopt;
        required.push_back({text, strings.nocase, span.before, span.behind});
    }
    return required;
}

std::optional<std::vector<Required>> best_of(const RegexNode& node, Span span);

std::optional<std::vector<Required>> best_of_sequence(const std::vector<RegexNode>& parts,
                                                      Span span) {
    std::optional<std::vector<Required>> best;
    std::uint64_t before = span.before;
    for (std::size_t i = 0; i < parts.size(); ++i) {
        std::uint64_t behind = span.behind;
        for (std::size_t j = i; j < parts.size(); ++j) behind += width(parts[j]);
        std::optional<Strings> strings = Strings{{""}};
        for (std::size_t j = i; j < parts.size(); ++j) {
            const auto more = texts(parts[j]);
            if (!more) break;
            strings = joined(*strings, *more);
            if (!strings) break;
            keep_cheaper(best, all_long(*strings, {before, behind}));
        }
        keep_cheaper(best, best_of(parts[i], {before, behind - width(parts[i])}));
        before += width(parts[i]);
    }
    return best;
}

std::optional<std::vector<Required>> best_of(const RegexNode& node, Span span) {
    switch (node.kind) {
        case Kind::empty:
        case Kind::bytes: return std::nullopt;
        case Kind::sequence: return best_of_sequence(node.children, span);
        case Kind::choice: {
            std::vector<Required> all;
            for (const RegexNode& child : node.children) {
                auto more = best_of(child, span);
                const auto whole = texts(child);
                if (whole) keep_cheaper(more, all_long(*whole, {span.before, span.behind + width(child)}));
                if (!more) return std::nullopt;
                std::move(more->begin(), more->end(), std::back_inserter(all));
            }
            return all;
        }
        case Kind::repeat: {
            if (node.least == 0) return std::nullopt;
            const std::uint64_t other = width(node) - width(node.children.front());
            return best_of(node.children.front(), {span.before + other, span.behind + other});
        }
    }
    return std::nullopt;
}

RegexNode fewer(RegexNode repeat, std::uint32_t by) {
    repeat.least -= by;
    if (repeat.most != RegexNode::unbounded) repeat.most -= by;
    return repeat;
}

// So that what stands in a group, or at the edge of a repeat, is not set apart
// from its neighbours.
void flatten(const RegexNode& node, std::vector<RegexNode>& parts) {
    if (node.kind == Kind::sequence) {
        for (const RegexNode& child : node.children) flatten(child, parts);
    } else if (node.kind == Kind::repeat && node.least >= 1 && node.most > most_copies &&
               node.children.front().kind == Kind::bytes) {
        parts.push_back(node.children.front());
        parts.push_back(fewer(node, std::min(node.least, 2U)));
        if (node.least >= 2) parts.push_back(node.children.front());
    } else if (node.kind != Kind::empty) {
        parts.push_back(node);
    }
}

}  // namespace

double likelihood(std::string_view key) noexcept {
    static const std::unordered_map<std::string_view, double> common = [] {
        std::unordered_map<std::string_view, double> chances;
        const std::string_view keys = common_keys();
        for (std::size_t i = 0; i + key_bytes <= keys.size(); i += key_bytes) {
            chances.emplace(keys.substr(i, key_bytes),
                            0.1 / (static_cast<double>(i) / key_bytes + 100));
        }
        return chances;
    }();
    std::array<char, key_bytes> folded{};
    double bits = 0;
    for (std::size_t i = 0; i < key_bytes; ++i) {
        folded[i] = lower(key[i]);
        bits += surprise(key[i]);
    }
    const auto known = common.find({folded.data(), key_bytes});
    if (known != common.end()) return known->second;
    return std::min(std::exp2(-bits), 5e-5);
}

std::size_t rarest_key(std::string_view text) noexcept {
    std::size_t best = 0;
    for (std::size_t i = 1; i + key_bytes <= text.size(); ++i) {
        if (likelihood(text.substr(i, key_bytes)) < likelihood(text.substr(best, key_bytes))) {
            best = i;
        }
    }
    return best;
}

double cost(const std::vector<Required>& strings) noexcept {
    double sum = 0;
    for (const Required& string : strings) {
        const std::string_view text = string.text;
        // Of strings with the same key a longer one is met less often.
        const double length = static_cast<double>(text.size());
        sum += (likelihood(text.substr(rarest_key(text), key_bytes)) + 1e-8) * (1 + 4 / length);
    }
    return sum;
}

std::optional<std::vector<Required>> required_strings(const RegexNode& node) {
    RegexNode whole;
    whole.kind = Kind::sequence;
    flatten(node, whole.children);
    auto best = best_of(whole, {});
    // One that is met in any case makes all so: proofs know no other difference.
    const auto nocase = [](const Required& string) { return string.nocase; };
    if (best && std::any_of(best->begin(), best->end(), nocase)) {
        for (Required& string : *best) {
            string.nocase = true;
            std::transform(string.text.begin(), string.text.end(), string.text.begin(), lower);
        }
    }
    return best;
}

}  // namespace stratascan::sieve
