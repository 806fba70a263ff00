#include "scanner/registry/exchange.hpp"

#include <algorithm>

#include "scanner/registry/reference.hpp"
#include "scanner/source/json_document.hpp"

namespace stratascan::registry {

namespace {

constexpr int max_redirects = 5;
constexpr int max_refusals = 3;  // without a token, with an old one, with a new one
constexpr std::size_t max_warnings = 100;

bool is_redirect(int status) noexcept {
    return status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
}

bool is_busy(int status) noexcept { return status == 429 || status == 503; }

/// "45 s", "20 min", "6 h".
std::string time_text(std::chrono::milliseconds time) {
    const auto seconds = (time.count() + 999) / 1000;
    if (seconds >= 7200) return std::to_string(seconds / 3600) + " h";
    if (seconds >= 120) return std::to_string(seconds / 60) + " min";
    return std::to_string(seconds) + " s";
}

/// Worth another try: the host's trouble, which passes.
bool is_trouble(const HttpResponse& response) noexcept {
    if (response.status == 408 || response.status == 500 || response.status == 502 ||
        response.status == 504) {
        return true;
    }
    return response.status == 0 && (response.failure == HttpFailure::broken ||
                                    response.failure == HttpFailure::timed_out ||
                                    response.failure == HttpFailure::unreachable);
}

/// How long a busy host asks to be left alone: in a header, or, as one service
/// does, only in the text of its answer ("retry-after: 454.813µs").
std::optional<std::chrono::milliseconds> named_wait(const HttpResponse& response) {
    const auto now = std::chrono::system_clock::now();
    if (const auto named = parse_retry_after(response.headers.get("retry-after"), now)) return named;
    constexpr std::string_view marker = "retry-after: ";
    const std::size_t at = response.body.find(marker);
    if (at == std::string::npos) return std::nullopt;
    const std::string_view rest = std::string_view(response.body).substr(at + marker.size(), 32);
    return parse_retry_after(rest.substr(0, rest.find_first_of(" \",;}\n")), now);
}

}  // namespace

std::string error_codes(std::string_view body) {
    const auto parsed = source::parse_json(body);
    if (!parsed) return {};
    const auto* const errors = source::list_member(*parsed, "errors");
    if (errors == nullptr) return {};
    std::string codes;
    std::size_t count = 0;
    for (const auto& error : *errors) {
        const std::string code = source::text_member(error, "code");
        const bool plain = !code.empty() && code.size() <= 40 &&
                           std::ranges::all_of(code, [](char c) {
                               return (c >= 'A' && c <= 'Z') || c == '_';
                           });
        if (!plain || ++count > 4) continue;
        codes += (codes.empty() ? "" : ", ") + code;
    }
    return codes;
}

Error Exchanger::error_of(const HttpResponse& response, const std::string& what,
                          const Host& host) const {
    Error error{ErrorCode::unreachable, {}, host.name, {}};
    const std::string codes = error_codes(response.body);
    const std::string status =
        std::to_string(response.status) + (codes.empty() ? "" : " (" + codes + ")");
    switch (response.failure) {
        case HttpFailure::stopped:
            return {ErrorCode::cancelled, "stopped", host.name, {}};
        case HttpFailure::too_large:
            return {ErrorCode::over_limit, what + ": the answer is larger than it may be",
                    host.name, {}};
        case HttpFailure::refused:
            return {ErrorCode::unauthorized,
                    what + ": the registry leads to an address in another network than its own",
                    host.name, "if that is meant, fetch the image with another tool and scan the "
                               "archive"};
        case HttpFailure::certificate:
            error.what = what + ": the certificate is not trusted";
            error.hint = "put the authority's certificate into ~/.config/containers/certs.d/" +
                         host.name + "/ca.crt, or name a folder with --certs";
            return error;
        case HttpFailure::not_tls:
            error.what = what + ": the host does not answer in TLS";
            error.hint = "--insecure-registry " + host.name + " allows plain HTTP";
            return error;
        case HttpFailure::unreachable:
        case HttpFailure::timed_out:
        case HttpFailure::broken:
            error.what = what + ": " + response.failure_text;
            error.hint = "is the name right, and is the registry up?";
            return error;
        case HttpFailure::none: break;
    }
    error.what = what + ": the registry answered with " + status;
    if (response.status == 401 || response.status == 403) {
        error.code = ErrorCode::unauthorized;
        error.hint = "log in with docker login or podman login, or give --authfile";
        if (const std::string trouble = authorizer_.credential_trouble(); !trouble.empty()) {
            error.hint = "credentials were not found: " + trouble;
        }
    } else if (response.status == 404) {
        error.code = ErrorCode::not_found;
    } else if (response.status == 429) {
        error.hint = "the registry limits its clients; try again later, or log in";
    }
    return error;
}

HttpResponse Exchanger::ping(const Url& base, const std::shared_ptr<const TlsSettings>& tls,
                             const std::stop_token& stop) {
    HttpRequest request;
    request.url = base;
    request.url.path = "/v2/";
    request.tls = tls;
    request.body_limit = 64 << 10;
    return transport_.perform(request, stop);
}

/// TLS always comes first, but on this machine itself: there a registry is mostly
/// one for tests and builds without certificates, and nothing secret is sent
/// before it is known which it is. A host whose certificate is not trusted is never
/// asked in the clear instead, unless the user said so of it.
Result<Endpoint> Exchanger::connect(Host& host, const std::stop_token& stop) {
    const std::scoped_lock lock(host.mutex);
    if (host.endpoint) return *host.endpoint;
    const std::string name = registry_host(host.name);
    const auto tls = hosts_.tls_for(host.name);
    auto secure = parse_url("https://" + name);
    auto plain = parse_url("http://" + name);
    if (!secure || !plain) return fail(ErrorCode::malformed, "no name of a host", host.name);
    const bool local = is_loopback_host(host.name);
    const bool plain_allowed = local || hosts_.is_insecure(host.name);
    HttpResponse response;
    for (unsigned attempt = 0;; ++attempt) {
        if (!host.gate.pass(stop)) return fail(ErrorCode::cancelled, "stopped", host.name);
        Url base = local ? *plain : *secure;
        response = ping(base, tls, stop);
        // A server that wants TLS says so with 400, or hangs up.
        const bool other_scheme =
            local ? response.status == 400 || response.failure == HttpFailure::broken
                  : plain_allowed && (response.failure == HttpFailure::not_tls ||
                                      response.failure == HttpFailure::unreachable);
        if (other_scheme) {
            const Url other = local ? *secure : *plain;
            HttpResponse second = ping(other, tls, stop);
            // That a plain server does not speak TLS says nothing new of it.
            if (second.status != 0 || second.failure == HttpFailure::certificate) {
                response = std::move(second);
                base = other;
            }
        }
        const bool busy = is_busy(response.status);
        if ((busy || is_trouble(response)) && attempt + 1 < retries_.tries) {
            if (response.failure == HttpFailure::unreachable && attempt >= 1) break;
            if (busy ? !hold_up(host, response, attempt)
                     : !HostGate::sleep(host.gate.backoff(attempt), stop)) {
                break;
            }
            continue;
        }
        if (response.status == 0) break;
        if (response.status == 401) {
            std::vector<Challenge> challenges;
            for (const std::string& field : response.headers.all("www-authenticate")) {
                for (Challenge& challenge : parse_challenges(field)) {
                    challenges.push_back(std::move(challenge));
                }
            }
            if (!challenges.empty()) host.challenges = std::move(challenges);
        } else if (response.status >= 400 || is_redirect(response.status)) {
            // Some only know the paths of resources; those will tell.
            if (response.status == 404 && !response.headers.get("docker-distribution-api-version")
                                               .empty()) {
                response.status = 200;
            } else if (response.status != 403 && !is_redirect(response.status)) {
                break;
            }
        }
        host.endpoint = Endpoint{base, tls, response.peer};
        return *host.endpoint;
    }
    Error error = error_of(response, "it was not reached", host);
    if (response.status == 404) {
        error.code = ErrorCode::unsupported;
        error.what = "the host answers, but not as a registry (GET /v2/ gives 404)";
    }
    return std::unexpected(std::move(error));
}

/// A limit that is near is kept, before it is met.
void Exchanger::heed_limits(Host& host, HostGate::Kind kind, const HttpResponse& response) {
    const auto rate = parse_rate_limit(response.headers, std::chrono::system_clock::now());
    if (!rate) return;
    const auto between = host.gate.told(kind, *rate);
    if (!between || !notices_) return;
    notices_(host.name,
             "of its limit " + std::to_string(rate->remaining) +
                 (rate->limit > 0 ? " of " + std::to_string(rate->limit) : "") +
                 " requests are left for " + time_text(rate->window) + ": " +
                 (kind == HostGate::Kind::manifest ? "a manifest" : "a request") + " every " +
                 (between->count() < 1000 ? std::to_string(between->count()) + " ms"
                                          : time_text(*between)) +
                 " now");
}

/// All work on the host waits; false when the host names a longer time than is waited.
bool Exchanger::hold_up(Host& host, const HttpResponse& response, unsigned attempt) {
    const auto named = named_wait(response);
    const bool first = host.gate.is_open();
    if (!host.gate.refused(named, attempt)) return false;
    if (first && named && named->count() >= 1000 && notices_) {
        notices_(host.name, "it answers with " + std::to_string(response.status) +
                                ", and all that is asked of it waits for " + time_text(*named));
    }
    return true;
}

void Exchanger::warn(const Host& host, const HttpResponse& response) {
    for (const std::string& field : response.headers.all("warning")) {
        const auto text = parse_warning(field);
        if (!text) continue;
        const std::scoped_lock lock(mutex_);
        if (warned_.size() >= max_warnings) return;
        if (warned_.insert(host.name + ' ' + *text).second && warnings_) {
            warnings_(host.name, *text);
        }
    }
}

Result<HttpResponse> Exchanger::ask(Host& host, const Question& question,
                                    const std::stop_token& stop) {
    auto endpoint = connect(host, stop);
    if (!endpoint) return std::unexpected(endpoint.error());
    const bool manifest = question.method == HttpRequest::Method::get &&
                          question.path.find("/manifests/") != std::string::npos;
    const auto kind = manifest ? HostGate::Kind::manifest : HostGate::Kind::other;
    for (unsigned attempt = 0;; ++attempt) {
        if (!host.gate.pass(stop, kind)) return fail(ErrorCode::cancelled, "stopped", host.name);
        auto response = ask_once(host, *endpoint, question, stop);
        if (!response) return response;
        warn(host, *response);
        // Blobs mostly come from another host than the one that counts.
        if (question.sink == nullptr) heed_limits(host, kind, *response);
        const bool busy = is_busy(response->status);
        // A document that broke off in its middle is asked for again from the beginning.
        const bool cut = question.sink == nullptr && response->failure == HttpFailure::broken;
        if (!busy && !cut && !is_trouble(*response)) {
            host.gate.answered();
            const bool denied = response->status == 401 || response->status == 403;
            // A sink's broken body is the caller's to resume.
            const bool failed = response->failure != HttpFailure::none &&
                                (response->status == 0 || question.sink == nullptr ||
                                 response->failure == HttpFailure::stopped);
            if (denied || failed) {
                return std::unexpected(error_of(*response, question.what, host));
            }
            return response;
        }
        const bool again =
            attempt + 1 < retries_.tries &&
            (busy ? hold_up(host, *response, attempt)
                  : HostGate::sleep(host.gate.backoff(attempt), stop));
        if (!again) {
            if (stop.stop_requested()) return fail(ErrorCode::cancelled, "stopped", host.name);
            return std::unexpected(error_of(*response, question.what, host));
        }
    }
}

/// One try, with as many requests as authentication and redirects take.
Result<HttpResponse> Exchanger::ask_once(Host& host, const Endpoint& endpoint,
                                         const Question& question, const std::stop_token& stop) {
    if (!question.elsewhere.empty()) {
        Result<HttpResponse> last;
        for (const std::string& target : question.elsewhere) {
            HttpResponse moved;
            moved.headers.add("location", target);
            last = follow(endpoint, question, std::move(moved), endpoint.base, stop);
            if (last && (last->status == 200 || last->status == 206)) break;
        }
        return last;
    }
    auto url = resolve_url(endpoint.base, question.path);
    if (!url) return fail(url.error().code, question.what + ": " + url.error().what, host.name);
    if (!url->same_origin(endpoint.base)) {
        return fail(ErrorCode::unauthorized,
                    question.what + ": the registry leads to another host", host.name);
    }
    for (int refusals = 0;; ++refusals) {
        auto authorization = authorizer_.header(host, endpoint, question.access, stop);
        if (!authorization) {
            Error error = authorization.error();
            error.what = question.what + ": " + error.what;
            return std::unexpected(std::move(error));
        }
        HttpRequest request;
        request.method = question.method;
        request.url = *url;
        request.headers = question.headers;
        if (!authorization->empty()) request.headers.push_back("Authorization: " + *authorization);
        request.body_limit = question.body_limit;
        request.tls = endpoint.tls;
        request.sink = question.sink;
        HttpResponse response = transport_.perform(request, stop);
        if (is_redirect(response.status)) {
            return follow(endpoint, question, std::move(response), *url, stop);
        }
        if (response.status != 401) return response;
        if (!authorizer_.refused(host, question.access, *authorization, response) ||
            refusals + 1 >= max_refusals) {
            return response;
        }
    }
}

/// To where a blob is really kept. The registry's authorization stays with the
/// registry: storage services refuse requests that carry it, and hostile ones
/// would keep it. A second host that asks for a token of its own gets an anonymous
/// one.
Result<HttpResponse> Exchanger::follow(const Endpoint& endpoint, const Question& question,
                                       HttpResponse moved, Url from, const std::stop_token& stop) {
    for (int hop = 0; hop < max_redirects; ++hop) {
        auto next = resolve_url(from, moved.headers.get("location"));
        if (!next) {
            return fail(next.error().code,
                        question.what + ": the registry leads to " + next.error().what,
                        host_and_port(endpoint.base));
        }
        if (endpoint.base.is_secure() && !next->is_secure()) {
            return fail(ErrorCode::unauthorized,
                        question.what + ": the registry leads to a host without TLS",
                        host_and_port(endpoint.base));
        }
        const bool home = next->same_origin(endpoint.base);
        HttpRequest request;
        request.method = question.method;
        request.url = *next;
        request.headers = question.headers;
        request.body_limit = question.body_limit;
        request.tls = home ? endpoint.tls : hosts_.tls_for(host_and_port(*next));
        request.sink = question.sink;
        request.guarded = !home;
        request.home = endpoint.network;
        Host& host = hosts_.get(host_and_port(*next));
        Access access = question.access;
        access.anonymous = !home;
        const Endpoint there{*next, request.tls, endpoint.network};
        if (home) {
            Host& registry = hosts_.get(question.access.repository.registry);
            auto authorization = authorizer_.header(registry, endpoint, question.access, stop);
            if (authorization && !authorization->empty()) {
                request.headers.push_back("Authorization: " + *authorization);
            }
        } else if (!host.gate.pass(stop)) {
            return fail(ErrorCode::cancelled, "stopped", host.name);
        }
        HttpResponse response = transport_.perform(request, stop);
        if (response.status == 401 && !home && authorizer_.refused(host, access, "", response)) {
            auto token = authorizer_.header(host, there, access, stop);
            if (token && token->starts_with("Bearer ")) {
                request.headers.push_back("Authorization: " + *token);
                response = transport_.perform(request, stop);
            }
        }
        if (!is_redirect(response.status)) return response;
        moved = std::move(response);
        from = *std::move(next);
    }
    return fail(ErrorCode::unreachable,
                question.what + ": more than " + std::to_string(max_redirects) + " redirects",
                host_and_port(endpoint.base));
}

}  // namespace stratascan::registry
