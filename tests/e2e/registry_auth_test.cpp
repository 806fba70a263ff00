// Ways into a registry: a user and password, tokens of a token service, TLS with an
// authority of one's own, a proxy in front. The registry is a real one and checks
// what it is shown.
#include "tests/e2e/access.hpp"

namespace stratascan::e2e {
namespace {

class RegistryAccess : public WithAccess<RegistryTest> {
protected:
    RegistryAccess() : built_(recipe("gzip-single-member")) {}

    void expect_found(const Ran& ran) const {
        EXPECT_EQ(ran.exit, 1) << ran.err;
        EXPECT_EQ(findings_of(ran), findings_of(scan({layout(built_)})));
    }

    Built built_;
};

TEST_F(RegistryAccess, UserAndPassword) {
    const DockerRegistry registry("", htpasswd());
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
    expect_no_password(wrong, password_);
    const Ran missing = scan({target, "--authfile", "/no/such/file"});
    EXPECT_EQ(missing.exit, 3);
    EXPECT_NE(missing.err.find("/no/such/file"), std::string::npos) << missing.err;
}

TEST_F(RegistryAccess, Helper) {
    const DockerRegistry registry("", htpasswd());
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
    make_token_key();
    for (const char* field : {"token", "access_token"}) {
        const std::string log = std::string(field) + ".log";
        const Server service = token_server(log, {"--field", field, "--identity"});
        TemporaryFolder storage;
        {
            const DockerRegistry open("", "", storage.path());
            push(layout(built_), open.address(), "public/app:1");
            push(layout(built_), open.address(), "private/app:1");
        }
        const DockerRegistry registry("", tokens(service), storage.path());
        expect_found(scan({registry.address() + "/public/app:1"}));
        const Ran denied = scan({registry.address() + "/private/app:1"});
        EXPECT_EQ(denied.exit, 3) << denied.out;
        const std::string file = auth_file(registry.address(), password_);
        expect_found(scan({registry.address() + "/private/app:1", "--authfile", file}));
        const Ran wrong = scan({registry.address() + "/private/app:1", "--authfile",
                                auth_file(registry.address(), "x" + password_)});
        EXPECT_EQ(wrong.exit, 3);
        expect_no_password(wrong, password_);
        // An identity token goes by POST.
        shell("printf '{\"auths\":{\"" + registry.address() + "\":{\"identitytoken\":\"" +
              password_ + "\"}}}' > identity.json");
        expect_found(scan({registry.address() + "/private/app:1", "--authfile",
                           folder() / "identity.json"}));
        bool posted = false;
        for (const json& request : requests(folder() / log)) {
            posted = posted || request.at("method") == "POST";
            EXPECT_LE(request.at("scopes").size(), 1U) << "one repository a token";
        }
        EXPECT_TRUE(posted);
    }
}

TEST_F(RegistryAccess, AuthorityOfOnesOwn) {
    make_certificates();
    const DockerRegistry registry(tls());
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
    const NginxProcess nginx(nginx_with_limit(registry.address(), port, storage, 5), port);
    expect_found(scan({"127.0.0.1:" + std::to_string(port) + "/app:1"}));
    const std::string log = read_file(folder() / "access.log");
    EXPECT_NE(log.find("\" 307 "), std::string::npos) << log;
    EXPECT_NE(log.find("\" 429 "), std::string::npos) << log;
}

}  // namespace
}  // namespace stratascan::e2e
