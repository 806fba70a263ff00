#include "scanner/layer/bare_keypair.hpp"

#include <algorithm>
#include <string>

namespace stratascan::layer {

namespace {

constexpr std::size_t numbers = 64;
// "[" and 64 numbers of a digit and a comma or bracket each.
constexpr std::size_t smallest = 1 + 2 * numbers;

}  // namespace

bool may_be_bare_keypair(std::string_view file) noexcept {
    if (file.size() < smallest || file.size() > largest_bare_keypair || file.front() != '[') {
        return false;
    }
    return file.find_first_not_of("[]0123456789, \t\r\n") == file.npos &&
           std::count(file.begin(), file.end(), ',') == numbers - 1;
}

std::vector<match::Match> look_at_bare_keypair(const match::RuleSet& rules,
                                               const match::SecondLook& second_look,
                                               std::string_view file) {
    const auto& all = rules.rules();
    const auto rule = std::find_if(all.begin(), all.end(), [](const auto& one) {
        return one->rule().check == "solana-keypair";
    });
    if (rule == all.end()) return {};
    // The rule asks for a name in front; the file's own says nothing.
    constexpr std::string_view name = "keypair";
    const std::string named = std::string(name) + std::string(file);
    std::vector<match::Match> matches;
    second_look.look(static_cast<std::uint32_t>(rule - all.begin()), named, name.size(), matches);
    std::erase_if(matches, [&](const match::Match& match) {
        return match.finding.evidence != Evidence::verified || match.begin < name.size();
    });
    for (match::Match& match : matches) {
        match.begin -= name.size();
        match.end -= name.size();
    }
    return matches;
}

}  // namespace stratascan::layer
