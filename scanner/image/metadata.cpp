// The texts of a config and a manifest. Those that people fill (environment,
// labels, commands, history, annotations) come one by one, decoded, so that a
// finding can name the member that holds it; what remains comes as one text, so
// that no byte is left out. What can't be parsed comes as it is.
#include <algorithm>
#include <set>
#include <utility>

#include "scanner/evidence/codec.hpp"
#include "scanner/image/document.hpp"
#include "scanner/image/join.hpp"

namespace stratascan::image {

namespace {

using nlohmann::json;

class Collector {
public:
    explicit Collector(std::vector<MetadataText>& texts) : texts_(texts) {}

    void add(Source source, std::string path, std::string text, int layer_index = -1) {
        if (text.empty()) return;
        texts_.push_back({source, std::move(path), std::move(text), layer_index});
    }

    /// Takes the string member `key` out of `object`.
    void take_string(json& object, const char* key, Source source, const std::string& path,
                     int layer_index = -1) {
        if (!object.is_object()) return;
        const auto found = object.find(key);
        if (found == object.end() || !found->is_string()) return;
        add(source, path + "." + key, std::move(found->get_ref<std::string&>()), layer_index);
        object.erase(found);
    }

    /// Takes an array's strings, one text each. What is no string stays.
    void take_each(json& object, const char* key, Source source, const std::string& path) {
        take_array(object, key, [&](std::size_t index, std::string text) {
            add(source, path + "." + key + "[" + std::to_string(index) + "]", std::move(text));
        });
    }

    /// Takes the words of a command as one text: `--password` and its value are
    /// words of their own, and belong together.
    void take_words(json& object, const char* key, Source source, const std::string& path) {
        std::string words;
        take_array(object, key, [&words](std::size_t, const std::string& word) {
            if (!words.empty()) words += ' ';
            words += word;
        });
        add(source, path + "." + key, std::move(words));
        take_string(object, key, source, path);
    }

    /// Takes an object's strings as "key=value".
    void take_map(json& object, const char* key, Source source, const std::string& path) {
        if (!object.is_object() || !object.contains(key) || !object[key].is_object()) return;
        json& map = object[key];
        json rest = json::object();
        for (auto& [name, value] : map.items()) {
            if (value.is_string()) {
                add(source, path + "[" + quoted(name) + "]",
                    name + "=" + value.get_ref<const std::string&>());
            } else {
                rest[name] = std::move(value);
            }
        }
        replace(object, key, std::move(rest));
    }

    /// Adds what is left of a document. With repeated keys the tree has lost
    /// some of it, so the raw bytes stand in.
    void add_rest(const Document& document, Source source, const char* path,
                  const std::string& raw) {
        if (document.repeated_keys) return add(source, path, raw);
        if (document.root.empty()) return;
        add(source, path, document.root.dump(1, ' ', false, json::error_handler_t::replace));
    }

private:
    template <typename Take>
    static void take_array(json& object, const char* key, Take take) {
        if (!object.is_object() || !object.contains(key) || !object[key].is_array()) return;
        json rest = json::array();
        std::size_t index = 0;
        for (json& element : object[key]) {
            if (element.is_string()) {
                take(index, std::move(element.get_ref<std::string&>()));
            } else {
                rest.push_back(std::move(element));
            }
            ++index;
        }
        replace(object, key, std::move(rest));
    }

    static void replace(json& object, const char* key, json rest) {
        if (rest.empty()) {
            object.erase(key);
        } else {
            object[key] = std::move(rest);
        }
    }

    static std::string quoted(const std::string& text) {
        return json(text).dump(-1, ' ', false, json::error_handler_t::replace);
    }

    std::vector<MetadataText>& texts_;
};

void container_texts(json& root, const char* key, Collector& out) {
    if (!root.is_object() || !root.contains(key) || !root[key].is_object()) return;
    json& section = root[key];
    out.take_each(section, "Env", Source::env, key);
    out.take_map(section, "Labels", Source::label, std::string(key) + ".Labels");
    out.take_words(section, "Entrypoint", Source::entrypoint, key);
    out.take_words(section, "Cmd", Source::command, key);
    if (section.contains("Healthcheck")) {
        out.take_words(section["Healthcheck"], "Test", Source::healthcheck,
                       std::string(key) + ".Healthcheck");
    }
    out.take_each(section, "OnBuild", Source::config, key);
}

/// Docker wrote the settings of the container that an image was made from
/// beside those of the image; mostly they are the same.
void drop_repeated(std::vector<MetadataText>& texts, std::size_t first) {
    std::set<std::pair<Source, std::string_view>> seen;
    for (std::size_t i = 0; i < first; ++i) seen.insert({texts[i].source, texts[i].text});
    const auto behind = texts.begin() + static_cast<std::ptrdiff_t>(first);
    texts.erase(std::remove_if(behind, texts.end(),
                               [&seen](const MetadataText& text) {
                                   return seen.contains({text.source, text.text});
                               }),
                texts.end());
}

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
    container_texts(document->root, "config", out);
    const std::size_t first = texts.size();
    container_texts(document->root, "container_config", out);
    drop_repeated(texts, first);
    history_texts(document->root, "history", image.layers.size(), out);
    out.add_rest(*document, Source::config, "config", image.config);
}

}  // namespace

std::vector<MetadataText> metadata_texts(const source::ImageRef& image, std::vector<Gap>& gaps) {
    std::vector<MetadataText> texts;
    config_texts(image, texts, gaps);

    Collector out(texts);
    descriptor_annotations(image.annotations, "index.annotations", out);
    if (image.manifest.empty()) {
        for (std::size_t i = 0; i < image.layers.size(); ++i) {
            descriptor_annotations(image.layers[i].annotations,
                                   "layers[" + std::to_string(i) + "].annotations", out);
        }
        return texts;
    }
    Result<Document> document = parse_document(image.manifest);
    if (!document) {
        gaps.push_back(
            {"manifest", "scanned as plain text, for it is " + document.error().what, 0});
        out.add(Source::manifest, "manifest", image.manifest);
        return texts;
    }
    manifest_texts(document->root, out);
    history_texts(document->root, "manifest.history", 0, out);
    out.add_rest(*document, Source::manifest, "manifest", image.manifest);
    return texts;
}

}  // namespace stratascan::image
