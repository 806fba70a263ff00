// Deflate (RFC 1951) in the plainest way, a bit at a time, to hold fast decoders against. It is
// strict but for one thing: a Huffman code may be incomplete. Such a code leaves some rows of bits
// without a symbol and gives every other row exactly one, so what it decodes to is not in doubt;
// zlib refuses it all the same, ISA-L takes it as long as no row without a symbol comes up.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace stratascan::test {

/// What came of a stream: `used` is where it ends, and nothing where it is damaged, cut off, or has
/// more than `most_output` bytes (then `full`).
struct PlainInflated {
    std::string output;
    std::optional<std::size_t> used;
    bool full = false;
};

class PlainInflate {
public:
    PlainInflate(std::string_view in, std::size_t most_output)
        : in_(in), most_output_(most_output) {}

    PlainInflated run() {
        bool last = false, sound = true;
        while (sound && !last) {
            last = bits(1) != 0;
            switch (bits(2)) {
                case 0: sound = stored(); break;
                case 1: sound = fixed(); break;
                case 2: sound = dynamic(); break;
                default: sound = false;
            }
            sound = sound && !cut_off_;
        }
        if (sound) made_.used = (at_ + 7) / 8;
        return std::move(made_);
    }

private:
    /// Symbols in the order of their codes: by length, then by number.
    struct Huffman {
        std::array<unsigned, 16> of_length{};
        std::vector<unsigned> symbols;
        bool too_many = false;  // codes, so that some would have two meanings

        Huffman(const unsigned* lengths, unsigned count) {
            for (unsigned length = 1; length < 16; ++length) {
                for (unsigned symbol = 0; symbol < count; ++symbol) {
                    if (lengths[symbol] != length) continue;
                    ++of_length[length];
                    symbols.push_back(symbol);
                }
            }
            int left = 1;
            for (unsigned length = 1; length < 16; ++length) {
                left = 2 * left - static_cast<int>(of_length[length]);
                if (left < 0) too_many = true;
                left = too_many ? 0 : left;
            }
        }
    };

    unsigned bits(unsigned count) {
        unsigned value = 0;
        for (unsigned i = 0; i < count; ++i, ++at_) {
            if (at_ / 8 >= in_.size()) {
                cut_off_ = true;
                return 0;
            }
            value |= (static_cast<unsigned char>(in_[at_ / 8]) >> at_ % 8 & 1U) << i;
        }
        return value;
    }

    std::optional<unsigned> symbol_of(const Huffman& huffman) {
        unsigned code = 0, first = 0, before = 0;
        for (unsigned length = 1; length < 16 && !cut_off_; ++length) {
            code = code << 1U | bits(1);
            first <<= 1U;
            const unsigned count = huffman.of_length[length];
            if (code < first + count) return huffman.symbols[before + (code - first)];
            first += count;
            before += count;
        }
        return std::nullopt;
    }

    bool put(char byte) {
        made_.full = made_.output.size() >= most_output_;
        if (!made_.full) made_.output += byte;
        return !made_.full;
    }

    bool stored() {
        at_ = (at_ + 7) / 8 * 8;
        const unsigned size = bits(16), inverse = bits(16);
        if (size != (inverse ^ 0xffffU)) return false;
        for (unsigned i = 0; i < size && !cut_off_; ++i) {
            const char byte = static_cast<char>(bits(8));
            if (!cut_off_ && !put(byte)) return false;
        }
        return true;
    }

    bool fixed() {
        std::array<unsigned, 288> lengths{};
        for (unsigned i = 0; i < 288; ++i) lengths[i] = i < 144 ? 8 : i < 256 ? 9 : i < 280 ? 7 : 8;
        std::array<unsigned, 30> distances{};
        distances.fill(5);
        return symbols({lengths.data(), 288}, {distances.data(), 30});
    }

    bool dynamic() {
        constexpr std::array<unsigned, 19> order = {16, 17, 18, 0, 8,  7, 9,  6, 10, 5,
                                                    11, 4,  12, 3, 13, 2, 14, 1, 15};
        const unsigned literals = bits(5) + 257, distances = bits(5) + 1, codes = bits(4) + 4;
        if (literals > 286 || distances > 30) return false;
        std::array<unsigned, 19> code_lengths{};
        for (unsigned i = 0; i < codes; ++i) code_lengths[order[i]] = bits(3);
        const Huffman code_code(code_lengths.data(), 19);
        std::array<unsigned, 286 + 30> lengths{};
        for (unsigned at = 0; at < literals + distances;) {
            const auto symbol = symbol_of(code_code);
            if (!symbol || code_code.too_many) return false;
            if (*symbol < 16) {
                lengths[at++] = *symbol;
                continue;
            }
            if (*symbol == 16 && at == 0) return false;
            const unsigned value = *symbol == 16 ? lengths[at - 1] : 0;
            const unsigned times = *symbol == 16   ? 3 + bits(2)
                                   : *symbol == 17 ? 3 + bits(3)
                                                   : 11 + bits(7);
            if (at + times > literals + distances) return false;
            for (unsigned i = 0; i < times; ++i) lengths[at++] = value;
        }
        if (lengths[256] == 0) return false;  // a block without an end
        return symbols({lengths.data(), literals}, {lengths.data() + literals, distances});
    }

    bool symbols(const Huffman& literals, const Huffman& distances) {
        if (literals.too_many || distances.too_many) return false;
        while (!cut_off_) {
            const auto symbol = symbol_of(literals);
            if (!symbol || *symbol > 285) return false;
            if (*symbol == 256) return true;
            if (*symbol < 256) {
                if (!put(static_cast<char>(*symbol))) return false;
            } else if (!copy(*symbol - 257, distances)) {
                return false;
            }
        }
        return false;
    }

    bool copy(unsigned number, const Huffman& distances) {
        // RFC 1951, 3.2.5: four codes for each further bit, the last length by a code alone.
        const unsigned more = number < 8 || number == 28 ? 0 : number / 4 - 1;
        const unsigned base = number < 8     ? 3 + number
                              : number == 28 ? 258
                                             : 3 + ((4 + number % 4) << more);
        const unsigned length = base + bits(more);
        const auto symbol = symbol_of(distances);
        if (!symbol || *symbol > 29) return false;
        const unsigned further = *symbol < 4 ? 0 : *symbol / 2 - 1;
        const unsigned from = *symbol < 4 ? 1 + *symbol : 1 + ((2 + *symbol % 2) << further);
        const std::size_t distance = from + bits(further);
        if (cut_off_ || distance > made_.output.size()) return false;
        for (unsigned i = 0; i < length; ++i) {
            if (!put(made_.output[made_.output.size() - distance])) return false;
        }
        return true;
    }

    std::string_view in_;
    std::size_t most_output_;
    std::size_t at_ = 0;  // in bits
    bool cut_off_ = false;
    PlainInflated made_;
};

}  // namespace stratascan::test
