// The rule of fuzz targets that care where something is found and not what.
#pragma once

namespace stratascan::test {

inline constexpr const char* token_rule = R"(
[[rule]]
id = "token"
title = "Token"
pattern = '\btst_[a-z0-9]{2,8}'
anchors = ["tst_"]
)";

}  // namespace stratascan::test
