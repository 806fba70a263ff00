#include "scanner/registry/http_transfer.hpp"

#include <sys/socket.h>

#include <algorithm>

#include "scanner/registry/proxy.hpp"
#include "stratascan/scanner.hpp"

namespace stratascan::registry {

namespace {

constexpr long receive_buffer_bytes = 128L << 10;
constexpr std::size_t max_error_bytes = 64 << 10;  // of a body that no sink wants

HttpFailure failure_of(CURLcode code) noexcept {
    switch (code) {
        case CURLE_OK: return HttpFailure::none;
        case CURLE_COULDNT_RESOLVE_HOST:
        case CURLE_COULDNT_RESOLVE_PROXY:
        case CURLE_COULDNT_CONNECT:
        case CURLE_PROXY: return HttpFailure::unreachable;
        case CURLE_OPERATION_TIMEDOUT: return HttpFailure::timed_out;
        case CURLE_SSL_CONNECT_ERROR: return HttpFailure::not_tls;
        case CURLE_PEER_FAILED_VERIFICATION:
        case CURLE_SSL_ISSUER_ERROR:
        case CURLE_SSL_CERTPROBLEM:
        case CURLE_SSL_CACERT_BADFILE: return HttpFailure::certificate;
        default: return HttpFailure::broken;
    }
}

}  // namespace

HttpTransfer::HttpTransfer(const HttpRequest& request, const HttpTimeouts& timeouts)
    : request_(request),
      easy_(curl_easy_init(), &curl_easy_cleanup),
      headers_(nullptr, &curl_slist_free_all),
      // A document has a time of its own.
      least_(request.sink == nullptr
                 ? 1
                 : least_rate * static_cast<std::uint64_t>(timeouts.stall.count())) {
    if (easy_ == nullptr) {
        ready_ = false;
        response_.failure = HttpFailure::broken;
        response_.failure_text = "no memory for a request";
        return;
    }
    if (request.unix_socket.empty()) proxy_ = proxy_for(request.url);
    // A proxy connects to what it takes the name for. What this machine takes it for is
    // the best that is known, of the registry and of where it leads; the proxy's own
    // address says nothing of either.
    if (!proxy_.empty()) response_.peer = resolved_network(request.url.host);
    // What the address alone says is known before anything is sent, proxy or not.
    if (!may_connect(proxy_.empty() ? network_of(request.url.host) : response_.peer)) {
        ready_ = false;
        response_.failure = HttpFailure::refused;
        response_.failure_text = "an address that the registry may not lead to";
        return;
    }
    set_options(timeouts);
}

bool HttpTransfer::may_connect(Network target) const noexcept {
    return !request_.guarded || may_lead_to(request_.home, target);
}

void HttpTransfer::set_options(const HttpTimeouts& timeouts) {
    CURL* const easy = easy_.get();
    curl_easy_setopt(easy, CURLOPT_URL, request_.url.text().c_str());
    curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, long{CURL_HTTP_VERSION_1_1});
    curl_easy_setopt(easy, CURLOPT_PATH_AS_IS, 1L);
    curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L);
    curl_easy_setopt(easy, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
    curl_easy_setopt(easy, CURLOPT_USERAGENT,
                     (std::string("stratascan/") + version()).c_str());
    curl_easy_setopt(easy, CURLOPT_BUFFERSIZE, receive_buffer_bytes);
    curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT, static_cast<long>(timeouts.connect.count()));
    if (request_.sink == nullptr) {
        curl_easy_setopt(easy, CURLOPT_TIMEOUT, static_cast<long>(timeouts.document.count()));
    }
    curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, &HttpTransfer::on_header);
    curl_easy_setopt(easy, CURLOPT_HEADERDATA, this);
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, &HttpTransfer::on_body);
    curl_easy_setopt(easy, CURLOPT_WRITEDATA, this);
    if (!request_.unix_socket.empty()) {
        curl_easy_setopt(easy, CURLOPT_UNIX_SOCKET_PATH, request_.unix_socket.c_str());
        curl_easy_setopt(easy, CURLOPT_PROXY, "");
    } else {
        curl_easy_setopt(easy, CURLOPT_PROXY, proxy_.c_str());
        curl_easy_setopt(easy, CURLOPT_NOPROXY, "");
        curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, &HttpTransfer::on_socket);
        curl_easy_setopt(easy, CURLOPT_OPENSOCKETDATA, this);
        curl_easy_setopt(easy, CURLOPT_PREREQFUNCTION, &HttpTransfer::on_connected);
        curl_easy_setopt(easy, CURLOPT_PREREQDATA, this);
    }
    if (request_.method == HttpRequest::Method::head) curl_easy_setopt(easy, CURLOPT_NOBODY, 1L);
    if (request_.method == HttpRequest::Method::post) {
        curl_easy_setopt(easy, CURLOPT_POST, 1L);
        curl_easy_setopt(easy, CURLOPT_POSTFIELDS, request_.body.data());
        curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE, static_cast<long>(request_.body.size()));
    }
    add_header("Accept-Encoding: identity");
    for (const std::string& header : request_.headers) add_header(header);
    curl_easy_setopt(easy, CURLOPT_HTTPHEADER, headers_.get());
    set_tls();
}

// A request without one of its headers would be another request.
void HttpTransfer::add_header(const std::string& header) {
    curl_slist* const longer = curl_slist_append(headers_.get(), header.c_str());
    if (longer == nullptr) throw std::bad_alloc();
    if (headers_ == nullptr) headers_.reset(longer);  // else the list still begins where it did
}

