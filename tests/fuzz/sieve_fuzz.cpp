// Any bytes as files in a stream: the shipped rules find the same with the sieve as
// without it, wherever files end and windows are cut.
#include <cstddef>
#include <cstdint>
#include <set>
#include <string>
#include <vector>

#include "tests/support/cut_stream.hpp"
#include "tests/support/shipped.hpp"

namespace {

using namespace stratascan;

std::set<std::string> seen_in(const std::string& stream,
                              const std::vector<test::StreamPart>& parts,
                              const std::vector<std::size_t>& cuts, bool sieving) {
    static layer::SlabPool slabs(4);
    std::set<std::string> lines;
    for (layer::Window& window : test::windows_of(stream, parts, cuts, slabs)) {
        const auto scan = test::shipped().sieving(sieving).scanner().scan(window);
        if (scan.error) __builtin_trap();
        for (const auto& found : scan.findings) lines.insert(test::listed(found.finding));
        for (const auto& one : scan.sightings) {
            if (!window.members[one.member].program) continue;
            lines.insert(std::to_string(one.seen.literal) + '@' + std::to_string(one.seen.offset));
        }
    }
    return lines;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    constexpr std::size_t edges = 4;  // three files' ends, and where the windows are cut
    if (size < 2 * edges || size > (64U << 10)) return 0;
    std::string stream(reinterpret_cast<const char*>(data) + 2 * edges, size - 2 * edges);
    std::set<std::size_t> ends = {stream.size()};
    std::size_t cut = 0;
    for (std::size_t i = 0; i < edges; ++i) {
        const std::size_t place = (data[2 * i] * 256U + data[2 * i + 1]) % (stream.size() + 1);
        if (i + 1 == edges) cut = place;
        else ends.insert(place);
    }
    std::vector<test::StreamPart> parts;
    for (const std::size_t end : ends) {
        const std::size_t begin = parts.empty() ? 0 : parts.back().end;
        if (end > begin) parts.push_back({begin, end});
    }
    // Behind all of it lies what lets the first window own places up to the cut, and
    // bytes that hold nothing: where little can be left out the sieve is not used.
    stream.append(layer::margin + 3 * stream.size(), '.');
    const std::vector<std::size_t> cuts = {cut + layer::margin};
    if (seen_in(stream, parts, cuts, true) != seen_in(stream, parts, cuts, false)) {
        __builtin_trap();
    }
    return 0;
}
