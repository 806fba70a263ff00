// A file seen at once against the same file cut into windows that end inside it: the findings
// are the same, also where a secret, what stands round it or what it is written in reaches from
// one window into the next.
//
// Five bytes say which rules are used and where two windows end. The rest is a list of pieces: a
// byte for how the piece is written, two for how many bytes of text it has, one for the length of
// what follows, which is repeated until the text is so long. So a few bytes of input make a file
// of several margins. An empty one is an example of a shipped rule.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "tests/support/cut_stream.hpp"
#include "tests/support/encodings.hpp"
#include "tests/support/shipped.hpp"
#include "tests/support/token_rule.hpp"

namespace {

using namespace stratascan;

constexpr std::size_t longest_piece = 3 * layer::margin;
constexpr std::size_t longest_file = 10 * layer::margin;

// What needs most of a margin: a match that is almost as wide as one, a secret whose anchor
// stands far in front of it or behind, and words that must stand near.
const std::string wide_rules = std::string(test::token_rule) + R"(
[[rule]]
id = "wide"
title = "Almost as wide as a margin"
pattern = 'OPENING (?P<secret>[^#]+) CLOSING'
anchors = ["OPENING ", " CLOSING"]
width = 15800
[[rule]]
id = "far"
title = "Far from its anchor"
pattern = '\b[a-f0-9]{16}\b'
anchors = ["anchor"]
reach = 1024
[[rule]]
id = "beside"
title = "With a word near it"
pattern = '\bkey_(?P<secret>[A-Za-z0-9]{8,20})'
context = ["context"]
context_within = 1024
[[rule]]
id = "generic-assignment"
title = "Assignment"
pattern = '(?i)\bsecret=(?P<secret>[A-Za-z0-9_]{3,60})'
gate = '(?i)secret=[A-Za-z0-9_]{3}'
)";

std::string example(std::size_t number) {
    const auto& all = test::example_texts().examples();
    return test::expanded(all[number % all.size()], number);
}

std::string file_of(std::string_view in) {
    const auto byte = [&](std::size_t at) { return static_cast<unsigned char>(in[at]); };
    std::string file;
    while (in.size() >= 4 && file.size() < longest_file) {
        const std::size_t number = byte(1) * 256U + byte(2);
        const std::string_view once = in.substr(4, byte(3));
        std::string text = once.empty() ? example(number) : std::string(once);
        while (!once.empty() && text.size() < number % longest_piece) text += once;
        file += byte(0) < 128 ? text
                              : test::encodings[byte(0) % test::encodings.size()].encode(text);
        in.remove_prefix(4 + once.size());
    }
    file.resize(std::min(file.size(), longest_file));
    return file;
}

struct Seen {
    std::vector<layer::WindowFinding> findings;
    std::set<std::string> others;  // containers that are encoded, certificates
    std::uint64_t lines = 0;       // of the windows so far
};

void look_at(test::TestEngine& engine, layer::Window& window, Seen& seen) {
    layer::WindowScan scan = engine.scanner().scan(window);
    if (scan.error) __builtin_trap();
    for (layer::WindowFinding& found : scan.findings) {
        found.lines += static_cast<std::int64_t>(seen.lines);
        seen.findings.push_back(std::move(found));
    }
    for (const layer::EncodedStart& one : scan.encoded_starts) {
        seen.others.insert("container @" + std::to_string(one.offset));
    }
    for (const auto& one : scan.certificates) seen.others.insert(one.certificate->subject);
    seen.lines += scan.open_lines;
}

std::set<std::string> seen_in(test::TestEngine& engine, const std::string& file,
                              const std::vector<std::size_t>& cuts) {
    static layer::SlabPool slabs(4);
    // Of a file that has NUL bytes lines are counted in parts of it only.
    const bool has_lines = file.find('\0') == std::string::npos;
    Seen seen;
    for (layer::Window& window : test::windows_of(file, {{0, file.size()}}, cuts, slabs)) {
        look_at(engine, window, seen);
    }
    layer::DropCounts dropped;
    layer::settle(seen.findings, dropped);
    for (const layer::WindowFinding& found : seen.findings) {
        const Finding& finding = found.finding;
        if (finding.offset + finding.length > file.size()) __builtin_trap();
        std::string line = test::listed(finding) + finding.secret_id;
        for (const std::string& step : finding.inner_path) line += ' ' + step;
        if (has_lines && found.has_line) line += " line " + std::to_string(found.lines);
        seen.others.insert(line);
    }
    return seen.others;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    static test::TestEngine wide(wide_rules);
    constexpr std::size_t head = 5;
    if (size < head) return 0;
    const std::string file =
        file_of({reinterpret_cast<const char*>(data) + head, size - head});
    std::vector<std::size_t> cuts = {(data[1] * 256U + data[2]) * 3 % (file.size() + 1),
                                     (data[3] * 256U + data[4]) * 3 % (file.size() + 1)};
    std::ranges::sort(cuts);
    test::TestEngine& engine = data[0] % 2 == 0 ? wide : test::shipped();
    if (seen_in(engine, file, cuts) != seen_in(engine, file, {})) __builtin_trap();
    return 0;
}
