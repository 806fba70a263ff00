#include "scanner/cli/stored.hpp"

#include <CLI/CLI.hpp>

#include "scanner/image/join.hpp"
#include "scanner/store/place.hpp"

namespace stratascan::cli {

void add_store_place(CLI::App& command, std::string& path) {
    command.add_option("--store", path,
                       "The store (default: $XDG_DATA_HOME/stratascan/store.sqlite)");
}

std::string stored_place(const std::string& path) {
    return path.empty() ? store::default_place() : path;
}

Result<std::unique_ptr<store::Store>> open_stored(const std::string& path) {
    const std::string place = stored_place(path);
    if (place.empty()) {
        return fail(ErrorCode::not_found, "there is no home folder to look for the store in", {},
                    "name one with --store");
    }
    return store::Store::open(place, false);
}

TargetReport joined_report(const store::StoredImage& stored) {
    std::vector<const layer::LayerResult*> layers;
    layers.reserve(stored.layers.size());
    for (const auto& layer : stored.layers) layers.push_back(layer.get());
    TargetReport report = image::join(stored.target, stored.facts, layers, false);
    image::note_what_was_sought(report, stored.ruleset.secrets, stored.ruleset.programs);
    if (stored.damaged > 0) {
        report.gaps.push_back({"", "a stored result can't be read back: scan again", 0});
        report.coverage.gaps += 1;
        report.coverage.complete = false;
    }
    return report;
}

}  // namespace stratascan::cli
