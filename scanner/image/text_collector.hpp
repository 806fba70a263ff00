// Takes texts out of a JSON document, member by member, so that what remains can
// be given as one text and no byte is left out.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "scanner/image/document.hpp"
#include "scanner/image/join.hpp"

namespace stratascan::image {

class Collector {
public:
    using json = nlohmann::json;

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

/// The settings of a container: environment, labels, commands. `path` is what the
/// texts are called by.
void container_texts(nlohmann::json& root, const char* key, const std::string& path,
                     Collector& out);

/// Drops texts from `first` on that are there before it: docker wrote the same
/// settings at several places, and a build step is a command as well.
void drop_repeated(std::vector<MetadataText>& texts, std::size_t first);

/// The texts of ImageRef::documents.
void document_texts(const source::ImageRef& image, std::vector<MetadataText>& texts);

}  // namespace stratascan::image
