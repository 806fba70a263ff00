#include "scanner/nested/git_pack.hpp"

namespace stratascan::nested {

std::optional<PackHeader> read_pack_header(std::string_view bytes, std::uint64_t at,
                                           GitHash hash) noexcept {
    std::size_t used = 0;
    const auto take = [&]() -> unsigned {
        return used < bytes.size() ? static_cast<unsigned char>(bytes[used++]) : (used = ~0U, 0U);
    };
    PackHeader header;
    unsigned byte = take();
    const unsigned type = byte >> 4U & 7U;
    header.size = byte & 0xfU;
    for (unsigned shift = 4; (byte & 0x80U) != 0; shift += 7) {
        if (shift > 53) return std::nullopt;
        byte = take();
        header.size |= std::uint64_t{byte & 0x7fU} << shift;
    }
    if (used > bytes.size()) return std::nullopt;
    if (type >= 1 && type <= 4) {
        header.kind = static_cast<GitKind>(type);
    } else if (type == 6) {
        byte = take();
        header.distance = byte & 0x7fU;
        while ((byte & 0x80U) != 0) {
            if (header.distance >> 50U != 0) return std::nullopt;
            byte = take();
            header.distance = (header.distance + 1) << 7U | (byte & 0x7fU);
        }
        if (header.distance == 0 || header.distance > at) return std::nullopt;
    } else if (type == 7 && bytes.size() - used >= bytes_of(hash)) {
        header.base = GitId::of(bytes.substr(used, bytes_of(hash)));
        used += bytes_of(hash);
    } else {
        return std::nullopt;
    }
    if (used > bytes.size()) return std::nullopt;
    header.bytes = used;
    return header;
}

}  // namespace stratascan::nested
