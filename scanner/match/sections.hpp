// What a token is, by the names under which it stands: `[datadog]` above `api_key = …`,
// `"datadog": {"api_key": …}`, `new Datadog({apiKey: …})`, `<datadog><key>…`. A generic rule has
// found it by the name that it is assigned to; a rule that goes by the provider's name and the
// token's form says what it is.
//
// Names are looked for in this order, and the first one counts: in the line itself, in front of
// the brackets that are open at the token, in lines above that are indented less, in the header
// of the INI or TOML section, in a comment above the block of lines, in the host of a URL behind
// it. No further up than `section_sight` bytes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace stratascan::match {

inline constexpr std::size_t section_sight = 1024;

/// The text between the parentheses of the pattern's group `secret`, with the flags that the
/// pattern begins with; empty where it has no such group.
[[nodiscard]] std::string secret_form(std::string_view pattern);

/// What a section's name is held against: lower case, letters and digits alone.
[[nodiscard]] bool is_section_name(std::string_view name) noexcept;

struct Section {
    std::uint32_t rule = 0;
    std::string_view name;
};

/// Names, and the rules of which each is a section. Immutable once it is filled.
class Sections {
public:
    void add(const std::string& name, std::uint32_t rule);

    /// The nearest name round the secret [begin, end) of `text` that is known, with one of its
    /// rules that `fits`. Rules of one name are asked in the order they were added in.
    [[nodiscard]] std::optional<Section> find(
        std::string_view text, std::size_t begin, std::size_t end,
        const std::function<bool(std::uint32_t rule)>& fits) const;

private:
    std::unordered_map<std::string, std::vector<std::uint32_t>> rules_;
};

}  // namespace stratascan::match
