#include "scanner/image/kept_config.hpp"

#include <array>
#include <nlohmann/json.hpp>

#include "scanner/image/document.hpp"
#include "scanner/image/image_facts.hpp"

namespace stratascan::image {

namespace {

using nlohmann::json;

constexpr std::array<std::string_view, 4> kept_names = {
    "org.opencontainers.image.base.name", "org.opencontainers.image.base.digest",
    "org.opencontainers.image.created", "org.label-schema.build-date"};
constexpr std::array<std::string_view, 3> kept_prefixes = {
    "org.opencontainers.image.resource.", "io.k8s.resources.", "resource."};

bool is_kept(std::string_view name) {
    for (const std::string_view one : kept_names) {
        if (name == one) return true;
    }
    for (const std::string_view prefix : kept_prefixes) {
        if (name.starts_with(prefix)) return true;
    }
    return false;
}

json names_of(const std::map<std::string, std::string>& map) {
    json kept = json::object();
    for (const auto& [name, value] : map) {
        kept[name] = value.empty() || is_kept(name) ? value : std::string(value_not_kept);
    }
    return kept;
}

json environment_of(const GateFacts& facts) {
    json kept = json::array();
    for (const std::string& name : facts.env_names) {
        const auto value = facts.env.find(name);
        const bool known = value != facts.env.end() && !value->second.empty();
        const bool is_safe = name == "HOME" || name == "PATH";
        kept.push_back(name + '=' + (!known    ? std::string()
                                     : is_safe ? value->second
                                               : std::string(value_not_kept)));
    }
    return kept;
}

json keys_of(const std::vector<std::string>& keys) {
    json kept = json::object();
    for (const std::string& key : keys) kept[key] = json::object();
    return kept;
}

// Of a step that made no layer, which may be ENV or ARG, that it is there.
json history_of(const GateFacts& facts) {
    json kept = json::array();
    for (const HistoryStep& step : facts.history) {
        json entry = {{"created", step.created}};
        if (step.empty_layer) {
            entry["empty_layer"] = true;
        } else {
            entry["created_by"] = step.created_by;
        }
        kept.push_back(std::move(entry));
    }
    return kept;
}

json container_of(const GateFacts& facts) {
    json kept = {{"User", facts.user},
                 {"WorkingDir", facts.working_folder},
                 {"Env", environment_of(facts)},
                 {"ExposedPorts", keys_of(facts.ports)},
                 {"Volumes", keys_of(facts.volumes)},
                 {"Labels", names_of(facts.labels)},
                 {"OnBuild", facts.on_build}};
    if (facts.entrypoint.given) kept["Entrypoint"] = facts.entrypoint.words;
    if (facts.command.given) kept["Cmd"] = facts.command.words;
    if (facts.healthcheck) kept["Healthcheck"] = {{"Test", facts.healthcheck->test}};
    return kept;
}

constexpr const char* docker_manifest = "application/vnd.docker.distribution.manifest.v2+json";
constexpr const char* oci_manifest = "application/vnd.oci.image.manifest.v1+json";

std::string text_of(const json& value) {
    return value.dump(-1, ' ', false, json::error_handler_t::replace);
}

}  // namespace

std::string kept_config(const source::ImageRef& image, const std::vector<Finding>& metadata) {
    if (image.kind != "image") return {};
    const auto facts = gather_facts(image, {}, metadata, {});
    if (!facts->config_known) return {};
    const json config = {{"created", facts->created},
                         {"os", facts->os},
                         {"config", container_of(*facts)},
                         {"history", history_of(*facts)}};
    const json manifest = {{"mediaType", facts->docker_form ? docker_manifest : oci_manifest},
                           {"annotations", names_of(facts->annotations)}};
    return text_of({{"config", config}, {"manifest", manifest}});
}

void restore_config(std::string_view kept, source::ImageRef& image) {
    const auto document = parse_document(kept);
    if (!document) return;
    if (const json* const config = member(document->root, "config")) image.config = text_of(*config);
    if (const json* const manifest = member(document->root, "manifest")) {
        image.manifest = text_of(*manifest);
    }
}

}  // namespace stratascan::image
