// Any bytes as the headers of one member of a tar: the blocks of extended headers and the
// member's own. Whole blocks of honest ustar raise no doubt, and what is told is a reason.
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "scanner/layer/tar_ambiguity.hpp"
#include "scanner/source/tar_header.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace stratascan;
    // A copy that ends where the bytes do, so that a sanitizer sees every step beyond.
    const std::string headers(reinterpret_cast<const char*>(data), size);
    for (const char c : layer::tar_ambiguity(headers)) {
        if (c < ' ' || c > '~') __builtin_trap();
    }
    static_cast<void>(source::parse_pax_records(headers));
    for (std::size_t at = 0; at + source::tar_block_bytes <= size;
         at += source::tar_block_bytes) {
        const auto block = std::as_bytes(std::span(headers)).subspan(at);
        const auto header = source::parse_tar_header(block.first<source::tar_block_bytes>());
        if (header && header->name.size() > 256) __builtin_trap();
    }
    return 0;
}
