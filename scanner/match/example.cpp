// The drawn values come from xoshiro256** (Blackman and Vigna), seeded through
// splitmix64: small, the same on every platform, and good enough to look drawn.
// The standard library's distributions are not used, for they may differ between
// implementations, and an example has to be the same everywhere.
#include "scanner/match/example.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <charconv>
#include <cmath>

#include <fmt/format.h>
#include <openssl/evp.h>

#include "scanner/evidence/codec.hpp"
#include "scanner/evidence/pem.hpp"
#include "scanner/evidence/evidence.hpp"
#include "scanner/match/example_key.hpp"
#include "scanner/match/example_keystore.hpp"
#include "scanner/match/example_pgp.hpp"

namespace stratascan::match {

namespace {

constexpr auto npos = std::string_view::npos;
constexpr std::size_t most_drawn = 65536;
constexpr std::size_t largest_example = std::size_t{1} << 20U;

constexpr std::string_view lower = "abcdefghijklmnopqrstuvwxyz";
constexpr std::string_view upper = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
constexpr std::string_view digits = "0123456789";
constexpr std::string_view symbols = "!#%*+-";

class Random {
public:
    explicit Random(std::uint64_t seed) noexcept {
        for (std::uint64_t& word : state_) {
            seed += 0x9e3779b97f4a7c15U;
            std::uint64_t mixed = seed;
            mixed = (mixed ^ (mixed >> 30U)) * 0xbf58476d1ce4e5b9U;
            mixed = (mixed ^ (mixed >> 27U)) * 0x94d049bb133111ebU;
            word = mixed ^ (mixed >> 31U);
        }
    }

    std::uint64_t next() noexcept {
        const std::uint64_t result = std::rotl(state_[1] * 5U, 7) * 9U;
        const std::uint64_t shifted = state_[1] << 17U;
        state_[2] ^= state_[0];
        state_[3] ^= state_[1];
        state_[1] ^= state_[2];
        state_[0] ^= state_[3];
        state_[2] ^= shifted;
        state_[3] = std::rotl(state_[3], 45);
        return result;
    }

    std::size_t below(std::size_t bound) noexcept {
        return static_cast<std::size_t>(next() % bound);
    }

    std::string bytes(std::size_t size) {
        std::string text(size, '\0');
        for (char& c : text) c = static_cast<char>(next() >> 56U);
        return text;
    }

