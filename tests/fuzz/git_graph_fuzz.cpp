// Any bytes as the commits and trees of a repository whose objects are called by one
// byte each, so that they hold each other in every way, loops included.
#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "scanner/nested/git_graph.hpp"

namespace {

using namespace stratascan::nested;

GitId id(unsigned number) { return GitId::of(std::string(20, static_cast<char>(number % 16))); }

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    GitGraph graph;
    std::string_view in(reinterpret_cast<const char*>(data), size);
    while (in.size() >= 3) {
        const auto kind = static_cast<unsigned char>(in[0]);
        const auto name = static_cast<unsigned char>(in[1]);
        const std::size_t count = static_cast<unsigned char>(in[2]) % 8U;
        in.remove_prefix(3);
        const std::string_view others = in.substr(0, count);
        in.remove_prefix(others.size());
        std::string contents;
        for (std::size_t i = 0; i < others.size(); ++i) {
            const auto other = static_cast<unsigned char>(others[i]);
            const std::string raw(id(other).view());
            if (kind % 3 == 0) {
                contents += (i == 0 ? "tree " : "parent ") + to_hex(raw) + '\n';
            } else {
                contents += (other & 0x10U) != 0 ? "40000 d" : "100644 f";
                contents += std::to_string(i) + '\0' + raw;
            }
        }
        if (kind % 3 == 2) contents = others;
        graph.add(kind % 3 == 0 ? GitKind::commit : GitKind::tree, id(name), contents);
    }
    std::vector<GitId> blobs;
    for (unsigned i = 0; i < 16; ++i) blobs.push_back(id(i));
    for (const BlobHistory& found : graph.find(blobs, id(size & 0xfU))) {
        if (found.path.size() > 4096 || (!found.path.empty() && !found.commit)) __builtin_trap();
    }
    return 0;
}
