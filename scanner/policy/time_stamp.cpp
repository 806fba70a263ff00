#include "scanner/policy/time_stamp.hpp"

#include <openssl/err.h>
#include <openssl/pkcs7.h>
#include <openssl/ts.h>
#include <openssl/x509_vfy.h>

#include <array>

#include "scanner/evidence/codec.hpp"
#include "scanner/policy/toml_reader.hpp"

namespace stratascan::policy {

namespace {

using Token = std::unique_ptr<PKCS7, Freed<PKCS7_free>>;
using Response = std::unique_ptr<TS_RESP, Freed<TS_RESP_free>>;
using Info = std::unique_ptr<TS_TST_INFO, Freed<TS_TST_INFO_free>>;
using Asked = std::unique_ptr<TS_VERIFY_CTX, Freed<TS_VERIFY_CTX_free>>;
using Store = std::unique_ptr<X509_STORE, Freed<X509_STORE_free>>;

// Of a whole response, as Sigstore keeps it, or of the token alone, as Notary does.
Token token_of(const std::string& der) {
    const auto* const first = reinterpret_cast<const unsigned char*>(der.data());
    const auto* const end = first + der.size();
    const auto* at = first;
    const Response response(d2i_TS_RESP(nullptr, &at, static_cast<long>(der.size())));
    if (response && at == end && TS_RESP_get_token(response.get()) != nullptr) {
        return Token(PKCS7_dup(TS_RESP_get_token(response.get())));
    }
    at = first;
    Token token(d2i_PKCS7(nullptr, &at, static_cast<long>(der.size())));
    if (at != end) token.reset();
    return token;
}

bool is_strong(TS_TST_INFO* info) {
    const ASN1_OBJECT* algorithm = nullptr;
    X509_ALGOR_get0(&algorithm, nullptr, nullptr,
                    TS_MSG_IMPRINT_get_algo(TS_TST_INFO_get_msg_imprint(info)));
    constexpr std::array<int, 3> known = {NID_sha256, NID_sha384, NID_sha512};
    const int kind = OBJ_obj2nid(algorithm);
    return kind == known[0] || kind == known[1] || kind == known[2];
}

// What the token says is believed by its signature; see verify().
struct Claim {
    std::int64_t at = 0;
    std::string who;
};

Claim claim_of(PKCS7* token, TS_TST_INFO* info, STACK_OF(X509)* given) {
    Claim claim{seconds_of(TS_TST_INFO_get_time(info)), {}};
    STACK_OF(X509)* const signers = PKCS7_get0_signers(token, given, 0);
    if (signers != nullptr && sk_X509_num(signers) > 0) {
        constexpr std::size_t longest_name = 256;
        claim.who = evidence::printable(
            name_text(X509_get_subject_name(sk_X509_value(signers, 0))), longest_name);
    }
    sk_X509_free(signers);
    return claim;
}

std::string last_reason() {
    const char* const text = ERR_reason_error_string(ERR_peek_last_error());
    return text == nullptr ? "no reason is given" : text;
}

}  // namespace

Result<StampAuthority> StampAuthority::parse(std::string_view pem, const std::string& name) {
    auto certificates = certificates_in(pem, name);
    if (!certificates) return std::unexpected(certificates.error());
    StampAuthority authority;
    authority.certificates_ =
        std::make_shared<const std::vector<Certificate>>(std::move(*certificates));
    return authority;
}

Result<StampAuthority> StampAuthority::load(const std::string& path) {
    const auto pem = read_small_file(path, "certificate file");
    if (!pem) return std::unexpected(pem.error());
    return parse(*pem, path);
}

Stamped StampAuthority::prove(const std::vector<image::TimeStamp>& stamps) const {
    Stamped stamped;
    for (const image::TimeStamp& stamp : stamps) {
        ERR_clear_error();
        const Token token = token_of(stamp.der);
        const Info info(token && PKCS7_type_is_signed(token.get())
                            ? PKCS7_to_TS_TST_INFO(token.get())
                            : nullptr);
        if (!info) {
            stamped.why_not = "it is damaged";
            continue;
        }
        if (!is_strong(info.get())) {
            stamped.why_not = "its digest is none of SHA-2";
            continue;
        }
        const Asked asked(made(TS_VERIFY_CTX_new()));
        // Both become the context's own.
        Store store(made(X509_STORE_new()));
        Certificates rest(made(sk_X509_new_null()));
        for (const Certificate& one : *certificates_) {
            X509_STORE_add_cert(store.get(), one.get());
            if (X509_up_ref(one.get()) == 1) sk_X509_push(rest.get(), one.get());
        }
        const Claim claim = claim_of(token.get(), info.get(), rest.get());
        X509_VERIFY_PARAM* const how = X509_STORE_get0_param(store.get());
        X509_VERIFY_PARAM_set_time(how, static_cast<time_t>(claim.at));
        X509_VERIFY_PARAM_set_flags(how, X509_V_FLAG_PARTIAL_CHAIN);
        X509_VERIFY_PARAM_set_depth(how, 10);
        TS_VERIFY_CTX_set_flags(asked.get(), TS_VFY_VERSION | TS_VFY_DATA | TS_VFY_SIGNATURE);
        TS_VERIFY_CTX_set_store(asked.get(), store.release());
        TS_VERIFY_CTX_set_certs(asked.get(), rest.release());
        TS_VERIFY_CTX_set_data(asked.get(), memory_of(stamp.message).release());
        if (claim.at <= 0 || TS_RESP_verify_token(asked.get(), token.get()) != 1) {
            stamped.why_not = "it does not hold under an authority that was given (" +
                              last_reason() + ")";
            continue;
        }
        if (!stamped.at || claim.at < *stamped.at) {
            stamped.at = claim.at;
            stamped.who = claim.who;
        }
    }
    ERR_clear_error();
    if (stamps.empty()) stamped.why_not = "no time stamp is kept with it";
    return stamped;
}

}  // namespace stratascan::policy
