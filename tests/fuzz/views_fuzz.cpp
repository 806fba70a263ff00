// Any bytes as a file: findings in views have places in the file, and are the same whichever
// window owns them. No file is longer than a margin, so each window sees all of it; those that
// end inside a file are in windows_fuzz.cpp.
#include <cstddef>
#include <cstdint>
#include <set>
#include <string>
#include <vector>

#include "tests/support/cut_stream.hpp"
#include "tests/support/scanning.hpp"
#include "tests/support/token_rule.hpp"

namespace {

using namespace stratascan;

const std::string rules = std::string(test::token_rule) + R"(
[[rule]]
id = "generic-assignment"
title = "Assignment"
pattern = '(?i)\bsecret=(?P<secret>[A-Za-z0-9_]{3,60})'
gate = '(?i)secret=[A-Za-z0-9_]{3}'
)";

std::set<std::string> seen_in(test::TestEngine& engine, const std::string& stream,
                              std::size_t size, const std::vector<std::size_t>& cuts) {
    static layer::SlabPool slabs(4);
    std::vector<layer::WindowFinding> all;
    for (layer::Window& window : test::windows_of(stream, {{0, size}}, cuts, slabs)) {
        auto scan = engine.scanner().scan(window);
        if (scan.error) __builtin_trap();
        for (auto& found : scan.findings) all.push_back(std::move(found));
    }
    layer::DropCounts dropped;
    layer::settle(all, dropped);
    std::set<std::string> lines;
    for (const auto& found : all) {
        const Finding& finding = found.finding;
        if (finding.source == Source::file && finding.offset + finding.length > size) {
            __builtin_trap();
        }
        std::string line = test::listed(finding) + finding.secret_id;
        for (const std::string& step : finding.inner_path) line += ' ' + step;
        lines.insert(line);
    }
    return lines;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    static test::TestEngine engine(rules);
    if (size < 4 || size > (64U << 10)) return 0;
    std::string stream(reinterpret_cast<const char*>(data) + 3, size - 3);
    // The bytes over and over, so that stretches are long, and one may begin in another.
    const std::size_t times = data[2] % 8 + 1U;
    const std::string once = stream;
    for (std::size_t i = 1; i < times; ++i) stream += once;
    const std::size_t file = stream.size();
    const std::size_t cut = (data[0] * 256U + data[1]) * 8 % (file + 1);
    stream.append(layer::margin + 1, '.');
    if (seen_in(engine, stream, file, {cut + layer::margin}) != seen_in(engine, stream, file, {})) {
        __builtin_trap();
    }
    return 0;
}
