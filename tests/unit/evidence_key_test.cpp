// What the checks of private keys promise: the fingerprints that ssh-keygen and
// openssl print, in every disguise that a key block wears in real files, and no
// part of the key in any field.
#include <gtest/gtest.h>
#include <unistd.h>

#include <array>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "scanner/evidence/codec.hpp"
#include "scanner/evidence/evidence.hpp"
#include "scanner/evidence/pem.hpp"
#include "scanner/evidence/ssh_key.hpp"
#include "tests/support/checks.hpp"
#include "tests/support/shipped.hpp"
#include "tests/support/tar_builder.hpp"

namespace stratascan::evidence {
namespace {

using test::example;
using test::run;

std::filesystem::path scratch() {
    std::string pattern = (std::filesystem::temp_directory_path() / "evidence-XXXXXX").string();
    if (mkdtemp(pattern.data()) == nullptr) return {};
    return pattern;
}

class PrivateKeys : public testing::Test {
protected:
    void SetUp() override {
        folder_ = scratch();
        ASSERT_FALSE(folder_.empty());
    }
    void TearDown() override {
        std::error_code ignored;
        std::filesystem::remove_all(folder_, ignored);
    }

    /// The command's standard output, or nothing where it fails.
    static std::string output_of(const std::string& command) {
        FILE* pipe = popen((command + " 2>/dev/null </dev/null").c_str(), "r");
        if (pipe == nullptr) return {};
        std::string text;
        std::array<char, 512> buffer{};
        while (true) {
            const std::size_t size = fread(buffer.data(), 1, buffer.size(), pipe);
            if (size == 0) break;
            text.append(buffer.data(), size);
        }
        return pclose(pipe) == 0 ? text : std::string();
    }

    [[nodiscard]] std::string path(const std::string& name) const {
        return (folder_ / name).string();
    }

    [[nodiscard]] std::string read(const std::string& name) const {
        std::ifstream file(folder_ / name, std::ios::binary);
        std::stringstream text;
        text << file.rdbuf();
        return text.str();
    }

    /// "SHA256:…" as ssh-keygen prints it for the public key file.
    [[nodiscard]] std::string keygen_fingerprint(const std::string& name) const {
        std::istringstream line(output_of("ssh-keygen -l -f " + path(name)));
        std::string bits;
        std::string fingerprint;
        line >> bits >> fingerprint;
        return fingerprint;
    }

    /// The SHA-256 of the SubjectPublicKeyInfo that openssl writes, in hex.
    [[nodiscard]] std::string openssl_digest(const std::string& name) const {
        const std::string der =
            output_of("openssl pkey -in " + path(name) + " -pubout -outform DER");
        return der.empty() ? std::string() : hex(sha256(der));
    }

