// Signatures under certificates: chains and identities made here by OpenSSL, Fulcio's form of
// them, Notary's COSE, and what a transparency log said, signed by a log made here.
#include <gtest/gtest.h>

#include "scanner/evidence/codec.hpp"
#include "scanner/image/cbor.hpp"
#include "scanner/policy/signature.hpp"
#include "tests/support/issuing.hpp"
#include "tests/support/raw_signature.hpp"

namespace {

using namespace stratascan;
using namespace stratascan::test;
using policy::LogKey;
using policy::Trust;
using policy::Verifier;

TEST(Trust, ChainLeadsToTheAuthorityThatWasGiven) {
    const Family family, other;
    const Certificate leaf = family.signer({"signer"});
    EXPECT_TRUE(family.check(leaf).key) << family.check(leaf).why_not;
    EXPECT_EQ(family.check(leaf).who, "CN=signer");
    const auto foreign = Trust::parse(pem_of(other.root), "root.pem", "**", "");
    EXPECT_FALSE(foreign->check(family.chain(leaf), now).key);
    // Without the one between them there is no way, unless it is the one that is trusted.
    const auto trust = Trust::parse(pem_of(family.root), "root.pem", "**", "");
    EXPECT_FALSE(trust->check({der_of(leaf)}, now).key);
    const auto middle = Trust::parse(pem_of(family.middle), "middle.pem", "**", "");
    EXPECT_TRUE(middle->check({der_of(leaf)}, now).key);
    // A signer's certificate is no authority.
    const Key deeper = made_key();
    const Certificate below = issue({"below"}, deeper, family.key, leaf);
    EXPECT_FALSE(trust->check({der_of(below), der_of(leaf), der_of(family.middle)}, now).key);
}

TEST(Trust, ValidityIsThatOfTheTimeAsked) {
    const Family family;
    const Certificate leaf = family.signer({.name = "signer", .from = now - 600, .to = now});
    EXPECT_TRUE(family.check(leaf, "**", "", now - 300).key);
    for (const std::int64_t at : {now + 60, now - 700}) {
        const policy::Signer signer = family.check(leaf, "**", "", at);
        EXPECT_FALSE(signer.key);
        EXPECT_TRUE(signer.out_of_time);
    }
}

struct AboutIdentity {
    const char *name, *alternative, *pattern;
    bool matches;
};

class TrustIdentity : public testing::TestWithParam<AboutIdentity> {};

TEST_P(TrustIdentity, IsThePatternThatWasGiven) {
    const auto& [name, alternative, pattern, matches] = GetParam();
    const Family family;
    const policy::Signer signer =
        family.check(family.signer({.name = name, .alternative = alternative}), pattern);
    EXPECT_EQ(signer.key.has_value(), matches) << signer.why_not;
    if (!matches) {
        EXPECT_NE(signer.why_not.find("another signer is asked for"), std::string::npos);
    }
}

INSTANTIATE_TEST_SUITE_P(
    Names, TrustIdentity,
    testing::Values(
        AboutIdentity{"x", "email:dev@team.example", "dev@team.example", true},
        AboutIdentity{"x", "email:dev@team.example", "*@team.example", true},
        AboutIdentity{"x", "email:dev@team.example", "dev@team", false},
        AboutIdentity{"x", "email:dev@team.example.evil", "*@team.example", false},
        AboutIdentity{"x", "URI:https://forge.example/team/app/build@refs/heads/main",
                      "https://forge.example/team/app/build@refs/heads/*", true},
        AboutIdentity{"x", "URI:https://forge.example/other/app/build@refs/heads/main",
                      "https://forge.example/team/*/build@refs/heads/*", false},
        AboutIdentity{"Team", "", "CN=Team", true}, AboutIdentity{"Team", "", "Team", false}));

TEST(Trust, IssuerAndUseOfTheCertificate) {
    const Family family;
    const Certificate leaf = family.signer(
        {.name = "x", .alternative = "email:a@b.example", .provider = "https://id.example"});
    EXPECT_TRUE(family.check(leaf, "**", "https://id.example").key);
    EXPECT_NE(family.check(leaf).who.find("https://id.example"), std::string::npos);
    EXPECT_FALSE(family.check(leaf, "**", "https://other.example").key);
    EXPECT_FALSE(family.check(family.signer({"x"}), "**", "https://id.example").key);
    EXPECT_FALSE(family.check(family.signer({.name = "x", .usage = "serverAuth"})).key);
    EXPECT_TRUE(family.check(family.signer({.name = "x", .usage = ""})).key);
    EXPECT_FALSE(family.check(issue({"x", true}, family.key, family.middle_key, family.middle)).key)
        << "an authority's own certificate signs no image";
}

TEST(Trust, WhatIsNoneIsRefused) {
    const Family family;
    EXPECT_FALSE(Trust::parse("", "x", "**", ""));
    EXPECT_FALSE(Trust::parse(pem_of(family.key), "x", "**", ""));
    const std::string cut = pem_of(family.root).substr(0, 200);
    EXPECT_FALSE(Trust::parse(pem_of(family.root) + cut, "x", "**", ""));
    const auto nobody = Trust::parse(pem_of(family.root), "x", "", "");
    ASSERT_FALSE(nobody);
    EXPECT_NE(nobody.error().what.find("--identity"), std::string::npos);
    const auto trust = Trust::parse(pem_of(family.root), "x", "**", "");
    EXPECT_FALSE(trust->check({}, now).key);
    EXPECT_FALSE(trust->check({"no certificate"}, now).key);
    EXPECT_FALSE(trust->check({der_of(family.signer({"x"})) + "more"}, now).key);
}

// --- Whole signatures

std::string payload_of(const std::string& of) {
    return R"({"critical":{"identity":{"docker-reference":"r.example/app"},"image":)"
           R"({"docker-manifest-digest":")" + of +
           R"("},"type":"cosign container image signature"},"optional":null})";
}

