// Credentials go into requests and nowhere else: not on a command line or into the
// environment of any process, not into output, errors, the store or the cache; plain, in
// base64 or percent-encoded. The registry is a real one and lets nobody in without them.
#include <atomic>
#include <set>

#include "tests/e2e/access.hpp"
#include "tests/e2e/store.hpp"

namespace stratascan::e2e {
namespace {

/// Looks at a process and all that it starts, as often as it can, until it is destroyed.
class ProcessWatch {
public:
    explicit ProcessWatch(pid_t root)
        : thread_([this, root](const std::stop_token& stop) {
              while (!stop.stop_requested()) {
                  look(root);
                  ++looks_;
                  usleep(2000);
              }
          }) {}

    /// All that was seen in command lines and environments, and the programs' names.
    std::string end() {
        thread_.request_stop();
        thread_.join();
        std::string all;
        for (const std::string& text : seen_) all += text + '\n';
        return all;
    }
    [[nodiscard]] int looks() const noexcept { return looks_; }

private:
    void look(pid_t of) {
        const std::string place = "/proc/" + std::to_string(of);
        for (const char* name : {"/cmdline", "/environ", "/comm"}) seen_.insert(read_file(place + name));
        std::error_code failed;
        for (const auto& task : fs::directory_iterator(place + "/task", failed)) {
            std::istringstream children(read_file(task.path() / "children"));
            for (pid_t child = 0; children >> child;) look(child);
        }
    }
    std::set<std::string> seen_;
    std::atomic<int> looks_ = 0;
    std::jthread thread_;
};

class CredentialsSecrecy : public WithAccess<RegistryTest> {
protected:
    CredentialsSecrecy() : built_(recipe("gzip-single-member")) {}

    void SetUp() override {
        forms_ = {password_};
        for (const std::string& text : {password_, "somebody:" + password_, ":" + password_}) {
            Command encode;
            encode.words = {"sh", "-c", "printf %s '" + text + "' | base64 -w0"};
            std::string form = run(encode).out;
            while (form.ends_with('=')) form.pop_back();
            // The last sign depends on what follows.
            forms_.push_back(form.substr(0, form.size() - 1));
        }
    }

    void expect_none(const std::string& text, const std::string& where) const {
        for (const std::string& form : forms_) {
            EXPECT_EQ(text.find(form), std::string::npos) << "in " << where;
        }
    }

    /// Runs it under watch, and looks at everything that it left.
    Ran watched(std::vector<std::string> words, std::map<std::string, std::string> environment,
                const std::string& input = "") {
        Command with = command();
        words.insert(words.begin(), program());
        with.words = words;
        for (auto& [name, value] : environment) with.environment[name] = value;
        for (const char* name : {"XDG_DATA_HOME", "XDG_CACHE_HOME"}) {
            with.environment[name] = (folder() / name).string();
        }
        if (!input.empty()) with.input_file = input;
        Running running(with);
        ProcessWatch watch(running.id());
        const Ran ran = running.finish();
        processes_ = watch.end();
        EXPECT_GT(watch.looks(), 3);
        EXPECT_NE(processes_.find(words.at(1)), std::string::npos) << "the watch saw nothing";
        expect_none(processes_, "a process");
        expect_none(ran.out, "the output");
        expect_none(ran.err, "standard error");
        for (const char* name : {"XDG_DATA_HOME", "XDG_CACHE_HOME"}) {
            std::error_code none;
            for (const auto& file : fs::recursive_directory_iterator(folder() / name, none)) {
                if (file.is_regular_file()) expect_none(read_file(file.path()), file.path());
            }
        }
        return ran;
    }

    void watch_scan_and_sweep(const std::string& registry, const std::vector<std::string>& more,
                              const std::map<std::string, std::string>& environment,
                              const std::string& input = "") {
        for (std::vector<std::string> words :
             {std::vector<std::string>{"scan", registry + "/team/app:1", "--stats"},
              {"sweep", registry + "/team/app", "--stats"}}) {
            words.insert(words.end(), more.begin(), more.end());
            EXPECT_EQ(watched(words, environment, input).exit, 1) << words.front();
        }
    }

