// Notary's signatures in COSE: one CBOR array of protected header, unprotected header,
// payload and signature. What is signed is the array "Signature1", protected header, no
// external data, payload (RFC 9052, 4.4).
#include <array>
#include <chrono>

#include <fmt/format.h>

#include "scanner/image/cbor.hpp"
#include "scanner/image/envelope_parts.hpp"

namespace stratascan::image {

namespace {

// RFC 9052, table 3; RFC 9360, table 1.
constexpr std::int64_t header_algorithm = 1, header_critical = 2, header_content_type = 3,
                       header_certificates = 33;
constexpr std::uint64_t tag_sign1 = 18, tag_time = 1;

struct Algorithm {
    std::int64_t id;  // RFC 9053, tables 1 and 2; RFC 8230, table 1
    SignedHash hash;
    bool pss;
};
constexpr std::array<Algorithm, 6> algorithms = {{
    {-37, SignedHash::sha256, true}, {-38, SignedHash::sha384, true},
    {-39, SignedHash::sha512, true}, {-7, SignedHash::sha256, false},
    {-35, SignedHash::sha384, false}, {-36, SignedHash::sha512, false},
}};

using Kind = CborValue::Kind;

bool is(const CborValue* value, Kind kind) { return value != nullptr && value->kind == kind; }

std::string byte_string(std::string_view bytes) {
    constexpr unsigned major_bytes = 2;
    return cbor_head(major_bytes, bytes.size()).append(bytes);
}

std::string to_be_signed(std::string_view header, std::string_view payload) {
    constexpr unsigned major_text = 3, major_array = 4;
    constexpr std::string_view context = "Signature1";
    std::string text = cbor_head(major_array, 4);
    text += cbor_head(major_text, context.size()).append(context);
    return text + byte_string(header) + byte_string({}) + byte_string(payload);
}

// RFC 3339, of seconds since 1970 within the years that it can write.
std::string written_time(std::int64_t seconds) {
    constexpr std::int64_t year_10000 = 253'402'300'800;
    if (seconds < 0 || seconds >= year_10000) return "no date";
    const std::chrono::sys_seconds at{std::chrono::seconds(seconds)};
    const auto day = std::chrono::floor<std::chrono::days>(at);
    const std::chrono::year_month_day date(day);
    const std::chrono::hh_mm_ss time(at - day);
    return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}Z", static_cast<int>(date.year()),
                       static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                       time.hours().count(), time.minutes().count(), time.seconds().count());
}

// The doubt, or "".
std::string_view read_protected(const CborValue& header, Envelope& envelope) {
    if (header.kind != Kind::map) return is_damaged;
    if (header.repeats_a_key()) return key_stands_twice;
    const CborValue* const algorithm = header.find(header_algorithm);
    const Algorithm* known = nullptr;
    for (const Algorithm& one : algorithms) {
        if (is(algorithm, Kind::number) && one.id == algorithm->number) known = &one;
    }
    if (known == nullptr) return "its algorithm is not one that Notary allows";
    envelope.only_pss = known->pss;
    envelope.hash = known->hash;
    if (const CborValue* const critical = header.find(header_critical)) {
        if (critical->kind != Kind::array) return is_damaged;
        for (const CborValue& name : critical->items) {
            const bool common = name.kind == Kind::number && name.number >= header_algorithm &&
                                name.number <= header_content_type;
            if (!common && (name.kind != Kind::text || !is_understood_header(name.text))) {
                return "it has a critical header that is not known";
            }
        }
    }
    if (const CborValue* const end = header.find("io.cncf.notary.expiry")) {
        if (end->kind != Kind::number || end->tag != tag_time) return is_damaged;
        envelope.expires = written_time(end->number);
    }
    return {};
}

void read_certificates(const CborValue& header, Envelope& envelope) {
    const CborValue* const chain = header.find(header_certificates);
    if (chain == nullptr) return;
    if (chain->kind == Kind::bytes) add_certificate(envelope, std::string(chain->text));
    if (chain->kind != Kind::array) return;
    for (const CborValue& one : chain->items) {
        if (one.kind == Kind::bytes) add_certificate(envelope, std::string(one.text));
    }
}

}  // namespace

Envelope read_cose(std::string_view bytes) {
    const auto message = parse_cbor(bytes);
    const bool is_sign1 = message && message->kind == Kind::array && message->items.size() == 4 &&
                          message->tag.value_or(tag_sign1) == tag_sign1;
    if (!is_sign1) return doubtful(notary_form, is_damaged);
    const CborValue& protected_header = message->items[0];
    const CborValue& header = message->items[1];
    const CborValue& payload = message->items[2];
    const CborValue& signature = message->items[3];
    if (protected_header.kind != Kind::bytes || header.kind != Kind::map ||
        payload.kind != Kind::bytes || signature.kind != Kind::bytes || signature.text.empty()) {
        return doubtful(notary_form, is_damaged);
    }
    const auto inner = parse_cbor(protected_header.text);
    if (!inner) return doubtful(notary_form, is_damaged);
    Envelope envelope;
    envelope.form = notary_form;
    if (const auto doubt = read_protected(*inner, envelope); !doubt.empty()) {
        return doubtful(notary_form, doubt);
    }
    read_certificates(header, envelope);
    read_notary_payload(std::string(payload.text), envelope);
    if (!envelope.doubt.empty()) return envelope;
    if (const CborValue* const stamp = header.find(notary_time_stamp); is(stamp, Kind::bytes)) {
        add_time_stamp(envelope, std::string(stamp->text), signature.text);
    }
    auto raw = std::optional(std::string(signature.text));
    if (!envelope.only_pss) raw = der_signature(*raw);
    if (!raw) return doubtful(notary_form, is_damaged);
    envelope.signatures.push_back(std::move(*raw));
    envelope.message = to_be_signed(protected_header.text, payload.text);
    return envelope;
}

}  // namespace stratascan::image
