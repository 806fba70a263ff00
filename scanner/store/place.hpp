// Where the store lies, and whether it may be trusted there. It says which secrets an
// organisation leaked and where, so nobody else may read it; and whoever can write it can
// make a scan say that a layer is clean, so nobody else may write it.
#pragma once

#include <string>

#include "stratascan/error.hpp"

namespace stratascan::store {

/// "$XDG_DATA_HOME/stratascan/store.sqlite", else below ~/.local/share; empty where there
/// is no home.
[[nodiscard]] std::string default_place();

/// Makes the folder (0700) and the file (0600) where they are missing and `make` says so.
/// Errors: `not_found`; `invalid_argument` when folder or file belong to another user or
/// others may write them, or when the file is none.
[[nodiscard]] Result<void> prepare_place(const std::string& path, bool make);

}  // namespace stratascan::store
