#include <fmt/format.h>
#include <openssl/sha.h>

#include <algorithm>

#include "scanner/layer/layer_result.hpp"

namespace stratascan::layer {

PathHash hash_path(std::string_view normalised) noexcept {
    std::array<unsigned char, SHA256_DIGEST_LENGTH> digest{};
    SHA256(reinterpret_cast<const unsigned char*>(normalised.data()), normalised.size(),
           digest.data());
    PathHash hash;
    std::copy_n(digest.begin(), hash.bytes.size(), hash.bytes.begin());
    return hash;
}

bool shorten_path(std::string& path, std::uint64_t most) {
    constexpr std::size_t digits = 16;
    if (path.size() <= most) return false;
    const PathHash hash = hash_path(path);
    std::size_t kept = static_cast<std::size_t>(most) - digits - 1;
    while (kept > 0 && (static_cast<unsigned char>(path[kept]) & 0xc0U) == 0x80U) --kept;
    path.resize(kept);
    path += '~';
    for (std::size_t i = 0; i < digits / 2; ++i) path += fmt::format("{:02x}", hash.bytes[i]);
    path.shrink_to_fit();
    return true;
}

std::string normalise_path(std::string_view raw) {
    std::string path;
    path.reserve(raw.size());
    std::size_t at = 0;
    while (at < raw.size()) {
        const std::size_t slash = std::min(raw.find('/', at), raw.size());
        const std::string_view part = raw.substr(at, slash - at);
        at = slash + 1;
        if (part.empty() || part == ".") continue;
        if (part == "..") {
            const std::size_t parent = path.rfind('/');
            path.resize(parent == std::string::npos ? 0 : parent);
            continue;
        }
        if (!path.empty()) path += '/';
        path += part;
    }
    return path;
}

std::string resolve_link(std::string_view path, std::string_view target) {
    if (target.starts_with('/')) return normalise_path(target);
    const std::size_t slash = path.rfind('/');
    std::string from(slash == path.npos ? std::string_view{} : path.substr(0, slash + 1));
    return normalise_path(from + std::string(target));
}

}  // namespace stratascan::layer
