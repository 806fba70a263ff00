#include "scanner/image/image_facts.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "scanner/image/document.hpp"
#include "scanner/image/join.hpp"
#include "scanner/image/redact.hpp"
#include "scanner/image/visibility.hpp"

namespace stratascan::image {

namespace {

using layer::LayerResult;
using nlohmann::json;

constexpr std::size_t texts_kept = 2000;       // of a list of the config
constexpr std::size_t text_bytes_kept = 8192;  // of a build step
constexpr std::string_view withheld = "[withheld: holds a secret]";

/// Takes what was found in the metadata out of every text that is kept of it.
class Cleaner {
public:
    Cleaner(const source::ImageRef& image, const std::vector<Finding>& found)
        : texts_(metadata_texts(image, ignored_)), redactor_(texts_, found, image.has_more_secrets) {
        for (const Finding& finding : found) {
            if (!finding.inner_path.empty()) encoded_.insert(finding.path);
        }
    }

    /// `path` is what metadata_texts() calls it by: an encoded secret is not cut out of
    /// its text, so that is withheld as a whole.
    [[nodiscard]] std::string operator()(std::string_view text, const std::string& path) const {
        if (text.empty()) return {};
        if (encoded_.contains(path)) return std::string(withheld);
        std::string clean = redactor_.clean(text);
        if (clean.size() > text_bytes_kept) clean.resize(text_bytes_kept);
        return clean;
    }

private:
    std::vector<Gap> ignored_;
    std::vector<MetadataText> texts_;
    Redactor redactor_;
    std::set<std::string> encoded_;
};

std::vector<std::string> strings_of(const json* list) {
    std::vector<std::string> texts;
    if (list == nullptr || !list->is_array()) return texts;
    for (const json& element : *list) {
        if (texts.size() == texts_kept) break;
        if (element.is_string()) texts.push_back(element.get_ref<const std::string&>());
    }
    return texts;
}

std::vector<std::string> keys_of(const json* object) {
    std::vector<std::string> keys;
    if (object == nullptr || !object->is_object()) return keys;
    for (const auto& [key, value] : object->items()) {
        if (keys.size() < texts_kept) keys.push_back(key);
    }
    return keys;
}

class Gatherer {
public:
    Gatherer(const source::ImageRef& image, const std::vector<const LayerResult*>& layers,
             const std::vector<Finding>& metadata)
        : image_(image), layers_(layers), clean_(image, metadata) {}

    void read_config();
    void read_annotations();
    void place_facts();
    void take_attachments(const std::vector<Attachment>& attached);
    GateFacts take() { return std::move(facts_); }

private:
    [[nodiscard]] Words words_of(const json& config, const char* key) const;
    void read_container(const json& config);
    void read_environment(const json& config);
    void read_history(const json& root);
    void place_documents(Overlay& overlay, std::size_t index, const LayerResult& layer);
    void place_links(Overlay& overlay, std::size_t index, const LayerResult& layer);

