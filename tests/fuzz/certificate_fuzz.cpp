// Certificates of any bytes: whatever is read is bounded and printable.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "scanner/evidence/certificate.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace stratascan::evidence;
    const auto certificate = read_certificate({reinterpret_cast<const char*>(data), size});
    if (!certificate) return 0;
    if (certificate->subject.size() > certificate_subject_limit + 3 ||
        certificate->names.size() > certificate_names_limit ||
        certificate->spki_sha256.size() != 64) {
        std::abort();
    }
    for (const std::string& name : certificate->names) {
        if (name.empty() || name.size() > certificate_name_limit + 3) std::abort();
    }
    return 0;
}
