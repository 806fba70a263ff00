// What a registry wants to be shown (distribution, specification of token
// authentication): nothing, a user and password, or a token that another service
// gives for one scope and a short time.
//
// One token a scope, and a scope is one repository: a sweep over thousands would
// else collect them all in one token, which some services refuse.
#pragma once

#include <chrono>
#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "scanner/registry/credentials.hpp"
#include "scanner/registry/hosts.hpp"

namespace stratascan::registry {

/// For whom a request is made: what its token must be good for.
struct Access {
    Repository repository;  ///< its name is empty for requests to the registry itself
    std::string scope;      ///< "repository:library/debian:pull", "registry:catalog:*", ""
    bool anonymous = false;  ///< no credentials, whatever is known
};

/// What a token service answered: {"token" or "access_token", "expires_in"}.
struct TokenAnswer {
    std::string token;
    std::chrono::seconds lifetime{60};
};
/// Errors: `malformed` where there is no token, or one that can't stand in a header.
[[nodiscard]] Result<TokenAnswer> parse_token_answer(std::string_view body);

/// The value of Authorization for a user and password.
[[nodiscard]] std::string basic_authorization(const Credentials& credentials);

class Authorizer {
public:
    Authorizer(HttpTransport& transport, Hosts& hosts, CredentialStore& credentials)
        : transport_(transport), hosts_(hosts), credentials_(credentials) {}

    /// The value of Authorization for the next request; "" where nothing is asked for.
    /// Fetches a token where there is none that lives on. Errors: `unauthorized`,
    /// `unreachable`, `cancelled`, and `unsupported` where the host asks only for
    /// what is not spoken here.
    [[nodiscard]] Result<std::string> header(Host& host, const Endpoint& endpoint,
                                             const Access& access, const std::stop_token& stop);

    /// The host answered a request that carried `sent` with 401. True: with what
    /// header() gives now it is worth another try.
    [[nodiscard]] bool refused(Host& host, const Access& access, const std::string& sent,
                               const HttpResponse& response);

    /// Why credentials that might have helped were not used; may be empty.
    [[nodiscard]] std::string credential_trouble() const;

private:
    struct Token {
        std::mutex mutex;  ///< held while it is fetched
        std::string text;
        std::chrono::steady_clock::time_point renew_at{};
        std::string scope_asked;  ///< what the host said is missing; asked for first
    };

    [[nodiscard]] Credentials credentials_for(const Access& access);
    [[nodiscard]] std::shared_ptr<Token> token_for(const Host& host, const Access& access);
    [[nodiscard]] Result<TokenAnswer> fetch(const Endpoint& endpoint, const Challenge& challenge,
                                            const Credentials& credentials,
                                            const std::string& scopes,
                                            const std::stop_token& stop);
    [[nodiscard]] HttpResponse ask(const Endpoint& endpoint, HttpRequest request,
                                   const std::stop_token& stop);

    HttpTransport& transport_;
    Hosts& hosts_;
    CredentialStore& credentials_;
    mutable std::mutex mutex_;
    std::map<std::string, std::shared_ptr<Token>> tokens_;
    std::string trouble_;
};

}  // namespace stratascan::registry
