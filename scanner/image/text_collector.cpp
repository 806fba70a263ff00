#include "scanner/image/text_collector.hpp"

#include <algorithm>
#include <iterator>
#include <set>
#include <string_view>

namespace stratascan::image {

namespace {

using nlohmann::json;
using Form = source::SideDocument::Form;

/// An index's annotations, and those of what it lists, are with its images.
void drop_annotations(json& index) {
    index.erase("annotations");
    const auto manifests = index.find("manifests");
    if (manifests == index.end() || !manifests->is_array()) return;
    for (json& descriptor : *manifests) {
        if (descriptor.is_object()) descriptor.erase("annotations");
    }
}

void json_texts(const source::SideDocument& document, Document& parsed, Collector& out) {
    const bool of_layer = document.form == Form::layer_json;
    if (parsed.root.is_object() && of_layer) {
        for (const char* key : {"config", "container_config"}) {
            container_texts(parsed.root, key, document.name + ": " + key, out);
        }
    } else if (parsed.root.is_object() && document.form == Form::index && !parsed.repeated_keys) {
        drop_annotations(parsed.root);
    }
    out.add_rest(parsed, of_layer ? Source::config : Source::manifest, document.name.c_str(),
                 document.bytes);
}

}  // namespace

void container_texts(json& root, const char* key, const std::string& path, Collector& out) {
    if (!root.is_object() || !root.contains(key) || !root[key].is_object()) return;
    json& section = root[key];
    out.take_each(section, "Env", Source::env, path);
    out.take_map(section, "Labels", Source::label, path + ".Labels");
    out.take_words(section, "Entrypoint", Source::entrypoint, path);
    out.take_words(section, "Cmd", Source::command, path);
    if (section.contains("Healthcheck")) {
        out.take_words(section["Healthcheck"], "Test", Source::healthcheck, path + ".Healthcheck");
    }
    out.take_each(section, "OnBuild", Source::config, path);
}

void drop_repeated(std::vector<MetadataText>& texts, std::size_t first) {
    std::set<std::pair<Source, std::string_view>> seen;
    const auto remember = [&seen](const MetadataText& text) {
        seen.insert({text.source, text.text});
        if (text.source == Source::history) seen.insert({Source::command, text.text});
    };
    for (std::size_t i = 0; i < first; ++i) remember(texts[i]);
    std::vector<MetadataText> kept;
    kept.reserve(texts.size() - first);  // what is remembered must not move
    for (std::size_t i = first; i < texts.size(); ++i) {
        if (seen.contains({texts[i].source, texts[i].text})) continue;
        kept.push_back(std::move(texts[i]));
        remember(kept.back());
    }
    texts.resize(first);
    std::move(kept.begin(), kept.end(), std::back_inserter(texts));
}

void document_texts(const source::ImageRef& image, std::vector<MetadataText>& texts) {
    const std::size_t first = texts.size();
    Collector out(texts);
    for (const source::SideDocument& document : image.documents) {
        const std::size_t before = texts.size();
        if (document.form == Form::container) {
            out.add(Source::trailer, document.name, document.bytes);
        } else if (Result<Document> parsed = parse_document(document.bytes)) {
            json_texts(document, *parsed, out);
        } else {
            out.add(Source::manifest, document.name, document.bytes);
        }
        for (std::size_t i = before; i < texts.size(); ++i) {
            texts[i].layer_index = document.layer_index;
        }
    }
    drop_repeated(texts, first);
}

}  // namespace stratascan::image
