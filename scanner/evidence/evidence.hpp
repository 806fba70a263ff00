// Offline proof: what the bytes of a candidate themselves say about whether it
// is a real secret. A check raises or lowers a finding, it never drops one; the
// one exception is a value that plainly holds no secret at all, such as the
// variable reference in `password = os.environ[...]` or a locked account's `*`,
// and then `drop_reason` says which.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "scanner/evidence/certificate.hpp"
#include "stratascan/report.hpp"

namespace stratascan::evidence {

struct Input {
    std::string_view secret;  ///< the captured secret
    std::string_view match;   ///< the whole match of the rule's pattern around it
    std::string_view around;  ///< the file's bytes around the match, clipped to the file
};

struct Output {
    Evidence level = Evidence::pattern;
    std::string detail;              ///< "CRC-32 holds", "RSA 2048, not encrypted"; never the secret
    std::string public_fingerprint;  ///< "SHA256:…" (unpadded base64, as ssh-keygen -l prints it)
    /// Also the SHA-256 of the SubjectPublicKeyInfo in hex, as
    /// `openssl pkey -pubout -outform DER | sha256sum` prints it; keys only.
    std::string spki_sha256;
    std::string user;  ///< whose the secret is, where it says so itself
    /// Not empty: the candidate is in base64, and this is the secret itself. Only
    /// `kubernetes-value` sets it, and to text alone.
    std::string decoded;
    /// The candidate is no secret but a certificate, evidence for others. Only the
    /// check `certificate` sets it; such a rule makes no findings.
    std::shared_ptr<const Certificate> certificate;
    /// Steps by which the rule's confidence goes up or down: +1 for what is
    /// verified, -1 for a bad checksum, an example, an encrypted key, a weak guess.
    int confidence_shift = 0;
    /// Not empty: the value is no secret, and this says why. Points to text that lives as
    /// long as the program.
    std::string_view drop_reason;
};

/// A check is pure, thread-safe, bounded in time by the input's length, and
/// must stand any bytes.
using Check = Output (*)(const Input&);

/// The check of that name, or nullptr. Names are those that rules write in
/// `check = "…"`.
[[nodiscard]] Check find_check(std::string_view name) noexcept;

/// All names, sorted, for `rules lint` and the documentation.
[[nodiscard]] std::vector<std::string_view> check_names();

/// Shannon entropy of the bytes of `text`, in bits a byte: 0 to 8.
[[nodiscard]] double entropy(std::string_view text) noexcept;

/// Why a value is surely no secret ("placeholder", "template", "repeated
/// character", …), or empty. Works on the captured value alone.
[[nodiscard]] std::string_view placeholder_reason(std::string_view value) noexcept;

/// Whether vendors or standards publish this very value as an example.
[[nodiscard]] bool is_published_example(std::string_view value);

}  // namespace stratascan::evidence
