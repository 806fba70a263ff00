// What a user or a stream may begin with: names of targets, platforms, digests,
// and the first bytes by which a stream is told.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <span>
#include <string_view>

#include "scanner/source/digest.hpp"
#include "scanner/source/platform.hpp"
#include "scanner/source/sniff.hpp"
#include "scanner/source/target.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace stratascan::source;
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    const TargetName name = parse_target(text);
    if (name.rest.size() > text.size()) std::abort();
    for (const auto& [path, reference] : split_reference(text)) {
        if (path.size() + reference.size() > text.size()) std::abort();
    }
    (void)looks_like_registry_reference(text);
    if (const auto platform = parse_platform(text)) {
        const auto again = parse_platform(platform->text());
        if (!again || again->text() != platform->text()) std::abort();
    }
    if (const auto digest = parse_digest(text)) {
        if (digest->text() != text || digest->blob_name().find("..") != std::string::npos) {
            std::abort();
        }
    }
    const auto start = std::as_bytes(std::span(data, size));
    (void)is_compressed(start);
    (void)looks_like_json(start);
    (void)starts_image_archive(start);
    return 0;
}
