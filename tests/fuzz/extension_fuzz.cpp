// Rule files that name each other, as --rules is given them: parts that zero bytes divide are
// a.toml, b.toml and so on in one folder. Alone or together they are read to an end, in either form;
// what comes out is complete, and what they allow of carried rules can be applied.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "scanner/match/extension.hpp"
#include "scanner/match/ruleset.hpp"
#include "tests/support/files_of_input.hpp"

namespace {

using namespace stratascan;
using namespace stratascan::match;

void require(bool holds) {
    if (!holds) __builtin_trap();
}

/// Two rules that the program might carry; one has a line in sight, the other no room for one.
std::vector<Rule> carried_rules() {
    std::vector<Rule> rules(2);
    rules[0].id = "a";
    rules[0].pattern = "abcd[0-9]{4}";
    rules[1].id = "wide";
    rules[1].pattern = "efgh[0-9]{4}";
    rules[1].width = 16 << 10;
    for (Rule& rule : rules) {
        if (auto complete = complete_rule(rule)) rule = std::move(*complete);
    }
    return rules;
}

void read(const std::vector<std::string>& paths) {
    const auto extension = read_extension(paths);
    if (!extension) {
        require(!extension.error().what.empty() && !extension.error().where.empty());
        return;
    }
    for (const Rule& rule : extension->rules.rules) require(!rule.id.empty() && !rule.pattern.empty());
    for (const auto& without : extension->without) require(!without.id.empty());
    std::vector<Rule> carried = carried_rules();
    const std::size_t count = carried.size();
    std::vector<std::string> notes;
    for (const auto& allowance : extension->allowances) apply(allowance, carried, notes);
    require(carried.size() == count);
    for (const std::string& note : notes) require(!note.empty());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    static const test::FilesOfInput folder;
    const std::vector<std::string> paths =
        folder.write({reinterpret_cast<const char*>(data), size}, ".toml");
    read({folder.path()});
    read(paths);
    read({paths.front()});
    return 0;
}
