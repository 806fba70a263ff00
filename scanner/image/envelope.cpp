#include "scanner/image/envelope.hpp"

#include <fmt/format.h>
#include <openssl/bn.h>
#include <openssl/ecdsa.h>

#include <algorithm>
#include <array>
#include <memory>

#include "scanner/evidence/codec.hpp"
#include "scanner/image/document.hpp"
#include "scanner/image/envelope_parts.hpp"

namespace stratascan::image {

namespace {

using nlohmann::json;

constexpr std::string_view bundle_form = "a Sigstore bundle";
constexpr std::string_view dsse_form = "a DSSE envelope";
constexpr std::size_t most_certificates = 10;
constexpr std::size_t longest_certificate = std::size_t{16} << 10;

std::optional<std::string> base64_member(const json& object, const char* key) {
    const std::string_view text = string_member(object, key);
    return text.empty() ? std::nullopt : evidence::decode_base64(text);
}

// DSSE: "DSSEv1" SP LEN(type) SP type SP LEN(body) SP body.
std::string pre_authentication(std::string_view type, std::string_view body) {
    return fmt::format("DSSEv1 {} {} {} {}", type.size(), type, body.size(), body);
}

void read_statement(const std::string& payload, Envelope& envelope) {
    const auto statement = parse_document(payload);
    if (!statement || !statement->root.is_object()) {
        envelope.doubt = "its payload is no statement";
        return;
    }
    if (statement->repeated_keys) {
        envelope.doubt = key_stands_twice;
        return;
    }
    envelope.predicate_type = string_member(statement->root, "predicateType");
    const json* const subjects = member(statement->root, "subject");
    if (subjects == nullptr || !subjects->is_array()) return;
    if (subjects->size() > most_subjects) {
        envelope.doubt = "it has more subjects than are read";
        return;
    }
    for (const json& subject : *subjects) {
        const json* const digests = member(subject, "digest");
        if (digests == nullptr) continue;
        const std::string_view hex = string_member(*digests, "sha256");
        if (hex.size() == 64) envelope.subjects.push_back(digest_text(hex));
    }
}

void read_dsse(const json& object, Envelope& envelope) {
    auto payload = base64_member(object, "payload");
    const json* const signatures = member(object, "signatures");
    if (!payload || signatures == nullptr || !signatures->is_array() || signatures->empty() ||
        signatures->size() > most_signatures) {
        envelope.doubt = is_damaged;
        return;
    }
    for (const json& one : *signatures) {
        if (auto bytes = base64_member(one, "sig")) envelope.signatures.push_back(std::move(*bytes));
    }
    envelope.message = pre_authentication(string_member(object, "payloadType"), *payload);
    if (envelope.signatures.empty()) envelope.doubt = is_damaged;
    read_statement(*payload, envelope);
    envelope.payload = std::move(*payload);
}

// sigstore.common.v1.MessageSignature
void read_message_signature(const json& object, Envelope& envelope) {
    const json* const digest = member(object, "messageDigest");
    auto signature = base64_member(object, "signature");
    if (digest == nullptr || !signature) {
        envelope.doubt = is_damaged;
        return;
    }
    if (string_member(*digest, "algorithm") != "SHA2_256") {
        envelope.doubt = "its digest is none of SHA-256";
        return;
    }
    auto bytes = base64_member(*digest, "digest");
    if (!bytes || bytes->size() != 32) {
        envelope.doubt = is_damaged;
        return;
    }
    envelope.subjects.push_back(digest_text(evidence::hex(*bytes)));
    envelope.message_digest = std::move(*bytes);
    envelope.signatures.push_back(std::move(*signature));
}

// sigstore.bundle.v1.VerificationMaterial: one certificate, or a chain up to version 0.2.
void read_material(const json& material, Envelope& envelope) {
    const auto take = [&](const json& certificate) {
        if (auto der = base64_member(certificate, "rawBytes")) {
            add_certificate(envelope, std::move(*der));
        }
    };
    if (const json* const one = member(material, "certificate")) take(*one);
    const json* const chain = member(material, "x509CertificateChain");
    const json* const list = chain == nullptr ? nullptr : member(*chain, "certificates");
    if (list != nullptr && list->is_array()) {
        for (const json& one : *list) take(one);
    }
    envelope.log_entries = read_log_entries(material);
}

// sigstore.bundle.v1.TimestampVerificationData: whole responses, of the signature's bytes.
void read_time_stamps(const json& object, Envelope& envelope) {
    const json* const stamps =
        inside(object, {"verificationMaterial", "timestampVerificationData", "rfc3161Timestamps"});
    if (stamps == nullptr || !stamps->is_array() || envelope.signatures.empty()) return;
    for (const json& one : *stamps) {
        if (auto der = base64_member(one, "signedTimestamp")) {
            add_time_stamp(envelope, std::move(*der), envelope.signatures.front());
        }
    }
}

Envelope read_bundle(const json& object) {
    Envelope envelope;
    envelope.form = bundle_form;
    if (const json* const material = member(object, "verificationMaterial")) {
        read_material(*material, envelope);
    }
    if (const json* const dsse = member(object, "dsseEnvelope")) {
        read_dsse(*dsse, envelope);
    } else if (const json* const message = member(object, "messageSignature")) {
        read_message_signature(*message, envelope);
    } else {
        envelope.doubt = is_damaged;
    }
    read_time_stamps(object, envelope);
    return envelope;
}

// The protected header: the algorithm, and nothing critical that is not known here.
void read_header(const json& header, Envelope& envelope) {
    const std::string_view algorithm = string_member(header, "alg");
    constexpr std::array<std::string_view, 6> known = {"PS256", "PS384", "PS512",
                                                       "ES256", "ES384", "ES512"};
    if (std::find(known.begin(), known.end(), algorithm) == known.end()) {
        envelope.doubt = "its algorithm is not one that Notary allows";
        return;
    }
    envelope.only_pss = algorithm[0] == 'P';
    envelope.hash = algorithm.ends_with("256")   ? SignedHash::sha256
                    : algorithm.ends_with("384") ? SignedHash::sha384
                                                 : SignedHash::sha512;
    if (const json* const critical = member(header, "crit")) {
        if (!critical->is_array()) {
            envelope.doubt = is_damaged;
            return;
        }
        for (const json& name : *critical) {
            if (!name.is_string() || !is_understood_header(name.get_ref<const std::string&>())) {
                envelope.doubt = "it has a critical header that is not known";
                return;
            }
        }
    }
    envelope.expires = string_member(header, "io.cncf.notary.expiry");
}

Envelope read_jws(const json& object) {
    const std::string_view payload = string_member(object, "payload");
    const std::string_view header = string_member(object, "protected");
    const auto header_text = evidence::decode_base64(header);
    const auto payload_text = evidence::decode_base64(payload);
    auto signature = base64_member(object, "signature");
    if (!header_text || !payload_text || !signature) return doubtful(notary_form, is_damaged);
    const auto protected_header = parse_document(*header_text);
    if (!protected_header) return doubtful(notary_form, is_damaged);
    if (protected_header->repeated_keys) return doubtful(notary_form, key_stands_twice);
    Envelope envelope;
    envelope.form = notary_form;
    read_header(protected_header->root, envelope);
    if (!envelope.doubt.empty()) return envelope;
    // RFC 7515, 4.1.6: base64 of DER, the signer's first.
    const json* const others = member(object, "header");
    const json* const chain = others == nullptr ? nullptr : member(*others, "x5c");
    if (chain != nullptr && chain->is_array()) {
        for (const json& one : *chain) {
            if (!one.is_string()) continue;
            if (auto der = evidence::decode_base64(one.get_ref<const std::string&>())) {
                add_certificate(envelope, std::move(*der));
            }
        }
    }
    read_notary_payload(*payload_text, envelope);
    if (!envelope.doubt.empty()) return envelope;
    envelope.message = std::string(header) + '.' + std::string(payload);
    if (auto der = others == nullptr ? std::nullopt : base64_member(*others, notary_time_stamp)) {
        add_time_stamp(envelope, std::move(*der), *signature);
    }
    if (!envelope.only_pss) signature = der_signature(*signature);
    if (!signature) return doubtful(notary_form, is_damaged);
    envelope.signatures.push_back(std::move(*signature));
    return envelope;
}

bool has(std::string_view text, std::string_view part) { return text.find(part) != text.npos; }

// The bytes of each "BEGIN CERTIFICATE" block, in order.
void add_pem(Envelope& envelope, std::string_view pem) {
    constexpr std::string_view begin = "-----BEGIN CERTIFICATE-----";
    constexpr std::string_view end = "-----END CERTIFICATE-----";
    for (std::size_t at = pem.find(begin); at != pem.npos; at = pem.find(begin)) {
        pem.remove_prefix(at + begin.size());
        const std::size_t size = pem.find(end);
        if (size == pem.npos) return;
        std::string text(pem.substr(0, size));
        std::erase_if(text, [](char c) { return evidence::is_blank(c); });
        if (auto der = evidence::decode_base64(text)) add_certificate(envelope, std::move(*der));
        pem.remove_prefix(size + end.size());
    }
}

constexpr std::string_view simple_signing = "application/vnd.dev.cosign.simplesigning.v1+json";

// cosign, specs/SIGNATURE_SPEC.md: the blob's bytes are signed, the signature is an
// annotation, and the bytes name the manifest.
Envelope read_simple_signing(std::string_view bytes, const Annotations& annotations) {
    constexpr std::string_view form = "a cosign signature";
    if (bytes.empty()) return doubtful(form, unread_bytes);
    const auto text = annotations.find("dev.cosignproject.cosign/signature");
    auto signature = text == annotations.end() ? std::nullopt
                                               : evidence::decode_base64(text->second);
    if (!signature || signature->empty()) return doubtful(form, is_damaged);
    const auto document = parse_document(bytes);
    const json* const critical = document ? member(document->root, "critical") : nullptr;
    if (critical == nullptr ||
        string_member(*critical, "type") != "cosign container image signature") {
        return doubtful(form, "its payload is none of cosign's");
    }
    if (document->repeated_keys) return doubtful(form, key_stands_twice);
    Envelope envelope;
    envelope.form = form;
    envelope.message = bytes;
    envelope.signatures.push_back(std::move(*signature));
    if (const json* const image = member(*critical, "image")) {
        envelope.subjects.emplace_back(string_member(*image, "docker-manifest-digest"));
    }
    return envelope;
}

std::optional<Envelope> read_form(std::string_view media_type, std::string_view bytes,
                                  const Annotations& annotations) {
    if (media_type == simple_signing) return read_simple_signing(bytes, annotations);
    if (media_type == "application/cose") {
        return bytes.empty() ? doubtful(notary_form, unread_bytes) : read_cose(bytes);
    }
    const bool jws = media_type == "application/jose+json";
    const bool bundle = has(media_type, "sigstore.bundle");
    const auto none = [&]() -> std::optional<Envelope> {
        if (!jws && !bundle) return std::nullopt;
        return doubtful(jws ? notary_form : bundle_form, bytes.empty() ? unread_bytes : is_damaged);
    };
    if (bytes.empty() || bytes.front() != '{') return none();
    const auto document = parse_document(bytes);
    if (!document || !document->root.is_object()) return none();
    const json& root = document->root;
    const bool dsse = member(root, "payloadType") != nullptr && member(root, "signatures") != nullptr;
    const bool bundled = bundle || has(string_member(root, "mediaType"), "sigstore.bundle");
    if (!jws && !dsse && !bundled) return std::nullopt;
    if (document->repeated_keys) {
        return doubtful(jws ? notary_form : bundled ? bundle_form : dsse_form, key_stands_twice);
    }
    if (jws) return read_jws(root);
    if (bundled) return read_bundle(root);
    Envelope envelope;
    envelope.form = dsse_form;
    read_dsse(root, envelope);
    return envelope;
}

}  // namespace

Envelope doubtful(std::string_view form, std::string_view doubt) {
    Envelope envelope;
    envelope.form = form;
    envelope.doubt = doubt;
    return envelope;
}

std::string digest_text(std::string_view hex) { return "sha256:" + evidence::lowered(hex); }

std::optional<std::string> der_signature(const std::string& raw) {
    const std::size_t half = raw.size() / 2;
    if (half == 0 || half > 66 || raw.size() % 2 != 0) return std::nullopt;
    const std::unique_ptr<ECDSA_SIG, void (*)(ECDSA_SIG*)> signature(ECDSA_SIG_new(),
                                                                     ECDSA_SIG_free);
    const auto* const bytes = reinterpret_cast<const unsigned char*>(raw.data());
    BIGNUM* const r = BN_bin2bn(bytes, static_cast<int>(half), nullptr);
    BIGNUM* const s = BN_bin2bn(bytes + half, static_cast<int>(half), nullptr);
    if (!signature || r == nullptr || s == nullptr ||
        ECDSA_SIG_set0(signature.get(), r, s) != 1) {
        BN_free(r);
        BN_free(s);
        return std::nullopt;
    }
    unsigned char* der = nullptr;
    const int size = i2d_ECDSA_SIG(signature.get(), &der);
    if (size <= 0) return std::nullopt;
    std::string text(reinterpret_cast<const char*>(der), static_cast<std::size_t>(size));
    OPENSSL_free(der);
    return text;
}

void add_certificate(Envelope& envelope, std::string der) {
    if (envelope.certificates.size() == most_certificates || der.size() > longest_certificate) return;
    envelope.certificates.push_back(std::move(der));
}

void add_time_stamp(Envelope& envelope, std::string der, std::string_view message) {
    if (der.empty() || der.size() > longest_time_stamp || message.empty()) return;
    if (envelope.time_stamps.size() == most_time_stamps) return;
    envelope.time_stamps.push_back({std::move(der), std::string(message)});
}

void read_notary_payload(const std::string& payload, Envelope& envelope) {
    const auto target = parse_document(payload);
    if (!target) {
        envelope.doubt = is_damaged;
    } else if (target->repeated_keys) {
        envelope.doubt = key_stands_twice;
    } else if (const json* const artifact = member(target->root, "targetArtifact")) {
        envelope.subjects.emplace_back(string_member(*artifact, "digest"));
    }
}

bool is_understood_header(std::string_view name) {
    constexpr std::array<std::string_view, 3> understood = {
        "io.cncf.notary.signingScheme", "io.cncf.notary.expiry",
        "io.cncf.notary.authenticSigningTime"};
    return std::find(understood.begin(), understood.end(), name) != understood.end();
}

std::optional<Envelope> read_envelope(std::string_view media_type, std::string_view bytes,
                                      const Annotations& annotations) {
    auto envelope = read_form(media_type, bytes, annotations);
    if (!envelope || !envelope->doubt.empty()) return envelope;
    // cosign keeps these beside signatures and attestations alike.
    for (const char* const key : {"dev.sigstore.cosign/certificate", "dev.sigstore.cosign/chain"}) {
        const auto pem = annotations.find(key);
        if (pem != annotations.end()) add_pem(*envelope, pem->second);
    }
    if (const auto entry = annotations.find("dev.sigstore.cosign/bundle");
        entry != annotations.end()) {
        if (auto read = read_cosign_entry(entry->second)) {
            envelope->log_entries.push_back(std::move(*read));
        }
    }
    if (const auto stamp = annotations.find("dev.sigstore.cosign/rfc3161timestamp");
        stamp != annotations.end() && !envelope->signatures.empty()) {
        const auto document = parse_document(stamp->second);
        auto der = document ? base64_member(document->root, "SignedRFC3161Timestamp")
                            : std::nullopt;
        if (der) add_time_stamp(*envelope, std::move(*der), envelope->signatures.front());
    }
    return envelope;
}

bool is_signature(const Envelope& envelope) {
    return envelope.predicate_type.empty() || has(envelope.predicate_type, "/cosign/sign/");
}

}  // namespace stratascan::image
