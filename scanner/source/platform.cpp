// Names of operating systems and architectures are Go's GOOS and GOARCH (image
// specification, image-index.md); the aliases are those that uname(1), Debian
// and older tools write. A plain "arm" means ARMv7 to the runtimes.
#include "scanner/source/platform.hpp"

#include <algorithm>
#include <array>
#include <utility>
#include <vector>

namespace stratascan::source {

namespace {

struct Alias {
    std::string_view name, arch, variant;
};

constexpr std::array<Alias, 9> aliases = {{{"x86_64", "amd64", ""},
                                           {"x86-64", "amd64", ""},
                                           {"aarch64", "arm64", ""},
                                           {"armhf", "arm", "v7"},
                                           {"armel", "arm", "v6"},
                                           {"i386", "386", ""},
                                           {"i486", "386", ""},
                                           {"i586", "386", ""},
                                           {"i686", "386", ""}}};

void lower(std::string& text) {
    std::ranges::transform(text, text.begin(), [](char c) {
        return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    });
}

bool is_name(std::string_view text) noexcept {
    return text.size() <= 32 && std::ranges::all_of(text, [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
               c == '.' || c == '_' || c == '-';
    });
}

std::string_view effective_variant(const Platform& platform) noexcept {
    if (platform.arch == "arm" && platform.variant.empty()) return "v7";
    return platform.variant;
}

}  // namespace

bool Platform::known() const noexcept {
    return !os.empty() && !arch.empty() && os != "unknown" && arch != "unknown" && is_name(os) &&
           is_name(arch) && is_name(variant);
}

std::string Platform::text() const {
    if (!known()) return {};
    return os + '/' + arch + (variant.empty() ? "" : '/' + variant);
}

Platform normalise_platform(Platform platform) {
    lower(platform.os);
    lower(platform.arch);
    lower(platform.variant);
    for (const Alias& alias : aliases) {
        if (platform.arch != alias.name) continue;
        platform.arch = alias.arch;
        if (platform.variant.empty()) platform.variant = alias.variant;
        break;
    }
    if (!platform.variant.empty() && platform.variant.front() >= '0' &&
        platform.variant.front() <= '9') {
        platform.variant.insert(0, 1, 'v');
    }
    const bool says_nothing = (platform.arch == "arm64" && platform.variant == "v8") ||
                              (platform.arch == "amd64" && platform.variant == "v1");
    if (says_nothing) platform.variant.clear();
    return platform;
}

Result<Platform> parse_platform(std::string_view text) {
    std::vector<std::string> parts(1);
    for (const char c : text) {
        if (c == '/') {
            parts.emplace_back();
        } else {
            parts.back() += c;
        }
    }
    const bool empty_part = std::ranges::any_of(parts, [](const auto& p) { return p.empty(); });
    if (parts.size() < 2 || parts.size() > 3 || empty_part) {
        return fail(ErrorCode::invalid_argument, "not a platform", std::string(text.substr(0, 80)),
                    "write os/arch or os/arch/variant, as in linux/arm64");
    }
    Platform platform =
        normalise_platform({parts[0], parts[1], parts.size() == 3 ? parts[2] : ""});
    if (!platform.known()) {
        return fail(ErrorCode::invalid_argument, "not a platform", {},
                    "write os/arch or os/arch/variant, as in linux/arm64");
    }
    return platform;
}

bool platform_matches(const Platform& asked, const Platform& offered) {
    if (asked.os != offered.os || asked.arch != offered.arch) return false;
    return asked.variant.empty() || asked.variant == effective_variant(offered);
}

}  // namespace stratascan::source