image::AttachedBlob cosign(const Family& family, const Certificate& leaf,
                           const std::string& bundle = "") {
    image::AttachedBlob blob;
    blob.digest = "sha256:" + std::string(64, '9');
    blob.media_type = "application/vnd.dev.cosign.simplesigning.v1+json";
    blob.bytes = payload_of(digest);
    blob.annotations["dev.cosignproject.cosign/signature"] = b64(signed_by(family.key, blob.bytes));
    blob.annotations["dev.sigstore.cosign/certificate"] = pem_of(leaf);
    blob.annotations["dev.sigstore.cosign/chain"] = pem_of(family.middle) + pem_of(family.root);
    if (!bundle.empty()) blob.annotations["dev.sigstore.cosign/bundle"] = bundle;
    return blob;
}

policy::SignatureCheck verified(const Verifier& verifier, const image::AttachedBlob& blob) {
    image::Attachment one;
    one.subject = digest;
    one.digest = "sha256:" + std::string(64, '8');
    one.blobs.push_back(blob);
    return policy::check_signatures({digest}, {one}, verifier, now);
}

Verifier trusting(const Family& family, const std::string& identity = "**") {
    Verifier verifier;
    verifier.trust = *Trust::parse(pem_of(family.root), "root.pem", identity, "");
    return verifier;
}

TEST(TrustedSignature, OfCosignSaysWhoAndHow) {
    const Family family;
    const Certificate leaf = family.signer({.name = "x", .alternative = "email:dev@team.example"});
    const auto good = verified(trusting(family, "dev@team.example"), cosign(family, leaf));
    EXPECT_TRUE(good.holds) << good.detail;
    EXPECT_NE(good.detail.find("under a certificate of dev@team.example"), std::string::npos);
    EXPECT_FALSE(verified(trusting(family, "ops@team.example"), cosign(family, leaf)).holds);
    // The certificate of someone else is no proof of this signature.
    image::AttachedBlob borrowed = cosign(family, leaf);
    borrowed.annotations["dev.cosignproject.cosign/signature"] =
        b64(signed_by(made_key(), borrowed.bytes));
    const auto other = verified(trusting(family), borrowed);
    EXPECT_FALSE(other.holds);
    EXPECT_NE(other.detail.find("does not hold under the key of its certificate"), std::string::npos)
        << other.detail;
    borrowed.annotations.erase("dev.sigstore.cosign/certificate");
    borrowed.annotations.erase("dev.sigstore.cosign/chain");
    EXPECT_NE(verified(trusting(family), borrowed).detail.find("no certificate"), std::string::npos);
}

