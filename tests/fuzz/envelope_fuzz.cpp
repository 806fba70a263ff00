// Any bytes as a signature's envelope, as the annotations beside one, as a certificate, a time
// stamp, a list of revoked certificates and a log's proof: one that raises no doubt has what it takes to be verified, within its limits.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "scanner/image/cbor.hpp"
#include "scanner/image/envelope.hpp"
#include "scanner/image/kept_attachments.hpp"
#include "scanner/policy/revocation.hpp"
#include "scanner/policy/time_stamp.hpp"
#include "scanner/policy/transparency.hpp"
#include "scanner/policy/trust.hpp"

namespace {

// An authority whose key nobody has.
constexpr std::string_view authority =
    "-----BEGIN CERTIFICATE-----\n"
    "MIIBdTCCARugAwIBAgIUakdmCluwGzbfjdnGjAHa41tVFNMwCgYIKoZIzj0EAwIw\n"
    "DzENMAsGA1UEAwwERnV6ejAgFw0yNjExMjYxMDQ3MTdaGA8yMTI2MTEwMjEwNDcx\n"
    "N1owDzENMAsGA1UEAwwERnV6ejBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABLRt\n"
    "0NXAat0nbFdpBrz3Ccm8S7vN4tNTFrYasdSFSbiVx/I+eec5UdvWPULBSPWan821\n"
    "6YrdD6PVsUQOIrnDHxGjUzBRMB0GA1UdDgQWBBR+f7dyzhy57ux69nN3xj3PTgsq\n"
    "+TAfBgNVHSMEGDAWgBR+f7dyzhy57ux69nN3xj3PTgsq+TAPBgNVHRMBAf8EBTAD\n"
    "AQH/MAoGCCqGSM49BAMCA0gAMEUCIQDEPxNGrXKIYGgjT7gen5NUjseRG0kwYT69\n"
    "ovGM/EelWQIgdwH4fQBkOPg5WxgNypjmqCNXYonRyHmfKKbzctZ0cZA=\n"
    "-----END CERTIFICATE-----\n";

}  // namespace

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
        if (envelope->log_entries.size() > most_log_entries) __builtin_trap();
        for (const LogEntry& entry : envelope->log_entries) {
            if (entry.proof) static_cast<void>(stratascan::policy::leads_to_root(entry.body, *entry.proof));
        }
        if (envelope->subjects.size() > most_subjects) __builtin_trap();
        if (envelope->signatures.size() > most_signatures) __builtin_trap();
        if (envelope->time_stamps.size() > most_time_stamps) __builtin_trap();
        if (!envelope->doubt.empty()) continue;
        if (envelope->signatures.empty()) __builtin_trap();
        if (envelope->message.empty() == envelope->message_digest.empty()) __builtin_trap();
    }
    const Annotations beside = {{"dev.cosignproject.cosign/signature", "AAAA"},
                                {"dev.sigstore.cosign/certificate", std::string(bytes)},
                                {"dev.sigstore.cosign/chain", std::string(bytes)},
                                {"dev.sigstore.cosign/bundle", std::string(bytes)},
                                {"dev.sigstore.cosign/rfc3161timestamp", std::string(bytes)}};
    constexpr std::string_view payload =
        R"({"critical":{"type":"cosign container image signature","image":{}}})";
    const auto cosign =
        read_envelope("application/vnd.dev.cosign.simplesigning.v1+json", payload, beside);
    if (!cosign || !cosign->doubt.empty()) __builtin_trap();
    static_cast<void>(parse_cbor(bytes));
    static const auto trust = stratascan::policy::Trust::parse(authority, "authority", "**", "");
    if (trust && trust->check({std::string(bytes), std::string(bytes)}, 1'800'000'000).key) {
        __builtin_trap();
    }
    static const auto stamps = stratascan::policy::StampAuthority::parse(authority, "authority");
    if (stamps && stamps->prove({{std::string(bytes), "what was signed"}}).at) __builtin_trap();
    const auto certificate = stratascan::policy::certificate_of(std::string(bytes));
    if (certificate) {
        static_cast<void>(stratascan::policy::promises_in(certificate.get()));
    }
    if (const auto kept = restore_attachments(bytes)) {
        // What was kept once is kept again as it is.
        GateFacts facts;
        facts.subjects = kept->subjects;
        facts.attachments = kept->attachments;
        facts.attachments_complete = kept->complete;
        const std::string again = kept_attachments(facts);
        const auto restored = restore_attachments(again);
        if (!again.empty() && (!restored || restored->subjects != kept->subjects ||
                               restored->attachments.size() != kept->attachments.size())) {
            __builtin_trap();
        }
    }
    const auto lists = stratascan::policy::RevocationLists::parse(bytes, "lists");
    static const auto ca = stratascan::policy::certificates_in(authority, "authority");
    if (lists && ca &&
        lists->look_up(ca->front().get(), ca->front().get(), 1'800'000'000).outcome !=
            stratascan::policy::Revocation::not_known) {
        __builtin_trap();
    }
    return 0;
}
