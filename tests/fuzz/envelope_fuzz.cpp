// Any bytes as a signature's envelope: one that raises no doubt has what it takes to be
// verified, within its limits.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "scanner/image/envelope.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace stratascan::image;
    const std::string_view bytes(reinterpret_cast<const char*>(data), size);
    for (const std::string_view type :
         {std::string_view("application/vnd.dev.sigstore.bundle.v0.3+json"),
          std::string_view("application/jose+json"), std::string_view("application/cose"),
          std::string_view("application/vnd.dsse.envelope.v1+json"), std::string_view()}) {
        const auto envelope = read_envelope(type, bytes);
        if (!envelope) continue;
        if (envelope->form.empty()) __builtin_trap();
        if (envelope->subjects.size() > most_subjects) __builtin_trap();
        if (envelope->signatures.size() > most_signatures) __builtin_trap();
        if (!envelope->doubt.empty()) continue;
        if (envelope->signatures.empty()) __builtin_trap();
        if (envelope->message.empty() == envelope->message_digest.empty()) __builtin_trap();
    }
    return 0;
}