struct Log {
    Key key = made_key();

    [[nodiscard]] std::string id() const {
        return policy::VerifyKey::parse(pem_of(key), "log")->id();
    }
    /// As cosign keeps an entry, of the body and of a time.
    [[nodiscard]] std::string bundle(const std::string& body, std::int64_t time) const {
        const std::string message = R"({"body":")" + b64(body) + R"(","integratedTime":)" +
                                    std::to_string(time) + R"(,"logID":")" + id() +
                                    R"(","logIndex":42})";
        return R"({"SignedEntryTimestamp":")" + b64(signed_by(key, message)) +
               R"(","Payload":{"body":")" + b64(body) + R"(","integratedTime":)" +
               std::to_string(time) + R"(,"logIndex":42,"logID":")" + id() + R"("}})";
    }
    static std::string body(const std::string& signature) {
        return R"({"apiVersion":"0.0.1","kind":"hashedrekord","spec":{"signature":{"content":")" +
               b64(signature) + R"("}}})";
    }
};

TEST(TrustedSignature, ALogProvesThatAShortCertificateWasValid) {
    const Family family;
    const Log log, other;
    const Certificate leaf = family.signer(
        {.name = "x", .alternative = "email:a@b.example", .from = now - 9 * day, .to = now - 9 * day + 600});
    image::AttachedBlob blob = cosign(family, leaf);
    const auto late = verified(trusting(family), blob);
    EXPECT_FALSE(late.holds);
    EXPECT_NE(late.detail.find("that was given proves when"), std::string::npos) << late.detail;

    Verifier logged = trusting(family);
    logged.log = *LogKey::parse(pem_of(log.key), "log.pem");
    EXPECT_NE(verified(logged, blob).detail.find("no entry of a transparency log"), std::string::npos);
    const std::string signature =
        *evidence::decode_base64(blob.annotations["dev.cosignproject.cosign/signature"]);
    const auto with = [&](const std::string& bundle) {
        image::AttachedBlob changed = blob;
        changed.annotations["dev.sigstore.cosign/bundle"] = bundle;
        return verified(logged, changed);
    };
    const auto good = with(log.bundle(Log::body(signature), now - 9 * day + 300));
    EXPECT_TRUE(good.holds) << good.detail;
    EXPECT_NE(good.detail.find("valid when the log took it in"), std::string::npos) << good.detail;
    EXPECT_FALSE(with(log.bundle(Log::body(signature), now - 8 * day)).holds) << "after its end";
    EXPECT_FALSE(with(other.bundle(Log::body(signature), now - 9 * day + 300)).holds);
    const auto elsewhere = with(log.bundle(Log::body("another"), now - 9 * day + 300));
    EXPECT_NE(elsewhere.detail.find("about another signature"), std::string::npos) << elsewhere.detail;
    // A promise that was made for one time is none for another.
    std::string moved = log.bundle(Log::body(signature), now - 8 * day);
    const std::string then = std::to_string(now - 8 * day);
    moved.replace(moved.find(then), then.size(), std::to_string(now - 9 * day + 300));
    EXPECT_FALSE(with(moved).holds);
}

