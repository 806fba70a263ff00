// A certificate in PEM or in DER, brought to where the image's keys are judged.
#include <optional>

#include "scanner/evidence/certificate.hpp"
#include "scanner/evidence/checks.hpp"
#include "scanner/evidence/pem.hpp"

namespace stratascan::evidence::checks {

Output certificate(const Input& input) {
    Output output;
    output.drop_reason = "not a certificate";
    std::string_view der = seen_from_match(input);
    std::optional<Pem> pem;
    if (input.match.starts_with('-')) {
        pem = read_pem(input.match);
        if (!pem) return output;
        der = pem->body.view();
    }
    auto read = read_certificate(der);
    if (!read) return output;
    output.drop_reason = {};
    output.certificate = std::make_shared<const Certificate>(std::move(*read));
    return output;
}

}  // namespace stratascan::evidence::checks
