// The checks by their C++ names, for registry.cpp, which gives them the names
// that rules write, and the few outcomes that most of them end in.
#pragma once

#include <string>
#include <string_view>
#include <utility>

#include "scanner/evidence/evidence.hpp"

namespace stratascan::evidence::checks {

// checksum.cpp
[[nodiscard]] Output github_crc(const Input& input);
[[nodiscard]] Output npm_crc(const Input& input);
[[nodiscard]] Output gitlab_routable(const Input& input);
[[nodiscard]] Output atlassian_crc(const Input& input);
[[nodiscard]] Output bitbucket_crc(const Input& input);
[[nodiscard]] Output grafana_crc(const Input& input);
[[nodiscard]] Output confluent_crc(const Input& input);
[[nodiscard]] Output zuplo_crc(const Input& input);
[[nodiscard]] Output age_bech32(const Input& input);

// private_key.cpp, putty_key.cpp
[[nodiscard]] Output private_key(const Input& input);
[[nodiscard]] Output private_key_der(const Input& input);
[[nodiscard]] Output gcp_service_account(const Input& input);
[[nodiscard]] Output putty_key(const Input& input);

// pgp_key.cpp, wallet.cpp
[[nodiscard]] Output pgp_armor(const Input& input);
[[nodiscard]] Output pgp_packet(const Input& input);
[[nodiscard]] Output base58check(const Input& input);
[[nodiscard]] Output solana_keypair(const Input& input);

// jwk.cpp
[[nodiscard]] Output jwk(const Input& input);

// certificate_check.cpp
[[nodiscard]] Output certificate(const Input& input);

// keystore.cpp
[[nodiscard]] Output pkcs12(const Input& input);
[[nodiscard]] Output java_keystore(const Input& input);

// jwt.cpp
[[nodiscard]] Output jwt(const Input& input);

// cloud.cpp
[[nodiscard]] Output aws_access_key(const Input& input);
[[nodiscard]] Output aws_secret(const Input& input);
[[nodiscard]] Output azure_sas(const Input& input);
[[nodiscard]] Output azure_storage_key(const Input& input);

// kubernetes.cpp
[[nodiscard]] Output kubernetes_value(const Input& input);

// structure.cpp
[[nodiscard]] Output docker_auth(const Input& input);
[[nodiscard]] Output slack_webhook(const Input& input);
[[nodiscard]] Output discord_bot(const Input& input);
[[nodiscard]] Output pypi_macaroon(const Input& input);
[[nodiscard]] Output sentry_json(const Input& input);
[[nodiscard]] Output onepassword_json(const Input& input);
[[nodiscard]] Output key_mode(const Input& input);
[[nodiscard]] Output crypt_hash(const Input& input);

// url_credential.cpp, generic_value.cpp
[[nodiscard]] Output url_credential(const Input& input);
[[nodiscard]] Output generic_value(const Input& input);
[[nodiscard]] Output chosen_password(const Input& input);

/// What is seen of the file from the match's first byte on.
[[nodiscard]] inline std::string_view seen_from_match(const Input& input) noexcept {
    const std::string_view seen = input.around;
    if (input.match.data() < seen.data() || input.match.data() >= seen.data() + seen.size()) {
        return input.match;
    }
    return seen.substr(static_cast<std::size_t>(input.match.data() - seen.data()));
}

/// An outcome with its detail and its shift of confidence, nothing else.
[[nodiscard]] inline Output outcome(Evidence level, std::string detail, int shift = 0) {
    Output output;
    output.level = level;
    output.detail = std::move(detail);
    output.confidence_shift = shift;
    return output;
}

[[nodiscard]] inline Output verified(std::string detail) {
    return outcome(Evidence::verified, std::move(detail), 1);
}

/// A value that a writer put where a secret belongs.
[[nodiscard]] inline Output placeholder() {
    return outcome(Evidence::known_example, "placeholder", -1);
}

[[nodiscard]] inline Output not_a_secret(std::string_view reason) {
    Output output = outcome(Evidence::pattern, std::string(reason), -1);
    output.drop_reason = reason;
    return output;
}

/// Whether the SHA-256 of `value` is that of a published example or default.
/// Such values are known to the program by their digest alone (known.cpp).
[[nodiscard]] bool is_published_value(std::string_view value);

/// What a published test key is called, by its "SHA256:…" fingerprint or the hex
/// SHA-256 of its SubjectPublicKeyInfo; or empty.
[[nodiscard]] std::string published_key(std::string_view ssh_fingerprint,
                                        std::string_view spki_sha256);

}  // namespace stratascan::evidence::checks