// What a log says of one of an envelope's signatures is no proof of when another was made.
TEST(TrustedSignature, ALogVouchesForTheSignatureThatItIsAbout) {
    const Family family;
    const Log log;
    const Certificate leaf = family.signer({.name = "x", .from = now - 9 * day, .to = now - 8 * day});
    const std::string type = "application/vnd.in-toto+json";
    const std::string statement =
        R"({"_type":"https://in-toto.io/Statement/v1","subject":[{"digest":{"sha256":")" +
        digest.substr(7) + R"("}}],"predicateType":"https://sigstore.dev/cosign/sign/v1"})";
    const std::string signature =
        signed_by(family.key, "DSSEv1 " + std::to_string(type.size()) + " " + type + " " +
                                  std::to_string(statement.size()) + " " + statement);
    Verifier verifier = trusting(family);
    verifier.log = *LogKey::parse(pem_of(log.key), "log.pem");
    const auto holds_with_entry_of = [&](const std::string& logged) {
        image::AttachedBlob blob;
        blob.digest = "sha256:" + std::string(64, '9');
        blob.media_type = "application/vnd.dsse.envelope.v1+json";
        blob.bytes = R"({"payload":")" + b64(statement) + R"(","payloadType":")" + type +
                     R"(","signatures":[{"sig":")" + b64("an older one") + R"("},{"sig":")" +
                     b64(signature) + R"("}]})";
        blob.annotations["dev.sigstore.cosign/certificate"] = pem_of(leaf);
        blob.annotations["dev.sigstore.cosign/chain"] = pem_of(family.middle);
        blob.annotations["dev.sigstore.cosign/bundle"] =
            log.bundle(Log::body(logged), now - 9 * day + 300);
        return verified(verifier, blob).holds;
    };
    EXPECT_TRUE(holds_with_entry_of(signature));
    EXPECT_FALSE(holds_with_entry_of("an older one"));
}

std::string node(const std::string& a, const std::string& b) {
    return evidence::sha256("\x01" + a + b);
}
std::string leaf_hash(const std::string& bytes) {
    return evidence::sha256(std::string(1, '\0') + bytes);
}

/// The root of leaves and the path of one, as RFC 9162, 2.1.1 and 2.1.3.1 define them.
std::string root_of(const std::vector<std::string>& leaves) {
    if (leaves.size() == 1) return leaf_hash(leaves[0]);
    std::size_t half = 1;
    while (half * 2 < leaves.size()) half *= 2;
    const auto middle = leaves.begin() + static_cast<std::ptrdiff_t>(half);
    return node(root_of({leaves.begin(), middle}), root_of({middle, leaves.end()}));
}
std::vector<std::string> path_of(std::size_t index, const std::vector<std::string>& leaves) {
    if (leaves.size() == 1) return {};
    std::size_t half = 1;
    while (half * 2 < leaves.size()) half *= 2;
    const auto middle = leaves.begin() + static_cast<std::ptrdiff_t>(half);
    const std::vector<std::string> left(leaves.begin(), middle), right(middle, leaves.end());
    auto path = index < half ? path_of(index, left) : path_of(index - half, right);
    path.push_back(root_of(index < half ? right : left));
    return path;
}

TEST(Inclusion, AgainstTheDefinitionForEveryLeafOfEveryTree) {
    std::vector<std::string> leaves;
    for (std::size_t size = 1; size <= 33; ++size) {
        leaves.push_back("leaf " + std::to_string(size));
        for (std::size_t index = 0; index < size; ++index) {
            image::InclusionProof proof{index, size, root_of(leaves), path_of(index, leaves), ""};
            EXPECT_TRUE(policy::leads_to_root(leaves[index], proof)) << index << " of " << size;
            EXPECT_FALSE(policy::leads_to_root("another", proof));
            if (proof.hashes.empty()) continue;
            image::InclusionProof cut = proof;
            cut.hashes.pop_back();
            EXPECT_FALSE(policy::leads_to_root(leaves[index], cut));
            cut = proof;
            cut.hashes.push_back(proof.root);
            EXPECT_FALSE(policy::leads_to_root(leaves[index], cut));
            cut = proof;
            cut.index = (index + 1) % size;
            EXPECT_FALSE(policy::leads_to_root(leaves[index], cut) && cut.index != index);
        }
    }
}

