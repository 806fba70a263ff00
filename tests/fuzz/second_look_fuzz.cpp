// The second look at any place of any text: matches lie in the text, and are the
// same when the text is a part of a longer one; what is dropped is so for a reason.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "scanner/layer/window.hpp"
#include "scanner/match/second_look.hpp"
#include "tests/support/scanning.hpp"

namespace {

constexpr const char* rules = R"(
[[rule]]
id = "token"
title = "Token"
pattern = '\b(?P<secret>tst_[A-Za-z0-9]{8,20})\b'
[[rule]]
id = "key"
title = "Key"
pattern = '-----BEGIN KEY-----[\s\S]{0,800}?(?:-----END KEY-----|$)'
check = "private-key"
[[rule]]
id = "url"
title = "URL"
pattern = '[a-z]{2,10}://[^\s:@]{1,30}:(?P<secret>[^\s@]{3,60})@[a-z]'
gate = '://[^\s:@]{1,30}:'
check = "url-credential"
[[rule]]
id = "near"
title = "Near"
pattern = '\b[a-f0-9]{8}\b'
anchors = ["name"]
reach = 100
context = ["other"]
entropy = 1.0
allow = ["^0"]
)";

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace stratascan;
    static const test::TestEngine engine(rules);
    if (size < 3) return 0;
    const std::string text(reinterpret_cast<const char*>(data) + 3, size - 3);
    const std::uint32_t rule = data[0] % static_cast<std::uint32_t>(engine.rules().rules().size());
    const std::size_t end = text.empty() ? 0 : (data[1] * 256U + data[2]) % (text.size() + 1);
    const match::SecondLook second(engine.rules(), engine.key(), true);
    std::vector<match::Match> matches, again;
    std::vector<match::Dropped> dropped;
    second.look(rule, text, end, matches, {"a/path", &dropped});
    for (const match::Dropped& one : dropped) {
        if (one.match_begin > one.begin || one.begin >= one.end || one.end > one.match_end ||
            one.match_end > text.size() || one.reason.empty()) {
            __builtin_trap();
        }
    }
    const std::string aside(layer::margin, 'w');
    const std::string wide = aside + text + aside;
    second.look(rule, std::string_view(wide).substr(layer::margin, text.size()), end, again);
    if (matches.size() != again.size()) __builtin_trap();
    for (const match::Match& match : matches) {
        if (match.begin >= match.end || match.end > text.size()) __builtin_trap();
        if (match.finding.length != match.end - match.begin) __builtin_trap();
        if (match.finding.clear_text != text.substr(match.begin, match.finding.length)) {
            __builtin_trap();
        }
    }
    return 0;
}
