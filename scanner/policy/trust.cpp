#include "scanner/policy/trust.hpp"

#include <fmt/format.h>
#include <openssl/asn1.h>
#include <openssl/err.h>
#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>

#include <algorithm>

#include "scanner/evidence/codec.hpp"
#include "scanner/policy/date.hpp"
#include "scanner/policy/glob.hpp"
#include "scanner/policy/toml_reader.hpp"

namespace stratascan::policy {

namespace {

constexpr std::size_t longest_name = 512;

// With NULs, if there are any: they are no letters of a name that anyone would give.
std::string text_of(const ASN1_STRING* string) {
    return {reinterpret_cast<const char*>(ASN1_STRING_get0_data(string)),
            static_cast<std::size_t>(ASN1_STRING_length(string))};
}

// E-mail addresses, URIs and DNS names; the subject last.
std::vector<std::string> names_of(const X509* certificate) {
    std::vector<std::string> names;
    auto* const all = static_cast<GENERAL_NAMES*>(
        X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr));
    for (int i = 0; i < sk_GENERAL_NAME_num(all); ++i) {
        const GENERAL_NAME* const name = sk_GENERAL_NAME_value(all, i);
        if (name->type == GEN_EMAIL || name->type == GEN_URI || name->type == GEN_DNS) {
            names.push_back(text_of(name->d.ia5));
        }
    }
    GENERAL_NAMES_free(all);
    if (std::string subject = name_text(X509_get_subject_name(certificate)); !subject.empty()) {
        names.push_back(std::move(subject));
    }
    return names;
}

// Fulcio's extension that names the OpenID provider: 1.8 is a UTF8String in DER, the older
// 1.1 is the text alone.
std::string issuer_of(const X509* certificate) {
    for (const char* oid : {"1.3.6.1.4.1.57264.1.8", "1.3.6.1.4.1.57264.1.1"}) {
        const std::unique_ptr<ASN1_OBJECT, void (*)(ASN1_OBJECT*)> object(OBJ_txt2obj(oid, 1),
                                                                          ASN1_OBJECT_free);
        const int at = X509_get_ext_by_OBJ(certificate, object.get(), -1);
        if (at < 0) continue;
        const ASN1_OCTET_STRING* const data =
            X509_EXTENSION_get_data(X509_get_ext(certificate, at));
        if (std::string_view(oid).ends_with(".1.1")) return text_of(data);
        const unsigned char* bytes = ASN1_STRING_get0_data(data);
        const std::unique_ptr<ASN1_UTF8STRING, void (*)(ASN1_UTF8STRING*)> text(
            d2i_ASN1_UTF8STRING(nullptr, &bytes, ASN1_STRING_length(data)), ASN1_UTF8STRING_free);
        return text ? text_of(text.get()) : std::string();
    }
    return {};
}

// A certificate that names what its key is for must name this.
bool may_sign_code(X509* certificate) {
    const std::uint32_t usage = X509_get_key_usage(certificate);
    const std::uint32_t extended = X509_get_extended_key_usage(certificate);
    constexpr std::uint32_t not_given = UINT32_MAX;
    return (usage == not_given || (usage & X509v3_KU_DIGITAL_SIGNATURE) != 0) &&
           (extended == not_given || (extended & (XKU_CODE_SIGN | XKU_ANYEKU)) != 0) &&
           X509_check_ca(certificate) == 0;
}

using Context = std::unique_ptr<X509_STORE_CTX, Freed<X509_STORE_CTX_free>>;

// Above the certificate at `index` of a chain that was verified; the last is trusted by itself,
// and is its own issuer where it signed itself.
X509* issuer_in(STACK_OF(X509)* chain, int index) {
    X509* const one = sk_X509_value(chain, index);
    if (index + 1 < sk_X509_num(chain)) return sk_X509_value(chain, index + 1);
    return X509_check_issued(one, one) == X509_V_OK ? one : nullptr;
}

}  // namespace

Result<Trust> Trust::parse(std::string_view pem, const std::string& name, std::string identity,
                           std::string issuer) {
    if (identity.empty()) {
        return fail(ErrorCode::invalid_argument, "--trust needs --identity", {},
                    "whose signature counts? write '**' where any certificate of these does");
    }
    Trust trust;
    trust.identity_ = std::move(identity);
    trust.issuer_ = std::move(issuer);
    auto authorities = certificates_in(pem, name);
    if (!authorities) return std::unexpected(authorities.error());
    trust.store_.reset(made(X509_STORE_new()), X509_STORE_free);
    for (const Certificate& one : *authorities) X509_STORE_add_cert(trust.store_.get(), one.get());
    return trust;
}

Result<Trust> Trust::load(const std::string& path, std::string identity, std::string issuer) {
    const auto pem = read_small_file(path, "certificate file");
    if (!pem) return std::unexpected(pem.error());
    return parse(*pem, path, std::move(identity), std::move(issuer));
}