// A Sigstore bundle with a certificate and an entry that has a proof and no promise, as the
// second version of Rekor gives them.
TEST(TrustedSignature, OfABundleInATreeThatTheLogSigned) {
    const Family family;
    const Log log;
    const Certificate leaf = family.signer({.name = "x", .alternative = "email:a@b.example"});
    const std::string type = "application/vnd.in-toto+json";
    const std::string statement =
        R"({"_type":"https://in-toto.io/Statement/v1","subject":[{"name":"","digest":{"sha256":")" +
        digest.substr(7) + R"("}}],"predicateType":"https://spdx.dev/Document","predicate":{}})";
    const std::string signature =
        signed_by(family.key, "DSSEv1 " + std::to_string(type.size()) + " " + type + " " +
                                  std::to_string(statement.size()) + " " + statement);
    const std::string body = R"({"apiVersion":"0.0.2","kind":"dsse","spec":{"dsseV002":{"signatures":)"
                             R"([{"content":")" + b64(signature) + R"("}]}}})";
    const std::vector<std::string> leaves = {"a", "b", body, "c", "d"};
    const auto made = [&](const Key& by, const std::string& root) {
        const std::string note = "log.example\n5\n" + b64(root) + "\n";
        std::string hashes;
        for (const std::string& hash : path_of(2, leaves)) {
            hashes += (hashes.empty() ? "\"" : ",\"") + b64(hash) + '"';
        }
        const std::string line = "\\n\xe2\x80\x94 log.example " + b64("hint" + signed_by(by, note)) + "\\n";
        image::AttachedBlob blob;
        blob.digest = "sha256:" + std::string(64, '9');
        blob.media_type = "application/vnd.dev.sigstore.bundle.v0.3+json";
        blob.bytes =
            R"({"mediaType":"application/vnd.dev.sigstore.bundle.v0.3+json","verificationMaterial":)"
            R"({"certificate":{"rawBytes":")" + b64(der_of(leaf)) +
            R"("},"tlogEntries":[{"logIndex":"2","logId":{"keyId":"AAAA"},"integratedTime":"0",)"
            R"("inclusionProof":{"logIndex":"2","treeSize":"5","rootHash":")" + b64(root) +
            R"(","hashes":[)" + hashes + R"(],"checkpoint":{"envelope":"log.example\n5\n)" + b64(root) +
            R"(\n)" + line + R"("}},"canonicalizedBody":")" + b64(body) +
            R"("}]},"dsseEnvelope":{"payload":")" + b64(statement) + R"(","payloadType":")" + type +
            R"(","signatures":[{"sig":")" + b64(signature) + R"("}]}})";
        return blob;
    };
    Verifier verifier;
    verifier.trust = *Trust::parse(pem_of(family.middle), "middle.pem", "**", "");
    verifier.log = *LogKey::parse(pem_of(log.key), "log.pem");
    const auto good = verified(verifier, made(log.key, root_of(leaves)));
    EXPECT_FALSE(good.holds) << "a statement signs no image";
    ASSERT_EQ(good.verified.size(), 1U) << good.detail;
    EXPECT_NE(good.verified.begin()->second.find("in a tree that the log signed"), std::string::npos);
    EXPECT_TRUE(verified(verifier, made(made_key(), root_of(leaves))).verified.empty());
    EXPECT_TRUE(verified(verifier, made(log.key, leaf_hash("other"))).verified.empty());
}

// --- COSE

std::string text_item(const std::string& text) { return image::cbor_head(3, text.size()) + text; }
std::string bytes_item(const std::string& bytes) { return image::cbor_head(2, bytes.size()) + bytes; }

std::string cose(const Family& family, const Certificate& leaf, const std::string& extra = "",
                 unsigned members = 3, const std::string& of = digest) {
    const std::string protected_header =
        image::cbor_head(5, members) + image::cbor_head(0, 1) + image::cbor_head(1, 6) +  // ES256
        image::cbor_head(0, 2) + image::cbor_head(4, 1) + text_item("io.cncf.notary.signingScheme") +
        text_item("io.cncf.notary.signingScheme") + text_item("notary.x509") + extra;
    const std::string payload =
        R"({"targetArtifact":{"mediaType":"x","digest":")" + of + R"(","size":1}})";
    const std::string message = image::cbor_head(4, 4) + text_item("Signature1") +
                                bytes_item(protected_header) + bytes_item("") + bytes_item(payload);
    const std::string der = signed_by(family.key, message);
    const std::string raw = test::raw_signature(der);
    return image::cbor_head(6, 18) + image::cbor_head(4, 4) + bytes_item(protected_header) +
           image::cbor_head(5, 1) + image::cbor_head(0, 33) + image::cbor_head(4, 2) +
           bytes_item(der_of(leaf)) + bytes_item(der_of(family.middle)) + bytes_item(payload) +
           bytes_item(raw);
}

