#include "scanner/registry/authorizer.hpp"

#include <algorithm>

#include "scanner/evidence/codec.hpp"
#include "scanner/source/json_document.hpp"

namespace stratascan::registry {

namespace {

using Clock = std::chrono::steady_clock;

constexpr std::size_t max_token_answer_bytes = 64 << 10;
constexpr int max_token_redirects = 3;
constexpr std::chrono::seconds least_lifetime{60};  // what the specification lets clients assume
constexpr std::chrono::hours longest_lifetime{24};
constexpr std::string_view client = "stratascan";

const Challenge* find(const std::vector<Challenge>& challenges, std::string_view scheme) {
    const auto found = std::ranges::find(challenges, scheme, &Challenge::scheme);
    return found == challenges.end() ? nullptr : &*found;
}

/// Whether the realm that `endpoint`'s registry names may be asked.
Result<Url> check_realm(const Endpoint& endpoint, const std::string& realm) {
    auto url = resolve_url(endpoint.base, realm);
    if (!url) return fail(url.error().code, "the token service is named by " + url.error().what);
    if (endpoint.base.is_secure() && !url->is_secure()) {
        return fail(ErrorCode::unauthorized,
                    "the registry sends its clients to a token service without TLS");
    }
    return url;
}

}  // namespace

std::string basic_authorization(const Credentials& credentials) {
    return "Basic " + evidence::encode_base64(credentials.user + ':' + credentials.password);
}

Result<TokenAnswer> parse_token_answer(std::string_view body) {
    const auto parsed = source::parse_json(body);
    if (!parsed || !parsed->is_object()) {
        return fail(ErrorCode::malformed, "the token service's answer is no JSON object");
    }
    TokenAnswer answer;
    answer.token = source::text_member(*parsed, "token");
    if (answer.token.empty()) answer.token = source::text_member(*parsed, "access_token");
    const bool plain = std::ranges::all_of(
        answer.token, [](char c) { return c > ' ' && static_cast<unsigned char>(c) < 0x7f; });
    if (answer.token.empty() || !plain) {
        return fail(ErrorCode::malformed, "the token service's answer has no token");
    }
    const std::int64_t seconds = source::count_member(*parsed, "expires_in");
    if (seconds > 0) {
        answer.lifetime = std::chrono::seconds(std::clamp<std::int64_t>(
            seconds, least_lifetime.count(), std::chrono::seconds(longest_lifetime).count()));
    }
    return answer;
}

std::string Authorizer::credential_trouble() const {
    const std::scoped_lock lock(mutex_);
    return trouble_;
}

/// A helper that is missing or fails must not keep public images away.
Credentials Authorizer::credentials_for(const Access& access) {
    if (access.anonymous) return {};
    auto found = credentials_.find(access.repository);
    if (found) return *std::move(found);
    const std::scoped_lock lock(mutex_);
    trouble_ = found.error().message();
    return {};
}

std::shared_ptr<Authorizer::Token> Authorizer::token_for(const Host& host, const Access& access) {
    const std::scoped_lock lock(mutex_);
    auto& token = tokens_[host.name + ' ' + access.scope + (access.anonymous ? " -" : "") + ' ' +
                          access.repository.registry + ' ' + access.repository.stands_for];
    if (token == nullptr) token = std::make_shared<Token>();
    return token;
}

Result<std::string> Authorizer::header(Host& host, const Endpoint& endpoint, const Access& access,
                                       const std::stop_token& stop) {
    std::vector<Challenge> challenges;
    {
        const std::scoped_lock lock(host.mutex);
        if (!host.challenges) return std::string();
        challenges = *host.challenges;
    }
    const Challenge* const bearer = find(challenges, "bearer");
    const bool has_basic = find(challenges, "basic") != nullptr;
    if (bearer == nullptr && !has_basic) {
        return fail(ErrorCode::unsupported, "the registry asks for a way of authentication that "
                                            "is not spoken here", host.name);
    }
    const std::shared_ptr<Token> token = bearer != nullptr ? token_for(host, access) : nullptr;
    if (token != nullptr) {
        const std::scoped_lock lock(token->mutex);
        if (!token->text.empty() && Clock::now() < token->renew_at) return "Bearer " + token->text;
    }
    const Credentials credentials = credentials_for(access);
    if (!credentials.registry_token.empty()) return "Bearer " + credentials.registry_token;
    if (token == nullptr) {
        if (credentials.user.empty() && credentials.password.empty()) return std::string();
        return basic_authorization(credentials);
    }
    const std::scoped_lock lock(token->mutex);
    if (!token->text.empty() && Clock::now() < token->renew_at) return "Bearer " + token->text;
    std::string scopes = access.scope;
    if (!token->scope_asked.empty() && token->scope_asked != scopes) {
        scopes = token->scope_asked + (scopes.empty() ? "" : " ") + scopes;
    }
    auto fetched = fetch(endpoint, *bearer, credentials, scopes, stop);
    if (!fetched && fetched.error().code == ErrorCode::unauthorized && !access.anonymous &&
        credentials_.renew(access.repository)) {
        fetched = fetch(endpoint, *bearer, credentials_for(access), scopes, stop);
    }
    if (!fetched) return std::unexpected(fetched.error());
    token->text = std::move(fetched->token);
    // A layer may wait in a queue, so a token is renewed before its end.
    token->renew_at = Clock::now() + fetched->lifetime - fetched->lifetime / 5;
    return "Bearer " + token->text;
}

bool Authorizer::refused(Host& host, const Access& access, const std::string& sent,
                         const HttpResponse& response) {
    std::vector<Challenge> challenges;
    for (const std::string& field : response.headers.all("www-authenticate")) {
        for (Challenge& challenge : parse_challenges(field)) {
            challenges.push_back(std::move(challenge));
        }
    }
    const Challenge* const bearer = find(challenges, "bearer");
    bool scope_grew = false;
    if (bearer != nullptr) {
        const auto token = token_for(host, access);
        const std::scoped_lock lock(token->mutex);
        // Another thread may have fetched a new one since.
        if (sent == "Bearer " + token->text) token->text.clear();
        const std::string wanted = bearer->value("scope");
        const bool insufficient = bearer->value("error") == "insufficient_scope";
        if (insufficient && !wanted.empty() && wanted.size() <= 1024 &&
            wanted != token->scope_asked) {
            token->scope_asked = wanted;
            scope_grew = wanted != access.scope;
        }
    }
    const bool known = !challenges.empty();
    if (known) {
        const std::scoped_lock lock(host.mutex);
        host.challenges = std::move(challenges);
    }
    if (sent.empty()) return known;
    // Basic credentials that were refused stay refused, unless a helper has new ones.
    if (sent.starts_with("Basic ")) return credentials_.renew(access.repository);
    return sent.starts_with("Bearer ") && (bearer != nullptr || scope_grew);
}

Result<TokenAnswer> Authorizer::fetch(const Endpoint& endpoint, const Challenge& challenge,
                                      const Credentials& credentials, const std::string& scopes,
                                      const std::stop_token& stop) {
    const auto realm = check_realm(endpoint, challenge.value("realm"));
    if (!realm) return std::unexpected(realm.error());
    const std::string where = host_and_port(*realm);
    const std::string service = challenge.value("service");
    HttpResponse response;
    bool posted = false;
    if (!credentials.identity_token.empty()) {
        HttpRequest request;
        request.method = HttpRequest::Method::post;
        request.url = *realm;
        request.headers.emplace_back("Content-Type: application/x-www-form-urlencoded");
        request.body = "grant_type=refresh_token&service=" + percent_encode(service) +
                       "&client_id=" + std::string(client) + "&scope=" + percent_encode(scopes) +
                       "&refresh_token=" + percent_encode(credentials.identity_token);
        response = ask(endpoint, std::move(request), stop);
        posted = response.status != 404 && response.status != 405;
    }
    if (!posted) {
        HttpRequest request;
        request.url = *realm;
        std::string& path = request.url.path;
        const auto add = [&](std::string_view name, std::string_view value) {
            path += path.find('?') == std::string::npos ? '?' : '&';
            path += std::string(name) + '=' + percent_encode(value);
        };
        if (!service.empty()) add("service", service);
        for (std::size_t at = 0; at < scopes.size();) {
            const std::size_t space = std::min(scopes.find(' ', at), scopes.size());
            if (space > at) add("scope", std::string_view(scopes).substr(at, space - at));
            at = space + 1;
        }
        add("client_id", client);
        if (!credentials.user.empty()) {
            add("account", credentials.user);
            request.headers.push_back("Authorization: " + basic_authorization(credentials));
        }
        response = ask(endpoint, std::move(request), stop);
    }
    if (response.failure == HttpFailure::stopped) {
        return fail(ErrorCode::cancelled, "stopped", where);
    }
    if (response.failure != HttpFailure::none) {
        const bool refused = response.failure == HttpFailure::refused;
        return fail(refused ? ErrorCode::unauthorized : ErrorCode::unreachable,
                    "the token service gave no answer: " + response.failure_text, where);
    }
    if (!response.ok()) {
        const bool denied = response.status == 401 || response.status == 403;
        return fail(denied || response.status < 500 ? ErrorCode::unauthorized
                                                    : ErrorCode::unreachable,
                    "the token service answered with " + std::to_string(response.status), where,
                    denied ? "log in with docker login or podman login, or give --authfile" : "");
    }
    auto answer = parse_token_answer(response.body);
    if (!answer) return fail(answer.error().code, answer.error().what, where);
    return answer;
}

/// A token call, its redirects followed by hand: credentials go to the realm's own
/// origin and no further.
HttpResponse Authorizer::ask(const Endpoint& endpoint, HttpRequest request,
                             const std::stop_token& stop) {
    const Url realm = request.url;
    request.body_limit = max_token_answer_bytes;
    request.home = endpoint.network;
    for (int hop = 0;; ++hop) {
        request.guarded = !request.url.same_origin(endpoint.base);
        request.tls = hosts_.tls_for(host_and_port(request.url));
        Host& host = hosts_.get(host_and_port(request.url));
        HttpResponse response;
        for (unsigned attempt = 0;; ++attempt) {
            if (!host.gate.pass(stop)) {
                response.failure = HttpFailure::stopped;
                return response;
            }
            response = transport_.perform(request, stop);
            const bool busy = response.status == 429 || response.status >= 500 ||
                              response.failure == HttpFailure::broken;
            if (!busy || attempt >= 3) break;
            const auto named = parse_retry_after(response.headers.get("retry-after"),
                                                 std::chrono::system_clock::now());
            if (!host.gate.refused(named, attempt)) break;
        }
        const bool moved = response.status == 301 || response.status == 302 ||
                           response.status == 303 || response.status == 307 ||
                           response.status == 308;
        if (!moved || hop == max_token_redirects) return response;
        auto next = resolve_url(request.url, response.headers.get("location"));
        const bool allowed = next && (next->is_secure() || !endpoint.base.is_secure());
        if (!allowed) return response;
        if (!next->same_origin(realm)) {
            std::erase_if(request.headers,
                          [](const std::string& h) { return h.starts_with("Authorization:"); });
            request.method = HttpRequest::Method::get;
            request.body.clear();
        }
        request.url = *std::move(next);
    }
}

}  // namespace stratascan::registry
