// A PEM block of a certificate, brought to where the image's keys are judged.
#include "scanner/evidence/certificate.hpp"
#include "scanner/evidence/checks.hpp"
#include "scanner/evidence/pem.hpp"

namespace stratascan::evidence::checks {

Output certificate(const Input& input) {
    Output output;
    output.drop_reason = "not a certificate";
    const auto pem = read_pem(input.match);
    if (!pem) return output;
    auto read = read_certificate(pem->body.view());
    if (!read) return output;
    output.drop_reason = {};
    output.certificate = std::make_shared<const Certificate>(std::move(*read));
    return output;
}

}  // namespace stratascan::evidence::checks
