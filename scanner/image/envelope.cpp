#include "scanner/image/envelope.hpp"

#include <fmt/format.h>
#include <openssl/bn.h>
#include <openssl/ecdsa.h>

#include <algorithm>
#include <array>
#include <memory>

#include "scanner/evidence/codec.hpp"
#include "scanner/image/document.hpp"

namespace stratascan::image {

namespace {

using nlohmann::json;

constexpr std::string_view twice = "a key stands twice in it";
constexpr std::string_view damaged = "it is damaged";

std::string digest_text(std::string_view hex) { return "sha256:" + evidence::lowered(hex); }

Envelope doubtful(std::string form, std::string_view doubt) {
    Envelope envelope;
    envelope.form = std::move(form);
    envelope.doubt = doubt;
    return envelope;
}

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
        envelope.doubt = twice;
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
    const auto payload = base64_member(object, "payload");
    const json* const signatures = member(object, "signatures");
    if (!payload || signatures == nullptr || !signatures->is_array() || signatures->empty() ||
        signatures->size() > most_signatures) {
        envelope.doubt = damaged;
        return;
    }
    for (const json& one : *signatures) {
        if (auto bytes = base64_member(one, "sig")) envelope.signatures.push_back(std::move(*bytes));
    }
    envelope.message = pre_authentication(string_member(object, "payloadType"), *payload);
    if (envelope.signatures.empty()) envelope.doubt = damaged;
    read_statement(*payload, envelope);
}

// sigstore.common.v1.MessageSignature
void read_message_signature(const json& object, Envelope& envelope) {
    const json* const digest = member(object, "messageDigest");
    auto signature = base64_member(object, "signature");
    if (digest == nullptr || !signature) {
        envelope.doubt = damaged;
        return;
    }
    if (string_member(*digest, "algorithm") != "SHA2_256") {
        envelope.doubt = "its digest is none of SHA-256";
        return;
    }
    auto bytes = base64_member(*digest, "digest");
    if (!bytes || bytes->size() != 32) {
        envelope.doubt = damaged;
        return;
    }
    envelope.subjects.push_back(digest_text(evidence::hex(*bytes)));
    envelope.message_digest = std::move(*bytes);
    envelope.signatures.push_back(std::move(*signature));
}

Envelope read_bundle(const json& object) {
    Envelope envelope;
    envelope.form = "a Sigstore bundle";
    if (const json* const dsse = member(object, "dsseEnvelope")) {
        read_dsse(*dsse, envelope);
    } else if (const json* const message = member(object, "messageSignature")) {
        read_message_signature(*message, envelope);
    } else {
        envelope.doubt = damaged;
    }
    return envelope;
}

// RFC 7518, 3.4: the two numbers of ECDSA, one behind the other.
std::optional<std::string> der_of(const std::string& raw) {
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
    constexpr std::array<std::string_view, 3> understood = {
        "io.cncf.notary.signingScheme", "io.cncf.notary.expiry",
        "io.cncf.notary.authenticSigningTime"};
    if (const json* const critical = member(header, "crit")) {
        if (!critical->is_array()) {
            envelope.doubt = damaged;
            return;
        }
        for (const json& name : *critical) {
            if (!name.is_string() || std::find(understood.begin(), understood.end(),
                                               name.get_ref<const std::string&>()) ==
                                         understood.end()) {
                envelope.doubt = "it has a critical header that is not known";
                return;
            }
        }
    }
    envelope.expires = string_member(header, "io.cncf.notary.expiry");
}

Envelope read_jws(const json& object) {
    constexpr const char* form = "a Notary signature";
    const std::string_view payload = string_member(object, "payload");
    const std::string_view header = string_member(object, "protected");
    const auto header_text = evidence::decode_base64(header);
    const auto payload_text = evidence::decode_base64(payload);
    auto signature = base64_member(object, "signature");
    if (!header_text || !payload_text || !signature) return doubtful(form, damaged);
    const auto read_header_text = parse_document(*header_text);
    const auto target = parse_document(*payload_text);
    if (!read_header_text || !target) return doubtful(form, damaged);
    if (read_header_text->repeated_keys || target->repeated_keys) return doubtful(form, twice);
    Envelope envelope;
    envelope.form = form;
    read_header(read_header_text->root, envelope);
    if (!envelope.doubt.empty()) return envelope;
    if (const json* const artifact = member(target->root, "targetArtifact")) {
        envelope.subjects.emplace_back(string_member(*artifact, "digest"));
    }
    envelope.message = std::string(header) + '.' + std::string(payload);
    if (!envelope.only_pss) signature = der_of(*signature);
    if (!signature) return doubtful(form, damaged);
    envelope.signatures.push_back(std::move(*signature));
    return envelope;
}

bool has(std::string_view text, std::string_view part) { return text.find(part) != text.npos; }

}  // namespace

std::optional<Envelope> read_envelope(std::string_view media_type, std::string_view bytes) {
    if (media_type == "application/cose") {
        return doubtful("a Notary signature", "it is in COSE, which is not read");
    }
    const bool jws = media_type == "application/jose+json";
    const bool bundle = has(media_type, "sigstore.bundle");
    if (bytes.empty() || bytes.front() != '{') {
        if (jws) return doubtful("a Notary signature", bytes.empty() ? "its bytes were not read" : damaged);
        if (bundle) return doubtful("a Sigstore bundle", bytes.empty() ? "its bytes were not read" : damaged);
        return std::nullopt;
    }
    const auto document = parse_document(bytes);
    if (!document || !document->root.is_object()) {
        if (jws) return doubtful("a Notary signature", damaged);
        if (bundle) return doubtful("a Sigstore bundle", damaged);
        return std::nullopt;
    }
    const json& root = document->root;
    const bool dsse = member(root, "payloadType") != nullptr && member(root, "signatures") != nullptr;
    const bool bundled = bundle || has(string_member(root, "mediaType"), "sigstore.bundle");
    if (!jws && !dsse && !bundled) return std::nullopt;
    if (document->repeated_keys) {
        return doubtful(jws ? "a Notary signature" : bundled ? "a Sigstore bundle" : "a DSSE envelope",
                        twice);
    }
    if (jws) return read_jws(root);
    if (bundled) return read_bundle(root);
    Envelope envelope;
    envelope.form = "a DSSE envelope";
    read_dsse(root, envelope);
    return envelope;
}

bool is_signature(const Envelope& envelope) {
    return envelope.predicate_type.empty() || has(envelope.predicate_type, "/cosign/sign/");
}

}  // namespace stratascan::image
