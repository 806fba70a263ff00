// Servers that a test starts: each on a port of its own, each gone when the test
// is, whatever becomes of it.
#pragma once

#include <netinet/in.h>
#include <sys/prctl.h>
#include <sys/socket.h>

#include <chrono>
#include <regex>
#include <thread>

#include "tests/e2e/run.hpp"

#ifndef STRATASCAN_BUILT_BY_GO
#define STRATASCAN_BUILT_BY_GO "build/release/tests"
#endif

namespace stratascan::e2e {

/// A command that says "listening on ADDRESS:PORT" on one of its outputs.
class Server {
public:
    Server(const fs::path& folder, const std::string& name, std::vector<std::string> words) {
        const fs::path log = folder / (name + ".out");
        const int out = open(log.c_str(), O_CREAT | O_TRUNC | O_WRONLY | O_CLOEXEC, 0600);
        const int in = open("/dev/null", O_RDONLY | O_CLOEXEC);
        std::vector<char*> arguments;
        for (std::string& word : words) arguments.push_back(word.data());
        arguments.push_back(nullptr);
        child_ = fork();
        if (child_ == 0) {
            prctl(PR_SET_PDEATHSIG, SIGKILL);
            dup2(in, 0);
            dup2(out, 1);
            dup2(out, 2);
            execvp(arguments[0], arguments.data());
            _exit(127);
        }
        close(in);
        close(out);
        const std::regex said("listening on [^ ]*:([0-9]+)");
        for (int tries = 0; tries < 1000 && port_ < 0; ++tries) {
            std::this_thread::sleep_for(std::chrono::milliseconds(10));
            const std::string text = read_file(log);
            std::smatch found;
            if (std::regex_search(text, found, said)) port_ = std::stoi(found[1]);
            if (waitpid(child_, nullptr, WNOHANG) != 0) {
                child_ = -1;
                break;
            }
        }
        EXPECT_GE(port_, 0) << name << " did not start:\n" << read_file(log);
    }
    ~Server() {
        if (child_ <= 0) return;
        ::kill(child_, SIGKILL);
        waitpid(child_, nullptr, 0);
    }
    Server(const Server&) = delete;
    Server& operator=(const Server&) = delete;

    [[nodiscard]] std::string address() const { return "127.0.0.1:" + std::to_string(port_); }
    [[nodiscard]] int port() const noexcept { return port_; }

private:
    pid_t child_ = -1;
    int port_ = -1;
};

/// A port that nobody had a moment ago, for servers that can't say which they took.
inline int free_port() {
    const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    bind(fd, reinterpret_cast<sockaddr*>(&address), size);
    getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size);
    close(fd);
    return ntohs(address.sin_port);
}

/// Whether somebody listens on this port.
inline bool answers(int port) {
    const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address.sin_port = htons(static_cast<std::uint16_t>(port));
    const bool up = connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0;
    close(fd);
    return up;
}

/// nginx with a configuration of the test's; one process, so that it ends with it.
class NginxProcess {
public:
    NginxProcess(const fs::path& config, int port) {
        child_ = fork();
        if (child_ == 0) {
            prctl(PR_SET_PDEATHSIG, SIGKILL);
            execlp("nginx", "nginx", "-q", "-c", config.c_str(), "-g", "master_process off;",
                   nullptr);
            _exit(127);
        }
        bool up = false;
        for (int tries = 0; tries < 500 && !up; ++tries) {
            std::this_thread::sleep_for(std::chrono::milliseconds(10));
            up = answers(port);
        }
        EXPECT_TRUE(up) << "nginx did not start";
    }
    ~NginxProcess() {
        ::kill(child_, SIGKILL);
        waitpid(child_, nullptr, 0);
    }
    NginxProcess(const NginxProcess&) = delete;
    NginxProcess& operator=(const NginxProcess&) = delete;

private:
    pid_t child_ = -1;
};

inline fs::path tools() { return source() / "tests/registry"; }

/// Debian's docker-registry with its storage in a folder that goes with it. `http`
/// and `rest` are added to its configuration (YAML).
class DockerRegistry {
public:
    explicit DockerRegistry(const std::string& http = "", const std::string& rest = "",
                            const fs::path& storage = {})
        : storage_(storage.empty() ? folder_.path() / "storage" : storage) {
        const fs::path config = folder_.path() / "config.yml";
        std::ofstream(config) << "version: 0.1\nlog: {level: info, accesslog: {disabled: true}}\n"
                              << "storage:\n  filesystem: {rootdirectory: " << storage_.string()
                              << "}\n  delete: {enabled: true}\n"
                              << "compatibility: {schema1: {enabled: true}}\n"
                              << "http:\n  addr: 127.0.0.1:0\n" << http << rest;
        server_.emplace(folder_.path(), "docker-registry",
                        std::vector<std::string>{"docker-registry", "serve", config});
    }

    [[nodiscard]] std::string address() const { return server_->address(); }
    [[nodiscard]] const fs::path& storage() const noexcept { return storage_; }

private:
    TemporaryFolder folder_;
    fs::path storage_;
    std::optional<Server> server_;
};