    std::filesystem::path folder_;
};

TEST_F(PrivateKeys, OfSshKeygenHaveItsFingerprints) {
    if (output_of("command -v ssh-keygen").empty()) GTEST_SKIP() << "no ssh-keygen";
    struct Kind {
        const char* arguments;
        const char* detail;
    };
    const std::array<Kind, 5> kinds = {{{"-t ed25519", "Ed25519"},
                                        {"-t rsa -b 2048", "RSA 2048"},
                                        {"-t ecdsa -b 256", "EC P-256"},
                                        {"-t ecdsa -b 384", "EC P-384"},
                                        {"-t ecdsa -b 521", "EC P-521"}}};
    for (std::size_t index = 0; index < kinds.size(); ++index) {
        const std::string name = "key" + std::to_string(index);
        output_of("ssh-keygen -q -N '' -C c " + std::string(kinds[index].arguments) + " -f " +
                  path(name));
        const std::string expected = keygen_fingerprint(name + ".pub");
        ASSERT_FALSE(expected.empty());
        const Output bare = run("private-key", read(name));
        EXPECT_EQ(bare.level, Evidence::verified) << kinds[index].arguments;
        EXPECT_EQ(bare.detail, std::string(kinds[index].detail) + ", not encrypted");
        EXPECT_EQ(bare.public_fingerprint, expected);

        // The same key in PKCS #8 has both fingerprints again.
        output_of("cp " + path(name) + " " + path("pem"));
        output_of("ssh-keygen -q -p -P '' -N '' -m PKCS8 -f " + path("pem"));
        const Output pkcs8 = run("private-key", read("pem"));
        if (read("pem").find("OPENSSH") == std::string::npos) {
            EXPECT_EQ(pkcs8.level, Evidence::verified);
            EXPECT_EQ(pkcs8.public_fingerprint, expected);
            EXPECT_EQ(pkcs8.spki_sha256, openssl_digest("pem"));
            EXPECT_EQ(bare.spki_sha256, pkcs8.spki_sha256);
        }

        // Encrypted: the public half still stands in the clear.
        output_of("ssh-keygen -q -p -a 1 -P '' -N passphrase -f " + path(name));
        const Output encrypted = run("private-key", read(name));
        EXPECT_EQ(encrypted.level, Evidence::well_formed);
        EXPECT_NE(encrypted.detail.find("encrypted ("), std::string::npos);
        EXPECT_EQ(encrypted.public_fingerprint, expected);
        EXPECT_EQ(encrypted.confidence_shift, -1);
    }
}

TEST_F(PrivateKeys, OfOpensslHaveItsDigest) {
    for (const char* kind : {"rsa", "ec", "dsa", "pkcs8", "ed25519"}) {
        const std::string text = example("{{pem:" + std::string(kind) + "}}");
        std::ofstream(folder_ / kind, std::ios::binary) << text;
        const Output output = run("private-key", text);
        EXPECT_EQ(output.level, Evidence::verified) << kind;
        EXPECT_EQ(output.confidence_shift, 1);
        EXPECT_TRUE(output.public_fingerprint.starts_with("SHA256:")) << kind;
        EXPECT_EQ(output.spki_sha256, openssl_digest(kind)) << kind;
    }
}

// Every form that OpenSSL writes without a block is the same key as with one, at its
// place among other bytes, and is told once where a block's base64 shows it again.
TEST_F(PrivateKeys, InDerAreFoundAsThoseInPemAre) {
    if (output_of("command -v openssl").empty()) GTEST_SKIP() << "no openssl";
    const std::vector<std::pair<std::string, bool>> kinds = {
        {"RSA -pkeyopt rsa_keygen_bits:1024", true}, {"RSA -pkeyopt rsa_keygen_bits:2048", true},
        {"RSA -pkeyopt rsa_keygen_bits:4096", true}, {"EC -pkeyopt ec_paramgen_curve:P-256", true},
        {"EC -pkeyopt ec_paramgen_curve:P-384", true}, {"EC -pkeyopt ec_paramgen_curve:P-521", true},
        {"ED25519", false}, {"X25519", false}, {"ED448", false}, {"X448", false}};
    for (const auto& [kind, traditional] : kinds) {
        const std::string made = path("made.pem");
        ASSERT_FALSE(output_of("openssl genpkey -quiet -algorithm " + kind + " -out " + made +
                               " && echo done").empty()) << kind;
        const std::string pem = output_of("cat " + made);
        const std::string pkcs8 = output_of("openssl pkcs8 -topk8 -nocrypt -outform DER -in " + made);
        const std::string old =
            traditional ? output_of("openssl pkey -traditional -outform DER -in " + made) : pkcs8;
        const auto in_pem = test::shipped().scan(test::TarBuilder().file("k", pem).finish());
        ASSERT_EQ(in_pem.findings.size(), 1U) << kind;
        const std::string digest = in_pem.findings[0].finding.public_key_sha256;
        EXPECT_EQ(in_pem.findings[0].finding.rule, "private-key-pkcs8");
        for (const std::string& der : {pkcs8, old}) {
            const auto bare = test::shipped().scan(
                test::TarBuilder().file("k", "front" + der + "behind").finish());
            ASSERT_EQ(bare.findings.size(), 1U) << kind;
            const Finding& finding = bare.findings[0].finding;
            EXPECT_EQ(finding.public_key_sha256, digest) << kind;
            EXPECT_EQ(finding.evidence, Evidence::verified) << kind;
            EXPECT_EQ(finding.offset, 5U) << kind;
        }
    }
}

TEST_F(PrivateKeys, InDerWithTextInTheirPlaceAreNone) {
    const std::string prefix("\x30\x2e\x02\x01\x00\x30\x05\x06\x03\x2b\x65\x70\x04\x22\x04\x20", 16);
    const std::string text = prefix + "asn1: structure error in a table";
    EXPECT_EQ(run("private-key-der", text, text, text).drop_reason, "template");
    const std::string numbers = prefix + std::string("\x72\x02\0\0\0\xe9\x10\0\0\0\x29\x0f\x72\xb8\0\0", 16) +
                                std::string("\0\x72\xf0\0\0\0\x0d\xa1\x15\xf7\xa6\xe9\x30\0\0\0", 16);
    EXPECT_EQ(run("private-key-der", numbers, numbers, numbers).drop_reason, "template");
    std::string key = example("{{der:ed25519}}");
    EXPECT_EQ(run("private-key-der", key, key, key).level, Evidence::verified);
    key = example("{{der:rsa}}");
    key[100] = static_cast<char>(key[100] ^ 1);  // of the modulus
    EXPECT_NE(run("private-key-der", key, key, key).level, Evidence::verified);
    for (std::size_t size = 1; size < key.size(); ++size) {
        const std::string cut = key.substr(0, size);
        EXPECT_NE(run("private-key-der", cut, cut, cut).level, Evidence::verified) << size;
    }
}

TEST_F(PrivateKeys, AreReadInEveryDisguise) {
    const std::string text = example("{{pem:rsa}}");
    const std::string expected = run("private-key", text).public_fingerprint;
    const auto replaced = [&text](const std::string& with, const std::string& front = "") {
        std::string changed = front;
        for (const char c : text) {
            if (c == '\n') changed += with;
            else changed.push_back(c);
        }
        return changed;
    };
    for (const std::string& disguise :
         {replaced("\\n"), replaced("\r\n"), replaced("\n    ", "    "), replaced("\\\\n"),
          replaced("\\n\" +\n  \"", "\""), replaced("',\n '", "'"), replaced("\n# ", "# "),
          replaced("\\r\\n"), replaced("\\u000a"), replaced("\n// ", "// "),
          encode_base64(text), replaced(" "), "key: |\n" + text + "\nnext: 1"}) {
        const Output output = run("private-key", disguise);
        EXPECT_EQ(output.level, Evidence::verified) << disguise.substr(0, 3);
        EXPECT_EQ(output.public_fingerprint, expected);
    }
}

TEST_F(PrivateKeys, EncryptedOnesAreWellFormedAndAskForNothing) {
    const Output pkcs8 = run("private-key", example("{{pem:pkcs8-encrypted}}"));
    EXPECT_EQ(pkcs8.level, Evidence::well_formed);
    EXPECT_EQ(pkcs8.detail, "PKCS #8, encrypted");
    const Output traditional = run("private-key", example("{{pem:rsa-encrypted}}"));
    EXPECT_EQ(traditional.level, Evidence::well_formed);
    EXPECT_EQ(traditional.detail, "RSA, encrypted (AES-128-CBC)");
    EXPECT_EQ(traditional.confidence_shift, -1);
}

TEST_F(PrivateKeys, ThatAreCutOrMadeUpDoNotParse) {
    for (const char* kind : {"rsa", "ec", "pkcs8", "ed25519", "openssh"}) {
        const std::string text = example("{{pem:" + std::string(kind) + "}}");
        for (const std::size_t size : {text.size() / 4, text.size() / 2}) {
            const Output output = run("private-key", text.substr(0, size));
            EXPECT_EQ(output.level, Evidence::pattern) << kind;
            EXPECT_TRUE(output.drop_reason.empty());
        }
    }
    const std::string fake = "-----BEGIN RSA " + example("PRIVATE KEY-----\n{{b64:640}}\n");
    EXPECT_EQ(run("private-key", fake).detail, "does not parse as a key");
    EXPECT_EQ(run("private-key", "").detail, "does not parse as a key");
    EXPECT_EQ(run("private-key", "-----BEGIN ").detail, "does not parse as a key");
}

TEST_F(PrivateKeys, WithoutTheirClosingLineStillParse) {
    const std::string text = example("{{pem:ed25519}}");
    EXPECT_EQ(run("private-key", text.substr(0, text.find("-----END"))).level,
              Evidence::verified);
}

TEST_F(PrivateKeys, NoFieldHoldsKeyMaterial) {
    for (const char* kind : {"rsa", "ec", "ed25519", "openssh"}) {
        const std::string text = example("{{pem:" + std::string(kind) + "}}");
        const Output output = run("private-key", text);
        const auto pem = read_pem(text);
        ASSERT_TRUE(pem);
        const std::string body = encode_base64(pem->body.view());
        const std::string shown =
            output.detail + output.public_fingerprint + output.spki_sha256;
        for (std::size_t at = 0; at + 12 <= body.size(); ++at) {
            ASSERT_EQ(shown.find(body.substr(at, 12)), std::string::npos) << kind;
        }
    }
}

TEST_F(PrivateKeys, OfAServiceAccountNameTheAccount) {
    const std::string key = example("{{pem-escaped:pkcs8}}");
    const std::string json = "{\"type\": \"service_account\", \"private_key\": \"" + key +
                             "\", \"client_email\": \"ci@acme.iam.gserviceaccount.com\"}";
    const Output output = run("gcp-service-account", key, json, json);
    EXPECT_EQ(output.level, Evidence::verified);
    EXPECT_EQ(output.detail, "ci@acme.iam.gserviceaccount.com, RSA 2048, not encrypted");
}

TEST_F(PrivateKeys, OfOpenPgpAreCheckedByTheirArmour) {
    // A version 4 secret key packet of the new form with made-up contents; its
    // CRC-24 is computed here bit by bit from the definition.
    const std::string packet = "\xC5\x10" + example("{{alnum:16}}");
    std::uint32_t sum = 0xB704CE;
    for (const char c : packet) {
        for (unsigned bit = 0; bit < 8; ++bit) {
            const std::uint32_t in = (static_cast<unsigned char>(c) >> (7U - bit)) & 1U;
            const std::uint32_t top = (sum >> 23U) & 1U;
            sum = (sum << 1U) & 0xFFFFFFU;
            if ((in ^ top) != 0) sum ^= 0x864CFBU;
        }
    }
    std::string three;
    for (const unsigned shift : {16U, 8U, 0U}) three.push_back(static_cast<char>(sum >> shift));
    const std::string label = "PGP PRIVATE KEY BLOCK-----\n";
    const auto block = [&](const std::string& armour_sum) {
        return "-----BEGIN " + label + "Version: 1\n\n" + encode_base64(packet) + "\n=" +
               armour_sum + "\n-----END " + label;
    };
    EXPECT_EQ(run("private-key", block(encode_base64(three))).level, Evidence::verified);
    EXPECT_EQ(run("private-key", block("AAAA")).level, Evidence::bad_checksum);
}

TEST_F(PrivateKeys, OfPuttyHaveTheFingerprintOfTheirPublicPart) {
    const std::string pem = example("{{pem:openssh}}");
    const auto block = read_pem(pem);
    ASSERT_TRUE(block);
    const std::string body(block->body.view());
    const std::size_t at = body.find(std::string("\0\0\0\x0bssh-ed25519", 15));
    ASSERT_NE(at, std::string::npos);
    const std::string base64 = encode_base64(body.substr(at, 51));
    const auto file = [&base64](const std::string& encryption, const std::string& end) {
        std::string text = std::string("PuTTY-User-Key-File-") + "3: ssh-ed25519" + end +
                           "Encryption: " + encryption + end + "Comment: c" + end +
                           "Public-Lines: 2" + end + base64.substr(0, 64) + end +
                           base64.substr(64) + end;
        if (encryption != "none") text += "Argon2-Memory: 8192" + end;
        return text + "Private-Lines: 1" + end + encode_base64(example("{{alnum:36}}")) + end +
               "Private-MAC: " + example("{{hex:64}}") + end;
    };
    const std::string expected = run("private-key", pem).public_fingerprint;
    for (const char* end : {"\n", "\r\n", "\\n", "\\r\\n"}) {
        const Output encrypted = run("putty-key", file("aes256-cbc", end));
        EXPECT_EQ(encrypted.level, Evidence::well_formed);
        EXPECT_EQ(encrypted.detail, "Ed25519, encrypted (aes256-cbc)");
        EXPECT_EQ(encrypted.public_fingerprint, expected);
        // Its MAC is made up, so it is not verified.
        EXPECT_EQ(run("putty-key", file("none", end)).level, Evidence::well_formed);
    }
    EXPECT_EQ(run("putty-key", "PuTTY-User-Key-File-2: ssh-rsa\n").level, Evidence::pattern);
}

TEST_F(PrivateKeys, OfPuttyWithoutAPassphraseAreVerifiedByTheirMac) {
    std::string blob;
    put_string(blob, "ssh-ed25519");
    put_string(blob, example("{{alnum:32}}"));
    const std::string secret = example("{{alnum:36}}");
    std::string covered;
    for (const std::string& part : {std::string("ssh-ed25519"), std::string("none"),
                                    std::string("a comment"), blob, secret}) {
        put_string(covered, part);
    }
    // HMAC by its definition (RFC 2104) with the empty key of version 3.
    const std::string inner = sha256(std::string(64, '\x36') + covered);
    const std::string mac = hex(sha256(std::string(64, '\x5c') + inner));
    const auto file = [&](const std::string& comment) {
        return std::string("PuTTY-User-Key-File-") + "3: ssh-ed25519\nEncryption: none\n" +
               "Comment: " + comment + "\nPublic-Lines: 1\n" + encode_base64(blob) +
               "\nPrivate-Lines: 1\n" + encode_base64(secret) + "\nPrivate-MAC: " + mac + "\n";
    };
    EXPECT_EQ(run("putty-key", file("a comment")).level, Evidence::verified);
    EXPECT_EQ(run("putty-key", file("another")).level, Evidence::well_formed);
}

/// DER with a length of two bytes.
std::string der(char tag, const std::string& contents) {
    return std::string{tag, '\x82', static_cast<char>(contents.size() >> 8U),
                       static_cast<char>(contents.size() & 0xFFU)} +
           contents;
}

TEST_F(PrivateKeys, ThatWouldTakeMinutesToComputeAreRefused) {
    // OpenSSL computes the public half of a DSA key in PKCS #8 as a power modulo p.
    // With numbers of 30,000 bits that once took 80 seconds, under any label.
    const std::string number = der('\x02', "\x7F" + std::string(3700, '\x5B'));
    const std::string oid("\x06\x07\x2a\x86\x48\xce\x38\x04\x01", 9);
    const std::string algorithm = der('\x30', oid + der('\x30', number + number + number));
    const std::string key =
        der('\x30', std::string("\x02\x01\x00", 3) + algorithm + der('\x04', number));
    for (const std::string label : {"", "RSA ", "EC ", "DSA "}) {
        const std::string line = label + "PRIVATE KEY-----\n";
        const std::string text =
            "-----BEGIN " + line + encode_base64(key) + "\n-----END " + line;
        EXPECT_EQ(run("private-key", text).detail, "does not parse as a key");
    }
}

TEST_F(PrivateKeys, LengthsInAKeyAreNotBelieved) {
    for (const std::uint32_t length : {0U, 1U, 0x7FFFFFFFU, 0xFFFFFFFFU}) {
        std::string body("openssh-key-v1\0", 15);
        put_string(body, "none");
        put_string(body, "none");
        put_string(body, "");
        put_number(body, 1);
        put_number(body, length);
        const std::string label = "OPENSSH PRIVATE KEY-----\n";
        const std::string text =
            "-----BEGIN " + label + encode_base64(body) + "\n-----END " + label;
        EXPECT_EQ(run("private-key", text).level, Evidence::pattern);
    }
}

}  // namespace
}  // namespace stratascan::evidence
