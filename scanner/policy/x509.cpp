#include "scanner/policy/x509.hpp"

#include <openssl/err.h>
#include <openssl/pem.h>

#include <ctime>

namespace stratascan::policy {

namespace {

constexpr std::size_t most = 1000;

// `read` takes the next block of its kind, and skips others.
template <typename Handle, typename Read>
Result<std::vector<Handle>> blocks_in(std::string_view pem, const std::string& name, Read read,
                                      const char* what, const char* begin) {
    const Bio bio = memory_of(pem);
    std::vector<Handle> all;
    ERR_clear_error();
    while (all.size() < most) {
        Handle one(read(bio.get(), nullptr, nullptr, nullptr));
        if (!one) break;
        all.push_back(std::move(one));
    }
    const bool ended = ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE;
    ERR_clear_error();
    if (all.empty() || !ended) {
        return fail(ErrorCode::malformed, what, name, begin);
    }
    return all;
}

}  // namespace

Bio memory_of(std::string_view bytes) {
    return Bio(made(BIO_new_mem_buf(bytes.data(), static_cast<int>(bytes.size()))));
}

Certificate certificate_of(const std::string& der) {
    const auto* bytes = reinterpret_cast<const unsigned char*>(der.data());
    const auto* const end = bytes + der.size();
    Certificate read(d2i_X509(nullptr, &bytes, static_cast<long>(der.size())));
    if (bytes != end) read.reset();
    return read;
}

Result<std::vector<Certificate>> certificates_in(std::string_view pem, const std::string& name) {
    return blocks_in<Certificate>(pem, name, PEM_read_bio_X509,
                                  "it is no list of certificates in PEM",
                                  "each begins with -----BEGIN CERTIFICATE-----");
}

Result<std::vector<RevocationList>> revocation_lists_in(std::string_view pem,
                                                        const std::string& name) {
    return blocks_in<RevocationList>(
        pem, name, PEM_read_bio_X509_CRL, "it has no list of revoked certificates in PEM",
        "each begins with -----BEGIN X509 CRL-----; openssl crl -inform DER makes one of DER");
}

std::string name_text(const X509_NAME* name) {
    const Bio out(made(BIO_new(BIO_s_mem())));
    X509_NAME_print_ex(out.get(), name, 0, XN_FLAG_RFC2253 & ~ASN1_STRFLGS_ESC_MSB);
    char* data = nullptr;
    const long size = BIO_get_mem_data(out.get(), &data);
    return size > 0 ? std::string(data, static_cast<std::size_t>(size)) : std::string();
}

std::int64_t seconds_of(const ASN1_TIME* time) {
    std::tm parts{};
    if (time == nullptr || ASN1_TIME_to_tm(time, &parts) != 1) return 0;
    return timegm(&parts);
}

}  // namespace stratascan::policy