image::AttachedBlob notary(const std::string& bytes) {
    image::AttachedBlob blob;
    blob.digest = "sha256:" + std::string(64, '9');
    blob.media_type = "application/cose";
    blob.bytes = bytes;
    return blob;
}

TEST(NotaryInCose, IsVerifiedUnderKeyAndCertificate) {
    const Family family;
    const Certificate leaf = family.signer({"Team"});
    const std::string good = cose(family, leaf);
    const auto by_certificate = verified(trusting(family, "CN=Team"), notary(good));
    EXPECT_TRUE(by_certificate.holds) << by_certificate.detail;
    EXPECT_TRUE(verified(*policy::VerifyKey::parse(pem_of(family.key), "k"), notary(good)).holds);
    EXPECT_FALSE(verified(*policy::VerifyKey::parse(pem_of(made_key()), "k"), notary(good)).holds);
    EXPECT_FALSE(verified(trusting(family, "CN=Other"), notary(good)).holds);
    const auto elsewhere =
        verified(trusting(family), notary(cose(family, leaf, "", 3, "sha256:" + std::string(64, '1'))));
    EXPECT_NE(elsewhere.detail.find("another image"), std::string::npos);
    for (std::size_t size = 0; size < good.size(); size += 5) {
        EXPECT_FALSE(verified(trusting(family), notary(good.substr(0, size))).holds) << size;
    }
    for (std::size_t at = 0; at < good.size(); at += 7) {
        std::string bad = good;
        bad[at] = static_cast<char>(bad[at] ^ 0x20);
        static_cast<void>(verified(trusting(family), notary(bad)));  // stands any bytes
    }
}

TEST(NotaryInCose, HeadersThatItMustUnderstand) {
    const Family family;
    const Certificate leaf = family.signer({"Team"});
    const auto detail = [&](const std::string& extra, unsigned members) {
        return verified(trusting(family), notary(cose(family, leaf, extra, members))).detail;
    };
    const std::string expiry = text_item("io.cncf.notary.expiry") + image::cbor_head(6, 1);
    EXPECT_NE(detail(expiry + image::cbor_head(0, now - day), 4).find("ran out"), std::string::npos);
    EXPECT_NE(detail(expiry + image::cbor_head(0, now + day), 4).find("holds"), std::string::npos);
    EXPECT_NE(detail(image::cbor_head(0, 1) + image::cbor_head(1, 6), 4).find("twice"),
              std::string::npos);
}

TEST(Cbor, ReadsWhatItIsAndNothingElse) {
    using image::parse_cbor;
    EXPECT_EQ(parse_cbor("\x18\x64")->number, 100);
    EXPECT_EQ(parse_cbor("\x26")->number, -7);
    EXPECT_EQ(parse_cbor("\xa1\x01\x02")->find(1)->number, 2);
    for (const std::uint64_t number : {0ULL, 23ULL, 24ULL, 255ULL, 256ULL, 65535ULL, 65536ULL,
                                       4294967295ULL, 4294967296ULL}) {
        const std::string head = image::cbor_head(0, number);
        ASSERT_TRUE(parse_cbor(head)) << number;
        EXPECT_EQ(static_cast<std::uint64_t>(parse_cbor(head)->number), number);
    }
    using namespace std::string_literals;
    for (const std::string& bad :
         {""s, "\x18"s, "\x9f\x01\xff"s, "\x5f\x41\x61\xff"s, "\x01\x01"s, "\x1b\xff\xff\xff\xff\xff\xff\xff\xff"s,
          "\x9b\xff\xff\xff\xff\xff\xff\xff\xff"s, "\x5a\xff\xff\xff\xff"s, "\xfb\0\0\0\0\0\0\0\0"s,
          std::string(40, '\x81') + "\x01"}) {
        EXPECT_FALSE(parse_cbor(bad)) << evidence::hex(bad);
    }
}

}  // namespace
