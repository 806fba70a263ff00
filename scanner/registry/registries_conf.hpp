// Where an image is really to be fetched from, by containers-registries.conf(5):
// another location, mirrors that come first, registries that may not be used.
#pragma once

#include <map>
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

/// The [[registry]] tables of one file. Errors: `malformed`, without the text.
[[nodiscard]] Result<std::vector<RegistryRule>> parse_registries_conf(std::string_view text);

/// Where to ask for an image, in order.
struct Place {
    Reference reference;
    bool insecure = false;
};

class RegistriesConf {
public:
    /// The user's file or the system's, and the files of their folder
    /// (registries.conf.d), a later one's table of the same prefix in place of an
    /// earlier one's. CONTAINERS_REGISTRIES_CONF names another file. Errors: one that is
    /// there and can't be read.
    [[nodiscard]] static Result<RegistriesConf> load();

    explicit RegistriesConf(std::vector<RegistryRule> rules);

    /// `unauthorized` where the registry is blocked. The image's own name where no
    /// table is about it.
    [[nodiscard]] Result<std::vector<Place>> places(const Reference& reference) const;

private:
    std::map<std::string, RegistryRule> rules_;  ///< by prefix
};

}  // namespace stratascan::registry
