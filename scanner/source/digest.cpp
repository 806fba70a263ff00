// Digests follow the image specification's grammar (descriptor.md, "Digests"):
// algorithm ":" encoded, where the algorithm is made of lower-case letters,
// digits and the separators "+._-". Of the registered ones, SHA-256 and SHA-512
// are read. Upper-case hex is refused, as the specification does: the same blob
// must not have two names.
#include "scanner/source/digest.hpp"

#include <openssl/evp.h>

#include <algorithm>
#include <array>

namespace stratascan::source {

namespace {

bool is_lower_hex(std::string_view text) noexcept {
    return std::ranges::all_of(
        text, [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
}

bool is_algorithm(std::string_view text) noexcept {
    static constexpr std::string_view separators = "+._-";
    return !text.empty() && text.size() <= 32 && std::ranges::all_of(text, [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
               separators.find(c) != std::string_view::npos;
    });
}

}  // namespace

bool is_sha256_hex(std::string_view text) noexcept {
    return text.size() == 64 && is_lower_hex(text);
}

Result<Digest> parse_digest(std::string_view text) {
    const std::size_t colon = text.find(':');
    if (colon == std::string_view::npos || !is_algorithm(text.substr(0, colon))) {
        return fail(ErrorCode::malformed, "malformed digest");
    }
    const std::string_view algorithm = text.substr(0, colon);
    const std::string_view hex = text.substr(colon + 1);
    if (algorithm != "sha256" && algorithm != "sha512") {
        return fail(ErrorCode::unsupported, "unknown digest algorithm");
    }
    const std::size_t digits = algorithm == "sha256" ? 64 : 128;
    if (hex.size() != digits || !is_lower_hex(hex)) {
        return fail(ErrorCode::malformed, "malformed digest");
    }
    return Digest{std::string(algorithm), std::string(hex)};
}

Result<Digest> digest_of_blob_name(std::string_view name) {
    constexpr std::string_view folder = "blobs/";
    if (!name.starts_with(folder)) return fail(ErrorCode::malformed, "no blob name");
    std::string text(name.substr(folder.size()));
    const std::size_t slash = text.find('/');
    if (slash == std::string::npos) return fail(ErrorCode::malformed, "no blob name");
    text[slash] = ':';
    return parse_digest(text);
}

std::string compute_digest(std::string_view algorithm, std::string_view bytes) {
    const EVP_MD* const method = algorithm == "sha512" ? EVP_sha512() : EVP_sha256();
    std::array<unsigned char, EVP_MAX_MD_SIZE> value{};
    unsigned length = 0;
    if (EVP_Digest(bytes.data(), bytes.size(), value.data(), &length, method, nullptr) != 1) {
        return {};
    }
    constexpr std::string_view digits = "0123456789abcdef";
    std::string text(algorithm);
    text += ':';
    for (unsigned at = 0; at < length; ++at) {
        text += digits[value[at] >> 4U];
        text += digits[value[at] & 15U];
    }
    return text;
}

}  // namespace stratascan::source
