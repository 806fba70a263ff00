// The walk over the headers of a tar archive: every member that it gives lies
// inside the archive, unless a gap says that the archive ends in it.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <string>

#include "scanner/source/archive_index.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using stratascan::Result;
    using stratascan::source::ArchiveIndex;
    const auto read_at = [&](std::uint64_t offset, std::span<std::byte> out) {
        const std::size_t start = std::min<std::size_t>(offset, size);
        const std::size_t count = std::min(out.size(), size - start);
        if (count > 0) std::memcpy(out.data(), data + start, count);
        return Result<std::size_t>(count);
    };
    const auto index = ArchiveIndex::build(read_at, size, {});
    if (!index) return 0;
    for (const auto& [name, member] : index->kept()) {
        if (member.offset > size) std::abort();
        if (member.size > size - member.offset && index->gaps().empty()) std::abort();
        (void)index->find(name);
    }
    return 0;
}
