#include "scanner/store/hex.hpp"

namespace stratascan::store {

namespace {

constexpr std::string_view prefix = "hmac-sha256:";
constexpr std::string_view digits = "0123456789abcdef";
constexpr std::size_t hmac_size = 32;

}  // namespace

std::string hmac_bytes(std::string_view secret_id) {
    const bool named = secret_id.starts_with(prefix);
    const std::string_view hex = named ? secret_id.substr(prefix.size()) : std::string_view();
    if (hex.size() != 2 * hmac_size || hex.find_first_not_of(digits) != hex.npos) {
        return std::string(secret_id);
    }
    std::string bytes;
    for (std::size_t at = 0; at < hex.size(); at += 2) {
        bytes += static_cast<char>(digits.find(hex[at]) << 4U | digits.find(hex[at + 1]));
    }
    return bytes;
}

std::string hmac_text(std::string_view bytes) {
    if (bytes.size() != hmac_size) return std::string(bytes);
    std::string text(prefix);
    for (const char c : bytes) {
        const auto byte = static_cast<unsigned char>(c);
        text += digits[byte >> 4U];
        text += digits[byte & 15U];
    }
    return text;
}

}  // namespace stratascan::store
