// Any bytes as parts of a layer's result and as an image's facts, as a damaged store gives
// them: packed as they are, and unpacked behind a sound checksum. What is read can be
// written, and reads again as the same.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "scanner/store/packed.hpp"
#include "scanner/store/parts.hpp"

namespace {

using namespace stratascan::store;

std::string written(const stratascan::layer::LayerResult& result) {
    std::string all;
    if (!write_parts(result, [&all](const Part& part) {
            all += static_cast<char>(part.kind);
            all += part.bytes;
            return true;
        })) {
        __builtin_trap();
    }
    return all;
}

// Pieces of the input, each behind its kind and a length of two bytes.
void read_pieces(std::string_view bytes, bool packed) {
    PartReader reader;
    std::uint64_t firsts[static_cast<std::size_t>(last_part_kind) + 2] = {};
    while (bytes.size() >= 3) {
        const auto kind = static_cast<std::uint8_t>(bytes[0]) %
                          (static_cast<std::uint8_t>(last_part_kind) + 2);
        const std::size_t size = static_cast<std::uint8_t>(bytes[1]) * std::size_t{256} +
                                 static_cast<std::uint8_t>(bytes[2]);
        const std::string_view piece = bytes.substr(3, size);
        bytes.remove_prefix(3 + piece.size());
        if (!reader.add(static_cast<PartKind>(kind), firsts[kind],
                        packed ? std::string(piece) : pack(piece))) {
            return;
        }
    }
    const auto result = reader.take();
    if (!result) return;
    const std::string first = written(*result);
    PartReader again;
    const bool whole = write_parts(*result, [&again](const Part& part) {
        return again.add(part.kind, part.first, part.bytes);
    });
    const auto copy = again.take();
    if (!whole || !copy || written(*copy) != first) __builtin_trap();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view bytes(reinterpret_cast<const char*>(data), size);
    read_pieces(bytes, false);
    read_pieces(bytes, true);
    static_cast<void>(read_findings(bytes));
    static_cast<void>(read_programs(pack(bytes)));
    for (const auto& packed : {std::string(bytes), pack(bytes)}) {
        const auto facts = read_facts(packed);
        if (!facts) continue;
        const std::string once = write_facts(*facts);
        const auto again = read_facts(once);
        if (!again || write_facts(*again) != once) __builtin_trap();
    }
    return 0;
}
