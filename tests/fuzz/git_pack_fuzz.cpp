// Any bytes as a git pack, or as a bundle, with much memory and with little, in one piece and cut:
// every object comes whole or not at all, and it ends. Half of the inputs are sound
// packs whose objects' bytes come from the fuzzer, so that deltas are met.
#include <zlib.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "scanner/nested/git_delta.hpp"
#include "scanner/nested/git_history.hpp"
#include "scanner/nested/git_pack.hpp"
#include "tests/support/parsing.hpp"

namespace {

using namespace stratascan;

std::string zlib_of(std::string_view bytes) {
    uLongf size = compressBound(static_cast<uLong>(bytes.size()));
    std::string out(size, '\0');
    compress2(reinterpret_cast<Bytef*>(out.data()), &size,
              reinterpret_cast<const Bytef*>(bytes.data()), static_cast<uLong>(bytes.size()), 1);
    out.resize(size);
    return out;
}

// A byte of type, one of size, the object's bytes; offsets of deltas are true ones.
std::string pack_of(std::string_view in) {
    std::string pack("PACK\0\0\0\2\0\0\0\xff", 12);
    std::vector<std::size_t> places;
    while (in.size() > 3) {
        const auto type = static_cast<unsigned char>(in[0]) % 7 + 1U;
        const std::size_t size = std::min<std::size_t>(static_cast<unsigned char>(in[1]), in.size() - 3);
        const auto back = static_cast<unsigned char>(in[2]);
        const std::string_view bytes = in.substr(3, size);
        in.remove_prefix(3 + size);
        const std::size_t at = pack.size();
        pack += static_cast<char>(type << 4U | (size & 15U) | (size > 15 ? 0x80U : 0U));
        if (size > 15) pack += static_cast<char>(size >> 4U);
        if (type == 6 && !places.empty()) {
            std::size_t distance = at - places[back % places.size()];
            std::string offset(1, static_cast<char>(distance & 0x7fU));
            while ((distance >>= 7U) > 0) {
                offset.insert(offset.begin(), static_cast<char>(0x80U | (--distance & 0x7fU)));
            }
            pack += offset;
        }
        if (type == 7) pack.append(20, static_cast<char>(back));
        pack += zlib_of(bytes);
        places.push_back(at);
    }
    return pack + std::string(20, '\0');
}

test::Parsed parse(const std::string& pack, bool is_bundle, std::size_t piece,
                   std::uint64_t memory) {
    nested::GitHistory history(1 << 20);
    const std::uint32_t repository = history.repository({"x"});
    const auto parser = is_bundle ? nested::make_git_bundle_parser(history, repository, memory)
                                  : nested::make_git_pack_parser(history, repository,
                                                                 nested::GitHash::sha1, memory);
    bool stuck = false;
    test::Parsed parsed = test::parse(*parser, pack, piece, stuck);
    if (stuck) __builtin_trap();
    for (const auto& member : parsed.members) {
        if (!member.ended) __builtin_trap();
    }
    return parsed;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size < 2) return 0;
    const std::string_view bytes(reinterpret_cast<const char*>(data) + 2, size - 2);
    const std::string pack = data[0] % 2 == 0 ? std::string(bytes) : pack_of(bytes);
    const bool is_bundle = (data[0] & 0x80U) != 0;
    const test::Parsed whole = parse(pack, is_bundle, pack.size() + 1, 4 << 20);
    const test::Parsed cut = parse(pack, is_bundle, 1 + data[1], 4 << 20);
    if (!(whole.members == cut.members) || whole.damage != cut.damage) __builtin_trap();
    static_cast<void>(parse(pack, is_bundle, 1 + data[1], 1 << 12));
    const std::string_view base = bytes.substr(0, bytes.size() / 2);
    const auto made = nested::apply_delta(base, bytes.substr(base.size()), 1 << 16);
    if (made && made->size() > 1 << 16) __builtin_trap();
    return 0;
}
