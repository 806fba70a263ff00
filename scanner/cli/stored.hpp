// What the commands that ask a store have in common.
#pragma once

#include <memory>
#include <string>

#include "scanner/store/store.hpp"

namespace CLI {
class App;
}

namespace stratascan::cli {

/// --store PATH.
void add_store_place(CLI::App& command, std::string& path);

/// `path`, or the default place where it is empty; empty where there is no home folder.
[[nodiscard]] std::string stored_place(const std::string& path);

/// The store at `path`, or at the default place where it is empty; it must be there.
[[nodiscard]] Result<std::unique_ptr<store::Store>> open_stored(const std::string& path);

/// The image's report as its scan gave it: layers' results joined again.
[[nodiscard]] TargetReport joined_report(const store::StoredImage& stored);

}  // namespace stratascan::cli
