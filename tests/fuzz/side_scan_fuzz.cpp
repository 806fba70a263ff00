// Bytes beside a layer's files, as decoders hand them over: fields of gzip headers and
// zstd's skippable frames. The first byte says how they are cut; wherever that is, the same
// is found, and what is found lies in what there was. A NUL pair ends a field.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "scanner/layer/side_scan.hpp"
#include "tests/support/scanning.hpp"
#include "tests/support/token_rule.hpp"

namespace {

using namespace stratascan;

struct Told {
    std::set<std::string> findings;
    std::vector<std::string> gaps;
};

Told scanned(test::TestEngine& engine, std::string_view bytes, std::size_t piece) {
    layer::SideScan side([&]() -> layer::WindowScanner& { return engine.scanner(); }, {}, 1000);
    while (!bytes.empty()) {
        const std::size_t end = std::min(bytes.find(std::string_view("\0\0", 2)), bytes.size());
        std::string_view field = bytes.substr(0, end);
        bytes.remove_prefix(std::min(end + 2, bytes.size()));
        while (!field.empty()) {
            side.add(field.substr(0, piece));
            field.remove_prefix(std::min(piece, field.size()));
        }
        side.add({});
    }
    layer::LayerResult result;
    side.finish(result);
    Told told;
    for (const auto& found : result.findings) {
        const Finding& finding = found.finding;
        if (finding.source != Source::trailer || !finding.path.empty()) __builtin_trap();
        told.findings.insert(test::listed(finding) + finding.secret_id +
                             (finding.inner_path.empty() ? "" : finding.inner_path.front()));
    }
    for (const Gap& gap : result.gaps) told.gaps.push_back(gap.reason);
    return told;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    static test::TestEngine engine(test::token_rule);
    if (size < 2) return 0;
    const std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
    const Told whole = scanned(engine, bytes, bytes.size());
    const Told cut = scanned(engine, bytes, 1 + data[0]);
    // How much a decoder makes before it tells of damage depends on how it is fed.
    if (!whole.gaps.empty() || !cut.gaps.empty()) return 0;
    if (whole.findings != cut.findings) __builtin_trap();
    return 0;
}
