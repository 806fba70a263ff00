// A trap that costs a scanner its word: Go's JSON reader, which most image
// tools are built on, matches member names without regard to case and takes the
// last. {"layers": [harmless], "Layers": [other]} is one image to them and
// another to a reader that compares exactly. Such a document is read by its
// exact names, and the ambiguity is a problem that makes the target incomplete.
#include "scanner/source/oci_json.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <utility>

#include "scanner/source/digest.hpp"
#include "scanner/source/json_document.hpp"
#include "scanner/source/json_repeats.hpp"
#include "scanner/source/schema1.hpp"

namespace stratascan::source {

namespace {

constexpr std::size_t max_urls = 4;  // of a descriptor
constexpr std::size_t max_url_bytes = 4096;

using nlohmann::json;

constexpr std::array<std::string_view, 14> document_names = {
    "schemaVersion", "mediaType", "artifactType", "config", "layers",   "manifests", "annotations",
    "subject",       "blobs",     "fsLayers",     "digest", "platform", "size",      "urls"};
constexpr std::array<std::string_view, 3> docker_names = {"Config", "RepoTags", "Layers"};
constexpr std::array<std::string_view, 3> legacy_names = {"id", "parent", "container_config"};

bool equal_but_for_case(std::string_view left, std::string_view right) {
    return left != right && std::ranges::equal(left, right, [](char a, char b) {
               const auto fold = [](char c) {
                   return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
               };
               return fold(a) == fold(b);
           });
}

template <typename Names>
void check_names(const json& object, const Names& names, std::vector<std::string>& problems) {
    if (!object.is_object()) return;
    for (const auto& [key, value] : object.items()) {
        for (const std::string_view name : names) {
            if (!equal_but_for_case(key, name)) continue;
            std::string problem = fmt::format(
                "ambiguous JSON: a member that differs from \"{}\" only by case", name);
            if (std::ranges::find(problems, problem) == problems.end()) {
                problems.push_back(std::move(problem));
            }
        }
    }
}

// The name is whoever wrote the document's to choose, and may be a secret.
void check_repeats(std::string_view bytes, std::vector<std::string>& problems) {
    const auto name = repeated_name(bytes);
    if (!name) return;
    const bool known = std::ranges::find(document_names, *name) != document_names.end();
    problems.push_back(known ? fmt::format("ambiguous JSON: \"{}\" stands twice in one object", *name)
                             : "ambiguous JSON: a member stands twice in one object");
}

Descriptor read_descriptor(const json& object) {
    Descriptor descriptor;
    descriptor.media_type = text_member(object, "mediaType");
    descriptor.artifact_type = text_member(object, "artifactType");
    descriptor.digest = text_member(object, "digest");
    descriptor.size = count_member(object, "size");
    descriptor.annotations = map_member(object, "annotations");
    const json* const urls = list_member(object, "urls");
    descriptor.has_urls = urls != nullptr && !urls->empty();
    for (std::size_t at = 0; urls != nullptr && at < std::min(urls->size(), max_urls); ++at) {
        const json& url = (*urls)[at];
        if (!url.is_string() || url.get_ref<const std::string&>().size() > max_url_bytes) continue;
        descriptor.urls.push_back(url.get<std::string>());
    }
    if (const json* const platform = object_member(object, "platform")) {
        descriptor.platform = normalise_platform({text_member(*platform, "os"),
                                                  text_member(*platform, "architecture"),
                                                  text_member(*platform, "variant")});
    }
    return descriptor;
}

std::vector<Descriptor> read_descriptors(const json& list, std::string_view what,
                                         std::vector<std::string>& problems) {
    std::vector<Descriptor> descriptors;
    for (const json& item : list) {
        if (descriptors.size() == max_list_items) {
            problems.push_back(fmt::format("more than {} {}; the rest was not read",
                                           max_list_items, what));
            break;
        }
        check_names(item, document_names, problems);
        descriptors.push_back(read_descriptor(item));
    }
    return descriptors;
}

/// Texts of a list, null where there is none (docker writes `"RepoTags": null`).
std::vector<std::string> read_texts(const json& object, const char* name) {
    std::vector<std::string> texts;
    const json* const list = list_member(object, name);
    if (list == nullptr) return texts;
    for (const json& item : *list) {
        if (texts.size() == max_list_items) break;
        texts.push_back(item.is_string() ? item.get<std::string>() : std::string());
    }
    return texts;
}

void read_manifest_members(const json& object, OciDocument& document) {
    const json* layers = list_member(object, "layers");
    // The artifact manifest of image specification 1.1's candidates had "blobs".
    if (layers == nullptr) layers = list_member(object, "blobs");
    if (layers != nullptr) {
        document.layers = read_descriptors(*layers, "layers", document.problems);
    } else if (const auto found = object.find("layers");
               found != object.end() && !found->is_null()) {
        document.problems.emplace_back("\"layers\" is not a list");
    }
    if (const json* const config = object_member(object, "config")) {
        check_names(*config, document_names, document.problems);
        document.config = read_descriptor(*config);
    }
    document.is_manifest = layers != nullptr || document.config.has_value();
}

}  // namespace

Result<OciDocument> parse_oci_document(std::string_view bytes) {
    const auto parsed = parse_json(bytes);
    if (!parsed) return std::unexpected(parsed.error());
    const json& object = *parsed;
    if (!object.is_object()) return fail(ErrorCode::malformed, "not a JSON object");

    OciDocument document;
    check_names(object, document_names, document.problems);
    check_repeats(bytes, document.problems);
    document.media_type = text_member(object, "mediaType");
    document.artifact_type = text_member(object, "artifactType");
    document.annotations = map_member(object, "annotations");
    if (const json* const subject = object_member(object, "subject")) {
        document.subject = text_member(*subject, "digest");
    }
    read_manifest_members(object, document);
    if (const json* const manifests = list_member(object, "manifests")) {
        document.is_index = true;
        document.manifests = read_descriptors(*manifests, "manifests", document.problems);
    }
    if (document.is_index && document.is_manifest) {
        document.problems.emplace_back("ambiguous: an index and a manifest at once");
    }
    document.is_schema1 = !document.is_index && !document.is_manifest &&
                          (list_member(object, "fsLayers") != nullptr ||
                           count_member(object, "schemaVersion") == 1);
    if (document.is_schema1) read_schema1(bytes, document);
    return document;
}

Result<ConfigFacts> parse_config(std::string_view bytes) {
    const auto parsed = parse_json(bytes);
    if (!parsed) return std::unexpected(parsed.error());
    if (!parsed->is_object()) return fail(ErrorCode::malformed, "not a JSON object");
    ConfigFacts facts;
    facts.platform =
        normalise_platform({text_member(*parsed, "os"), text_member(*parsed, "architecture"),
                            text_member(*parsed, "variant")});
    if (const json* const rootfs = object_member(*parsed, "rootfs")) {
        facts.diff_ids = read_texts(*rootfs, "diff_ids");
        for (std::string& diff_id : facts.diff_ids) {
            if (!parse_digest(diff_id)) diff_id.clear();
        }
    }
    return facts;
}

Result<DockerManifest> parse_docker_manifest(std::string_view bytes) {
    const auto parsed = parse_json(bytes);
    if (!parsed) return std::unexpected(parsed.error());
    if (!parsed->is_array()) return fail(ErrorCode::malformed, "not a JSON list");
    DockerManifest manifest;
    std::size_t shapeless = 0;
    for (const json& item : *parsed) {
        if (manifest.images.size() == max_list_items) {
            manifest.problems.push_back(
                fmt::format("more than {} images; the rest was not read", max_list_items));
            break;
        }
        check_names(item, docker_names, manifest.problems);
        DockerImage image{text_member(item, "Config"), read_texts(item, "RepoTags"),
                          read_texts(item, "Layers")};
        if (image.config.empty() && image.layers.empty()) {
            ++shapeless;
            continue;
        }
        std::erase(image.names, std::string());
        for (const auto& [member, what] : {std::pair("Layers", "layers"),
                                           std::pair("RepoTags", "names")}) {
            const json* const list = list_member(item, member);
            if (list == nullptr || list->size() <= max_list_items) continue;
            manifest.problems.push_back(fmt::format(
                "more than {} {} in one image; the rest was not read", max_list_items, what));
        }
        manifest.images.push_back(std::move(image));
    }
    if (manifest.images.empty()) return fail(ErrorCode::malformed, "it lists no image");
    if (shapeless > 0) manifest.problems.emplace_back("an element that is no image");
    return manifest;
}

Result<LegacyLayer> parse_legacy_layer(std::string_view bytes) {
    const auto parsed = parse_json(bytes);
    if (!parsed) return std::unexpected(parsed.error());
    if (!parsed->is_object()) return fail(ErrorCode::malformed, "not a JSON object");
    LegacyLayer layer;
    check_names(*parsed, legacy_names, layer.problems);
    layer.parent = text_member(*parsed, "parent");
    if (const json* const container = object_member(*parsed, "container_config")) {
        layer.created_by = text_member(*container, "Cmd");
        for (const std::string& word : read_texts(*container, "Cmd")) {
            if (!layer.created_by.empty()) layer.created_by += ' ';
            layer.created_by += word;
        }
    }
    return layer;
}

Result<LegacyTags> parse_legacy_tags(std::string_view bytes) {
    const auto parsed = parse_json(bytes);
    if (!parsed) return std::unexpected(parsed.error());
    if (!parsed->is_object()) return fail(ErrorCode::malformed, "not a JSON object");
    LegacyTags all;
    for (const auto& [name, tags] : parsed->items()) {
        if (!tags.is_object()) {
            all.problems.emplace_back("an element that names no image");
            continue;
        }
        for (const auto& [tag, id] : tags.items()) {
            if (all.tags.size() == max_list_items) {
                all.problems.push_back(
                    fmt::format("more than {} names; the rest was not read", max_list_items));
                return all;
            }
            all.tags.push_back({fmt::format("{}:{}", name, tag),
                                id.is_string() ? id.get<std::string>() : ""});
        }
    }
    return all;
}

bool is_layer_media_type(std::string_view media_type) noexcept {
    return media_type.empty() || media_type.starts_with("application/vnd.oci.image.layer.") ||
           media_type.starts_with("application/vnd.docker.image.rootfs.") ||
           media_type.starts_with("application/vnd.docker.container.image.rootfs.");
}

bool is_image_config_media_type(std::string_view media_type) noexcept {
    return media_type.empty() || media_type == "application/vnd.oci.image.config.v1+json" ||
           media_type == "application/vnd.docker.container.image.v1+json";
}

bool is_foreign_media_type(std::string_view media_type) noexcept {
    return media_type.find("foreign") != std::string_view::npos ||
           media_type.find("nondistributable") != std::string_view::npos;
}

}  // namespace stratascan::source
