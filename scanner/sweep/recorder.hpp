// The last step of an image: its documents and its layers' results are joined, as in a
// scan, and go into the store for every repository that holds it.
#pragma once

#include <map>
#include <set>
#include <string>
#include <utility>

#include "scanner/source/candidate.hpp"
#include "scanner/sweep/layers.hpp"
#include "scanner/sweep/work.hpp"

namespace stratascan::sweep {

class Recorder {
public:
    Recorder(Work& work, LayerResults& results, LayerFetcher& fetcher);

    /// One thread's work: records roots of the ledger until there are no more.
    void run();

private:
    [[nodiscard]] bool record(const Root& root);
    void record_image(const Root& root, source::ImageRef& image,
                      std::optional<ErrorCode> missed);
    void tell_gaps(const Root& root, const std::string& digest, const std::vector<Gap>& gaps,
                   std::optional<ErrorCode> missed);
    void record_indexes(const Root& root, const std::string& digest, int depth,
                        std::map<std::string, int>& seen);
    void tell_layer(const Root& root, const image::LayerFacts& layer,
                    const std::optional<LayerOutcome>& outcome);
    void tell(const Root& root, Problem problem, const std::string& where,
              const std::string& reason);

    Work& work_;
    LayerResults& results_;
    LayerFetcher& fetcher_;
    source::Selection selection_;
    store::Time now_;
    std::mutex mutex_;
    /// Repository and layer or image that were told of, guarded.
    std::set<std::pair<std::uint32_t, std::string>> told_;
};

}  // namespace stratascan::sweep
