// Patterns for paths: `*` and `?` stand for anything within one name, `**` for anything
// at all, and `[a-z]` for one of these. A pattern without a slash is held against the
// last name of a path; one with a slash, or `**`, against the whole. "/etc/x" is "etc/x".
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace stratascan::store {

class Glob {
public:
    explicit Glob(std::string_view pattern);

    /// Time is at worst the product of both lengths.
    [[nodiscard]] bool matches(std::string_view path) const;

    /// What every match begins with.
    [[nodiscard]] const std::string& prefix() const noexcept { return prefix_; }
    /// The last name of every match, where the pattern tells it.
    [[nodiscard]] const std::optional<std::string>& base() const noexcept { return base_; }
    /// Held against the last name alone?
    [[nodiscard]] bool of_base() const noexcept { return of_base_; }

private:
    std::string pattern_;
    std::string prefix_;
    std::optional<std::string> base_;
    bool of_base_ = false;
};

}  // namespace stratascan::store
