#include "scanner/evidence/certificate.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <utility>

#include "scanner/evidence/codec.hpp"

namespace stratascan::evidence {

namespace {

constexpr unsigned char tag_integer = 0x02;
constexpr unsigned char tag_octets = 0x04;
constexpr unsigned char tag_object = 0x06;
constexpr unsigned char tag_bmp_string = 0x1e;
constexpr unsigned char tag_utc_time = 0x17;
constexpr unsigned char tag_general_time = 0x18;
constexpr unsigned char tag_sequence = 0x30;
constexpr unsigned char tag_set = 0x31;
constexpr unsigned char tag_version = 0xa0;
constexpr unsigned char tag_extensions = 0xa3;
constexpr std::size_t most_attributes = 32;

struct Element {
    unsigned char tag = 0;
    std::string_view contents;
    std::string_view whole;  ///< with its tag and length
};

/// Elements one behind the other (X.690, section 8.1; lengths definite, as DER has
/// them). Nothing of an element lies outside of the text.
class Elements {
public:
    explicit Elements(std::string_view text) : text_(text) {}

    [[nodiscard]] std::optional<Element> next() {
        if (text_.size() < 2) return std::nullopt;
        const auto byte = [this](std::size_t at) { return static_cast<unsigned char>(text_[at]); };
        std::size_t size = byte(1);
        std::size_t header = 2;
        if (size >= 0x80) {
            const std::size_t bytes = size & 0x7fU;
            if (bytes == 0 || bytes > 4 || text_.size() < header + bytes) return std::nullopt;
            size = 0;
            for (; header < 2 + bytes; ++header) size = size * 256 + byte(header);
        }
        if (size > text_.size() - header) return std::nullopt;
        Element element{byte(0), text_.substr(header, size), text_.substr(0, header + size)};
        text_.remove_prefix(header + size);
        return element;
    }
    /// The next one, if it has that tag; else nothing is passed.
    [[nodiscard]] std::optional<Element> next(unsigned char tag) {
        if (text_.empty() || static_cast<unsigned char>(text_.front()) != tag) return std::nullopt;
        return next();
    }

private:
    std::string_view text_;
};

std::string_view attribute_name(std::string_view object) {
    using namespace std::string_view_literals;
    constexpr std::array<std::pair<std::string_view, std::string_view>, 9> known = {{
        {"\x55\x04\x03"sv, "CN"}, {"\x55\x04\x05"sv, "serialNumber"}, {"\x55\x04\x06"sv, "C"},
        {"\x55\x04\x07"sv, "L"}, {"\x55\x04\x08"sv, "ST"}, {"\x55\x04\x0a"sv, "O"},
        {"\x55\x04\x0b"sv, "OU"},
        {"\x2a\x86\x48\x86\xf7\x0d\x01\x09\x01"sv, "emailAddress"},
        {"\x09\x92\x26\x89\x93\xf2\x2c\x64\x01\x19"sv, "DC"},
    }};
    for (const auto& [bytes, name] : known) {
        if (bytes == object) return name;
    }
    return "?";
}

/// A BMPString has two bytes a character.
std::string text_of(const Element& value, std::size_t limit) {
    if (value.tag != tag_bmp_string) return printable(value.contents, limit);
    std::string narrow;
    for (std::size_t at = 0; at + 1 < value.contents.size(); at += 2) {
        narrow += value.contents[at] == '\0' ? value.contents[at + 1] : '?';
    }
    return printable(narrow, limit);
}

std::string subject_of(std::string_view name) {
    std::string text;
    Elements sets(name);
    for (std::size_t count = 0; count < most_attributes; ++count) {
        const auto set = sets.next(tag_set);
        if (!set) break;
        Elements attributes(set->contents);
        while (const auto attribute = attributes.next(tag_sequence)) {
            Elements parts(attribute->contents);
            const auto type = parts.next(tag_object);
            const auto value = parts.next();
            if (!type || !value || text.size() > certificate_subject_limit) continue;
            if (!text.empty()) text += ", ";
            text += attribute_name(type->contents);
            text += '=';
            text += text_of(*value, certificate_subject_limit);
        }
    }
    return printable(text, certificate_subject_limit);
}

std::string address_of(std::string_view bytes) {
    const auto byte = [bytes](std::size_t at) { return static_cast<unsigned char>(bytes[at]); };
    if (bytes.size() == 4) {
        return fmt::format("{}.{}.{}.{}", byte(0), byte(1), byte(2), byte(3));
    }
    if (bytes.size() != 16) return {};
    std::string text;
    for (std::size_t at = 0; at < bytes.size(); at += 2) {
        fmt::format_to(std::back_inserter(text), "{}{:x}", at == 0 ? "" : ":",
                       byte(at) * 256 + byte(at + 1));
    }
    return text;
}

/// GeneralNames (RFC 5280, section 4.2.1.6).
std::vector<std::string> names_of(std::string_view extension) {
    constexpr unsigned char mail = 0x81, dns = 0x82, uri = 0x86, address = 0x87;
    std::vector<std::string> names;
    const auto sequence = Elements(extension).next(tag_sequence);
    if (!sequence) return names;
    Elements all(sequence->contents);
    while (names.size() < certificate_names_limit) {
        const auto name = all.next();
        if (!name) break;
        std::string text;
        if (name->tag == mail || name->tag == dns || name->tag == uri) {
            text = printable(name->contents, certificate_name_limit);
        } else if (name->tag == address) {
            text = address_of(name->contents);
        }
        if (!text.empty()) names.push_back(std::move(text));
    }
    return names;
}

std::vector<std::string> alternative_names(std::string_view extensions) {
    constexpr std::string_view subject_alt_name = "\x55\x1d\x11";
    const auto sequence = Elements(extensions).next(tag_sequence);
    if (!sequence) return {};
    Elements all(sequence->contents);
    while (const auto extension = all.next(tag_sequence)) {
        Elements parts(extension->contents);
        const auto type = parts.next(tag_object);
        if (!type || type->contents != subject_alt_name) continue;
        auto value = parts.next();
        if (value && value->tag != tag_octets) value = parts.next();  // behind `critical`
        if (value && value->tag == tag_octets) return names_of(value->contents);
    }
    return {};
}

/// UTCTime "YYMMDDHHMMSSZ", GeneralizedTime "YYYYMMDDHHMMSSZ" (section 4.1.2.5).
std::string time_of(const Element& time) {
    std::string digits(time.contents);
    if (time.tag == tag_utc_time && digits.size() == 13) {
        digits.insert(0, digits.front() < '5' ? "20" : "19");
    } else if (time.tag != tag_general_time) {
        return {};
    }
    if (digits.size() != 15 || digits.back() != 'Z' ||
        !std::all_of(digits.begin(), digits.end() - 1, is_digit)) {
        return {};
    }
    return fmt::format("{}-{}-{}T{}:{}:{}Z", digits.substr(0, 4), digits.substr(4, 2),
                       digits.substr(6, 2), digits.substr(8, 2), digits.substr(10, 2),
                       digits.substr(12, 2));
}

}  // namespace

std::optional<Certificate> read_certificate(std::string_view der) {
    const auto whole = Elements(der).next(tag_sequence);
    if (!whole) return std::nullopt;
    const auto signed_part = Elements(whole->contents).next(tag_sequence);
    if (!signed_part) return std::nullopt;
    Elements fields(signed_part->contents);
    (void)fields.next(tag_version);
    const auto serial = fields.next(tag_integer);
    const auto algorithm = fields.next(tag_sequence);
    const auto issuer = fields.next(tag_sequence);
    const auto validity = fields.next(tag_sequence);
    const auto subject = fields.next(tag_sequence);
    const auto key = fields.next(tag_sequence);
    if (!serial || !algorithm || !issuer || !validity || !subject || !key) return std::nullopt;
    Elements times(validity->contents);
    const auto not_before = times.next();
    const auto not_after = times.next();
    if (!not_before || !not_after) return std::nullopt;

    Certificate certificate;
    const std::string digest = sha256(whole->whole);
    std::copy_n(digest.begin(), certificate.digest.size(), certificate.digest.begin());
    certificate.spki_sha256 = hex(sha256(key->whole));
    certificate.subject = subject_of(subject->contents);
    certificate.not_after = time_of(*not_after);
    while (const auto field = fields.next()) {
        if (field->tag == tag_extensions) certificate.names = alternative_names(field->contents);
    }
    return certificate;
}

}  // namespace stratascan::evidence
