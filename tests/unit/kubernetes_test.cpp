// Kubernetes Secrets: what stands in base64 under `data` is known by what it stands
// for, and what else a manifest has is no secret.
#include <gtest/gtest.h>

#include <string>

#include "tests/support/checks.hpp"
#include "tests/support/encodings.hpp"
#include "tests/support/shipped.hpp"

namespace stratascan {
namespace {

const std::string head = "apiVersion: v1\nkind: Secret\nmetadata:\n  name: app\n";

std::string drawn_password() { return test::example("K{{alnum:17}}7"); }

/// The findings of a text, of which there is one.
Finding only(const std::string& text) {
    auto found = test::shipped().scan_text(text);
    if (found.size() != 1) {
        ADD_FAILURE() << found.size() << " findings in " << text.size() << " bytes";
        return {};
    }
    return found.front();
}

TEST(KubernetesSecret, IsKnownByTheDecodedValueInEveryFormOfManifest) {
    const std::string password = drawn_password(), encoded = test::base64(password);
    const std::string id = test::shipped().key().name(password);
    const std::string manifests[] = {
        head + "data:\n  log-level: aW5mbw==\n  pw: " + encoded + "\n",
        head + "data:\n  pw: \"" + encoded + "\"\n",
        "apiVersion: v1\ndata:\n  pw: " + encoded + "\nkind: Secret\n",
        "apiVersion: v1\ndata:\n  pw: " + encoded + "\nkind: Secret",
        "items:\n- apiVersion: v1\n  data:\n    pw: " + encoded +
            "\n  kind: Secret\n- apiVersion: v1\n  kind: Service\nkind: List\n",
        "items:\n  - kind: Secret\n    data:\n      pw: " + encoded + "\nkind: List\n",
        head + "data: # of the database\n{{- if .Values.pw }}\n  pw: " + encoded + "\n",
        "{\n    \"apiVersion\": \"v1\",\n    \"data\": {\n        \"pw\": \"" + encoded +
            "\",\n        \"level\": \"aW5mbw==\"\n    },\n    \"kind\": \"Secret\"\n}\n",
        R"({"apiVersion":"v1","data":{"level":"aW5mbw==","pw":")" + encoded +
            R"("},"kind":"Secret","metadata":{"name":"app"}})"};
    for (const std::string& manifest : manifests) {
        const Finding finding = only(manifest);
        EXPECT_EQ(finding.rule, "kubernetes-secret-value") << manifest.size();
        EXPECT_EQ(finding.inner_path, std::vector<std::string>{"base64"});
        EXPECT_EQ(finding.offset, manifest.find(encoded));
        EXPECT_EQ(finding.length, encoded.size());
        EXPECT_EQ(finding.secret_id, id);
    }
}

TEST(KubernetesSecret, AReleaseOfHelmIsNoValueOfItsOwn) {
    std::string release = "H4sIAAAAAAAC";
    for (std::uint64_t seed = 1; seed < 30; ++seed) release += test::example("{{b64:40}}", seed);
    const std::string text = head + "data:\n  release: " + test::base64(release) +
                             "\ntype: helm.sh/release.v1\n";
    EXPECT_TRUE(test::shipped().scan_text(text).empty());
}

TEST(KubernetesSecret, APasswordIsToldWithItsUser) {
    const std::string password = drawn_password(), encoded = test::base64(password);
    const std::string user = test::base64("billing-service"), other = test::base64("mailer-app");
    for (const std::string& text :
         {head + "data:\n  username: " + user + "\n  password: " + encoded + "\n",
          head + "data:\n  password: " + encoded + "\n  username: " + user + "\n",
          head + "data:\n  mail-user: " + other + "\n  db-user: " + user + "\n  db-password: " +
              encoded + "\n",
          R"({"kind":"Secret","data":{"username":")" + user + R"(","password":")" + encoded +
              R"("}})"}) {
        bool told = false;
        for (const Finding& finding : test::shipped().scan_text(text)) {
            if (finding.offset != text.find(encoded)) continue;
            told = finding.identifier && finding.identifier->kind == "user" &&
                   finding.identifier->value == "billing-service";
        }
        EXPECT_TRUE(told) << text.substr(head.size(), 30);
    }
    const std::string apart =
        head + "data:\n  mail-user: " + other + "\n  db-password: " + encoded + "\n";
    for (const Finding& finding : test::shipped().scan_text(apart)) {
        EXPECT_FALSE(finding.identifier) << finding.rule;
    }
}

