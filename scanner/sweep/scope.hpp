// Which repositories and tags a sweep is about.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "scanner/store/glob.hpp"
#include "scanner/sweep/options.hpp"
#include "stratascan/error.hpp"

namespace stratascan::sweep {

struct SweepTarget {
    std::string registry;  ///< "host[:port]"; Docker Hub's names are "docker.io"
    std::string prefix;    ///< of repositories, without a slash behind; empty: all

    [[nodiscard]] std::string text() const {
        return prefix.empty() ? registry : registry + '/' + prefix;
    }
    /// The prefix itself, or below it.
    [[nodiscard]] bool covers(std::string_view repository) const noexcept;
};

/// `malformed` for what is neither of the two forms: a tag or a digest, for example.
[[nodiscard]] Result<SweepTarget> parse_sweep_target(std::string_view text);

/// The part of the prefix that the registry's service takes for an owner of repositories
/// (listing.hpp): its first name, or the first two at Google's Artifact Registry.
[[nodiscard]] std::string owner_of(const SweepTarget& target, registry::Service service);

/// Globs: at least one of the including ones, if there are any, and none of the others.
/// A pattern without a slash is held against the last name of a repository.
class Filter {
public:
    Filter(const std::vector<std::string>& include, const std::vector<std::string>& exclude);
    [[nodiscard]] bool takes(std::string_view name) const;

private:
    std::vector<store::Glob> include_, exclude_;
};

/// Seconds since 1970 of "2024-05-06T07:08:09.1Z" (RFC 3339); nothing for other texts and
/// for years before 1990: reproducible builds say 1970 where they don't want to say.
[[nodiscard]] std::optional<std::int64_t> parse_time(std::string_view text);

struct DatedTag {
    std::string tag;
    std::optional<std::int64_t> created;
};

/// The newest `newest` (0: all) that are not older than `oldest`. A tag without a date is
/// kept, whatever is asked for, for it can't be known to be old. In the order of names.
[[nodiscard]] std::vector<std::string> choose_tags(std::vector<DatedTag> tags, std::size_t newest,
                                                   std::optional<std::int64_t> oldest);

/// "90", "90s", "15m", "6h", "1d", in seconds.
[[nodiscard]] Result<std::int64_t> parse_interval(std::string_view text);

}  // namespace stratascan::sweep
