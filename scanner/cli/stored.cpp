#include "scanner/cli/stored.hpp"

#include <CLI/CLI.hpp>

#include "scanner/store/place.hpp"

namespace stratascan::cli {

void add_store_place(CLI::App& command, std::string& path) {
    command.add_option("--store", path,
                       "The store (default: $XDG_DATA_HOME/stratascan/store.sqlite)");
}

Result<std::unique_ptr<store::Store>> open_stored(const std::string& path) {
    const std::string place = path.empty() ? store::default_place() : path;
    if (place.empty()) {
        return fail(ErrorCode::not_found, "there is no home folder to look for the store in", {},
                    "name one with --store");
    }
    return store::Store::open(place, false);
}

}  // namespace stratascan::cli
