// Databases of users' rules, compiled once and kept. A cached database is memory
// that the engine trusts blindly, so a cache that anybody else could have
// written is not used: the folder and the file must belong to us and be closed
// to others, and the file must be what its own digest says.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "scanner/match/database.hpp"
#include "stratascan/error.hpp"

namespace stratascan::match {

/// Runs what it is given where files may be made; a thread in the sandbox can't make one.
using Outside = std::function<void(const std::function<void()>&)>;

/// The database for `rules`, from the cache at $XDG_CACHE_HOME/stratascan or
/// ~/.cache/stratascan when it is there and sound, else compiled and kept there.
/// A cache that can't be used costs time, never correctness; `unkept` then says why.
[[nodiscard]] Result<std::shared_ptr<const Database>> cached_database(const RuleSet& rules,
                                                                      const Outside& outside,
                                                                      std::string& unkept);

}  // namespace stratascan::match
