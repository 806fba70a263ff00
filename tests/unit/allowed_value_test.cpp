// What an allow condition matched has the name of what it is.
#include "scanner/evidence/allowed_value.hpp"

#include <gtest/gtest.h>

#include <string_view>
#include <utility>

namespace stratascan::evidence {
namespace {

TEST(AllowedValue, IsCalledWhatItIs) {
    for (const auto& [value, reason] : std::initializer_list<std::pair<std::string_view, std::string_view>>{
             {"${DB_PASSWORD1}", "template"},
             {"{{ vault_password }}", "template"},
             {"%PASSWORD%x", "variable"},
             {"3f2504e0-4f89-41d3-9a0c-0305e82c3301", "UUID"},
             {"d41d8cd98f00b204e9800998ecf8427e", "hash"},
             {"sha512-abcdefgh", "hash"},
             {"enter your password", "words"},
             {"/etc/ssl/private.key", "path"},
             {"https://hub.corp.net/a", "URL"},
             {"decrypt('A1')", "call"},
             {"2024-01-31", "number"},
             {"******", "mask"},
             {"correct", "words"},
             {"user_password_2", "identifier"},
             {"Tr0ub4,dor&3", ""},
         }) {
        EXPECT_EQ(allowed_reason(value), reason) << value;
    }
}

}  // namespace
}  // namespace stratascan::evidence
