// Which function decides which check of the catalogue.
#include <algorithm>
#include <array>
#include <utility>

#include "scanner/policy/checks/checks.hpp"

namespace stratascan::policy {

namespace {

using Entry = std::pair<std::string_view, CheckFunction>;

constexpr std::array entries = {
    Entry{"user-root", user_root}, Entry{"user-ids", user_ids}, Entry{"user-above", user_above},
    Entry{"user-numeric", user_numeric}, Entry{"user-arbitrary", user_arbitrary},
    Entry{"accounts", accounts_closed},
    Entry{"image-age", image_age}, Entry{"base-age", base_age},
    Entry{"reference-pinned", reference_pinned}, Entry{"base-pinned", base_pinned},
    Entry{"base-minimal", base_minimal}, Entry{"base-trusted", base_trusted},
    Entry{"no-shell", no_programs}, Entry{"no-package-manager", no_package_manager},
    Entry{"no-build-tools", no_build_tools}, Entry{"no-downloaders", no_programs},
    Entry{"no-remote-access", no_remote_access}, Entry{"no-debuggers", no_programs},
    Entry{"no-privilege-tools", no_privilege_tools},
    Entry{"binary-hardening", binary_hardening}, Entry{"sbom-complete", sbom_complete},
    Entry{"setuid-files", setuid_files}, Entry{"file-capabilities", file_capabilities},
    Entry{"world-writable", world_writable}, Entry{"device-nodes", device_nodes},
    Entry{"secrets-env", secrets_env}, Entry{"secrets-config", secrets_config},
    Entry{"secrets-history", secrets_history}, Entry{"secrets-files", secrets_files},
    Entry{"secrets-deleted", secrets_deleted},
    Entry{"long-lived-credentials", long_lived_credentials},
    Entry{"cluster-credentials", cluster_credentials}, Entry{"private-keys", private_keys},
    Entry{"version-control", version_control}, Entry{"leftovers", leftovers},
    Entry{"dumps", dumps}, Entry{"copy-all", copy_all}, Entry{"package-caches", package_caches},
    Entry{"log-files", log_files},
    Entry{"healthcheck", healthcheck}, Entry{"healthcheck-tools", healthcheck_tools},
    Entry{"remote-ports", remote_ports}, Entry{"ports", ports}, Entry{"volumes", volumes},
    Entry{"exec-form", exec_form}, Entry{"start-installs", start_installs},
    Entry{"egress", egress},
    Entry{"remote-add", remote_add}, Entry{"unverified-downloads", unverified_downloads},
    Entry{"resource-limits", resource_limits}, Entry{"labels", labels},
    Entry{"signed", signed_image}, Entry{"sbom", sbom}, Entry{"provenance", provenance},
    Entry{"vex", vex}, Entry{"suppressions-justified", suppressions_justified},
};

}  // namespace

CheckFunction function_of(std::string_view check) noexcept {
    const auto at = std::find_if(entries.begin(), entries.end(),
                                 [&](const Entry& entry) { return entry.first == check; });
    return at == entries.end() ? nullptr : at->second;
}

}  // namespace stratascan::policy
