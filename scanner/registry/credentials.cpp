// The order: what the command was given; else the file that was named (--authfile,
// REGISTRY_AUTH_FILE) alone; else DOCKER_AUTH_CONFIG, containers' files, Docker's. Where
// registries.conf names helpers, they are asked in its order, the files at their place in it.
// In a file the helper of a host comes before what the file has itself, and that
// before the store of everything.
#include "scanner/registry/credentials.hpp"

#include <cstdlib>
#include <utility>

#include "scanner/source/file_blob.hpp"

namespace stratascan::registry {

namespace {

using Answer = Result<std::optional<Credentials>>;

constexpr std::chrono::hours keep_answer{1};
constexpr std::chrono::seconds keep_failure{5};

std::string variable(const char* name) {
    const char* const value = std::getenv(name);
    return value == nullptr ? std::string() : std::string(value);
}

/// /dev/null is how one says that there is none.
Result<CredentialFile> load_file(const std::string& path) {
    if (path == "/dev/null") return CredentialFile{};
    auto reader = source::open_file_blob(path);
    if (!reader) return std::unexpected(reader.error());
    auto text = source::read_whole(**reader, std::size_t{4} << 20);
    if (!text) return std::unexpected(text.error());
    auto file = parse_credential_file(*text);
    if (!file) return fail(file.error().code, "the credential file was not read: " + file.error().what, path);
    return file;
}

/// Helpers know Docker Hub by the URL that it had first.
std::string server_of(const std::string& registry) {
    return registry == "docker.io" ? "https://index.docker.io/v1/" : registry;
}

std::vector<std::string> usual_paths() {
    std::vector<std::string> paths;
    const std::string home = variable("HOME");
    const std::string runtime = variable("XDG_RUNTIME_DIR");
    const std::string config = variable("XDG_CONFIG_HOME");
    const std::string docker = variable("DOCKER_CONFIG");
    if (!runtime.empty()) paths.push_back(runtime + "/containers/auth.json");
    if (!config.empty()) {
        paths.push_back(config + "/containers/auth.json");
    } else if (!home.empty()) {
        paths.push_back(home + "/.config/containers/auth.json");
    }
    if (!docker.empty()) {
        paths.push_back(docker + "/config.json");
    } else if (!home.empty()) {
        paths.push_back(home + "/.docker/config.json");
    }
    if (!home.empty()) paths.push_back(home + "/.dockercfg");
    return paths;
}

}  // namespace

CredentialStore::CredentialStore(CredentialSettings settings) : settings_(std::move(settings)) {}

void CredentialStore::load() {
    loaded_ = true;
    std::string named = settings_.auth_file;
    if (named.empty()) named = variable("REGISTRY_AUTH_FILE");
    named_ = !named.empty();
    if (named_) {
        auto file = load_file(named);
        if (file) {
            files_.push_back(*std::move(file));
        } else {
            error_ = file.error();
        }
        return;
    }
    if (const std::string text = variable("DOCKER_AUTH_CONFIG"); !text.empty()) {
        auto file = parse_credential_file(text);
        if (file) {
            files_.push_back(*std::move(file));
        } else {
            error_ = Error{file.error().code, "it was not read: " + file.error().what,
                           "DOCKER_AUTH_CONFIG", {}};
        }
    }
    for (const std::string& path : usual_paths()) {
        auto file = load_file(path);
        if (file) {
            files_.push_back(*std::move(file));
        } else if (file.error().code != ErrorCode::not_found && !error_) {
            error_ = file.error();
        }
    }
}

Result<void> CredentialStore::check() {
    const std::scoped_lock lock(mutex_);
    if (!loaded_) load();
    if (named_ && error_) return std::unexpected(*error_);
    return {};
}

Result<Credentials> CredentialStore::find(const Repository& repository) {
    const bool given = !settings_.user.empty() || !settings_.password.empty();
    if (given && repository.stands_for.empty()) {
        return Credentials{settings_.user, settings_.password, {}, {}};
    }
    const std::scoped_lock lock(mutex_);
    if (!loaded_) load();
    // One that fails keeps nobody from the next.
    std::optional<Error> trouble = error_;
    const auto take = [&trouble](Answer answer) -> std::optional<Credentials> {
        if (answer) return *std::move(answer);
        if (!trouble) trouble = answer.error();
        return std::nullopt;
    };
    const std::vector<std::string> files_alone = {std::string(auth_files)};
    for (const std::string& helper : named_ ? files_alone : settings_.helpers) {
        if (helper != auth_files) {
            if (auto found = take(ask_store(helper, repository.registry))) return *std::move(found);
            continue;
        }
        for (const CredentialFile& file : files_) {
            if (auto found = take(find_in(file, repository))) return *std::move(found);
        }
    }
    if (trouble) return std::unexpected(*trouble);
    return Credentials{};
}

Answer CredentialStore::find_in(const CredentialFile& file, const Repository& repository) {
    const std::string& host = repository.registry;
    const std::string server = server_of(host);
    if (const auto helper = file.helpers.find(host); helper != file.helpers.end()) {
        return ask_helper(helper->second, server);
    }
    for (const std::string& key : credential_keys(repository)) {
        const auto found = file.auths.find(key);
        if (found != file.auths.end()) return std::optional(found->second);
    }
    if (!file.store.empty()) return ask_store(file.store, host);
    return std::optional<Credentials>();
}

/// Older versions of docker, and other tools, kept a registry by its URL. A store that has
/// nothing for the plain name is asked, once, which names it has.
Answer CredentialStore::ask_store(const std::string& helper, const std::string& registry) {
    const std::string server = server_of(registry);
    Answer answer = ask_helper(helper, server);
    if (!answer || *answer) return answer;
    const auto [names, fresh] = listed_.try_emplace(helper);
    if (fresh) {
        auto output = run_credential_helper(helper, HelperVerb::list, "", settings_.helper_time);
        if (output && output->succeeded) names->second = parse_helper_list(output->text);
    }
    const auto found = names->second.find(registry);
    if (found == names->second.end() || found->second == server) return answer;
    return ask_helper(helper, found->second);
}

bool CredentialStore::renew(const Repository& repository) {
    const std::scoped_lock lock(mutex_);
    const auto old = std::chrono::steady_clock::now() - settings_.helper_answer_fresh;
    return std::erase_if(answers_, [&](const auto& kept) {
               const std::string server = kept.first.substr(kept.first.find(' ') + 1);
               return normalised_key(server) == repository.registry && kept.second.asked < old;
           }) > 0;
}

Answer CredentialStore::ask_helper(const std::string& helper, const std::string& server) {
    const auto now = std::chrono::steady_clock::now();
    const std::string key = helper + ' ' + server;
    const auto kept = answers_.find(key);
    if (kept != answers_.end() && now < kept->second.until) return kept->second.answer;
    const auto ask = [&]() -> Answer {
        auto output =
            run_credential_helper(helper, HelperVerb::get, server, settings_.helper_time);
        if (!output) return std::unexpected(output.error());
        auto answer = parse_helper_answer(output->text, output->succeeded);
        if (!answer) {
            return fail(answer.error().code, answer.error().what, "docker-credential-" + helper,
                        "it was asked for " + server);
        }
        return answer;
    };
    Answer answer = ask();
    const auto asked = std::chrono::steady_clock::now();
    const auto until = std::chrono::steady_clock::now() +
                       (answer ? std::chrono::seconds(keep_answer) : keep_failure);
    answers_.insert_or_assign(key, Kept{answer, asked, until});
    return answer;
}

}  // namespace stratascan::registry
