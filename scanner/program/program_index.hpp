// What ProgramSet holds: the rules, and for each literal what it is for. Shared
// by identify.cpp, which builds and reads it, and judge.cpp, which judges by it.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include <re2/re2.h>

#include "scanner/program/identify.hpp"

namespace stratascan::program {

/// Literals by their number, in place of their texts.
using LiteralNumbers = std::vector<std::uint32_t>;

struct RuleIndex {
    std::vector<LiteralNumbers> identity;
    LiteralNumbers unless;
    LiteralNumbers embedded_when;
    LiteralNumbers versioned;  ///< those that its version is looked for near
};

/// A version expression, compiled when it is first needed: a start needs none.
class VersionExpression {
public:
    explicit VersionExpression(std::string text) : text_(std::move(text)) {}

    [[nodiscard]] const std::string& text() const noexcept { return text_; }
    [[nodiscard]] const re2::RE2& get() const;

private:
    std::string text_;
    mutable std::once_flag once_;
    mutable std::unique_ptr<re2::RE2> compiled_;
};

struct LiteralUse {
    const VersionExpression* version = nullptr;  ///< to be tried near it; owned by Impl::versions
    bool busybox_table = false;         ///< an applet table may lie near it
    bool list_of_names = false;         ///< it begins a list of applets
    bool usage_lines = false;           ///< lines behind it name applets
    bool applet_before = false;         ///< one applet's name stands in front of it
    bool applet_behind = false;         ///< one applet's name stands behind it
    bool needs_bytes = false;           ///< what is round it is read once the file has passed
    bool go_magic = false;              ///< Go's build information begins with it
    bool go_line = false;               ///< it begins a line of that
};

struct ProgramSet::Impl {
    std::vector<ProgramRule> rules;
    std::vector<RuleIndex> indexes;  ///< one a rule
    std::vector<std::string> literals;
    std::vector<LiteralUse> uses;  ///< one a literal
    std::vector<std::unique_ptr<VersionExpression>> versions;
    bool has_scripts = false;
    std::map<std::string, std::uint32_t, std::less<>> modules;  ///< rules by their names
};

}  // namespace stratascan::program