    Built built_;
    std::vector<std::string> forms_;
    std::string processes_;
};

TEST_F(CredentialsSecrecy, UserAndPassword) {
    const DockerRegistry registry("", htpasswd());
    push(layout(built_), registry.address(), "team/app:1", {"--dest-creds", "somebody:" + password_});
    const std::string file = auth_file(registry.address(), password_);
    watch_scan_and_sweep(registry.address(), {"--authfile", file}, {});
    std::ofstream(folder() / "password") << password_ << "\n";
    watch_scan_and_sweep(registry.address(),
                         {"--registry-user", "somebody", "--registry-password-stdin"}, {},
                         folder() / "password");
    // Refused, and asked for again: errors are where secrets like to be told.
    const std::string wrong = password_;
    password_ = "x" + password_;
    SetUp();
    EXPECT_EQ(watched({"scan", registry.address() + "/team/app:1", "--authfile",
                       auth_file(registry.address(), password_)}, {}).exit, 3);
    std::ofstream(folder() / "broken.json") << "{\"auths\": {\"" << registry.address()
                                            << "\": {\"auth\": \"" << password_ << "\",,}}}";
    EXPECT_EQ(watched({"scan", registry.address() + "/team/app:1", "--authfile",
                       folder() / "broken.json"}, {}).exit, 3);
    password_ = wrong;
}

TEST_F(CredentialsSecrecy, TokensAndIdentityTokens) {
    make_certificates();
    make_token_key();
    const Server service = token_server("tokens.log", {"--field", "token", "--identity"});
    TemporaryFolder storage;
    {
        const DockerRegistry open("", "", storage.path());
        push(layout(built_), open.address(), "team/app:1");
    }
    const DockerRegistry registry("", tokens(service), storage.path());
    // Tokens that the service gives are in no place either: they begin so, all of them.
    forms_.emplace_back("eyJ");
    watch_scan_and_sweep(registry.address(),
                         {"--authfile", auth_file(registry.address(), password_)}, {});
    shell("printf '{\"auths\":{\"" + registry.address() + "\":{\"identitytoken\":\"" + password_ +
          "\"}}}' > identity.json");
    watch_scan_and_sweep(registry.address(), {"--authfile", folder() / "identity.json"}, {});
}

TEST_F(CredentialsSecrecy, HelpersAreAskedThroughPipes) {
    const DockerRegistry registry("", htpasswd());
    push(layout(built_), registry.address(), "team/app:1", {"--dest-creds", "somebody:" + password_});
    std::ofstream(folder() / "secret") << "{\"Username\":\"somebody\",\"Secret\":\"" << password_ << "\"}";
    shell("mkdir -p bin docker && printf '#!/bin/sh\\nread s\\nsleep 0.2\\ncat " +
          (folder() / "secret").string() + "' > bin/docker-credential-test && "
          "chmod +x bin/docker-credential-test && printf '{\"credsStore\":\"test\"}' > docker/config.json");
    const std::string path = (folder() / "bin").string() + ":" + setting("PATH", "/usr/bin:/bin");
    watch_scan_and_sweep(registry.address(), {}, {{"PATH", path}});
    EXPECT_NE(processes_.find("docker-credential-test"), std::string::npos)
        << "the helper was seen while it ran";
}

// With the keys of a connection whoever recorded it reads the credentials in it.
TEST_F(CredentialsSecrecy, KeysOfConnectionsAreNotLogged) {
    make_certificates();
    const DockerRegistry registry(tls());
    push(layout(built_), registry.address(), "team/app:1");
    const std::string log = folder() / "keys";
    shell("SSLKEYLOGFILE=" + log + " curl -s --cacert ca.crt https://" + registry.address() +
          "/v2/ > answer");
    EXPECT_TRUE(fs::exists(log)) << "libcurl knows the variable";
    fs::remove(log);
    shell("mkdir certs && cp ca.crt certs/");
    watch_scan_and_sweep(registry.address(), {"--certs", folder() / "certs"},
                         {{"SSLKEYLOGFILE", log}});
    EXPECT_FALSE(fs::exists(log));
}

TEST_F(CredentialsSecrecy, NoOptionTakesOrTracesThem) {
    for (const char* const command : {"scan", "sweep", "gate"}) {
        const Ran help = stratascan({command, "--help"});
        EXPECT_EQ(help.exit, 0);
        EXPECT_EQ(help.out.find("--registry-password "), std::string::npos);
        for (const char* const option : {"--verbose", "--debug", "--trace", "--registry-password=x"}) {
            const Ran refused = stratascan({command, option, "x"});
            EXPECT_EQ(refused.exit, 3) << option;
            EXPECT_NE(refused.err.find("was not expected: " + std::string(option)), std::string::npos)
                << refused.err;
        }
    }
}

}  // namespace
}  // namespace stratascan::e2e
