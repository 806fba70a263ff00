// Amazon's Signature Version 4, which its services want of each request in place of a
// password ("Signature Version 4 signing process", AWS General Reference; "Authenticating
// Requests (AWS Signature Version 4)"), and the keys that it is made with, from where the
// AWS command line keeps them.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace stratascan::registry {

struct AwsKeys {
    std::string id, secret;
    std::string session_token;  ///< of temporary keys; may be empty
};

/// One profile of a credential file (INI: "[name]", "aws_access_key_id = …"). Nothing
/// where the profile is not there or lacks a half.
[[nodiscard]] std::optional<AwsKeys> parse_aws_credentials(std::string_view text,
                                                           std::string_view profile);

/// AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN; else the profile
/// AWS_PROFILE ("default") of AWS_SHARED_CREDENTIALS_FILE (~/.aws/credentials).
[[nodiscard]] std::optional<AwsKeys> find_aws_keys();

struct AwsRequest {
    std::string method;  ///< "POST"
    std::string path;    ///< encoded, without the query
    std::string query;   ///< encoded, its parameters sorted by name
    std::vector<std::pair<std::string, std::string>> headers;  ///< names in lower case; "host" too
    std::string body;
};

/// The value of Authorization for a request that is made at `time` with the header
/// "x-amz-date: 20150830T123600Z" among its headers.
[[nodiscard]] std::string aws_authorization(const AwsRequest& request, const AwsKeys& keys,
                                            std::string_view region, std::string_view service,
                                            std::string_view time);

/// "20150830T123600Z"
[[nodiscard]] std::string aws_time(std::chrono::system_clock::time_point now);

}  // namespace stratascan::registry
