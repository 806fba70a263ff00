// Ways into a registry: a user and password, tokens of a token service, TLS with an
// authority of one's own, a proxy in front. The registry is a real one and checks
// what it is shown.
#include <random>

#include "tests/e2e/servers.hpp"

namespace stratascan::e2e {
namespace {

class RegistryAccess : public RegistryTest {
protected:
    RegistryAccess() : built_(recipe("gzip-single-member")) {
        std::random_device device;
        password_ = "p" + std::to_string(device()) + std::to_string(device());
    }

    void shell(const std::string& line) const {
        Command with = command();
        with.words = {"sh", "-c", line};
        with.directory = folder();
        const Ran ran = run(with);
        ASSERT_EQ(ran.exit, 0) << ran.err;
    }
    /// A credential file for one registry.
    std::string auth_file(const std::string& registry, const std::string& password) const {
        shell("mkdir -p docker && printf '{\"auths\":{\"%s\":{\"auth\":\"%s\"}}}' '" + registry +
              "' \"$(printf %s 'somebody:" + password + "' | base64 -w0)\" > auth.json");
        return (folder() / "auth.json").string();
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
    void expect_found(const Ran& ran) const {
        EXPECT_EQ(ran.exit, 1) << ran.err;
        EXPECT_EQ(findings_of(ran), findings_of(scan({layout(built_)})));
    }
    void expect_no_password(const Ran& ran) const {
        EXPECT_EQ(ran.out.find(password_), std::string::npos);
        EXPECT_EQ(ran.err.find(password_), std::string::npos);
    }

    Built built_;
    std::string password_;
};

TEST_F(RegistryAccess, UserAndPassword) {
    shell("htpasswd -Bbn somebody " + password_ + " > htpasswd");
    const DockerRegistry registry(
        "", "auth:\n  htpasswd: {realm: test, path: " + (folder() / "htpasswd").string() + "}\n");
    push(layout(built_), registry.address(), "app:1", {"--dest-creds", "somebody:" + password_});
    const std::string target = registry.address() + "/app:1";

    const Ran nobody = scan({target});
    EXPECT_EQ(nobody.exit, 3);
    EXPECT_NE(nobody.err.find("401"), std::string::npos) << nobody.err;
    EXPECT_NE(nobody.err.find("--authfile"), std::string::npos) << "what to do: " << nobody.err;

    const std::string file = auth_file(registry.address(), password_);
    expect_found(scan({target, "--authfile", file}));
    expect_found(scan({target}, {{"REGISTRY_AUTH_FILE", file}}));
    expect_found(scan({target}, {{"DOCKER_AUTH_CONFIG", read_file(file)}}));
    shell("cp auth.json docker/config.json");
    expect_found(scan({target}));

    std::ofstream(folder() / "password") << password_ << "\n";
    shell("rm docker/config.json");
    expect_found(scan({target, "--registry-user", "somebody", "--registry-password-stdin"}, {},
                      folder() / "password"));

    const Ran wrong = scan({target, "--authfile", auth_file(registry.address(), "x" + password_)});
    EXPECT_EQ(wrong.exit, 3);
    expect_no_password(wrong);
    const Ran missing = scan({target, "--authfile", "/no/such/file"});
    EXPECT_EQ(missing.exit, 3);
    EXPECT_NE(missing.err.find("/no/such/file"), std::string::npos) << missing.err;
}

TEST_F(RegistryAccess, Helper) {
    shell("htpasswd -Bbn somebody " + password_ + " > htpasswd");
    const DockerRegistry registry(
        "", "auth:\n  htpasswd: {realm: test, path: " + (folder() / "htpasswd").string() + "}\n");
    push(layout(built_), registry.address(), "app:1", {"--dest-creds", "somebody:" + password_});
    shell("mkdir -p bin docker && printf '#!/bin/sh\\nread s\\necho \"$s\" >> " +
          (folder() / "asked").string() +
          "\\nprintf %%s '\\''{\"Username\":\"somebody\",\"Secret\":\"" + password_ +
          "\"}'\\'' \\n' > bin/docker-credential-test && chmod +x bin/docker-credential-test && "
          "printf '{\"credsStore\":\"test\"}' > docker/config.json");
    const std::string path = (folder() / "bin").string() + ":" + setting("PATH", "/usr/bin:/bin");
    expect_found(scan({registry.address() + "/app:1"}, {{"PATH", path}}));
    EXPECT_EQ(read_file(folder() / "asked"), registry.address() + "\n") << "asked once";
    const Ran none = scan({registry.address() + "/app:1"});
    EXPECT_EQ(none.exit, 3);
    EXPECT_NE(none.err.find("docker-credential-test"), std::string::npos) << none.err;
}

TEST_F(RegistryAccess, TokensOfATokenService) {
    make_certificates();
    shell("openssl req -x509 -newkey rsa:2048 -nodes -keyout token.key -out token.crt -days 2 "
          "-subj /CN=tokens 2>/dev/null");
    for (const char* field : {"token", "access_token"}) {
        const fs::path log = folder() / (std::string(field) + ".log");
        const Server tokens(folder(), std::string("tokens-") + field,
                            {python(), tools() / "token_server.py", "--key", folder() / "token.key",
                             "--certificate", folder() / "token.crt", "--user", "somebody",
                             "--password", password_, "--log", log, "--field", field,
                             "--identity"});
        TemporaryFolder storage;
        {
            const DockerRegistry open("", "", storage.path());
            push(layout(built_), open.address(), "public/app:1");
            push(layout(built_), open.address(), "private/app:1");
        }
        const DockerRegistry registry(
            "",
            "auth:\n  token:\n    realm: http://" + tokens.address() +
                "/token\n    service: test-registry\n    issuer: stratascan-tests\n"
                "    rootcertbundle: " + (folder() / "token.crt").string() + "\n",
            storage.path());
        expect_found(scan({registry.address() + "/public/app:1"}));
        const Ran denied = scan({registry.address() + "/private/app:1"});
        EXPECT_EQ(denied.exit, 3) << denied.out;
        const std::string file = auth_file(registry.address(), password_);
        expect_found(scan({registry.address() + "/private/app:1", "--authfile", file}));
        const Ran wrong = scan({registry.address() + "/private/app:1", "--authfile",
                                auth_file(registry.address(), "x" + password_)});
        EXPECT_EQ(wrong.exit, 3);
        expect_no_password(wrong);
        // An identity token goes by POST.
        shell("printf '{\"auths\":{\"" + registry.address() + "\":{\"identitytoken\":\"" +
              password_ + "\"}}}' > identity.json");
        expect_found(scan({registry.address() + "/private/app:1", "--authfile",
                           folder() / "identity.json"}));
        bool posted = false;
        for (const json& request : requests(log)) {
            posted = posted || request.at("method") == "POST";
            EXPECT_LE(request.at("scopes").size(), 1U) << "one repository a token";
        }
        EXPECT_TRUE(posted);
    }
}

TEST_F(RegistryAccess, AuthorityOfOnesOwn) {
    make_certificates();
    const DockerRegistry registry("  tls: {certificate: " + (folder() / "server.crt").string() +
                                  ", key: " + (folder() / "server.key").string() + "}\n");
    push(layout(built_), registry.address(), "app:1");
    const std::string target = registry.address() + "/app:1";
    const Ran untrusted = scan({target, "--registry-tries", "1"});
    EXPECT_EQ(untrusted.exit, 3);
    EXPECT_NE(untrusted.err.find("certificate is not trusted"), std::string::npos) << untrusted.err;
    expect_found(scan({target, "--insecure-registry", registry.address()}));
    shell("mkdir -p certs config/containers/certs.d/" + registry.address() +
          " && cp ca.crt certs/ && cp ca.crt config/containers/certs.d/" + registry.address());
    expect_found(scan({target, "--certs", folder() / "certs"}));
    expect_found(scan({target})) ;
}

TEST_F(RegistryAccess, CertificateOfTheClient) {
    make_certificates();
    shell("openssl req -newkey rsa:2048 -nodes -keyout me.key -out me.csr -subj /CN=me 2>/dev/null && "
          "openssl x509 -req -in me.csr -CA ca.crt -CAkey ca.key -CAcreateserial -days 2 "
          "-out me.cert 2>/dev/null && mkdir certs && cp ca.crt me.cert me.key certs/ && "
          "mkdir only && cp ca.crt only/");
    const DockerRegistry registry("  tls: {certificate: " + (folder() / "server.crt").string() +
                                  ", key: " + (folder() / "server.key").string() +
                                  ", clientcas: [" + (folder() / "ca.crt").string() + "]}\n");
    push(layout(built_), registry.address(), "app:1",
         {"--dest-cert-dir", (folder() / "certs").string(), "--dest-tls-verify=true"});
    expect_found(scan({registry.address() + "/app:1", "--certs", folder() / "certs"}));
    const Ran without = scan({registry.address() + "/app:1", "--certs", folder() / "only",
                              "--registry-tries", "1"});
    EXPECT_EQ(without.exit, 3);
}

// As registries mostly stand: nginx in front, which limits requests and sends
// clients to another host for blobs.
TEST_F(RegistryAccess, BehindNginxWithALimitAndRedirects) {
    const DockerRegistry registry;
    push(layout(built_), registry.address(), "app:1");
    const int port = free_port();
    const int storage = free_port();
    const std::string here = folder().string();
    std::ofstream(folder() / "nginx.conf")
        << "daemon off; error_log " << here << "/error.log; pid " << here << "/nginx.pid;\n"
        << "events {}\nhttp {\n  access_log " << here << "/access.log;\n"
        << "  client_body_temp_path " << here << "/a; proxy_temp_path " << here << "/b;\n"
        << "  fastcgi_temp_path " << here << "/c; uwsgi_temp_path " << here << "/d;\n"
        << "  scgi_temp_path " << here << "/e;\n"
        << "  limit_req_zone $binary_remote_addr zone=few:1m rate=5r/s;\n"
        << "  limit_req_status 429;\n"
        << "  server {\n    listen 127.0.0.1:" << port << ";\n"
        << "    location ~ ^/v2/.*/blobs/ { return 307 http://127.0.0.1:" << storage
        << "$request_uri; }\n"
        << "    location / { limit_req zone=few; proxy_pass http://" << registry.address()
        << "; }\n  }\n"
        << "  server {\n    listen 127.0.0.1:" << storage << ";\n"
        << "    location / {\n      if ($http_authorization) { return 400; }\n"
        << "      proxy_pass http://" << registry.address() << ";\n    }\n  }\n}\n";
    const NginxProcess nginx(folder() / "nginx.conf", port);
    expect_found(scan({"127.0.0.1:" + std::to_string(port) + "/app:1"}));
    const std::string log = read_file(folder() / "access.log");
    EXPECT_NE(log.find("\" 307 "), std::string::npos) << log;
    EXPECT_NE(log.find("\" 429 "), std::string::npos) << log;
}

}  // namespace
}  // namespace stratascan::e2e
