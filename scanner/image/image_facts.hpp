// What a policy asks of an image beside findings and programs: its configuration,
// its history, the file facts of its layers with their visibility, and what is
// attached to it. Texts have the secrets that were found in them cut out, so that a
// verdict can quote them.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "scanner/image/attachments.hpp"
#include "scanner/layer/layer_result.hpp"
#include "scanner/source/image_source.hpp"
#include "stratascan/report.hpp"

namespace stratascan::image {

struct PlacedFact {
    layer::FactKind kind = layer::FactKind::setuid;
    std::string path;
    std::string detail;
    std::uint32_t mode = 0;
    std::uint64_t size = 0;
    int layer_index = -1;
    Visibility visibility = Visibility::visible;
    int hidden_by = -1;
};

struct PlacedDocument {
    layer::DocumentKind kind = layer::DocumentKind::passwd;
    std::string path;
    std::string text;  ///< see layer::SmallDocument
    bool cut = false;
    int layer_index = -1;
};

struct HistoryStep {
    std::string created;
    std::string created_by;  ///< without secrets; may be cut
    bool empty_layer = false;
    int layer_index = -1;    ///< of the layer that it made
};

struct Healthcheck {
    std::vector<std::string> test;
    [[nodiscard]] bool disabled() const { return !test.empty() && test.front() == "NONE"; }
};

/// A command as the config has it.
struct Words {
    std::vector<std::string> words;
    bool given = false;
};

struct GateFacts {
    bool config_known = false;  ///< a config is there and was read
    bool docker_form = false;   ///< of Docker's own formats, whose configs have health checks
    std::string user, working_folder, created, os;
    Words entrypoint, command;
    std::optional<Healthcheck> healthcheck;
    std::vector<std::string> env_names;
    std::map<std::string, std::string> env;  ///< HOME, PATH and proxies; without secrets
    std::vector<std::string> ports;          ///< "8080/tcp"
    std::vector<std::string> volumes;
    std::vector<std::string> on_build;
    std::map<std::string, std::string> labels;
    std::map<std::string, std::string> annotations;  ///< manifest's over descriptor's
    std::vector<HistoryStep> history;
    std::vector<std::string> diff_ids;

    std::vector<PlacedFact> facts;         ///< by layer, then as the layer has them
    std::set<layer::FactKind> untold;      ///< kinds of which a layer has more than it tells
    std::vector<PlacedDocument> documents; ///< of the final tree, those only
    std::vector<PlacedFact> log_links;     ///< visible links to /dev/stdout and /dev/stderr
    std::int64_t newest_mtime = 0;         ///< of any regular file, seconds since 1970
    std::int64_t newest_package = 0;       ///< when one was built or installed; see PackageFacts
    bool files_known = true;               ///< every layer's members are known

    /// What an attachment about this image may be about: its manifest, and the indexes that
    /// list it.
    std::vector<std::string> subjects;
    std::vector<Attachment> attachments;   ///< those about one of the subjects
    /// Whether all that is attached can be seen here: in a registry that was asked. An
    /// archive may have been saved without them.
    bool attachments_complete = false;

    /// The final tree's document of a kind, or nullptr. The first path that is there.
    [[nodiscard]] const PlacedDocument* document(layer::DocumentKind kind) const;
};

/// The facts of one image. `layers` as join() takes them; `metadata` are the findings in
/// metadata_texts(). `attached` are those of the whole target.
[[nodiscard]] std::shared_ptr<const GateFacts> gather_facts(
    const source::ImageRef& image, const std::vector<const layer::LayerResult*>& layers,
    const std::vector<Finding>& metadata, const std::vector<Attachment>& attached);

}  // namespace stratascan::image
