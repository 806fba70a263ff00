// Any bytes as a layer, the whole way: decoded, walked, scanned, collected. What
// is reported lies inside the bytes that there are.
#include <cstddef>
#include <cstdint>
#include <string>

#include "tests/support/scanning.hpp"

namespace {

constexpr const char* rules = R"(
[[rule]]
id = "token"
title = "Token"
pattern = '\b(?P<secret>tst_[A-Za-z0-9]{8})\b'
[[rule]]
id = "generic-assignment"
title = "Assignment"
pattern = '(?i)secret=(?P<secret>[A-Za-z0-9_]{4,60})'
check = "generic-value"
[[rule]]
id = "near"
title = "Near"
pattern = '\b[a-f0-9]{8}\b'
anchors = ["name"]
reach = 100
[[rule]]
id = "own-gate"
title = "Its own gate"
pattern = '(?:^|[^0-9])(?:abc|xyz)=(?P<secret>[0-9]{4,12})(?:[^0-9]|$)'
anchors = ["none"]
[[program]]
id = "prog"
title = "Program"
class = "shell"
identity = [["usage: prog", "prog version"]]
version = 'version (\d+\.\d+)'
)";

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    static stratascan::test::TestEngine engine(rules);
    const std::string blob(reinterpret_cast<const char*>(data), size);
    stratascan::Options::Limits limits;
    limits.output_bytes = 8 << 20;
    limits.members = 1000;
    const auto result = engine.scan(blob, limits);
    if (result.compressed_bytes != size) __builtin_trap();
    for (const auto& found : result.findings) {
        const auto& finding = found.finding;
        if (finding.length == 0 || !finding.clear_text.empty()) __builtin_trap();
        if (finding.line > 0 && finding.line > finding.offset + 1) __builtin_trap();
    }
    static_cast<void>(engine.scan_text(blob));
    return 0;
}
