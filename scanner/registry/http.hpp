// Requests over HTTP. One thread owns all connections (libcurl's multi
// interface) and does nothing but move bytes; whoever asks waits on a thread of
// their own, never on a thread that scans.
//
// Redirects are not followed here: they are the registry's word, and it takes a
// policy to follow one. Nor is a body ever decoded (Content-Encoding), for a
// blob's digest is over the bytes as they are sent.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <stop_token>
#include <string>
#include <vector>

#include "scanner/registry/address.hpp"
#include "scanner/registry/headers.hpp"
#include "scanner/registry/url.hpp"

namespace stratascan::registry {

/// Whom to trust, and who one is, in TLS.
struct TlsSettings {
    std::string ca_pem;       ///< certificates beside the system's
    std::string certificate;  ///< path of the client's, may be empty
    std::string key;          ///< path of its key
    bool verify = true;
};

/// What went wrong where no whole answer came.
enum class HttpFailure {
    none,
    unreachable,  ///< no such host, refused, no route
    timed_out,    ///< nothing came for too long
    not_tls,      ///< the other side does not speak TLS, or no version of it that is spoken here
    certificate,  ///< its certificate is not trusted
    broken,       ///< the connection ended before the answer did
    too_large,    ///< the body is longer than asked for
    refused,      ///< the address is one that the registry may not lead to
    stopped,      ///< by the caller
};

struct HttpResponse {
    int status = 0;  ///< 0: no answer. May be set beside a failure that came later.
    Headers headers;
    std::string body;  ///< unless a sink took it
    HttpFailure failure = HttpFailure::none;
    std::string failure_text;           ///< for a person; holds nothing of the URL
    Network peer = Network::forbidden;  ///< of the address that answered

    [[nodiscard]] bool ok() const noexcept {
        return failure == HttpFailure::none && status >= 200 && status < 300;
    }
};

/// Takes a body while it arrives. Called on the transport's thread; must not wait.
class BodySink {
public:
    virtual ~BodySink() = default;
    /// The answer's head. False: the body is small and an error, and goes to
    /// HttpResponse::body.
    [[nodiscard]] virtual bool begin(const HttpResponse& head) = 0;

    enum class Taken : std::uint8_t { all, full, enough };
    /// `full`: the transfer rests until HttpTransport::resume, when what it has received
    /// already (128 KiB at most) has been given, too.
    /// `enough`: no more is wanted, and the transfer ends with `too_large`.
    [[nodiscard]] virtual Taken take(std::span<const std::byte> bytes) = 0;

    /// Whoever reads has bytes for a while: the next ones may come in a moment, and then
    /// more at once.
    [[nodiscard]] virtual bool has_plenty() const { return false; }
};

struct HttpRequest {
    enum class Method : std::uint8_t { get, head, post };
    Method method = Method::get;
    Url url;
    std::vector<std::string> headers;  ///< "Name: value"
    std::string body;                  ///< of a POST
    std::size_t body_limit = std::size_t{4} << 20;
    std::shared_ptr<const TlsSettings> tls;
    std::string unix_socket;  ///< a path: the connection goes there, whatever the URL's host
    /// Set where the URL came from outside: the network of the registry that gave it.
    bool guarded = false;
    Network home = Network::open;
    BodySink* sink = nullptr;
};

struct HttpTimeouts {
    std::chrono::seconds connect{30};
    /// Without any byte, and of a body that a sink takes: slower than `least_rate`.
    std::chrono::seconds stall{60};
    std::chrono::seconds document{300};  ///< a whole answer that no sink takes
};

/// Bytes a second that a blob comes by at the least, over the time of a stall.
constexpr std::uint64_t least_rate = 4096;

class HttpTransport {
public:
    explicit HttpTransport(const HttpTimeouts& timeouts);
    ~HttpTransport();
    HttpTransport(const HttpTransport&) = delete;
    HttpTransport& operator=(const HttpTransport&) = delete;

    /// Waits for the whole answer. Any thread; any number at once. Ends early with
    /// `stopped` once a stop is requested.
    [[nodiscard]] HttpResponse perform(const HttpRequest& request, const std::stop_token& stop);

    /// The sink of a transfer that rests has room again. Any thread; a sink that
    /// no transfer has is ignored.
    void resume(const BodySink* sink);

    [[nodiscard]] std::uint64_t requests() const noexcept;

private:
    class Loop;
    std::unique_ptr<Loop> loop_;
};

}  // namespace stratascan::registry
