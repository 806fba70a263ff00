#include "scanner/registry/aws_signature.hpp"

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <ctime>
#include <new>

#include "scanner/text_file.hpp"

namespace stratascan::registry {

namespace {

constexpr std::size_t most_file_bytes = std::size_t{1} << 20;

std::string hex(std::string_view bytes) {
    constexpr std::string_view digits = "0123456789abcdef";
    std::string text;
    for (const char c : bytes) {
        const auto byte = static_cast<unsigned char>(c);
        text += digits[byte >> 4U];
        text += digits[byte & 15U];
    }
    return text;
}

std::string sha256(std::string_view bytes) {
    std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
    unsigned size = 0;
    if (EVP_Digest(bytes.data(), bytes.size(), digest.data(), &size, EVP_sha256(), nullptr) != 1) {
        throw std::bad_alloc();
    }
    return {reinterpret_cast<const char*>(digest.data()), size};
}

std::string hmac(std::string_view key, std::string_view bytes) {
    std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
    unsigned size = 0;
    if (HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()),
             reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size(), digest.data(),
             &size) == nullptr) {
        throw std::bad_alloc();
    }
    return {reinterpret_cast<const char*>(digest.data()), size};
}

std::string_view trimmed(std::string_view text) {
    while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
    while (!text.empty() && (text.back() == ' ' || text.back() == '\t' || text.back() == '\r')) {
        text.remove_suffix(1);
    }
    return text;
}

/// What goes into a header must not end it.
bool is_plain(std::string_view text) {
    return std::ranges::all_of(text, [](char c) { return c > ' ' && c < 0x7F; });
}

std::string setting(const char* name) {
    const char* value = std::getenv(name);
    return value == nullptr ? std::string() : std::string(value);
}

bool usable(const AwsKeys& keys) {
    return !keys.id.empty() && !keys.secret.empty() && is_plain(keys.id) &&
           is_plain(keys.secret) && is_plain(keys.session_token);
}

}  // namespace

std::optional<AwsKeys> parse_aws_credentials(std::string_view text, std::string_view profile) {
    AwsKeys keys;
    bool inside = false;
    while (!text.empty()) {
        const std::size_t end = text.find('\n');
        const std::string_view line = trimmed(text.substr(0, end));
        text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
        if (line.empty() || line.front() == '#' || line.front() == ';') continue;
        if (line.front() == '[') {
            inside = line.back() == ']' && trimmed(line.substr(1, line.size() - 2)) == profile;
            continue;
        }
        const std::size_t equals = line.find('=');
        if (!inside || equals == std::string_view::npos) continue;
        const std::string_view name = trimmed(line.substr(0, equals));
        const std::string value(trimmed(line.substr(equals + 1)));
        if (name == "aws_access_key_id") keys.id = value;
        else if (name == "aws_secret_access_key") keys.secret = value;
        else if (name == "aws_session_token") keys.session_token = value;
    }
    if (!usable(keys)) return std::nullopt;
    return keys;
}

std::optional<AwsKeys> find_aws_keys() {
    AwsKeys keys{setting("AWS_ACCESS_KEY_ID"), setting("AWS_SECRET_ACCESS_KEY"),
                 setting("AWS_SESSION_TOKEN")};
    if (usable(keys)) return keys;
    std::string path = setting("AWS_SHARED_CREDENTIALS_FILE");
    if (path.empty()) path = setting("HOME") + "/.aws/credentials";
    const auto text = read_text_file(path, most_file_bytes);
    if (!text) return std::nullopt;
    std::string profile = setting("AWS_PROFILE");
    if (profile.empty()) profile = "default";
    return parse_aws_credentials(*text, profile);
}

std::string aws_authorization(const AwsRequest& request, const AwsKeys& keys,
                              std::string_view region, std::string_view service,
                              std::string_view time) {
    auto headers = request.headers;
    std::ranges::sort(headers);
    std::string canonical = request.method + '\n' + request.path + '\n' + request.query + '\n';
    std::string names;
    for (const auto& [name, value] : headers) {
        canonical.append(name).append(":").append(value).append("\n");
        names += (names.empty() ? "" : ";") + name;
    }
    canonical += '\n' + names + '\n' + hex(sha256(request.body));
    const std::string day(time.substr(0, 8));
    const std::string scope =
        day + '/' + std::string(region) + '/' + std::string(service) + "/aws4_request";
    const std::string to_sign = "AWS4-HMAC-SHA256\n" + std::string(time) + '\n' + scope + '\n' +
                                hex(sha256(canonical));
    const std::string key =
        hmac(hmac(hmac(hmac("AWS4" + keys.secret, day), region), service), "aws4_request");
    return "AWS4-HMAC-SHA256 Credential=" + keys.id + '/' + scope + ", SignedHeaders=" + names +
           ", Signature=" + hex(hmac(key, to_sign));
}

std::string aws_time(std::chrono::system_clock::time_point now) {
    const std::time_t seconds = std::chrono::system_clock::to_time_t(now);
    std::tm parts{};
    if (gmtime_r(&seconds, &parts) == nullptr) return {};  // a year beyond what counts years
    std::array<char, 32> text{};
    const std::size_t size = std::strftime(text.data(), text.size(), "%Y%m%dT%H%M%SZ", &parts);
    return {text.data(), size};
}

}  // namespace stratascan::registry
