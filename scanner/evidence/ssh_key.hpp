// SSH's wire form of keys (RFC 4251 section 5, RFC 4253 section 6.6, RFC 5656,
// RFC 8709). The public blob is what `ssh-keygen -l` fingerprints.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace stratascan::evidence {

/// Reads a wire text from front to back. A read past the end gives nothing and
/// leaves the reader at its end; no length is believed before it is compared
/// with what is left.
class WireReader {
public:
    explicit WireReader(std::string_view bytes) noexcept : rest_(bytes) {}

    [[nodiscard]] std::optional<std::uint32_t> number() noexcept;
    [[nodiscard]] std::optional<std::string_view> string() noexcept;
    [[nodiscard]] std::optional<std::string_view> bytes(std::size_t size) noexcept;
    [[nodiscard]] std::string_view rest() const noexcept { return rest_; }

private:
    std::string_view rest_;
};

void put_number(std::string& wire, std::uint32_t value);
void put_string(std::string& wire, std::string_view bytes);
/// A positive number from its big-endian bytes.
void put_integer(std::string& wire, std::string_view big_endian);

struct SshPublicKey {
    std::string type;         ///< "ssh-ed25519"
    std::string description;  ///< "Ed25519", "RSA 3072", "EC P-256"
    std::string spki;         ///< DER of the SubjectPublicKeyInfo; empty where there is none
};

/// The key that a public blob holds; nothing where it doesn't parse. Types that
/// are not known have their name for a description.
[[nodiscard]] std::optional<SshPublicKey> read_public_blob(std::string_view blob);

}  // namespace stratascan::evidence
