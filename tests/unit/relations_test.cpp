// What findings say of each other: keys and their certificates, the halves of a
// credential, and whose a secret is.
#include <gtest/gtest.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <memory>
#include <string>

#include "scanner/evidence/certificate.hpp"
#include "scanner/evidence/codec.hpp"
#include "scanner/evidence/identifier.hpp"
#include "scanner/evidence/known_keys.hpp"
#include "scanner/evidence/public_part.hpp"
#include "scanner/image/join.hpp"
#include "scanner/image/variable_users.hpp"
#include "scanner/layer/pairs.hpp"
#include "scanner/report/report_writer.hpp"
#include "tests/support/scanning.hpp"
#include "tests/support/shipped.hpp"
#include "tests/support/tar_builder.hpp"

namespace {

using namespace stratascan;
using evidence::KeyHandle;

struct Free {
    void operator()(BIO* bio) const { BIO_free_all(bio); }
    void operator()(X509* certificate) const { X509_free(certificate); }
    void operator()(X509_EXTENSION* extension) const { X509_EXTENSION_free(extension); }
};

std::string text_of(BIO* bio) {
    const char* bytes = nullptr;
    const long size = BIO_get_mem_data(bio, &bytes);
    return {bytes, static_cast<std::size_t>(size)};
}

std::string key_pem(EVP_PKEY* key) {
    const std::unique_ptr<BIO, Free> bio(BIO_new(BIO_s_mem()));
    PEM_write_bio_PrivateKey(bio.get(), key, nullptr, nullptr, 0, nullptr, nullptr);
    return text_of(bio.get());
}

/// Signed by OpenSSL; ends `days` from now.
std::unique_ptr<X509, Free> certificate_for(EVP_PKEY* key, const char* name, long days,
                                            const char* alternative = nullptr) {
    std::unique_ptr<X509, Free> made(X509_new());
    X509_set_version(made.get(), 2);
    ASN1_INTEGER_set(X509_get_serialNumber(made.get()), days);
    X509_gmtime_adj(X509_getm_notBefore(made.get()), 0);
    X509_time_adj_ex(X509_getm_notAfter(made.get()), static_cast<int>(days), 0, nullptr);
    X509_NAME* subject = X509_get_subject_name(made.get());
    const auto add = [subject](const char* type, const char* value) {
        X509_NAME_add_entry_by_txt(subject, type, MBSTRING_UTF8,
                                   reinterpret_cast<const unsigned char*>(value), -1, -1, 0);
    };
    add("O", "Example");
    add("CN", name);
    X509_set_issuer_name(made.get(), subject);
    if (alternative != nullptr) {
        const std::unique_ptr<X509_EXTENSION, Free> extension(
            X509V3_EXT_conf_nid(nullptr, nullptr, NID_subject_alt_name, alternative));
        X509_add_ext(made.get(), extension.get(), -1);
    }
    X509_set_pubkey(made.get(), key);
    X509_sign(made.get(), key, EVP_sha256());
    return made;
}

std::string pem_of(X509* certificate) {
    const std::unique_ptr<BIO, Free> bio(BIO_new(BIO_s_mem()));
    PEM_write_bio_X509(bio.get(), certificate);
    return text_of(bio.get());
}

std::string der_of(X509* certificate) {
    unsigned char* bytes = nullptr;
    const int size = i2d_X509(certificate, &bytes);
    std::string der(reinterpret_cast<char*>(bytes), static_cast<std::size_t>(size));
    OPENSSL_free(bytes);
    return der;
}

TEST(Certificate, SaysWhatOpensslPutIntoIt) {
    const KeyHandle key(EVP_EC_gen("P-256"));
    const auto made = certificate_for(key.get(), "example.org", 400,
                                      "DNS:example.org,DNS:*.example.org,IP:10.1.2.3,IP:::1,"
                                      "email:someone@example.org");
    const std::string der = der_of(made.get());
    const auto read = evidence::read_certificate(der);
    ASSERT_TRUE(read);
    EXPECT_EQ(read->subject, "O=Example, CN=example.org");
    const std::vector<std::string> names = {"example.org", "*.example.org", "10.1.2.3",
                                            "0:0:0:0:0:0:0:1", "someone@example.org"};
    EXPECT_EQ(read->names, names);
    EXPECT_EQ(read->spki_sha256, evidence::hex(evidence::sha256(evidence::spki_of(*key))));
    EXPECT_EQ(read->not_after.size(), 20U);
    for (std::size_t size = 0; size < der.size(); ++size) {
        EXPECT_FALSE(evidence::read_certificate(std::string_view(der).substr(0, size))) << size;
    }
}

layer::LayerResult scan(const std::string& tar) {
    return test::shipped().scan(tar);
}

TargetReport report_of(const std::vector<std::string>& tars) {
    source::ImageRef image;
    std::vector<layer::LayerResult> results;
    for (const std::string& tar : tars) {
        results.push_back(scan(tar));
        source::LayerRef layer;
        layer.digest = results.back().digest;
        layer.size = -1;
        image.layers.push_back(layer);
    }
    std::vector<const layer::LayerResult*> layers;
    for (const auto& result : results) layers.push_back(&result);
    return image::join("test", image, layers, {}, false);
}

TEST(KeyAndCertificate, MeetInTheImageWhereverTheyStand) {
    const KeyHandle key(EVP_EC_gen("P-256"));
    const KeyHandle other(EVP_EC_gen("P-256"));
    const std::string lower =
        test::TarBuilder()
            .file("etc/ssl/old.crt", pem_of(certificate_for(key.get(), "old", 10).get()))
            .file("etc/ssl/other.crt", pem_of(certificate_for(other.get(), "other", 9000).get()))
            .file("etc/ssl/new.crt",
                  pem_of(certificate_for(key.get(), "new", 500, "DNS:new.example.org").get()))
            .finish();
    const std::string upper =
        test::TarBuilder().file("app/tls.key", key_pem(key.get())).finish();
    const TargetReport report = report_of({lower, upper});
    ASSERT_EQ(report.findings.size(), 1U);
    const auto& certificate = report.findings[0].certificate;
    ASSERT_TRUE(certificate);
    EXPECT_EQ(certificate->subject, "O=Example, CN=new");
    EXPECT_EQ(certificate->names, std::vector<std::string>{"new.example.org"});
    EXPECT_EQ(certificate->path, "etc/ssl/new.crt");
    EXPECT_EQ(certificate->layer_index, 0);
}

// In DER, in base64 without a block's lines, and in a Java store, which holds certificates as they are.
TEST(KeyAndCertificate, NeedNoPem) {
    const KeyHandle key(EVP_EC_gen("P-256"));
    const std::string certificate = der_of(certificate_for(key.get(), "bare", 500).get());
    const std::string size = {0, 0, static_cast<char>(certificate.size() >> 8),
                              static_cast<char>(certificate.size())};
    const std::string store =
        std::string("\xfe\xed\xfe\xed\0\0\0\2\0\0\0\1", 12) +  // version, entries
        std::string("\0\0\0\2\0\2" "ca" "\0\0\1\x8b\xcf\xe5\x68\0", 16) +
        std::string("\0\5X.509", 7) + size;
    for (const std::string& file : {certificate, store + certificate + std::string(20, 'x'),
                                    "<X509>" + evidence::encode_base64(certificate) + "</X509>"}) {
        const TargetReport report = report_of(
            {test::TarBuilder().file("a", file).file("b.key", key_pem(key.get())).finish()});
        ASSERT_EQ(report.findings.size(), 1U);
        ASSERT_TRUE(report.findings[0].certificate) << file.size();
        EXPECT_EQ(report.findings[0].certificate->subject, "O=Example, CN=bare");
        EXPECT_EQ(report.findings[0].certificate->path, "a");
    }
}

TEST(KeyAndCertificate, ACertificateAloneIsNoFinding) {
    const KeyHandle key(EVP_EC_gen("P-256"));
    const std::string pem = pem_of(certificate_for(key.get(), "alone", 10).get());
    const auto result = scan(test::TarBuilder().file("a.crt", pem + pem).file("b", pem).finish());
    EXPECT_TRUE(result.findings.empty());
    ASSERT_EQ(result.certificates.size(), 1U) << "each once, at its first place";
    EXPECT_EQ(result.certificates[0].path, "a.crt");
}

const std::string id = std::string("AK") + "IAQZ7XUTKLMN5PWRSA";
const std::string key_half = std::string("kR7vQ2mXw9Lp4TzB8nYc") + "H6jF3sDg5aE1uJ0oVi+W";

TEST(Pairs, TheNearestHalvesOfOneFileBelongTogether) {
    const std::string other_id = std::string("AK") + "IAVN3DPLQ6YTRWEXCS";
    const std::string other_key = std::string("Zx3Yw8Vu1Ts6Rq9Po4Nm") + "L7kJ2ihG5fEdC0bA+QyP";
    const std::string file = "[one]\naws_access_key_id = " + id + "\naws_secret_access_key = " +
                             key_half + "\n[two]\naws_access_key_id = " + other_id +
                             "\naws_secret_access_key = " + other_key + "\n";
    const auto result = scan(test::TarBuilder().file("credentials", file).finish());
    ASSERT_EQ(result.findings.size(), 4U);
    for (std::size_t i = 0; i < 4; ++i) {
        const Finding& finding = result.findings[i].finding;
        const Finding& partner = result.findings[i ^ 1U].finding;
        ASSERT_TRUE(finding.pair) << finding.rule;
        EXPECT_EQ(finding.pair->role, i % 2 == 0 ? "secret" : "id");
        EXPECT_EQ(finding.pair->rule, partner.rule);
        EXPECT_EQ(finding.pair->offset, partner.offset);
        EXPECT_EQ(finding.pair->line, partner.line);
        EXPECT_EQ(finding.pair->secret_id, partner.secret_id);
        EXPECT_EQ(finding.pair->path, "credentials");
    }
}

TEST(Pairs, FarApartTheyAreTwo) {
    const std::string file = "aws_access_key_id = " + id + "\n" + std::string(2000, '\n') +
                             "aws_secret_access_key = " + key_half + "\n";
    const auto result = scan(test::TarBuilder().file("credentials", file).finish());
    ASSERT_EQ(result.findings.size(), 2U);
    EXPECT_FALSE(result.findings[0].finding.pair);
    EXPECT_FALSE(result.findings[1].finding.pair);
}

TEST(Pairs, VariablesOfOneEnvironmentAreHalvesWhereTheyAreTheOnlyOnes) {
    const auto variables = [](const std::vector<std::string>& texts) {
        std::vector<Finding> findings;
        for (std::size_t i = 0; i < texts.size(); ++i) {
            for (Finding finding : test::shipped().scan_text(texts[i])) {
                finding.source = Source::env;
                finding.path = "config.Env[" + std::to_string(i) + "]";
                findings.push_back(std::move(finding));
            }
        }
        layer::pair_variables(findings, test::shipped().rules());
        return findings;
    };
    const std::string secret = "AWS_SECRET_ACCESS_KEY=" + key_half;
    const auto one = variables({"AWS_ACCESS_KEY_ID=" + id, "PATH=/bin", secret});
    ASSERT_EQ(one.size(), 2U);
    ASSERT_TRUE(one[0].pair && one[1].pair);
    EXPECT_EQ(one[0].pair->path, "config.Env[2]");
    EXPECT_EQ(one[1].pair->path, "config.Env[0]");
    EXPECT_EQ(one[1].pair->role, "id");
    const std::string other_id = std::string("AK") + "IAVN3DPLQ6YTRWEXCS";
    const auto two = variables({"A=" + id, "B=" + other_id, secret});
    ASSERT_EQ(two.size(), 3U);
    for (const Finding& finding : two) EXPECT_FALSE(finding.pair) << finding.path;
}

std::string identifier_in(std::string_view kind, const std::string& text,
                          const std::string& secret) {
    const std::size_t begin = text.find(secret);
    const auto at = evidence::find_identifier(kind, text, begin, begin + secret.size());
    return at ? text.substr(at->begin, at->end - at->begin) : std::string();
}

TEST(Identifiers, AreFoundAsConfigurationWritesThem) {
    const std::string secret = "Rt7" "xWq93";
    for (const std::string& text :
         {"DB_USER=billing\nDB_PASSWORD=" + secret + "\n",
          "{\"username\": \"billing\", \"password\": \"" + secret + "\"}",
          "password: " + secret + "\nuser: billing\n",
          "curl -u billing:" + secret + " https://example.org\n",
          "postgres://billing:" + secret + "@db/x ",
          "machine h login billing password " + secret + "\n",
          "<username>billing</username><password>" + secret + "</password>",
          "define('DB_USER', 'billing'); define('DB_PASSWORD', '" + secret + "');"}) {
        EXPECT_EQ(identifier_in("user", text, secret), "billing") << text;
    }
    EXPECT_EQ(identifier_in("client-id", "client_id = 4711-ab.apps\nclient_secret = " + secret,
                            secret),
              "4711-ab.apps");
    EXPECT_EQ(identifier_in("user", "user = " + secret + "\npassword = " + secret, secret), "");
    EXPECT_EQ(identifier_in("user", "user = ${USER}\npassword = " + secret, secret), "");
}

TEST(Identifiers, AreOfTheSecretWhoseNameBeginsAlike) {
    const std::string one = "Rt7" "xWq93", two = "Kp4" "mZt81";
    // The nearest is another's.
    const std::string dotenv = "DB_USER=billing\nMAIL_USER=mailer\nDB_PASSWORD=" + one +
                               "\nMAIL_PASSWORD=" + two + "\n";
    EXPECT_EQ(identifier_in("user", dotenv, one), "billing");
    EXPECT_EQ(identifier_in("user", dotenv, two), "mailer");
    const std::string compose = "environment:\n  POSTGRES_PASSWORD: " + one +
                                "\n  POSTGRES_USER: billing\n  REDIS_PASSWORD: " + two + "\n";
    EXPECT_EQ(identifier_in("user", compose, one), "billing") << "the value stands in front";
    EXPECT_EQ(identifier_in("user", compose, two), "");
    const std::string kubernetes = "- name: DB_USER\n  value: billing\n- name: MAIL_USERNAME\n  "
                                   "value: mailer\n- name: DB_PASSWORD\n  value: " + one +
                                   "\n- name: MAIL_PASSWORD\n  value: " + two + "\n";
    EXPECT_EQ(identifier_in("user", kubernetes, one), "billing");
    EXPECT_EQ(identifier_in("user", kubernetes, two), "mailer");
    EXPECT_EQ(identifier_in("user", "{\"smtpUser\":\"mailer\",\"smtpPassword\":\"" + one + "\"}",
                            one), "mailer");
    EXPECT_EQ(identifier_in("user", "spring.datasource.username=billing\n"
                                    "spring.datasource.password=" + one + "\n", one), "billing");
    EXPECT_EQ(identifier_in("user", "MYSQL_USER=app\nMYSQL_ROOT_PASSWORD=" + one + "\n", one), "")
        << "root's is not the application's";
    EXPECT_EQ(identifier_in("user", "DB_USER=billing\nSESSION_TOKEN=" + one + "\n", one), "");
    EXPECT_EQ(identifier_in("user", "DB_USER=billing\nPASSWORD=" + one + "\n", one), "billing");
}

TEST(Identifiers, OfAClientInEachForm) {
    const std::string secret = test::expanded("{{alnum:29}}7xQ", 5);
    for (const std::string& text :
         {"{\"client_secret\": \"" + secret + "\", \"client_id\": \"4711-acme\"}",
          "{\"clientId\":\"4711-acme\",\"clientSecret\":\"" + secret + "\"}",
          "oauth:\n  client-id: 4711-acme\n  client-secret: " + secret + "\n",
          "oauth:\n  client_secret: " + secret + "\n  client_id: 4711-acme\n",
          "security.oauth2.client.client-id=4711-acme\nsecurity.oauth2.client.client-secret=" +
              secret + "\n"}) {
        const auto found = test::shipped().scan_text(text);
        ASSERT_EQ(found.size(), 1U) << text.substr(0, 20);
        ASSERT_TRUE(found[0].identifier) << text.substr(0, 20);
        EXPECT_EQ(found[0].identifier->kind, "client-id");
        EXPECT_EQ(found[0].identifier->value, "4711-acme");
    }
}

TEST(Identifiers, OfTwilioAreItsSids) {
    const std::string sid = test::expanded("AC{{hex:32}}", 1), key = test::expanded("SK{{hex:32}}", 2);
    const std::string token = test::expanded("{{hex:32}}", 3);
    const std::string secret = test::expanded("{{alnum:29}}7xQ", 4);
    for (const std::string& text :
         {"TWILIO_ACCOUNT_SID=" + sid + "\nTWILIO_AUTH_TOKEN=" + token + "\n",
          "TWILIO_AUTH_TOKEN=" + token + "\nTWILIO_ACCOUNT_SID=" + sid + "\n",
          "from twilio.rest import Client\n\nclient = Client(\"" + sid + "\", \"" + token + "\")\n",
          "curl https://api.twilio.com/2010-04-01/Accounts -u " + sid + ":" + token + "\n"}) {
        const auto found = test::shipped().scan_text(text);
        ASSERT_EQ(found.size(), 1U) << text.substr(0, 20);
        EXPECT_TRUE(found[0].rule.starts_with("twilio-")) << found[0].rule;
        ASSERT_TRUE(found[0].identifier) << text.substr(0, 20);
        EXPECT_EQ(found[0].identifier->kind, "account-sid");
        EXPECT_EQ(found[0].identifier->value, sid);
    }
    for (const std::string& text :
         {"TWILIO_API_KEY=" + key + "\nTWILIO_API_SECRET=" + secret + "\n",
          "TWILIO_API_KEY_SECRET=" + secret + "\nTWILIO_API_KEY_SID=" + key + "\n"}) {
        const auto found = test::shipped().scan_text(text);
        ASSERT_EQ(found.size(), 2U) << text.substr(0, 20);
        for (const Finding& one : found) {
            ASSERT_TRUE(one.pair) << one.rule;
            const bool names = one.rule == "twilio-api-key";
            EXPECT_EQ(one.pair->role, names ? "secret" : "id");
            EXPECT_EQ(one.pair->rule, names ? "twilio-api-secret" : "twilio-api-key");
        }
    }
}

TEST(Identifiers, OfAnEnvironmentStandInAVariableOfTheirOwn) {
    const std::string password = test::expanded("K{{alnum:13}}7", 9);
    const auto users = [&](const std::vector<std::string>& lines) {
        std::vector<image::MetadataText> texts;
        std::vector<Finding> findings;
        for (std::size_t i = 0; i < lines.size(); ++i) {
            texts.push_back({Source::env, "config.Env[" + std::to_string(i) + "]", lines[i], -1});
            for (Finding finding : test::shipped().scan_text(lines[i])) {
                finding.source = Source::env;
                finding.path = texts.back().path;
                findings.push_back(std::move(finding));
            }
        }
        image::name_users(findings, texts, test::shipped().key());
        std::string told;
        for (const Finding& one : findings) {
            told += one.path + '=' + (one.identifier ? one.identifier->value : "") + '\n';
        }
        return told;
    };
    EXPECT_EQ(users({"MAIL_USER=mailer", "POSTGRES_USER=billing", "POSTGRES_PASSWORD=" + password}),
              "config.Env[2]=billing\n");
    EXPECT_EQ(users({"POSTGRES_PASSWORD=" + password, "POSTGRES_USERNAME=billing"}),
              "config.Env[0]=billing\n");
    EXPECT_EQ(users({"MAIL_USER=mailer", "POSTGRES_PASSWORD=" + password}), "config.Env[1]=\n");
    EXPECT_EQ(users({"DB_USER=$USER", "DB_PASSWORD=" + password}), "config.Env[1]=\n");
    EXPECT_EQ(users({"DB_USER=one", "DB_LOGIN=two", "DB_PASSWORD=" + password}),
              "config.Env[2]=\n")
        << "two names, and nothing says which";
}

TEST(Identifiers, StandWithTheSecretThatTheyBelongTo) {
    const std::string secret = std::string("mQ7") + "xTz94vLb2";
    const auto result = scan(
        test::TarBuilder()
            .file("app.env", "URL=postgres://billing:" + secret + "@db.internal:5432/main\n")
            .finish());
    ASSERT_EQ(result.findings.size(), 1U);
    const auto& identifier = result.findings[0].finding.identifier;
    ASSERT_TRUE(identifier);
    EXPECT_EQ(identifier->kind, "user");
    EXPECT_EQ(identifier->value, "billing");
}

TEST(Identifiers, ATextThatIsASecretElsewhereIsNotTold) {
    const std::string secret = std::string("mQ7") + "xTz94vLb2";
    const std::string other = std::string("hW4") + "pKs83nRc6";
    const TargetReport report = report_of(
        {test::TarBuilder()
             .file("a.env", "URL=postgres://" + secret + ":" + other + "@db.internal/main\n")
             .file("b.env", "URL=postgres://billing:" + secret + "@db.internal/main\n")
             .finish()});
    ASSERT_EQ(report.findings.size(), 2U);
    EXPECT_FALSE(report.findings[0].identifier);
    EXPECT_TRUE(report.findings[1].identifier);
}

TEST(KnownKeys, TheListIsSortedAndLarge) {
    const std::string_view list = evidence::known_key_list();
    std::size_t lines = 0;
    std::string_view before;
    for (std::string_view rest = list; !rest.empty(); ++lines) {
        const std::string_view line = rest.substr(0, rest.find('\n'));
        rest.remove_prefix(std::min(rest.size(), line.size() + 1));
        const std::string_view key = line.substr(0, line.find('\t'));
        EXPECT_LT(before, key);
        before = key;
        EXPECT_FALSE(evidence::package_of_key(list, key).empty()) << key;
    }
    EXPECT_GE(lines, 200U);
    EXPECT_EQ(evidence::package_of_key(list, "0"), "");
    EXPECT_EQ(evidence::package_of_key(list, std::string(64, 'f')), "");
    EXPECT_EQ(evidence::package_of_key(list, ""), "");
}

TEST(Table, ShowsAPairAsOneEntryAndWhatBelongsToAKey) {
    const std::string file = "aws_access_key_id = " + id + "\naws_secret_access_key = " +
                             key_half + "\n";
    Report report;
    report.targets.push_back(report_of({test::TarBuilder().file("credentials", file).finish()}));
    Finding key;
    key.title = "Private key";
    key.path = "tls.key";
    key.layer_index = 0;
    key.certificate = KeyCertificate{"CN=example.org", {"example.org", "a", "b"},
                                     "2030-01-02T03:04:05Z", 0, "tls.crt", {}};
    key.identifier = Identifier{"client-id", "4711", ""};
    key.package = Package{"dpkg", "example"};
    report.targets[0].findings.push_back(key);
    const std::string table = report::write_table(report, {false, 200});
    const auto times = [&table](std::string_view text) {
        std::size_t count = 0;
        for (std::size_t at = table.find(text); at != table.npos; at = table.find(text, at + 1)) {
            ++count;
        }
        return count;
    };
    EXPECT_EQ(times("AWS access key id"), 1U) << table;
    EXPECT_EQ(times("with AWS access key id"), 1U) << table;
    EXPECT_EQ(times("certificate of CN=example.org for example.org, a, … until 2030-01-02"), 1U)
        << table;
    EXPECT_EQ(times("client-id 4711"), 1U) << table;
    EXPECT_EQ(times("packaged: example"), 1U) << table;
    EXPECT_EQ(times("1 packaged"), 1U) << table;
    EXPECT_EQ(table.find(key_half), table.npos);
}

// The first test vector of RFC 8032, section 7.1; test suites ship it as a PEM file.
TEST(KnownKeys, AKeyOfATestSuiteIsAKnownExampleAndTold) {
    std::string seed;
    for (const char* half : {"9d61b19deffd5a60ba844af492ec2cc4", "4449c5697b326919703bac031cae7f60"}) {
        const std::string text = half;
        for (std::size_t i = 0; i < text.size(); i += 2) {
            seed += static_cast<char>(std::stoi(text.substr(i, 2), nullptr, 16));
        }
    }
    const KeyHandle key(EVP_PKEY_new_raw_private_key(
        EVP_PKEY_ED25519, nullptr, reinterpret_cast<const unsigned char*>(seed.data()),
        seed.size()));
    const auto result =
        scan(test::TarBuilder().file("usr/src/test/key.pem", key_pem(key.get())).finish());
    ASSERT_EQ(result.findings.size(), 1U);
    const Finding& finding = result.findings[0].finding;
    EXPECT_EQ(finding.evidence, Evidence::known_example);
    EXPECT_EQ(finding.severity, Severity::low);
    EXPECT_EQ(finding.confidence, Confidence::low);
    EXPECT_NE(finding.evidence_detail.find("shipped by debian openssl"), std::string::npos)
        << finding.evidence_detail;

    const KeyHandle fresh(EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519"));
    const auto other =
        scan(test::TarBuilder().file("usr/src/test/key.pem", key_pem(fresh.get())).finish());
    ASSERT_EQ(other.findings.size(), 1U);
    EXPECT_EQ(other.findings[0].finding.evidence, Evidence::verified);
}

}  // namespace
