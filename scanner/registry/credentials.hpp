// Who one is to a registry, from where Docker and Podman keep it. A secret that
// was read here goes into requests and nowhere else: no error, no log and no
// command line has it.
#pragma once

#include <chrono>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "scanner/registry/reference.hpp"
#include "stratascan/error.hpp"

namespace stratascan::registry {

struct Credentials {
    std::string user;
    std::string password;
    std::string identity_token;  ///< an OAuth2 refresh token, in place of user and password
    std::string registry_token;  ///< a bearer token to be sent as it is

    [[nodiscard]] bool empty() const noexcept {
        return user.empty() && password.empty() && identity_token.empty() &&
               registry_token.empty();
    }
};

/// A file of credentials: Docker's config.json, containers' auth.json, or
/// Docker's older .dockercfg, which is the map under "auths" alone.
struct CredentialFile {
    std::map<std::string, Credentials> auths;         ///< by key, as it stands in the file
    std::map<std::string, std::string> helpers;       ///< helper's name by host
    std::string store;                                ///< the helper of all others
};

/// Errors: `malformed`, without any of the text.
[[nodiscard]] Result<CredentialFile> parse_credential_file(std::string_view text);

/// The keys that may stand for a repository, the most particular first:
/// "host/ns/repo", "host/ns", "host", and Docker Hub's old URL.
[[nodiscard]] std::vector<std::string> credential_keys(const Repository& repository);

/// "https://host/v1/" and "host" are the same key.
[[nodiscard]] std::string normalised_key(std::string_view key);

/// What a helper printed for "get". Nothing where it has none for the host.
[[nodiscard]] Result<std::optional<Credentials>> parse_helper_answer(std::string_view output,
                                                                     bool succeeded);

/// What a helper printed for "list", {"server": "user", …}: by registry ("host:port") the name
/// that the helper knows it by. Nothing where it is no such object.
[[nodiscard]] std::map<std::string, std::string> parse_helper_list(std::string_view output);

/// A helper's name becomes that of a program: letters, digits and "._-" only.
[[nodiscard]] bool is_helper_name(std::string_view name) noexcept;

/// In the list of helpers of registries.conf the name for credential files.
inline constexpr std::string_view auth_files = "containers-auth.json";

struct CredentialSettings {
    std::string auth_file;  ///< --authfile; then no other is read
    std::string user;       ///< given with the command, for every registry but mirrors
    std::string password;
    /// Where to look, by registries.conf: `auth_files`, or the names of helpers.
    std::vector<std::string> helpers{std::string(auth_files)};
    /// An answer of a helper that is older may have ended.
    std::chrono::milliseconds helper_answer_fresh{30'000};
    std::chrono::milliseconds helper_time{30'000};
};

/// Looks credentials up, once for each repository's keys. Thread-safe.
class CredentialStore {
public:
    explicit CredentialStore(CredentialSettings settings);

    /// An error where a file that was named can't be read; those at the usual places
    /// only matter once something is refused.
    [[nodiscard]] Result<void> check();

    /// Empty credentials: none are known, ask without. Errors: a file that was named
    /// and can't be read; a helper that failed.
    [[nodiscard]] Result<Credentials> find(const Repository& repository);

    /// What a helper gave was refused, and it gave it some time ago: passwords of clouds end
    /// (ECR's after 12 hours, Google's after one at most). True where find() asks it again.
    [[nodiscard]] bool renew(const Repository& repository);

private:
    void load();
    [[nodiscard]] Result<std::optional<Credentials>> ask_helper(const std::string& helper,
                                                                const std::string& server);
    [[nodiscard]] Result<std::optional<Credentials>> ask_store(const std::string& helper,
                                                               const std::string& registry);
    [[nodiscard]] Result<std::optional<Credentials>> find_in(const CredentialFile& file,
                                                             const Repository& repository);

    CredentialSettings settings_;
    std::mutex mutex_;
    bool loaded_ = false;
    bool named_ = false;  ///< a file was
    std::optional<Error> error_;
    std::vector<CredentialFile> files_;
    struct Kept {
        Result<std::optional<Credentials>> answer;
        std::chrono::steady_clock::time_point asked;
        std::chrono::steady_clock::time_point until;
    };
    std::map<std::string, Kept> answers_;  ///< of helpers, by helper and server
    std::map<std::string, std::map<std::string, std::string>> listed_;  ///< by helper
};

/// Runs "docker-credential-<helper> get" (or "list") with `server` on its standard input, and
/// no shell. What it printed, and whether it exited with 0. Errors: there is no
/// such program, it took longer than `time`, or it printed more than 64 KiB.
struct HelperOutput {
    std::string text;
    bool succeeded = false;
};
enum class HelperVerb : std::uint8_t { get, list };
[[nodiscard]] Result<HelperOutput> run_credential_helper(const std::string& helper,
                                                         HelperVerb verb,
                                                         const std::string& server,
                                                         std::chrono::milliseconds time);

}  // namespace stratascan::registry