TEST(KubernetesSecret, StandsAsItIsUnderStringData) {
    const std::string password = drawn_password();
    const Finding finding = only(head + "stringData:\n  pw: " + password + "\n");
    EXPECT_EQ(finding.inner_path, std::vector<std::string>{});
    EXPECT_EQ(finding.secret_id, test::shipped().key().name(password));
}

TEST(KubernetesSecret, IsKnownByItsValueWhicheverRuleTellsTheMost) {
    const std::string password = drawn_password();
    const Finding finding =
        only("{\n  \"data\": {\n    \"snowflake_password\": \"" + test::base64(password) +
             "\"\n  },\n  \"kind\": \"Secret\"\n}\n");
    EXPECT_EQ(finding.rule, "snowflake-password");
    EXPECT_EQ(finding.inner_path, std::vector<std::string>{"base64"});
    EXPECT_EQ(finding.secret_id, test::shipped().key().name(password));
}

TEST(KubernetesSecret, IsKnownByAllOfItWhereARuleSeesABeginningOfTheEncodedBytes) {
    const std::string cookie = test::example("{{upper:20}}");  // ends in one character of padding
    const std::string encoded = test::base64(cookie);
    ASSERT_TRUE(encoded.ends_with("="));
    const Finding finding = only("{\n  \"data\": {\n    \"rabbitmq-erlang-cookie\": \"" + encoded +
                                 "\"\n  },\n  \"kind\": \"Secret\"\n}\n");
    EXPECT_EQ(finding.inner_path, std::vector<std::string>{"base64"});
    EXPECT_EQ(finding.secret_id, test::shipped().key().name(cookie));
    EXPECT_EQ(finding.length, encoded.size());
}

TEST(KubernetesSecret, WordsAreWeakAndCertificatesNone) {
    const Finding words = only(head + "data:\n  USER: " + test::base64("Administrator") + "\n");
    EXPECT_EQ(words.confidence, Confidence::low);
    const std::string certificate =
        "-----BEGIN CERTIFICATE-----\n" + drawn_password() + "\n-----END CERTIFICATE-----\n";
    EXPECT_TRUE(test::shipped()
                    .scan_text(head + "data:\n  ca.crt: " + test::base64(certificate) + "\n")
                    .empty());
}

TEST(KubernetesSecret, OtherPartsAndOtherObjectsOfAManifestHoldNone) {
    const std::string encoded = test::base64(drawn_password());
    const std::string manifests[] = {
        head + "  labels:\n    build: " + encoded + "\ndata:\n  level: aW5mbw==\n",
        head + "spec:\n  - name: a\n    type: " + encoded + "\n",
        head + "data:\n  level: aW5mbw==\n---\nkind: ConfigMap\ndata:\n  image: " + encoded + "\n",
        R"({"kind":"Secret","data":{},"metadata":{"labels":{"build":")" + encoded + R"("}}})"};
    for (const std::string& manifest : manifests) {
        EXPECT_TRUE(test::shipped().scan_text(manifest).empty()) << manifest.size();
    }
}

TEST(KubernetesSecret, BytesThatAreNoTextStayEncoded) {
    std::string bytes;
    for (int i = 0; i < 24; ++i) bytes += static_cast<char>(0x80 + 5 * i);
    const std::string encoded = test::base64(bytes);
    const Finding finding = only(head + "data:\n  key: " + encoded + "\n");
    EXPECT_EQ(finding.inner_path, std::vector<std::string>{});
    EXPECT_EQ(finding.secret_id, test::shipped().key().name(encoded));
}

}  // namespace
}  // namespace stratascan