    std::string characters(std::string_view alphabet, std::size_t size) {
        std::string text(size, '\0');
        for (char& c : text) c = alphabet[below(alphabet.size())];
        return text;
    }

private:
    std::array<std::uint64_t, 4> state_{};
};

bool has_any_of(std::string_view text, std::string_view set) noexcept {
    return text.find_first_of(set) != npos;
}

/// Whether a drawn text looks like one. Long draws nearly always do; short ones
/// now and then repeat themselves or lack a kind of character, and a rule's
/// example must not fail for that.
bool looks_drawn(std::string_view text, std::string_view alphabet) {
    if (text.size() < 4) return true;
    const double spread = std::log2(static_cast<double>(std::min(text.size(), alphabet.size())));
    if (evidence::entropy(text) < 0.8 * spread) return false;
    if (!evidence::placeholder_reason(text).empty()) return false;
    constexpr std::size_t every_kind_from = 8;
    if (text.size() < every_kind_from) return true;
    for (const std::string_view kind : {lower, upper, digits}) {
        if (has_any_of(alphabet, kind) && !has_any_of(text, kind)) return false;
    }
    return true;
}

/// A letter or digit at each end lets the word boundaries of a rule hold.
bool word_like(char c) noexcept { return evidence::is_alnum(c) || c == '_'; }

std::string drawn(Random& random, std::string_view alphabet, std::size_t size) {
    constexpr int most_tries = 200;
    std::string text;
    for (int attempt = 0; attempt < most_tries; ++attempt) {
        text = random.characters(alphabet, size);
        if (looks_drawn(text, alphabet) && word_like(text.front()) && word_like(text.back())) {
            break;
        }
    }
    return text;
}

std::string password(Random& random, std::size_t size) {
    const std::string plain = fmt::format("{}{}{}", lower, upper, digits);
    const std::string all = plain + std::string(symbols);
    std::string text;
    do {
        text = random.characters(all, size);
        text.front() = lower[random.below(lower.size())];
        text.back() = digits[random.below(digits.size())];
        text[1 + random.below(size - 2)] = symbols[random.below(symbols.size())];
    } while (size >= 6 && !evidence::placeholder_reason(text).empty());
    return text;
}

struct Alphabet {
    std::string_view name;
    std::string_view characters;
};

constexpr std::array<Alphabet, 13> alphabets = {
    {{"alnum", evidence::base62_digits},
     {"alpha", "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"},
     {"lower", lower},
     {"upper", upper},
     {"digit", digits},
     {"hex", "0123456789abcdef"},
     {"HEX", "0123456789ABCDEF"},
     {"base32", "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"},
     {"lowernum", "abcdefghijklmnopqrstuvwxyz0123456789"},
     {"uppernum", "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"},
     {"b64", evidence::base64_digits},
     {"b64url", evidence::base64url_digits},
     {"word", "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_"}}};

std::string uuid(Random& random) {
    std::string bytes = random.bytes(16);
    bytes[6] = static_cast<char>((static_cast<unsigned char>(bytes[6]) & 0x0FU) | 0x40U);
    bytes[8] = static_cast<char>((static_cast<unsigned char>(bytes[8]) & 0x3FU) | 0x80U);
    const std::string text = evidence::hex(bytes);
    return fmt::format("{}-{}-{}-{}-{}", text.substr(0, 8), text.substr(8, 4), text.substr(12, 4),
                       text.substr(16, 4), text.substr(20));
}

std::string jwt(Random& random) {
    const auto part = [](std::string_view text) {
        return evidence::encode_base64(text, evidence::base64url_digits, false);
    };
    const std::uint64_t issued = 1700000000U + random.below(100000000U);
    const std::string payload =
        fmt::format(R"({{"iss":"https://id.{}.internal","sub":"{}","iat":{},"exp":{}}})",
                    drawn(random, lower, 8), uuid(random), issued, issued + 31536000U);
    return part(R"({"alg":"HS256","typ":"JWT"})") + "." + part(payload) + "." +
           part(random.bytes(32));
}

std::string crc_hex(std::string_view text, std::string_view hex_digits) {
    return evidence::in_base(evidence::crc32(text), hex_digits, 8);
}

constexpr std::string_view lower_hex = "0123456789abcdef";
constexpr std::string_view upper_hex = "0123456789ABCDEF";

std::string age(Random& random) {
    std::string text = evidence::encode_bech32("age-secret-key-", random.bytes(32));
    std::transform(text.begin(), text.end(), text.begin(), [](char c) {
        return evidence::is_lower(c) ? static_cast<char>(c - 'a' + 'A') : c;
    });
    return text;
}

std::string grafana(Random& random) {
    const std::string body = "glsa_" + drawn(random, evidence::base62_digits, 32);
    return body + "_" + evidence::hex(evidence::little_endian(evidence::crc32(body)));
}

std::string atlassian(Random& random) {
    const std::string body =
        "ATATT3xFfGF0" + drawn(random, evidence::base64url_digits, 171) + "=";
    return body + crc_hex(body, upper_hex);
}

std::string bitbucket(Random& random) {
    const std::string body = "ATBB" + drawn(random, evidence::base62_digits, 24);
    return body + crc_hex(body, upper_hex);
}

std::string confluent(Random& random) {
    const std::string body = drawn(random, evidence::base64_digits, 54);
    const std::string sum =
        evidence::encode_base64(evidence::little_endian(evidence::crc32(body)));
    return "cflt" + body + sum.substr(0, 6);
}

std::string gitlab(Random& random) {
    // The two digits before the checksum are the payload's length in base 36.
    constexpr std::size_t size = 43;
    const std::string body = "glpat-" + drawn(random, evidence::base64url_digits, size) + ".01." +
                             evidence::in_base(size, evidence::base36_digits, 2);
    return body + evidence::in_base(evidence::crc32(body), evidence::base36_digits, 7);
}

std::string zuplo(Random& random) {
    const std::string body = drawn(random, evidence::base62_digits, 32);
    return "zpka_" + body + "_" + crc_hex(body, lower_hex);
}

std::string base58check(std::string payload) {
    payload += evidence::sha256(evidence::sha256(payload)).substr(0, 4);
    return evidence::encode_base58(payload);
}

// BIP 32: version, depth, parent, number, chain code, and the key behind a zero.
std::string xprv(Random& random) {
    return base58check(std::string("\x04\x88\xad\xe4", 4) + std::string(9, '\0') +
                       random.bytes(32) + '\0' + random.bytes(32));
}

std::string wif(Random& random) { return base58check('\x80' + random.bytes(32) + '\1'); }

std::string solana_bytes(Random& random) {
    std::string bytes = random.bytes(32);
    EVP_PKEY* const key = EVP_PKEY_new_raw_private_key(
        EVP_PKEY_ED25519, nullptr, reinterpret_cast<const unsigned char*>(bytes.data()), 32);
    bytes.resize(64);
    std::size_t size = 32;
    EVP_PKEY_get_raw_public_key(key, reinterpret_cast<unsigned char*>(&bytes[32]), &size);
    EVP_PKEY_free(key);
    return bytes;
}

std::string solana(Random& random) { return evidence::encode_base58(solana_bytes(random)); }

std::string solana_list(Random& random) {
    std::string list;
    for (const char byte : solana_bytes(random)) {
        if (!list.empty()) list += ',';
        list += std::to_string(static_cast<unsigned char>(byte));
    }
    return list;
}

struct Whole {
    std::string_view name;
    std::string (*make)(Random&);
};
constexpr std::array<Whole, 13> wholes = {{{"uuid", uuid},
                                          {"jwt", jwt},
                                          {"age", age},
                                          {"grafana", grafana},
                                          {"atlassian", atlassian},
                                          {"bitbucket", bitbucket},
                                          {"confluent", confluent},
                                          {"gitlab", gitlab},
                                          {"zuplo", zuplo},
                                          {"xprv", xprv},
                                          {"wif", wif},
                                          {"solana", solana},
                                          {"solana-list", solana_list}}};

std::string escaped_lines(std::string_view text) {
    std::string escaped;
    for (const char c : text) {
        if (c == '\n') {
            escaped += "\\n";
        } else {
            escaped.push_back(c);
        }
    }
    return escaped;
}

std::unexpected<Error> unknown(std::string_view placeholder) {
    return fail(ErrorCode::invalid_argument,
                "unknown placeholder {{" + evidence::printable(placeholder, 40) + "}}");
}

class Expander {
public:
    explicit Expander(std::uint64_t seed) noexcept : random_(seed) {}

