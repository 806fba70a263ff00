#include "scanner/policy/certificate_log.hpp"

#include <openssl/ct.h>
#include <openssl/err.h>
#include <openssl/x509v3.h>

#include "scanner/evidence/codec.hpp"

namespace stratascan::policy {

namespace {

void free_promises(STACK_OF(SCT)* all) { SCT_LIST_free(all); }
using Promises = std::unique_ptr<STACK_OF(SCT), Freed<free_promises>>;

constexpr int most_promises = 16;

Promises promises_of(const X509* certificate) {
    Promises all(static_cast<STACK_OF(SCT)*>(
        X509_get_ext_d2i(certificate, NID_ct_precert_scts, nullptr, nullptr)));
    ERR_clear_error();
    return all;
}

void append_number(std::string& out, std::uint64_t number, int bytes) {
    for (int i = bytes - 1; i >= 0; --i) out.push_back(static_cast<char>(number >> (8 * i) & 0xff));
}

std::string taken(unsigned char* der, int size) {
    std::string bytes;
    if (size > 0) bytes.assign(reinterpret_cast<char*>(der), static_cast<std::size_t>(size));
    OPENSSL_free(der);
    return bytes;
}

// What the authority showed the log: the certificate without the promises (RFC 6962, 3.2).
std::string precertificate_of(const X509* certificate) {
    const Certificate copy(X509_dup(certificate));
    if (!copy) return {};
    const int at = X509_get_ext_by_NID(copy.get(), NID_ct_precert_scts, -1);
    if (at < 0) return {};
    X509_EXTENSION_free(X509_delete_ext(copy.get(), at));
    unsigned char* der = nullptr;
    const int size = i2d_re_X509_tbs(copy.get(), &der);
    return taken(der, size);
}

std::string key_hash_of(const X509* issuer) {
    unsigned char* der = nullptr;
    const int size = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(issuer), &der);
    return evidence::sha256(taken(der, size));
}

// The digitally-signed struct of RFC 6962, 3.2, of a precert_entry.
std::string signed_text(const SCT* promise, const std::string& key_hash, const std::string& tbs) {
    std::string text;
    append_number(text, 0, 1);  // v1
    append_number(text, 0, 1);  // certificate_timestamp
    append_number(text, SCT_get_timestamp(promise), 8);
    append_number(text, 1, 2);  // precert_entry
    text += key_hash;
    append_number(text, tbs.size(), 3);
    text += tbs;
    unsigned char* extensions = nullptr;
    const std::size_t size = SCT_get0_extensions(promise, &extensions);
    append_number(text, size, 2);
    if (size > 0) text.append(reinterpret_cast<const char*>(extensions), size);
    return text;
}

std::string_view bytes_of(const SCT* promise, std::size_t (*get)(const SCT*, unsigned char**)) {
    unsigned char* bytes = nullptr;
    const std::size_t size = get(promise, &bytes);
    return size == 0 ? std::string_view()
                     : std::string_view(reinterpret_cast<const char*>(bytes), size);
}

}  // namespace

std::size_t promises_in(const X509* certificate) {
    const Promises all = promises_of(certificate);
    return all ? static_cast<std::size_t>(sk_SCT_num(all.get())) : 0;
}

Promised CertificateLogKey::prove(const X509* certificate, const X509* issuer) const {
    const Promises all = promises_of(certificate);
    if (!all || sk_SCT_num(all.get()) == 0) {
        return {std::nullopt, "it carries no promise of a certificate transparency log"};
    }
    if (issuer == nullptr) return {std::nullopt, "its issuer is not known"};
    const std::string tbs = precertificate_of(certificate);
    const std::string key_hash = key_hash_of(issuer);
    Promised promised;
    bool known = false;
    for (int i = 0; i < std::min(sk_SCT_num(all.get()), most_promises); ++i) {
        const SCT* const one = sk_SCT_value(all.get(), i);
        if (SCT_get_version(one) != SCT_VERSION_V1 ||
            evidence::hex(bytes_of(one, SCT_get0_log_id)) != id_) {
            continue;
        }
        known = true;
        if (tbs.empty() || !key_.holds(signed_text(one, key_hash, tbs),
                                       bytes_of(one, SCT_get0_signature))) {
            continue;
        }
        promised.at = static_cast<std::int64_t>(SCT_get_timestamp(one) / 1000);
        break;
    }
    ERR_clear_error();
    if (!promised.at) {
        promised.why_not = known ? "the promise of the certificate transparency log does not hold"
                                 : "its promise is of another certificate transparency log";
    }
    return promised;
}

}  // namespace stratascan::policy
