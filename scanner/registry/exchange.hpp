// One question to a registry and its answer: authentication, redirects, waiting
// when the host asks for it, trying again when something broke. All questions of
// the client go this way.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>

#include "scanner/registry/authorizer.hpp"
#include "scanner/registry/hosts.hpp"

namespace stratascan::registry {

struct Question {
    HttpRequest::Method method = HttpRequest::Method::get;
    std::string path;  ///< "/v2/…"; or, of a list, the URL of a further page
    Access access;
    std::vector<std::string> headers;
    std::size_t body_limit = std::size_t{4} << 20;
    BodySink* sink = nullptr;
    /// URLs that the registry's word leads to in place of `path`: tried in turn.
    std::vector<std::string> elsewhere;
    std::string what;  ///< "the manifest of docker.io/library/debian:latest", for errors
};

/// Told what a registry wants its users to know ("Warning: 299"). Any thread.
using WarningSink = std::function<void(const std::string& host, const std::string& text)>;
/// Told at once when a host is waited for, and why. Any thread; must return at once.
using NoticeSink = WarningSink;

class Exchanger {
public:
    Exchanger(HttpTransport& transport, Hosts& hosts, Authorizer& authorizer,
              const RetryPolicy& retries, WarningSink warnings, NoticeSink notices)
        : transport_(transport), hosts_(hosts), authorizer_(authorizer), retries_(retries),
          warnings_(std::move(warnings)), notices_(std::move(notices)) {}

    /// How `host` is reached; asks it once ("GET /v2/").
    [[nodiscard]] Result<Endpoint> connect(Host& host, const std::stop_token& stop);

    /// The answer with a status that is final: 2xx, 404, 416 and so on. Errors:
    /// `unauthorized` for 401 and 403, `unreachable` where no answer came after all
    /// tries, `cancelled`. A body that broke in the middle of a sink is no error:
    /// see HttpResponse::failure. Waits; never call it on a thread that scans.
    [[nodiscard]] Result<HttpResponse> ask(Host& host, const Question& question,
                                           const std::stop_token& stop);

    /// The error that stands for an answer which is no success.
    [[nodiscard]] Error error_of(const HttpResponse& response, const std::string& what,
                                 const Host& host) const;

private:
    [[nodiscard]] HttpResponse ping(const Url& base, const std::shared_ptr<const TlsSettings>& tls,
                                    const std::stop_token& stop);
    [[nodiscard]] Result<HttpResponse> ask_once(Host& host, const Endpoint& endpoint,
                                                const Question& question,
                                                const std::stop_token& stop);
    [[nodiscard]] Result<HttpResponse> follow(const Endpoint& endpoint, const Question& question,
                                              HttpResponse moved, Url from,
                                              const std::stop_token& stop);
    void warn(const Host& host, const HttpResponse& response);
    void heed_limits(Host& host, HostGate::Kind kind, const HttpResponse& response);
    [[nodiscard]] bool hold_up(Host& host, const HttpResponse& response, unsigned attempt);

    HttpTransport& transport_;
    Hosts& hosts_;
    Authorizer& authorizer_;
    RetryPolicy retries_;
    WarningSink warnings_;
    NoticeSink notices_;
    std::mutex mutex_;
    std::set<std::string> warned_;
};

/// The codes of a registry's error document ("MANIFEST_UNKNOWN, DENIED"), as far as
/// they have the form of codes; its messages may hold anything and are left out.
[[nodiscard]] std::string error_codes(std::string_view body);

}  // namespace stratascan::registry