void HttpTransfer::set_tls() {
    if (!request_.url.is_secure() || request_.tls == nullptr) return;
    CURL* const easy = easy_.get();
    const TlsSettings& tls = *request_.tls;
    if (!tls.ca_pem.empty()) {
        curl_blob blob{const_cast<char*>(tls.ca_pem.data()), tls.ca_pem.size(), CURL_BLOB_COPY};
        curl_easy_setopt(easy, CURLOPT_CAINFO_BLOB, &blob);
    }
    if (!tls.certificate.empty()) {
        curl_easy_setopt(easy, CURLOPT_SSLCERT, tls.certificate.c_str());
        curl_easy_setopt(easy, CURLOPT_SSLKEY, tls.key.c_str());
    }
    if (!tls.verify) {
        curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, 0L);
        curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, 0L);
    }
}

curl_socket_t HttpTransfer::on_socket(void* self, curlsocktype, curl_sockaddr* address) {
    auto& transfer = *static_cast<HttpTransfer*>(self);
    const Network network = network_of(address->addr);
    if (transfer.proxy_.empty() && !transfer.may_connect(network)) {
        transfer.refused_ = true;
        return CURL_SOCKET_BAD;
    }
    return ::socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

/// Also for a connection that was open already, which no socket is made for.
int HttpTransfer::on_connected(void* self, char* peer, char*, int, int) {
    auto& transfer = *static_cast<HttpTransfer*>(self);
    if (!transfer.proxy_.empty()) return CURL_PREREQFUNC_OK;
    transfer.response_.peer = network_of(std::string_view(peer));
    if (transfer.may_connect(transfer.response_.peer)) return CURL_PREREQFUNC_OK;
    transfer.refused_ = true;
    return CURL_PREREQFUNC_ABORT;
}

std::size_t HttpTransfer::on_header(char* data, std::size_t, std::size_t count, void* self) {
    static_cast<HttpTransfer*>(self)->take_header({data, count});
    return count;
}

/// A status line begins an answer; "100 Continue" may have come before it.
void HttpTransfer::take_header(std::string_view line) {
    came(line.size());
    while (!line.empty() && (line.back() == '\r' || line.back() == '\n')) line.remove_suffix(1);
    if (line.starts_with("HTTP/")) {
        response_.headers.clear();
        const std::size_t space = line.find(' ');
        response_.status = 0;
        if (space != std::string_view::npos) {
            response_.status =
                static_cast<int>(parse_number(line.substr(space + 1, 3)).value_or(0));
        }
        return;
    }
    const std::size_t colon = line.find(':');
    if (colon == std::string_view::npos || line.size() > max_error_bytes) return;
    std::string_view value = line.substr(colon + 1);
    while (!value.empty() && (value.front() == ' ' || value.front() == '\t')) value.remove_prefix(1);
    while (!value.empty() && (value.back() == ' ' || value.back() == '\t')) value.remove_suffix(1);
    response_.headers.add(std::string(line.substr(0, colon)), std::string(value));
}

std::size_t HttpTransfer::on_body(char* data, std::size_t, std::size_t count, void* self) {
    return static_cast<HttpTransfer*>(self)->take_body(
        std::as_bytes(std::span<const char>(data, count)));
}

std::size_t HttpTransfer::take_body(std::span<const std::byte> bytes) {
    came(bytes.size());
    if (!begun_) {
        begun_ = true;
        move();
        sunk_ = request_.sink != nullptr && request_.sink->begin(response_);
    }
    if (sunk_) {
        switch (request_.sink->take(bytes)) {
            case BodySink::Taken::all: return bytes.size();
            case BodySink::Taken::full: rest(); return bytes.size();
            case BodySink::Taken::enough: break;
        }
        too_large_ = true;
        return bytes.size() == 0 ? 1 : 0;
    }
    const std::size_t limit = request_.sink != nullptr ? max_error_bytes : request_.body_limit;
    if (response_.body.size() + bytes.size() > limit) {
        too_large_ = true;
        return bytes.size() == 0 ? 1 : 0;
    }
    response_.body.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    return bytes.size();
}

/// A byte now and then is no move, or a blob would take as long as its sender likes.
void HttpTransfer::came(std::size_t bytes) noexcept {
    fresh_ += bytes;
    if (fresh_ >= least_) move();
}

/// With CURL_WRITEFUNC_PAUSE libcurl would copy what it has received, and copy it once more
/// when the transfer goes on.
void HttpTransfer::rest() {
    if (resting_) return;
    resting_ = true;
    curl_easy_pause(easy_.get(), CURLPAUSE_ALL);
}

void HttpTransfer::conclude(CURLcode code, bool stopped) {
    response_.failure = failure_of(code);
    if (code != CURLE_OK) response_.failure_text = curl_easy_strerror(code);
    if (too_large_) {
        response_.failure = HttpFailure::too_large;
        response_.failure_text = "the answer is longer than it may be";
    }
    if (refused_) {
        response_.failure = HttpFailure::refused;
        response_.failure_text = "an address that the registry may not lead to";
    }
    if (stopped) {
        response_.failure = HttpFailure::stopped;
        response_.failure_text = "stopped";
    }
    // A server may end an answer of unknown length by closing; libcurl takes that
    // for its end. An empty body never began.
    if (response_.failure == HttpFailure::none && !begun_ && request_.sink != nullptr) {
        (void)request_.sink->begin(response_);
    }
}

}  // namespace stratascan::registry
