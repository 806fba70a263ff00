// Any bytes as lines of account files, as a capability, as a path and as a file's
// first bytes; and who a user is, by them.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include <string>
#include <vector>

#include "scanner/layer/fact_spotter.hpp"
#include "scanner/layer/file_facts.hpp"
#include "scanner/policy/accounts.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace stratascan;
    if (size < 2) return 0;
    const std::string_view text(reinterpret_cast<const char*>(data + 1), size - 1);
    const auto kind = static_cast<layer::DocumentKind>(data[0] % 5);
    std::string kept;
    std::string_view rest = text;
    while (!rest.empty()) {
        const std::size_t end = std::min(rest.find('\n'), rest.size());
        const std::string_view line = rest.substr(0, end);
        rest.remove_prefix(std::min(end + 1, rest.size()));
        const auto one = layer::kept_line(kind, line);
        if (!one) continue;
        if (one->find('\n') != std::string::npos) __builtin_trap();
        // No field of a hash's length is ever kept where a hash would stand.
        if (kind == layer::DocumentKind::shadow) {
            const std::string state = one->substr(one->find(':') + 1);
            if (state != "" && state != "*" && state != "x" && state != "set") __builtin_trap();
        }
        (kept += *one) += '\n';
    }
    const auto accounts = policy::read_accounts(kept);
    const auto run = policy::resolve_user(std::string(text.substr(0, 64)), accounts,
                                          policy::read_groups(kept));
    if (!run.uid && run.problem.empty()) __builtin_trap();
    (void)layer::decode_capability(text);
    std::vector<layer::FileFact> facts;
    const std::string path = layer::normalise_path(text.substr(0, 200));
    if (!path.empty()) layer::path_facts(path, size, {}, facts);
    if (text.size() >= 4) layer::content_facts("x", text, {}, facts);
    return 0;
}
