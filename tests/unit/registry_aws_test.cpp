// Amazon's Signature Version 4, held against the examples of its documentation ("Signature
// Version 4 signing process", "Signature Version 4 test suite"), and where keys are kept.
#include <gtest/gtest.h>

#include <string>

#include "scanner/registry/aws_signature.hpp"

namespace stratascan::registry {
namespace {

/// The key of all published examples, which is good for nothing.
AwsKeys example() {
    return {"AKID" "EXAMPLE", std::string("wJalrXUtnFEMI/K7MDENG") + "+bPxRfiCYEXAMPLEKEY", ""};
}

std::string signature(const std::string& authorization) {
    return authorization.substr(authorization.rfind('=') + 1);
}

TEST(AwsSignature, DocumentedExample) {
    const AwsRequest request{
        "GET", "/", "Action=ListUsers&Version=2010-05-08",
        {{"content-type", "application/x-www-form-urlencoded; charset=utf-8"},
         {"host", "iam.amazonaws.com"},
         {"x-amz-date", "20150830T123600Z"}},
        ""};
    const std::string authorization =
        aws_authorization(request, example(), "us-east-1", "iam", "20150830T123600Z");
    EXPECT_EQ(authorization,
              "AWS4-HMAC-SHA256 Credential=" + example().id +
                  "/20150830/us-east-1/iam/aws4_request, "
                  "SignedHeaders=content-type;host;x-amz-date, "
                  "Signature=5d672d79c15b13162d9279b0855cfba6789a8edb4c82c400e06b5924a6f2b5d7");
}

TEST(AwsSignature, TestSuite) {
    AwsRequest request{"GET", "/", "",
                       {{"host", "example.amazonaws.com"}, {"x-amz-date", "20150830T123600Z"}}, ""};
    EXPECT_EQ(signature(aws_authorization(request, example(), "us-east-1", "service",
                                          "20150830T123600Z")),
              "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31")
        << "get-vanilla";
    request.method = "POST";
    EXPECT_EQ(signature(aws_authorization(request, example(), "us-east-1", "service",
                                          "20150830T123600Z")),
              "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b")
        << "post-vanilla";
    const std::string with = aws_authorization(request, example(), "us-east-1", "service",
                                               "20150830T123600Z");
    request.body = "x";
    EXPECT_NE(aws_authorization(request, example(), "us-east-1", "service", "20150830T123600Z"),
              with)
        << "the body is signed";
}

TEST(AwsSignature, TimeIsUtc) {
    EXPECT_EQ(aws_time(std::chrono::system_clock::from_time_t(1440938160)), "20150830T123600Z");
}

TEST(AwsKeyFiles, ProfilesOfACredentialFile) {
    const std::string text =
        "# keys\n[default]\naws_access_key_id = one\naws_secret_access_key=two \r\n\n"
        "[ other ]\naws_access_key_id=three\naws_secret_access_key=four\n"
        "aws_session_token=five\nregion = eu-west-1\n[half]\naws_access_key_id=six\n";
    const auto first = parse_aws_credentials(text, "default");
    ASSERT_TRUE(first);
    EXPECT_EQ(first->id, "one");
    EXPECT_EQ(first->secret, "two");
    EXPECT_EQ(first->session_token, "");
    const auto other = parse_aws_credentials(text, "other");
    ASSERT_TRUE(other);
    EXPECT_EQ(other->session_token, "five");
    EXPECT_FALSE(parse_aws_credentials(text, "half"));
    EXPECT_FALSE(parse_aws_credentials(text, "none"));
    EXPECT_FALSE(parse_aws_credentials("[default]\naws_access_key_id=a b\n"
                                       "aws_secret_access_key=c\n", "default"))
        << "what would end a header";
}

}  // namespace
}  // namespace stratascan::registry
