// What can be mended of a store. Everything in it can be had again by scanning, but for
// the history: which tag led where, and what images held that are gone. So a repair keeps
// what is sound, drops what is not, and never lets an image that lost something pass for
// one that was read in full: it is scanned again at the next look.
#pragma once

#include <string>
#include <vector>

#include "scanner/store/database.hpp"
#include "stratascan/error.hpp"

namespace stratascan::store {

/// Drops rows that lead to rows that are not there, results whose rows are incomplete, and
/// what histories say against themselves. REQUIRES: a transaction. A line for each kind of
/// thing that was done.
[[nodiscard]] std::vector<std::string> mend_rows(Database& database);

/// For a file that SQLite itself calls damaged: reads what can be read into a new file,
/// which takes its place; the damaged one stays beside it as PATH.damaged. REQUIRES: no other
/// process uses it meanwhile. Errors: one writes to it, there is no room, or there is a PATH.damaged already.
[[nodiscard]] Result<std::vector<std::string>> salvage(const std::string& path);

}  // namespace stratascan::store
