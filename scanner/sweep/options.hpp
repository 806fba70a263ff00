// What a sweep is asked for.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "scanner/registry/listing.hpp"

namespace stratascan::sweep {

struct SweepOptions {
    /// "host[:port]", or "host[:port]/repository": that one, or those below it.
    std::vector<std::string> targets;
    std::vector<std::string> include, exclude;  ///< globs of repositories, see store/glob.hpp
    std::vector<std::string> tags;              ///< globs of tags; empty: all
    std::size_t newest = 0;                     ///< tags of a repository, by date; 0: all
    std::int64_t max_age_days = 0;              ///< of an image; 0: any
    std::optional<registry::Service> service;   ///< how repositories are listed
    std::string service_api;                    ///< "https://host" of that service
    bool plan_only = false;
    bool all_referrers = false;    ///< ask of images that are known, too
    std::uint64_t bandwidth = 0;   ///< bytes a second of layers; 0: no limit

    /// Whether tags are left out, so that nothing can be told of those.
    [[nodiscard]] bool leaves_tags_out() const noexcept {
        return !tags.empty() || newest > 0 || max_age_days > 0;
    }
};

}  // namespace stratascan::sweep
