// A layer with one file between two others, and what a scan of it tells, as lines: where a
// token was found with the way in, and what was not read.
#pragma once

#include <gtest/gtest.h>

#include <string>

#include "tests/support/scanning.hpp"
#include "tests/support/tar_builder.hpp"

namespace stratascan::test {

inline constexpr const char* nested_token_rule = R"(
[[rule]]
id = "token"
title = "Token"
pattern = '\b(?P<secret>tst_[A-Za-z0-9]{8})\b'
)";

/// "path>step>step:line @offset source" of each finding, and "gap path>step: reason".
inline std::string told_with_way(const layer::LayerResult& result) {
    std::string text;
    for (const auto& found : result.findings) {
        text += found.finding.path;
        for (const std::string& step : found.finding.inner_path) text += '>' + step;
        text += ':' + std::to_string(found.finding.line) + " @" +
                std::to_string(found.finding.offset) + ' ' +
                std::string(to_string(found.finding.source)) + '\n';
    }
    for (const Gap& gap : result.gaps) {
        text += "gap " + gap.path;
        for (const std::string& step : gap.inner_path) text += '>' + step;
        text += ": " + gap.reason + '\n';
    }
    return text;
}

class NestedScan : public testing::Test {
protected:
    /// What is told of the file. The one behind it, which has a token, must be read, too.
    std::string scan(const std::string& name, const std::string& contents,
                     const Options::Limits& limits = {},
                     const std::string& before = "nothing\n") {
        TarBuilder tar;
        tar.file("before", before).file(name, contents).file("after", "line\ntst_after000\n");
        last_ = engine_.scan(tar.finish(), limits);
        std::string text = told_with_way(last_);
        const std::string after = "after:2 @5 file\n";
        const std::size_t at = text.find(after);
        EXPECT_NE(at, text.npos) << "the file behind it is read, too";
        return at == text.npos ? text : text.erase(at, after.size());
    }

    TestEngine engine_{nested_token_rule};
    layer::LayerResult last_;
};

}  // namespace stratascan::test
