// The names that rules write in `check = "…"`. Sorted, so that a name is found
// by bisection and `rules lint` can list them as they stand.
#include <algorithm>
#include <array>

#include "scanner/evidence/checks.hpp"

namespace stratascan::evidence {

namespace {

struct Entry {
    std::string_view name;
    Check check;
};

constexpr std::array entries = {
    Entry{"age-bech32", checks::age_bech32},
    Entry{"atlassian-crc", checks::atlassian_crc},
    Entry{"aws-access-key", checks::aws_access_key},
    Entry{"aws-secret", checks::aws_secret},
    Entry{"azure-sas", checks::azure_sas},
    Entry{"azure-storage-key", checks::azure_storage_key},
    Entry{"base58check", checks::base58check},
    Entry{"bitbucket-crc", checks::bitbucket_crc},
    Entry{"certificate", checks::certificate},
    Entry{"chosen-password", checks::chosen_password},
    Entry{"confluent-crc", checks::confluent_crc},
    Entry{"crypt-hash", checks::crypt_hash},
    Entry{"discord-bot", checks::discord_bot},
    Entry{"docker-auth", checks::docker_auth},
    Entry{"gcp-service-account", checks::gcp_service_account},
    Entry{"generic-value", checks::generic_value},
    Entry{"github-crc", checks::github_crc},
    Entry{"gitlab-routable", checks::gitlab_routable},
    Entry{"grafana-crc", checks::grafana_crc},
    Entry{"java-keystore", checks::java_keystore},
    Entry{"jwk", checks::jwk},
    Entry{"jwt", checks::jwt},
    Entry{"key-mode", checks::key_mode},
    Entry{"kubernetes-value", checks::kubernetes_value},
    Entry{"npm-crc", checks::npm_crc},
    Entry{"onepassword-json", checks::onepassword_json},
    Entry{"pgp-armor", checks::pgp_armor},
    Entry{"pgp-packet", checks::pgp_packet},
    Entry{"pkcs12", checks::pkcs12},
    Entry{"private-key", checks::private_key},
    Entry{"private-key-der", checks::private_key_der},
    Entry{"putty-key", checks::putty_key},
    Entry{"pypi-macaroon", checks::pypi_macaroon},
    Entry{"sentry-json", checks::sentry_json},
    Entry{"slack-webhook", checks::slack_webhook},
    Entry{"solana-keypair", checks::solana_keypair},
    Entry{"url-credential", checks::url_credential},
    Entry{"zuplo-crc", checks::zuplo_crc},
};

constexpr bool by_name(const Entry& left, const Entry& right) noexcept {
    return left.name < right.name;
}
static_assert(std::is_sorted(entries.begin(), entries.end(), by_name));

}  // namespace

Check find_check(std::string_view name) noexcept {
    const auto found =
        std::lower_bound(entries.begin(), entries.end(), Entry{name, nullptr}, by_name);
    return found != entries.end() && found->name == name ? found->check : nullptr;
}

std::vector<std::string_view> check_names() {
    std::vector<std::string_view> names;
    names.reserve(entries.size());
    for (const Entry& entry : entries) names.push_back(entry.name);
    return names;
}

}  // namespace stratascan::evidence
