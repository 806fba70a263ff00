// What a test makes to be let into a registry, or kept out: passwords, credential files,
// certificates, token services, nginx and a proxy in front.
#pragma once

#include <random>

#include "tests/e2e/servers.hpp"

namespace stratascan::e2e {

/// `Base` is RegistryTest or a test made of it.
template <typename Base>
class WithAccess : public Base {
protected:
    WithAccess() {
        std::random_device device;
        password_ = "p" + std::to_string(device()) + std::to_string(device());
    }

    void shell(const std::string& line) const {
        Command with = this->command();
        with.words = {"sh", "-c", line};
        with.directory = this->folder();
        const Ran ran = run(with);
        ASSERT_EQ(ran.exit, 0) << ran.err;
    }
    /// A credential file for one registry.
    std::string auth_file(const std::string& registry, const std::string& password) const {
        shell("mkdir -p docker && printf '{\"auths\":{\"%s\":{\"auth\":\"%s\"}}}' '" + registry +
              "' \"$(printf %s 'somebody:" + password + "' | base64 -w0)\" > auth.json");
        return (this->folder() / "auth.json").string();
    }
    /// A registry's configuration that lets one user in.
    [[nodiscard]] std::string htpasswd() const {
        shell("htpasswd -Bbn somebody " + password_ + " > htpasswd");
        return "auth:\n  htpasswd: {realm: test, path: " + (this->folder() / "htpasswd").string() +
               "}\n";
    }
    /// A key and a certificate for 127.0.0.1, under an authority of the test.
    void make_certificates() const {
        shell("openssl req -x509 -newkey rsa:2048 -nodes -keyout ca.key -out ca.crt -days 2 "
              "-subj /CN=authority 2>/dev/null && "
              "openssl req -newkey rsa:2048 -nodes -keyout server.key -out server.csr "
              "-subj /CN=127.0.0.1 2>/dev/null && "
              "printf 'subjectAltName=IP:127.0.0.1' > san && "
              "openssl x509 -req -in server.csr -CA ca.crt -CAkey ca.key -CAcreateserial -days 2 "
              "-extfile san -out server.crt 2>/dev/null");
    }
    /// A registry's configuration for TLS with that certificate.
    [[nodiscard]] std::string tls() const {
        return "  tls: {certificate: " + (this->folder() / "server.crt").string() +
               ", key: " + (this->folder() / "server.key").string() + "}\n";
    }
    /// A key that tokens are signed with.
    void make_token_key() const {
        shell("openssl req -x509 -newkey rsa:2048 -nodes -keyout token.key -out token.crt -days 2 "
              "-subj /CN=tokens 2>/dev/null");
    }
    Server token_server(const std::string& log, std::vector<std::string> options) const {
        std::vector<std::string> words = {
            python(), tools() / "token_server.py", "--key", this->folder() / "token.key",
            "--certificate", this->folder() / "token.crt", "--user", "somebody",
            "--password", password_, "--log", this->folder() / log};
        words.insert(words.end(), options.begin(), options.end());
        return {this->folder(), "tokens-" + log, words};
    }
    /// A registry's configuration that sends its clients to that server.
    [[nodiscard]] std::string tokens(const Server& server) const {
        return "auth:\n  token:\n    realm: http://" + server.address() +
               "/token\n    service: test-registry\n    issuer: stratascan-tests\n"
               "    rootcertbundle: " + (this->folder() / "token.crt").string() + "\n";
    }
    /// nginx in front of a registry, as registries mostly stand: it limits requests to so
    /// many a second, and sends clients to another host for blobs, which refuses
    /// credentials. Its log is "access.log".
    [[nodiscard]] fs::path nginx_with_limit(const std::string& registry, int port, int storage,
                                            int requests) const {
        const std::string here = this->folder().string();
        const fs::path config = this->folder() / "nginx.conf";
        std::ofstream(config)
            << "daemon off; error_log " << here << "/error.log; pid " << here << "/nginx.pid;\n"
            << "events {}\nhttp {\n  access_log " << here << "/access.log;\n"
            << "  client_body_temp_path " << here << "/a; proxy_temp_path " << here << "/b;\n"
            << "  fastcgi_temp_path " << here << "/c; uwsgi_temp_path " << here << "/d;\n"
            << "  scgi_temp_path " << here << "/e;\n"
            << "  limit_req_zone $binary_remote_addr zone=few:1m rate=" << requests << "r/s;\n"
            << "  limit_req_status 429;\n"
            << "  server {\n    listen 127.0.0.1:" << port << ";\n"
            << "    location ~ ^/v2/.*/blobs/ { return 307 http://127.0.0.1:" << storage
            << "$request_uri; }\n"
            << "    location / { limit_req zone=few; proxy_pass http://" << registry
            << "; proxy_set_header Host $http_host; }\n  }\n"
            << "  server {\n    listen 127.0.0.1:" << storage << ";\n"
            << "    location / {\n      if ($http_authorization) { return 400; }\n"
            << "      proxy_pass http://" << registry << ";\n    }\n  }\n}\n";
        return config;
    }
    static void expect_no_password(const Ran& ran, const std::string& password) {
        EXPECT_EQ(ran.out.find(password), std::string::npos);
        EXPECT_EQ(ran.err.find(password), std::string::npos);
    }

    std::string password_;
};

/// Debian's tinyproxy on a port of its own. Its log is "proxy.log" in `folder`.
class ProxyServer {
public:
    explicit ProxyServer(const fs::path& folder) : port_(free_port()), log_(folder / "proxy.log") {
        const fs::path config = folder / "tinyproxy.conf";
        std::ofstream(config) << "Port " << port_ << "\nListen 127.0.0.1\nTimeout 60\n"
                              << "LogFile \"" << log_.string() << "\"\nLogLevel Connect\n"
                              << "MaxClients 64\nAllow 127.0.0.1\n";
        child_ = fork();
        if (child_ == 0) {
            prctl(PR_SET_PDEATHSIG, SIGKILL);
            execlp("tinyproxy", "tinyproxy", "-d", "-c", config.c_str(), nullptr);
            _exit(127);
        }
        for (int tries = 0; tries < 500 && !answers(port_); ++tries) {
            std::this_thread::sleep_for(std::chrono::milliseconds(10));
        }
    }
    ~ProxyServer() {
        ::kill(child_, SIGKILL);
        waitpid(child_, nullptr, 0);
    }
    ProxyServer(const ProxyServer&) = delete;
    ProxyServer& operator=(const ProxyServer&) = delete;

    [[nodiscard]] static bool is_installed() {
        return run({.words = {"sh", "-c", "command -v tinyproxy"}}).exit == 0;
    }
    [[nodiscard]] std::string url() const { return "http://127.0.0.1:" + std::to_string(port_); }
    /// How many requests it took, CONNECT included.
    [[nodiscard]] int requests() const {
        const std::string text = read_file(log_);
        int count = 0;
        for (std::size_t at = 0; (at = text.find("Request (file descriptor", at)) !=
                                 std::string::npos; ++at) {
            ++count;
        }
        return count;
    }
    [[nodiscard]] std::string log() const { return read_file(log_); }

private:
    int port_;
    fs::path log_;
    pid_t child_ = -1;
};

}  // namespace stratascan::e2e