std::string Trust::revocation(STACK_OF(X509)* chain, const Moment& moment, std::string& told) const {
    if (!revoked_) {
        told += "; whether it was revoked was not checked";
        return {};
    }
    // The last one is trusted by itself: whoever gave it answers for it.
    const int last = std::max(1, sk_X509_num(chain) - 1);
    std::string unknown;
    for (int i = 0; i < last; ++i) {
        const RevocationAnswer answer =
            revoked_->look_up(sk_X509_value(chain, i), issuer_in(chain, i), moment.now);
        const std::string whose = i == 0 ? "its certificate" : "an authority above it";
        if (answer.outcome == Revocation::revoked) {
            const bool older = moment.proved && moment.at < answer.until;
            if (!older) return whose + " was " + answer.words;
            told += "; " + whose + " was " + answer.words + ", and the signature is older";
        } else if (answer.outcome == Revocation::not_known) {
            if (i == 0) return "whether its certificate was revoked can't be told: " + answer.words;
            unknown = "; whether an authority above it was revoked was not checked";
        } else if (i == 0) {
            told += "; it was not revoked";
        }
    }
    told += unknown;
    return {};
}

std::string Trust::transparency(STACK_OF(X509)* chain, std::string& told) const {
    const X509* const leaf = sk_X509_value(chain, 0);
    if (!log_) {
        if (promises_in(leaf) > 0) {
            told += "; the promise of certificate transparency in it was not checked";
        }
        return {};
    }
    const Promised promised = log_->prove(leaf, issuer_in(chain, 0));
    if (!promised.at) return "of its certificate: " + promised.why_not;
    told += "; its certificate is in certificate transparency by the log's promise of " +
            written_date(*promised.at);
    return {};
}

Signer Trust::check(const std::vector<std::string>& certificates, const Moment& moment) const {
    Signer signer;
    const auto refused = [&](std::string why) {
        signer.why_not = std::move(why);
        ERR_clear_error();
        return signer;
    };
    if (certificates.empty()) return refused("no certificate is kept with it");
    const Certificate leaf = certificate_of(certificates.front());
    if (!leaf) return refused("its certificate is damaged");
    const std::vector<std::string> names = names_of(leaf.get());
    if (!names.empty()) signer.who = evidence::printable(names.front(), longest_name);
    const Certificates rest(made(sk_X509_new_null()));
    for (std::size_t i = 1; i < certificates.size(); ++i) {
        if (Certificate one = certificate_of(certificates[i])) {
            sk_X509_push(rest.get(), one.release());
        }
    }
    const Context context(X509_STORE_CTX_new());
    if (!context ||
        X509_STORE_CTX_init(context.get(), store_.get(), leaf.get(), rest.get()) != 1) {
        return refused("its certificate can't be verified");
    }
    X509_VERIFY_PARAM* const asked = X509_STORE_CTX_get0_param(context.get());
    X509_VERIFY_PARAM_set_time(asked, static_cast<time_t>(moment.at));
    X509_VERIFY_PARAM_set_flags(asked, X509_V_FLAG_PARTIAL_CHAIN);
    X509_VERIFY_PARAM_set_depth(asked, 10);
    X509_VERIFY_PARAM_set_purpose(asked, X509_PURPOSE_ANY);
    if (X509_verify_cert(context.get()) != 1) {
        const int why = X509_STORE_CTX_get_error(context.get());
        signer.out_of_time = why == X509_V_ERR_CERT_HAS_EXPIRED ||
                             why == X509_V_ERR_CERT_NOT_YET_VALID;
        return refused(fmt::format("its certificate does not lead to a given authority ({})",
                                   X509_verify_cert_error_string(why)));
    }
    if (!may_sign_code(leaf.get())) return refused("its certificate is not for signing code");
    if (std::ranges::none_of(names, [&](const std::string& one) {
            return one.find('\0') == one.npos && glob_matches(identity_, one);
        })) {
        return refused("its certificate is for " + signer.who + ", and another signer is asked for");
    }
    const std::string issuer = issuer_of(leaf.get());
    if (!issuer_.empty() && issuer != issuer_) {
        return refused(issuer.empty()
                           ? "its certificate does not say who vouched for its identity"
                           : "its identity was vouched for by " +
                                 evidence::printable(issuer, longest_name) +
                                 ", and another issuer is asked for");
    }
    if (!issuer.empty()) signer.who += " (" + evidence::printable(issuer, longest_name) + ")";
    STACK_OF(X509)* const chain = X509_STORE_CTX_get0_chain(context.get());
    for (std::string why : {revocation(chain, moment, signer.told), transparency(chain, signer.told)}) {
        if (!why.empty()) return refused(std::move(why));
    }
    auto key = VerifyKey::of(leaf.get());
    if (!key) return refused("its key is of a kind or length that is not accepted");
    signer.key = std::move(*key);
    ERR_clear_error();
    return signer;
}

}  // namespace stratascan::policy
