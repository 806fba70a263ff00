#include "scanner/registry/url.hpp"

#include <curl/curl.h>

#include <algorithm>
#include <memory>
#include <new>

namespace stratascan::registry {

namespace {

using Handle = std::unique_ptr<CURLU, decltype(&curl_url_cleanup)>;

constexpr std::size_t max_url_bytes = 16 << 10;

Handle new_handle() {
    Handle handle{curl_url(), &curl_url_cleanup};
    if (handle == nullptr) throw std::bad_alloc();
    return handle;
}

/// A URL is not malformed because there was no memory to look at it.
bool succeeded(CURLUcode code) {
    if (code == CURLUE_OUT_OF_MEMORY) throw std::bad_alloc();
    return code == CURLUE_OK;
}

std::string part(CURLU* handle, CURLUPart what, unsigned flags = 0) {
    char* text = nullptr;
    if (!succeeded(curl_url_get(handle, what, &text, flags)) || text == nullptr) return {};
    std::string copy(text);
    curl_free(text);
    return copy;
}

bool set(CURLU* handle, std::string_view text) {
    const bool clean = text.size() <= max_url_bytes && std::ranges::all_of(text, [](char c) {
                           return static_cast<unsigned char>(c) > ' ' && c != '\x7f';
                       });
    return clean && succeeded(curl_url_set(handle, CURLUPART_URL, std::string(text).c_str(),
                                           CURLU_NON_SUPPORT_SCHEME));
}

Result<Url> read(CURLU* handle) {
    Url url;
    url.scheme = part(handle, CURLUPART_SCHEME);
    if (url.scheme != "http" && url.scheme != "https") {
        return fail(ErrorCode::unsupported, "a URL that is neither http nor https");
    }
    if (!part(handle, CURLUPART_USER).empty() || !part(handle, CURLUPART_PASSWORD).empty()) {
        return fail(ErrorCode::unsupported, "a URL with a user or password in it");
    }
    url.host = part(handle, CURLUPART_HOST);
    std::ranges::transform(url.host, url.host.begin(), [](char c) {
        return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    });
    url.port = part(handle, CURLUPART_PORT, CURLU_DEFAULT_PORT);
    url.path = part(handle, CURLUPART_PATH);
    if (url.path.empty()) url.path = "/";
    if (const std::string query = part(handle, CURLUPART_QUERY); !query.empty()) {
        url.path += '?' + query;
    }
    if (url.host.empty() || url.port.empty()) return fail(ErrorCode::malformed, "a malformed URL");
    return url;
}

}  // namespace

Result<Url> parse_url(std::string_view text) {
    const Handle handle = new_handle();
    if (!set(handle.get(), text)) {
        return fail(ErrorCode::malformed, "a malformed URL");
    }
    return read(handle.get());
}

Result<Url> resolve_url(const Url& base, std::string_view reference) {
    const Handle handle = new_handle();
    if (!set(handle.get(), base.text()) || !set(handle.get(), reference)) {
        return fail(ErrorCode::malformed, "a malformed URL");
    }
    return read(handle.get());
}

std::string host_and_port(const Url& url) {
    const bool usual = url.port == (url.is_secure() ? "443" : "80");
    return usual ? url.host : url.host + ':' + url.port;
}

std::string percent_encode(std::string_view text) {
    constexpr std::string_view digits = "0123456789ABCDEF";
    std::string out;
    for (const char c : text) {
        const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                           (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '_' || c == '~';
        if (plain) {
            out += c;
            continue;
        }
        const auto byte = static_cast<unsigned char>(c);
        out += '%';
        out += digits[byte >> 4U];
        out += digits[byte & 15U];
    }
    return out;
}

}  // namespace stratascan::registry
