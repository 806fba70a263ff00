// Any bytes as a key: PEM blocks, OpenSSH's own form, SSH's public blobs, DER, PKCS #12,
// Java's key stores, PuTTY's files, certificates. The first byte picks the form; a detail
// repeats nothing that a terminal would act on, and fingerprints have their forms.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "scanner/evidence/certificate.hpp"
#include "scanner/evidence/codec.hpp"
#include "scanner/evidence/evidence.hpp"
#include "scanner/evidence/openssh_key.hpp"
#include "scanner/evidence/pem.hpp"
#include "scanner/evidence/ssh_key.hpp"

namespace {

using namespace stratascan;
using namespace stratascan::evidence;

void require(bool holds) {
    if (!holds) __builtin_trap();
}

void look_at(const Output& output) {
    for (const char c : output.detail) require(c >= ' ' && c <= '~');
    const std::string& print = output.public_fingerprint;
    require(print.empty() || (print.starts_with("SHA256:") && print.size() == 7 + 43));
    require(output.spki_sha256.empty() || output.spki_sha256.size() == 64);
    if (output.level == Evidence::verified) require(!output.detail.empty());
}

void look_at(const std::optional<Certificate>& certificate) {
    if (!certificate) return;
    require(certificate->subject.size() <= certificate_subject_limit + 3);
    require(certificate->names.size() <= certificate_names_limit);
    for (const std::string& name : certificate->names) {
        require(name.size() <= certificate_name_limit + 3);
    }
    require(certificate->spki_sha256.size() == 64);
}

void by_check(const char* name, std::string_view bytes) {
    look_at(find_check(name)({bytes, bytes, bytes}));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size < 2 || size > (32U << 10)) return 0;
    // A copy that ends where the bytes do, so that a sanitizer sees every step beyond.
    const std::string copy(reinterpret_cast<const char*>(data) + 1, size - 1);
    const std::string_view bytes = copy;
    switch (data[0] % 9) {
        case 0: by_check("private-key", bytes); break;
        case 1: by_check("private-key-der", bytes); break;
        case 2: by_check("pkcs12", bytes); break;
        case 3: by_check("java-keystore", bytes); break;
        case 4: by_check("putty-key", bytes); break;
        case 5: look_at(judge_openssh_key(bytes)); break;
        case 6:
            look_at(judge_public_blob(bytes));
            if (const auto key = read_public_blob(bytes)) require(!key->type.empty());
            break;
        case 7:
            look_at(read_certificate(bytes));
            by_check("certificate", bytes);
            break;
        default:
            if (const auto pem = read_pem(bytes)) {
                require(pem->body.view().size() <= bytes.size());
                require(pem->headers.size() <= bytes.size() + 1);
            }
            by_check("gcp-service-account", bytes);
    }
    return 0;
}
