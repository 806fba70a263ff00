#include "scanner/policy/revocation.hpp"

#include <fmt/format.h>
#include <openssl/err.h>
#include <openssl/x509v3.h>

#include "scanner/policy/date.hpp"
#include "scanner/policy/toml_reader.hpp"

namespace stratascan::policy {

namespace {

bool has(const X509_CRL* list, int extension) {
    return X509_CRL_get_ext_by_NID(list, extension, -1) >= 0;
}

// Of a key that may sign such lists; one that does not say what it is for may.
bool is_of(X509_CRL* list, X509* issuer) {
    if (X509_NAME_cmp(X509_CRL_get_issuer(list), X509_get_subject_name(issuer)) != 0) return false;
    const std::uint32_t usage = X509_get_key_usage(issuer);
    if (usage != UINT32_MAX && (usage & X509v3_KU_CRL_SIGN) == 0) return false;
    EVP_PKEY* const key = X509_get0_pubkey(issuer);
    return key != nullptr && X509_CRL_verify(list, key) == 1;
}

struct Reason {
    long code;
    std::string_view words;
    bool spares_older;  ///< a signature from before the revocation is no worse for it
};

// RFC 5280, 5.3.1.
constexpr Reason reasons[] = {
    {CRL_REASON_KEY_COMPROMISE, "its key was compromised", false},
    {CRL_REASON_CA_COMPROMISE, "its authority was compromised", false},
    {CRL_REASON_AFFILIATION_CHANGED, "its holder has changed", true},
    {CRL_REASON_SUPERSEDED, "it was superseded", true},
    {CRL_REASON_CESSATION_OF_OPERATION, "it is no longer needed", true},
    {CRL_REASON_CERTIFICATE_HOLD, "it is on hold", false},
    {CRL_REASON_PRIVILEGE_WITHDRAWN, "its holder's privilege was withdrawn", true},
};

RevocationAnswer revoked(X509_REVOKED* entry) {
    const std::unique_ptr<ASN1_ENUMERATED, Freed<ASN1_ENUMERATED_free>> code(
        static_cast<ASN1_ENUMERATED*>(
            X509_REVOKED_get_ext_d2i(entry, NID_crl_reason, nullptr, nullptr)));
    const long number = code ? ASN1_ENUMERATED_get(code.get()) : CRL_REASON_UNSPECIFIED;
    const std::int64_t since = seconds_of(X509_REVOKED_get0_revocationDate(entry));
    RevocationAnswer answer{Revocation::revoked, "no reason is given", 0};
    for (const Reason& reason : reasons) {
        if (reason.code != number) continue;
        answer.words = reason.words;
        if (reason.spares_older) answer.until = since;
    }
    answer.words = fmt::format("revoked on {} ({})", written_date(since), answer.words);
    return answer;
}

}  // namespace

Result<RevocationLists> RevocationLists::parse(std::string_view pem, const std::string& name) {
    auto lists = revocation_lists_in(pem, name);
    if (!lists) return std::unexpected(lists.error());
    RevocationLists all;
    all.lists_ = std::make_shared<const std::vector<RevocationList>>(std::move(*lists));
    return all;
}

Result<RevocationLists> RevocationLists::load(const std::string& path) {
    const auto pem = read_small_file(path, "list of revoked certificates");
    if (!pem) return std::unexpected(pem.error());
    return parse(*pem, path);
}

RevocationAnswer RevocationLists::look_up(X509* certificate, X509* issuer, std::int64_t now) const {
    RevocationAnswer answer{Revocation::not_known, "no list of revoked certificates is of its issuer",
                            0};
    for (const RevocationList& list : *lists_) {
        if (issuer == nullptr || !is_of(list.get(), issuer)) continue;
        if (has(list.get(), NID_delta_crl) || has(list.get(), NID_issuing_distribution_point)) {
            if (answer.outcome == Revocation::not_known) {
                answer.words = "the list of its issuer is of a part of the certificates only";
            }
            continue;
        }
        X509_REVOKED* entry = nullptr;
        // Whoever was revoked in an older list still is; 2: taken from the list again.
        if (X509_CRL_get0_by_cert(list.get(), &entry, certificate) == 1) {
            answer = revoked(entry);
            break;
        }
        const std::int64_t from = seconds_of(X509_CRL_get0_lastUpdate(list.get()));
        const std::int64_t to = seconds_of(X509_CRL_get0_nextUpdate(list.get()));
        if (now < from || (to != 0 && now > to)) {
            if (answer.outcome == Revocation::not_known) {
                answer.words = fmt::format("the list of its issuer is in force from {} to {}",
                                           written_date(from), written_date(to));
            }
            continue;
        }
        answer.outcome = Revocation::not_listed;
    }
    ERR_clear_error();
    return answer;
}

}  // namespace stratascan::policy
