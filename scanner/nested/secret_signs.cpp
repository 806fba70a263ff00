#include "scanner/nested/secret_signs.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>

#include "scanner/match/views/letters.hpp"

namespace stratascan::nested {

namespace {

// The shortest token that any rule knows, about; random ones have a digit.
constexpr std::size_t shortest_token = 16;
constexpr std::size_t longest_plain_name = 256;
constexpr std::size_t block_bytes = 64;  // that are looked at at once

enum Kind : std::uint8_t { other = 0, lower_case = 1, upper_case = 2, digit = 4, mark = 8 };

// Of base64 in both its alphabets without "+" and "/": what is random goes on behind those, and
// paths and names of classes are more.
constexpr std::array<std::uint8_t, 256> kinds = [] {
    std::array<std::uint8_t, 256> made{};
    for (unsigned byte = 'a'; byte <= 'z'; ++byte) {
        made[byte] = lower_case;
        made[byte - 32] = upper_case;
    }
    for (unsigned byte = '0'; byte <= '9'; ++byte) made[byte] = digit;
    for (const char byte : {'_', '-'}) made[static_cast<unsigned char>(byte)] = mark;
    return made;
}();

constexpr std::uint8_t kind_of(char byte) { return kinds[static_cast<unsigned char>(byte)]; }

constexpr unsigned char lower(char byte) { return static_cast<unsigned char>(byte) | 0x20U; }

// A bit for each byte of a block.
struct BlockBits {
    std::uint64_t token = 0;   // of any kind but `other`
    std::uint64_t digits = 0;
    std::uint64_t p = 0;       // of either case, as is
    std::uint64_t s_or_d = 0;
};

#if defined(__SSE2__)

BlockBits bits_of(const char* block) {
    BlockBits bits;
    const auto is = [](__m128i bytes, char one) {
        return _mm_cmpeq_epi8(bytes, _mm_set1_epi8(one));
    };
    const auto mask = [](__m128i found) {
        return std::uint64_t{static_cast<std::uint16_t>(_mm_movemask_epi8(found))};
    };
    for (std::size_t at = 0; at < block_bytes; at += 16) {
        __m128i bytes;
        __builtin_memcpy(&bytes, block + at, sizeof(bytes));
        const __m128i small = _mm_or_si128(bytes, _mm_set1_epi8(0x20));
        const __m128i digits = views::LetterBlock::within(bytes, '0', '9');
        const __m128i marks = _mm_or_si128(is(bytes, '_'), is(bytes, '-'));
        const __m128i letters = views::LetterBlock::within(small, 'a', 'z');
        const __m128i token = _mm_or_si128(_mm_or_si128(digits, marks), letters);
        bits.token |= mask(token) << at;
        bits.digits |= mask(digits) << at;
        bits.p |= mask(is(small, 'p')) << at;
        bits.s_or_d |= mask(_mm_or_si128(is(small, 's'), is(small, 'd'))) << at;
    }
    return bits;
}

#else

BlockBits bits_of(const char* block) {
    BlockBits bits;
    for (std::size_t at = 0; at < block_bytes; ++at) {
        const char byte = block[at];
        const auto bit = [&](bool set) { return std::uint64_t{set ? 1U : 0U} << at; };
        bits.token |= bit(kind_of(byte) != other);
        bits.digits |= bit(kind_of(byte) == digit);
        bits.p |= bit(lower(byte) == 'p');
        bits.s_or_d |= bit(lower(byte) == 's' || lower(byte) == 'd');
    }
    return bits;
}

#endif

// Names in code are words, with a number here and there, as utf8String and W32_LONG_NAME. Of 16
// random letters and digits, four stand beside one of another kind than themselves in digits,
// and ten in that or in case.
bool looks_random(std::string_view run) {
    std::size_t beside_digits = 0, changes = 0;
    bool digits = false;
    for (std::size_t at = 1; at < run.size(); ++at) {
        const std::uint8_t before = kind_of(run[at - 1]), now = kind_of(run[at]);
        digits = digits || ((before | now) & digit) != 0;
        if (before == now || ((before | now) & mark) != 0) continue;
        ++changes;
        if (((before | now) & digit) != 0) ++beside_digits;
    }
    return beside_digits >= 3 || (digits && changes * 20 > run.size() * 9);
}

// The run that the byte at `at` is in, as far as it is near.
std::string_view run_round(std::string_view bytes, std::size_t at) {
    constexpr std::size_t near = 64;
    const std::size_t first = at < near ? 0 : at - near;
    const std::size_t last = std::min(at + shortest_token + near, bytes.size());
    std::size_t begin = at, end = at;
    while (begin > first && kind_of(bytes[begin - 1]) != other) --begin;
    while (end < last && kind_of(bytes[end]) != other) ++end;
    return bytes.substr(begin, end - begin);
}

// Where in a block runs of `shortest_token` begin.
std::uint64_t run_begins(std::uint64_t token, std::uint64_t next) {
    static_assert(shortest_token == 16);
    std::uint64_t run = token & ((token >> 1) | (next << 63));
    next &= next >> 1;
    run &= (run >> 2) | (next << 62);
    next &= next >> 2;
    run &= (run >> 4) | (next << 60);
    next &= next >> 4;
    return run & ((run >> 8) | (next << 56));
}

// Whether the run that begins at `at`, the lowest of `begins`, has a digit in the two blocks.
bool has_digit(std::uint64_t digits, std::uint64_t next, unsigned at, std::uint64_t begins) {
    const auto end = at + static_cast<unsigned>(std::countr_one(begins >> at)) + shortest_token - 1;
    const auto low = [](std::size_t count) {
        return count >= block_bytes ? ~std::uint64_t{0} : (std::uint64_t{1} << count) - 1;
    };
    if (((digits >> at) & low(end - at)) != 0) return true;
    return end > block_bytes && (next & low(end - block_bytes)) != 0;
}

// As names of passwords begin or end: passw(or)d, passphrase, passcode, db_pass, pwd.
bool names_password_at(std::string_view bytes, std::size_t at) {
    const auto byte = [&](std::size_t further) {
        return at + further < bytes.size() ? lower(bytes[at + further]) : '\0' | 0x20;
    };
    if (byte(1) == 'w') return byte(2) == 'd';
    if (byte(1) != 'a' || byte(2) != 's' || byte(3) != 's') return false;
    const auto last = byte(4);
    if (last == 'w' || last == 'p' || last == 'c') return true;
    // A blank has the same bit as a letter's case: prose has "pass the".
    const bool blank = at + 4 < bytes.size() && bytes[at + 4] == ' ';
    if (last < 'a' || last > 'z') return !blank;
    // Behind a name in a .pyc the kind of the next object stands, a letter, and its length.
    return std::string_view("zsruntaigf").contains(static_cast<char>(last)) &&
           at + 5 < bytes.size() && (byte(5) < 'a' || byte(5) > 'z') && bytes[at + 5] != ' ';
}

enum class Sign : std::uint8_t { token = 1, password = 2, any = 3 };

template <Sign wanted>
bool has(std::string_view bytes) {
    constexpr bool tokens = (static_cast<unsigned>(wanted) & 1U) != 0;
    constexpr bool passwords = (static_cast<unsigned>(wanted) & 2U) != 0;
    const auto block = [&](std::size_t at) -> BlockBits {
        if (at >= bytes.size()) return {};
        if (bytes.size() - at >= block_bytes) return bits_of(bytes.data() + at);
        std::array<char, block_bytes> last{};
        std::ranges::copy(bytes.substr(at), last.begin());
        return bits_of(last.data());
    };
    std::uint64_t digits_before = 0;
    BlockBits here = block(0);
    for (std::size_t begin = 0; begin < bytes.size(); begin += block_bytes) {
        const BlockBits next = block(begin + block_bytes);
        if constexpr (passwords) {
            std::uint64_t left = here.p & ((here.s_or_d >> 2) | (next.s_or_d << 62));
            for (; left != 0; left &= left - 1) {
                const auto at = static_cast<std::size_t>(std::countr_zero(left));
                if (names_password_at(bytes, begin + at)) return true;
            }
        }
        if constexpr (tokens) {
            std::uint64_t left = run_begins(here.token, next.token);
            while (left != 0) {
                const auto at = static_cast<unsigned>(std::countr_zero(left));
                // What began in the block before may have its digits there.
                const bool digits = (at == 0 && digits_before != 0) ||
                                    has_digit(here.digits, next.digits, at, left);
                if (digits && looks_random(run_round(bytes, begin + at))) return true;
                // The lowest bit, added to its row, turns that to nothing.
                left &= left + (left & -left);
            }
            digits_before = here.digits;
        }
        here = next;
    }
    return false;
}

bool has_url_password(std::string_view value) {
    const std::size_t host = value.rfind('@');
    return host != value.npos && value.substr(0, host).contains("://");
}

}  // namespace

bool may_hold_secret(std::string_view file) { return has<Sign::any>(file); }

bool names_password(std::string_view bytes) { return has<Sign::password>(bytes); }

bool may_be_secret(std::string_view value) {
    const bool token = value.size() >= shortest_token && has<Sign::token>(value);
    return token || has_url_password(value) ||
           (value.find('=') != value.npos && names_password(value));
}

bool may_be_name(std::string_view text) {
    return text.size() <= longest_plain_name &&
           std::ranges::none_of(text, [](char c) { return static_cast<unsigned char>(c) <= ' '; });
}

}  // namespace stratascan::nested
