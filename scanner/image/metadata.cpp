// The texts of a config and a manifest. Those that people fill (environment,
// labels, commands, history, annotations) come one by one, decoded, so that a
// finding can name the member that holds it; what remains comes as one text, so
// that no byte is left out. What can't be parsed comes as it is.
#include <utility>

#include "scanner/evidence/codec.hpp"
#include "scanner/image/document.hpp"
#include "scanner/image/join.hpp"
#include "scanner/image/text_collector.hpp"

namespace stratascan::image {

namespace {

using nlohmann::json;

void history_texts(json& root, const std::string& prefix, std::size_t layers, Collector& out) {
    if (!root.is_object() || !root.contains("history") || !root["history"].is_array()) return;
    std::size_t index = 0;
    std::size_t layer = 0;
    for (json& entry : root["history"]) {
        const json* empty = member(entry, "empty_layer");
        const bool makes_layer = empty == nullptr || !empty->is_boolean() || !empty->get<bool>();
        const int layer_index = makes_layer && layer < layers ? static_cast<int>(layer) : -1;
        if (makes_layer) ++layer;
        const std::string path = prefix + "[" + std::to_string(index++) + "]";
        for (const char* key : {"created_by", "comment", "author"}) {
            out.take_string(entry, key, Source::history, path, layer_index);
        }
        // Manifests of schema 1 hold a whole config as text in each entry.
        out.take_string(entry, "v1Compatibility", Source::history, path);
    }
}

/// A descriptor's annotations, and the blob that it may carry in itself.
void descriptor_texts(json& descriptor, const std::string& path, Collector& out) {
    if (!descriptor.is_object()) return;
    out.take_map(descriptor, "annotations", Source::annotation, path + ".annotations");
    const auto data = evidence::decode_base64(string_member(descriptor, "data"));
    if (!data) return;
    out.add(Source::manifest, path + ".data", *data);
    descriptor.erase("data");
}

void manifest_texts(json& root, Collector& out) {
    out.take_map(root, "annotations", Source::annotation, "annotations");
    if (!root.is_object()) return;
    for (const char* key : {"config", "subject"}) {
        if (root.contains(key)) {
            descriptor_texts(root[key], std::string("manifest.") + key, out);
        }
    }
    for (const char* key : {"layers", "blobs", "manifests"}) {
        if (!root.contains(key) || !root[key].is_array()) continue;
        std::size_t index = 0;
        for (json& descriptor : root[key]) {
            descriptor_texts(descriptor,
                             std::string(key) + "[" + std::to_string(index++) + "]", out);
        }
    }
}

void descriptor_annotations(const std::map<std::string, std::string>& annotations,
                            const std::string& path, Collector& out) {
    json holder = {{"annotations", annotations}};
    out.take_map(holder, "annotations", Source::annotation, path);
}

/// Build steps that come with the layers, and not in a history.
void layer_steps(const source::ImageRef& image, std::vector<MetadataText>& texts) {
    Collector out(texts);
    for (std::size_t i = 0; i < image.layers.size(); ++i) {
        out.add(Source::history, "layers[" + std::to_string(i) + "].created_by",
                image.layers[i].created_by, static_cast<int>(i));
    }
}

void config_texts(const source::ImageRef& image, std::vector<MetadataText>& texts,
                  std::vector<Gap>& gaps) {
    if (image.config.empty()) return;
    Collector out(texts);
    Result<Document> document = parse_document(image.config);
    if (!document) {
        gaps.push_back({"config", "scanned as plain text, for it is " + document.error().what, 0});
        out.add(Source::config, "config", image.config);
        return;
    }
    container_texts(document->root, "config", "config", out);
    const std::size_t first = texts.size();
    container_texts(document->root, "container_config", "container_config", out);
    drop_repeated(texts, first);
    history_texts(document->root, "history", image.layers.size(), out);
    out.add_rest(*document, Source::config, "config", image.config);
}

void all_manifest_texts(const source::ImageRef& image, std::vector<MetadataText>& texts,
                        std::vector<Gap>& gaps) {
    Collector out(texts);
    descriptor_annotations(image.annotations, "index.annotations", out);
    if (image.manifest.empty()) {
        for (std::size_t i = 0; i < image.layers.size(); ++i) {
            descriptor_annotations(image.layers[i].annotations,
                                   "layers[" + std::to_string(i) + "].annotations", out);
        }
        return;
    }
    Result<Document> document = parse_document(image.manifest);
    if (!document) {
        gaps.push_back(
            {"manifest", "scanned as plain text, for it is " + document.error().what, 0});
        out.add(Source::manifest, "manifest", image.manifest);
        return;
    }
    manifest_texts(document->root, out);
    history_texts(document->root, "manifest.history", 0, out);
    out.add_rest(*document, Source::manifest, "manifest", image.manifest);
}

}  // namespace

std::vector<MetadataText> metadata_texts(const source::ImageRef& image, std::vector<Gap>& gaps) {
    std::vector<MetadataText> texts;
    layer_steps(image, texts);
    config_texts(image, texts, gaps);
    all_manifest_texts(image, texts, gaps);
    document_texts(image, texts);
    return texts;
}

}  // namespace stratascan::image
