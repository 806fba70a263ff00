#include "scanner/image/cbor.hpp"

#include <limits>

namespace stratascan::image {

namespace {

constexpr unsigned major_number = 0, major_negative = 1, major_bytes = 2, major_text = 3,
                   major_array = 4, major_map = 5, major_tag = 6, major_simple = 7;

class Parser {
public:
    explicit Parser(std::string_view bytes) : rest_(bytes) {}

    [[nodiscard]] std::optional<CborValue> whole() {
        CborValue value;
        if (!read(value, 0) || !rest_.empty()) return std::nullopt;
        return value;
    }

private:
    struct Head {
        unsigned major = 0;
        std::uint64_t argument = 0;
    };

    std::optional<Head> head() {
        if (rest_.empty()) return std::nullopt;
        const unsigned first = static_cast<unsigned char>(rest_.front());
        rest_.remove_prefix(1);
        Head head{first >> 5U, first & 0x1fU};
        if (head.argument < 24) return head;
        // 24 to 27: the argument follows in 1, 2, 4 or 8 bytes; above is reserved or endless.
        if (head.argument > 27) return std::nullopt;
        const std::size_t width = std::size_t{1} << (head.argument - 24);
        if (rest_.size() < width) return std::nullopt;
        if (head.major == major_simple && width > 1) return std::nullopt;
        head.argument = 0;
        for (std::size_t i = 0; i < width; ++i) {
            head.argument = head.argument << 8U | static_cast<unsigned char>(rest_[i]);
        }
        rest_.remove_prefix(width);
        return head;
    }

    bool read_items(CborValue& value, std::uint64_t count, int depth) {
        // Each takes a byte at least.
        if (count > rest_.size()) return false;
        for (std::uint64_t i = 0; i < count; ++i) {
            if (!read(value.items.emplace_back(), depth + 1)) return false;
        }
        return true;
    }

    bool read(CborValue& value, int depth) {
        if (depth > deepest_cbor || ++values_ > most_cbor_values) return false;
        const auto at = head();
        if (!at) return false;
        constexpr auto most = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());
        switch (at->major) {
            case major_number:
            case major_negative: {
                if (at->argument > most) return false;
                const auto number = static_cast<std::int64_t>(at->argument);
                value.kind = CborValue::Kind::number;
                value.number = at->major == major_number ? number : -1 - number;
                return true;
            }
            case major_bytes:
            case major_text:
                if (at->argument > rest_.size()) return false;
                value.kind = at->major == major_bytes ? CborValue::Kind::bytes
                                                      : CborValue::Kind::text;
                value.text = rest_.substr(0, at->argument);
                rest_.remove_prefix(at->argument);
                return true;
            case major_array:
                value.kind = CborValue::Kind::array;
                return read_items(value, at->argument, depth);
            case major_map:
                value.kind = CborValue::Kind::map;
                return at->argument <= most_cbor_values &&
                       read_items(value, 2 * at->argument, depth);
            case major_tag:
                if (!read(value, depth + 1)) return false;
                if (!value.tag) value.tag = at->argument;
                return true;
            default:
                value.kind = CborValue::Kind::simple;
                value.number = static_cast<std::int64_t>(at->argument);
                return true;
        }
    }

    std::string_view rest_;
    std::size_t values_ = 0;
};

bool same_key(const CborValue& a, const CborValue& b) {
    return a.kind == b.kind && a.number == b.number && a.text == b.text;
}

}  // namespace

const CborValue* CborValue::find(std::int64_t key) const {
    for (std::size_t i = 0; kind == Kind::map && i + 1 < items.size(); i += 2) {
        if (items[i].kind == Kind::number && items[i].number == key) return &items[i + 1];
    }
    return nullptr;
}

const CborValue* CborValue::find(std::string_view key) const {
    for (std::size_t i = 0; kind == Kind::map && i + 1 < items.size(); i += 2) {
        if (items[i].kind == Kind::text && items[i].text == key) return &items[i + 1];
    }
    return nullptr;
}

bool CborValue::repeats_a_key() const {
    for (std::size_t i = 0; kind == Kind::map && i < items.size(); i += 2) {
        for (std::size_t j = 0; j < i; j += 2) {
            if (same_key(items[i], items[j])) return true;
        }
    }
    return false;
}

std::optional<CborValue> parse_cbor(std::string_view bytes) { return Parser(bytes).whole(); }

std::string cbor_head(unsigned major, std::uint64_t argument) {
    const auto first = [&](std::uint64_t low) {
        return static_cast<char>(major << 5U | static_cast<unsigned>(low));
    };
    if (argument < 24) return {first(argument)};
    std::size_t power = 0;
    while (power < 3 && argument >> (8U << power) != 0) ++power;
    std::string head = {first(24 + power)};
    for (std::size_t left = std::size_t{1} << power; left-- > 0;) {
        head += static_cast<char>(argument >> (8 * left));
    }
    return head;
}

}  // namespace stratascan::image