    /// Replaces each placeholder between `open` and `close`.
    Result<std::string> expand(std::string_view text, std::string_view open,
                               std::string_view close) {
        std::string expanded;
        while (true) {
            const std::size_t at = text.find(open);
            expanded.append(text.substr(0, at));
            if (at == npos) return expanded;
            const std::size_t end = text.find(close, at + open.size());
            if (end == npos) {
                return fail(
                    ErrorCode::invalid_argument,
                    "placeholder without an end: " + evidence::printable(text.substr(at), 40));
            }
            auto filled = fill(text.substr(at + open.size(), end - at - open.size()));
            if (!filled) return filled;
            expanded += *filled;
            if (expanded.size() > largest_example) {
                return fail(ErrorCode::over_limit, "example is larger than 1 MiB");
            }
            previous_ = std::move(*filled);
            text.remove_prefix(end + close.size());
        }
    }

private:
    Result<std::string> fill(std::string_view placeholder) {
        const std::size_t colon = placeholder.find(':');
        const std::string_view kind = placeholder.substr(0, colon);
        if (colon == npos) return fill_whole(kind);
        const std::string_view argument = placeholder.substr(colon + 1);
        if (kind == "lit") return std::string(argument);
        if (kind == "b64of") return fill_base64(argument);
        if (kind == "pem" || kind == "pem-escaped") {
            const std::string key = example_key(argument);
            if (key.empty()) return unknown(placeholder);
            return kind == "pem" ? key : escaped_lines(key);
        }
        if (kind == "der") {
            const auto pem = evidence::read_pem(example_key(argument));
            if (!pem) return unknown(placeholder);
            return std::string(pem->body.view());
        }
        if (kind == "pgp") {
            std::string packet = example_pgp(argument, random_.bytes(2048));
            if (packet.empty()) return unknown(placeholder);
            return packet;
        }
        if (kind == "keystore") {
            std::string store = example_keystore(argument);
            if (store.empty()) return unknown(placeholder);
            return store;
        }
        return fill_drawn(placeholder, kind, argument);
    }

    Result<std::string> fill_whole(std::string_view kind) {
        for (const Whole& whole : wholes) {
            if (whole.name == kind) return whole.make(random_);
        }
        if (kind != "crc32b62") return unknown(kind);
        if (previous_.empty()) {
            return fail(ErrorCode::invalid_argument,
                        "{{crc32b62}} has no placeholder before it to sum up");
        }
        return evidence::in_base(evidence::crc32(previous_), evidence::base62_digits, 6);
    }

    Result<std::string> fill_base64(std::string_view text) {
        auto inner = expand(text, "[[", "]]");
        if (!inner) return inner;
        return evidence::encode_base64(*inner);
    }

    Result<std::string> fill_drawn(std::string_view placeholder, std::string_view kind,
                                   std::string_view argument) {
        std::size_t size = 0;
        const auto parsed =
            std::from_chars(argument.data(), argument.data() + argument.size(), size);
        const bool whole = parsed.ec == std::errc{} &&
                           parsed.ptr == argument.data() + argument.size();
        const std::size_t least = kind == "password" ? 3 : 1;
        if (!whole || size < least || size > most_drawn) return unknown(placeholder);
        if (kind == "password") return password(random_, size);
        for (const Alphabet& alphabet : alphabets) {
            if (alphabet.name == kind) return drawn(random_, alphabet.characters, size);
        }
        return unknown(placeholder);
    }

    Random random_;
    std::string previous_;
};

}  // namespace

Result<std::string> expand_example(std::string_view text_template, std::uint64_t seed) {
    return Expander(seed).expand(text_template, "{{", "}}");
}

}  // namespace stratascan::match
