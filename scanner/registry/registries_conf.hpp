// Where an image is really to be fetched from, by containers-registries.conf(5):
// another location, mirrors that come first, registries that may not be used.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "scanner/registry/reference.hpp"
#include "stratascan/error.hpp"

namespace stratascan::registry {

/// A mirror or the location of a [[registry]].
struct Location {
    std::string name;  ///< "host[:port][/namespace…]"; empty: the prefix itself
    bool insecure = false;
    bool for_digests = true, for_tags = true;  ///< pull-from-mirror
};

struct RegistryRule {
    std::string prefix;  ///< "host[:port][/namespace…]" or "*.host"
    Location location;
    std::vector<Location> mirrors;
    bool blocked = false;
};

/// What one file says.
struct RegistriesFile {
    std::vector<RegistryRule> rules;
    /// "credential-helpers": names of helpers, or `auth_files`; nothing where it does not say.
    std::optional<std::vector<std::string>> helpers;
};

/// Errors: `malformed`, without the text.
[[nodiscard]] Result<RegistriesFile> parse_registries_conf(std::string_view text);

/// Where to ask for an image, in order.
struct Place {
    Reference reference;
    bool insecure = false;
};

class RegistriesConf {
public:
    /// As containers-registries.conf.d(5) has it: the user's file and those of its folder
    /// (registries.conf.d); where there is no such file the system's, the system's folder and
    /// the user's. A later one's table of the same prefix is in place of an earlier one's.
    /// CONTAINERS_REGISTRIES_CONF names another file. Errors: one that is there and can't be
    /// read.
    [[nodiscard]] static Result<RegistriesConf> load();

    explicit RegistriesConf(std::vector<RegistryRule> rules,
                            std::optional<std::vector<std::string>> helpers = std::nullopt);

    /// `unauthorized` where the registry is blocked. The image's own name where no
    /// table is about it.
    [[nodiscard]] Result<std::vector<Place>> places(const Reference& reference) const;

    /// Where credentials are looked for, in order; nothing: where they usually are.
    [[nodiscard]] const std::optional<std::vector<std::string>>& helpers() const noexcept {
        return helpers_;
    }

private:
    std::map<std::string, RegistryRule> rules_;  ///< by prefix
    std::optional<std::vector<std::string>> helpers_;
};

}  // namespace stratascan::registry
