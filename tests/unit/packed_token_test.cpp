// Which rules' tokens are looked for in rows of strings that nothing parts, and in which files.
#include "scanner/match/packed_token.hpp"

#include <gtest/gtest.h>

#include <string_view>

namespace stratascan::match {
namespace {

std::optional<PackedToken> token_of(std::string_view pattern) {
    const auto tree = parse_regex(pattern);
    EXPECT_TRUE(tree.has_value()) << pattern;
    return tree ? packed_token(*tree) : std::nullopt;
}

TEST(PackedToken, IsToldByItsOwnBytesAndHasFewLengths) {
    const auto fixed = token_of(R"(\b(?P<secret>abc_[A-Za-z0-9]{36})(?:[^0-9A-Za-z]|$))");
    ASSERT_TRUE(fixed.has_value());
    EXPECT_EQ(fixed->least, 40U);
    EXPECT_EQ(fixed->most, 40U);
    const auto some = token_of(R"(\b(?P<secret>abcd-[0-9]{9,14}-[a-z]{24})\b)");
    ASSERT_TRUE(some.has_value());
    EXPECT_EQ(some->least, 39U);
    EXPECT_EQ(some->most, 44U);
    EXPECT_TRUE(token_of("(?P<secret>(?:wxyz|abcd)[0-9]{16})").has_value());
}

TEST(PackedToken, IsNoneOtherwise) {
    for (const std::string_view pattern : {
             "(?P<secret>ab[A-Za-z0-9_-]{36})",           // two letters of a prefix
             "(?P<secret>(?:wxyz|[a-z]{4})[A-Za-z]{30})",  // or none
             "(?P<secret>[A-Z]{20}abcd[a-z]{4})",          // its beginning is anything
             "key=(?P<secret>abcd[A-Za-z0-9]{36})",        // more than the token is asked for
             "(?P<secret>abcd[A-Za-z0-9]{16,200})",        // of any length
             "(?P<secret>abcd[A-Za-z0-9]+)", "abcd[A-Za-z0-9]{36}",
         }) {
        EXPECT_FALSE(token_of(pattern).has_value()) << pattern;
    }
}

TEST(PackedToken, FilesAreToldByTheirFirstBytes) {
    using namespace std::string_view_literals;
    for (const std::string_view head :
         {"\x7f" "ELF"sv, "MZ\x90\0"sv, "\0asm"sv, "SQLi"sv, "\xca\xfe\xba\xbe"sv,
          "\xa7\x0d\x0d\x0a"sv /* Python 3.11 */, "\x2b\x0e\x0d\x0a"sv /* 3.14 */}) {
        EXPECT_TRUE(holds_packed_strings(head));
    }
    for (const std::string_view head : {""sv, "M"sv, "ELF\x7f"sv, "ab\r\n"sv, "text"sv, "\x0d\r\n"sv}) {
        EXPECT_FALSE(holds_packed_strings(head));
    }
}

}  // namespace
}  // namespace stratascan::match