    const source::ImageRef& image_;
    const std::vector<const LayerResult*>& layers_;
    Cleaner clean_;
    GateFacts facts_;
};

// A string stands for a shell's command line: docker wrote it so long ago.
Words Gatherer::words_of(const json& config, const char* key) const {
    Words words;
    const std::string path = std::string("config.") + key;
    const json* value = member(config, key);
    if (value == nullptr || value->is_null()) return words;
    words.given = true;
    if (value->is_string()) {
        words.words = {"/bin/sh", "-c", clean_(value->get_ref<const std::string&>(), path)};
        return words;
    }
    for (const std::string& word : strings_of(value)) words.words.push_back(clean_(word, path));
    words.given = !words.words.empty();
    return words;
}

void Gatherer::read_environment(const json& config) {
    static constexpr std::array<std::string_view, 2> kept = {"HOME", "PATH"};
    std::size_t index = 0;
    for (const std::string& variable : strings_of(member(config, "Env"))) {
        const std::string path = "config.Env[" + std::to_string(index++) + "]";
        const std::size_t equals = std::min(variable.find('='), variable.size());
        const std::string name = clean_(variable.substr(0, equals), path);
        facts_.env_names.push_back(name);
        const bool keep = std::find(kept.begin(), kept.end(), name) != kept.end() ||
                          name.ends_with("_PROXY") || name.ends_with("_proxy");
        if (!keep || equals >= variable.size()) continue;
        facts_.env[name] = clean_(std::string_view(variable).substr(equals + 1), path);
    }
}

void Gatherer::read_container(const json& config) {
    facts_.user = clean_(string_member(config, "User"), "config");
    facts_.working_folder = clean_(string_member(config, "WorkingDir"), "config");
    facts_.entrypoint = words_of(config, "Entrypoint");
    facts_.command = words_of(config, "Cmd");
    for (const std::string& port : keys_of(member(config, "ExposedPorts"))) {
        facts_.ports.push_back(clean_(port, "config"));
    }
    for (const std::string& volume : keys_of(member(config, "Volumes"))) {
        facts_.volumes.push_back(clean_(volume, "config"));
    }
    for (const std::string& step : strings_of(member(config, "OnBuild"))) {
        const std::string index = std::to_string(facts_.on_build.size());
        facts_.on_build.push_back(clean_(step, "config.OnBuild[" + index + "]"));
    }
    if (const json* labels = member(config, "Labels"); labels != nullptr && labels->is_object()) {
        for (const auto& [key, value] : labels->items()) {
            if (!value.is_string() || facts_.labels.size() == texts_kept) continue;
            const std::string path =
                "config.Labels[" + json(key).dump(-1, ' ', false, json::error_handler_t::replace) +
                "]";
            facts_.labels[clean_(key, path)] = clean_(value.get_ref<const std::string&>(), path);
        }
    }
    if (const json* check = member(config, "Healthcheck"); check != nullptr && check->is_object()) {
        Healthcheck health;
        for (const std::string& word : strings_of(member(*check, "Test"))) {
            health.test.push_back(clean_(word, "config.Healthcheck.Test"));
        }
        facts_.healthcheck = std::move(health);
    }
    read_environment(config);
}

void Gatherer::read_history(const json& root) {
    const json* history = member(root, "history");
    if (history == nullptr || !history->is_array()) return;
    std::size_t index = 0;
    std::size_t layer = 0;
    for (const json& entry : *history) {
        if (facts_.history.size() == texts_kept) break;
        HistoryStep step;
        const json* empty = member(entry, "empty_layer");
        step.empty_layer = empty != nullptr && empty->is_boolean() && empty->get<bool>();
        if (!step.empty_layer) {
            step.layer_index = layer < image_.layers.size() ? static_cast<int>(layer) : -1;
            ++layer;
        }
        const std::string path = "history[" + std::to_string(index++) + "]";
        step.created_by = clean_(string_member(entry, "created_by"), path + ".created_by");
        step.created = clean_(string_member(entry, "created").substr(0, 40), path);
        facts_.history.push_back(std::move(step));
    }
}

void Gatherer::read_config() {
    if (image_.config.empty()) return;
    const auto document = parse_document(image_.config);
    if (!document || !document->root.is_object()) return;
    facts_.config_known = true;
    facts_.docker_form = image_.manifest.empty() ||
                         image_.manifest.find("application/vnd.docker.") != std::string::npos;
    facts_.created = clean_(string_member(document->root, "created").substr(0, 40), "config");
    facts_.os = string_member(document->root, "os").substr(0, 32);
    if (const json* config = member(document->root, "config")) read_container(*config);
    read_history(document->root);
    if (const json* rootfs = member(document->root, "rootfs")) {
        facts_.diff_ids = strings_of(member(*rootfs, "diff_ids"));
    }
}

void Gatherer::read_annotations() {
    const auto keep = [this](const std::string& key, std::string_view value, std::string path) {
        if (facts_.annotations.size() == texts_kept) return;
        path += "annotations[" + json(key).dump(-1, ' ', false, json::error_handler_t::replace) + "]";
        facts_.annotations[clean_(key, path)] = clean_(value, path);
    };
    for (const auto& [key, value] : image_.annotations) keep(key, value, "index.");
    const auto manifest = parse_document(image_.manifest);
    const json* annotations = manifest ? member(manifest->root, "annotations") : nullptr;
    if (annotations == nullptr || !annotations->is_object()) return;
    for (const auto& [key, value] : annotations->items()) {
        if (value.is_string()) keep(key, value.get_ref<const std::string&>(), "");
    }
}

void Gatherer::place_documents(Overlay& overlay, std::size_t index, const LayerResult& layer) {
    for (const layer::SmallDocument& document : layer.file_facts.documents) {
        const Hiding hidden =
            overlay.hiding({static_cast<int>(index), document.ordinal}, document.path);
        if (hidden.any()) continue;
        facts_.documents.push_back({document.kind, document.path, document.text, document.cut,
                                    static_cast<int>(index)});
    }
}

void Gatherer::place_links(Overlay& overlay, std::size_t index, const LayerResult& layer) {
    constexpr std::size_t most = 64;
    for (const layer::Link& link : layer.paths.symlinks) {
        if (link.target != "dev/stdout" && link.target != "dev/stderr") continue;
        if (link.path.starts_with("dev/") || facts_.log_links.size() == most) continue;
        if (overlay.hiding({static_cast<int>(index), link.ordinal}, link.path).any()) continue;
        PlacedFact fact;
        fact.kind = layer::FactKind::log_file;
        fact.path = link.path;
        fact.detail = link.target;
        fact.layer_index = static_cast<int>(index);
        facts_.log_links.push_back(std::move(fact));
    }
}

void Gatherer::place_facts() {
    std::vector<const layer::PathIndex*> indexes;
    for (std::size_t i = 0; i < image_.layers.size(); ++i) {
        const LayerResult* layer = i < layers_.size() ? layers_[i] : nullptr;
        indexes.push_back(layer == nullptr ? nullptr : &layer->paths);
        const bool known = layer != nullptr && layer->file_facts.known && layer->is_archive && !layer->paths.truncated &&
                           layer->state == LayerState::complete;
        facts_.files_known = facts_.files_known && known;
    }
    Overlay overlay(std::move(indexes));
    for (std::size_t i = 0; i < image_.layers.size(); ++i) {
        const LayerResult* layer = i < layers_.size() ? layers_[i] : nullptr;
        if (layer == nullptr) continue;
        for (const layer::FileFact& fact : layer->file_facts.facts) {
            const Hiding hidden =
                overlay.hiding({static_cast<int>(i), fact.ordinal}, fact.path);
            facts_.facts.push_back({fact.kind, fact.path, fact.detail, fact.mode, fact.size,
                                    static_cast<int>(i), hidden.how, hidden.layer});
        }
        for (const auto& [kind, count] : layer->file_facts.untold) facts_.untold.insert(kind);
        facts_.newest_mtime = std::max(facts_.newest_mtime, layer->file_facts.newest_mtime);
        facts_.newest_package = std::max(facts_.newest_package, layer->packages.newest_time);
        place_documents(overlay, i, *layer);
        place_links(overlay, i, *layer);
    }
}

void Gatherer::take_attachments(const std::vector<Attachment>& attached) {
    facts_.subjects = image_.listed_by;
    facts_.subjects.insert(facts_.subjects.begin(), image_.digest);
    std::erase(facts_.subjects, std::string());
    for (const Attachment& one : attached) {
        if (std::ranges::find(facts_.subjects, one.subject) != facts_.subjects.end()) {
            facts_.attachments.push_back(one);
        }
    }
    facts_.attachments_complete = image_.attachments_listed && !image_.digest.empty();
}

}  // namespace

const PlacedDocument* GateFacts::document(layer::DocumentKind kind) const {
    const PlacedDocument* found = nullptr;
    for (const PlacedDocument& one : documents) {
        if (one.kind == kind && (found == nullptr || one.path.starts_with("etc/"))) found = &one;
    }
    return found;
}

std::shared_ptr<const GateFacts> gather_facts(const source::ImageRef& image,
                                               const std::vector<const LayerResult*>& layers,
                                               const std::vector<Finding>& metadata,
                                               const std::vector<Attachment>& attached) {
    Gatherer gatherer(image, layers, metadata);
    gatherer.read_annotations();
    // What is no image has a config of another form, and layers that are documents.
    if (image.kind == "image" || image.kind == "layer" || image.kind == "directory") {
        gatherer.read_config();
        gatherer.place_facts();
    }
    gatherer.take_attachments(attached);
    return std::make_shared<const GateFacts>(gatherer.take());
}

}  // namespace stratascan::image