/// The registries that the suites run on: Debian's, and two with the referrers API, which Go
/// builds from modules where it is here (tests/CMakeLists.txt).
inline const std::vector<std::string> all_registries = {"docker", "ggcr", "ociregistry"};

/// The program of a module in tests/go; empty where it could not be built.
inline std::string built_by_go(const std::string& module) {
    const std::string path =
        setting("STRATASCAN_BUILT_BY_GO", STRATASCAN_BUILT_BY_GO) + '/' + module + "_go";
    return fs::exists(path) ? path : std::string();
}

/// One of all_registries; empty.
class AnyRegistry {
public:
    /// REQUIRES: is_here(kind).
    explicit AnyRegistry(const std::string& kind) {
        if (kind == "docker") docker_.emplace();
        else built_.emplace(folder_.path(), kind, std::vector{built_by_go(kind)});
    }
    [[nodiscard]] static bool is_here(const std::string& kind) {
        return kind == "docker" || !built_by_go(kind).empty();
    }
    [[nodiscard]] std::string address() const {
        return docker_ ? docker_->address() : built_->address();
    }

private:
    TemporaryFolder folder_;
    std::optional<DockerRegistry> docker_;
    std::optional<Server> built_;
};

/// Tests that run on each registry.
class OnRegistries : public testing::WithParamInterface<std::string> {
public:
    static std::string name(const testing::TestParamInfo<std::string>& of) { return of.param; }
};

#define SKIP_WITHOUT_REGISTRY()                                                        \
    if (!AnyRegistry::is_here(GetParam()))                                             \
    GTEST_SKIP() << "Go could not build the registry " << GetParam() << " from its module"

/// A folder of a test's own, and the environment of a program that must not see
/// the credentials or proxies of whoever runs the tests.
class RegistryTest : public testing::Test {
protected:
    [[nodiscard]] const fs::path& folder() const noexcept { return folder_.path(); }

    [[nodiscard]] Command command() const {
        Command command;
        command.environment = {{"HOME", folder()},          {"XDG_CONFIG_HOME", folder() / "config"},
                               {"XDG_RUNTIME_DIR", folder()}, {"DOCKER_CONFIG", folder() / "docker"},
                               {"http_proxy", ""},          {"https_proxy", ""},
                               {"HTTPS_PROXY", ""},         {"all_proxy", ""},
                               {"ALL_PROXY", ""},           {"REGISTRY_AUTH_FILE", ""},
                               {"DOCKER_AUTH_CONFIG", ""},  {"DOCKER_HOST", ""},
                               {"CONTAINERS_REGISTRIES_CONF", "/dev/null"}};
        command.timeout_ms = 60'000;
        return command;
    }

    /// A report of these targets as JSON, whatever a store knows of them. Secrets keep
    /// their ids over all runs of a test.
    Ran scan(std::vector<std::string> arguments, std::map<std::string, std::string> more = {},
             const std::string& input = "") const {
        Command with = command();
        for (auto& [name, value] : more) with.environment[name] = value;
        if (!input.empty()) with.input_file = input;
        arguments.insert(arguments.begin(), {"scan", "--no-store", "--format", "json", "--key-file",
                                             (home() / "registry-test-key").string()});
        if (const fs::path key = home() / "registry-test-key"; !fs::exists(key)) {
            std::ofstream(key) << "a key of the tests, sixteen bytes or more";
            fs::permissions(key, fs::perms::owner_read);
        }
        return stratascan(std::move(arguments), std::move(with));
    }

    /// Copies an image into a registry with skopeo.
    void push(const std::string& from, const std::string& registry, const std::string& name,
              std::vector<std::string> options = {}) const {
        std::vector<std::string> words = {"skopeo", "--insecure-policy", "copy", "--quiet",
                                          "--dest-tls-verify=false"};
        words.insert(words.end(), options.begin(), options.end());
        words.push_back(from);
        words.push_back("docker://" + registry + '/' + name);
        Command with = command();
        with.words = words;
        const Ran ran = run(with);
        ASSERT_EQ(ran.exit, 0) << ran.err;
    }

    [[nodiscard]] static Built recipe(const std::string& name) {
        Built built = build_recipe(name);
        EXPECT_EQ(built.error, "");
        return built;
    }
    [[nodiscard]] static std::string layout(const Built& built) {
        return "oci:" + (built.folder / "image").string();
    }

    /// The requests that a fake has logged. It may be at work: a line that does not end yet is
    /// none.
    [[nodiscard]] static std::vector<json> requests(const fs::path& log) {
        std::istringstream lines(read_file(log));
        std::vector<json> all;
        for (std::string line; std::getline(lines, line) && !lines.eof();) {
            all.push_back(json::parse(line, nullptr, false));
        }
        return all;
    }

private:
    TemporaryFolder folder_;
};

/// What a scan found, without the names of its target: a report from a registry
/// must agree with one from a folder.
inline json findings_of(const Ran& ran) {
    json all = json::array();
    const json report = report_of(ran);
    if (!report.is_object()) return all;
    for (const json& target : report.at("targets")) {
        all.push_back({{"findings", target.at("findings")},
                       {"programs", target.at("programs")},
                       {"layers", target.at("layers")}});
    }
    return all;
}

}  // namespace stratascan::e2e
