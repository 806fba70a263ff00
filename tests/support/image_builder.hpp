// Builds what an image target holds: blobs, manifests, indexes, and the folder or
// archive around them. Names are kept in the order in which they were added,
// which is the order that an archive made of them has.
#pragma once

#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "scanner/source/digest.hpp"
#include "tests/support/tar_builder.hpp"

namespace stratascan::test {

/// A folder that is gone when the test ends.
class TempDir {
public:
    TempDir() {
        std::string pattern = (std::filesystem::temp_directory_path() / "stratascan-XXXXXX");
        if (::mkdtemp(pattern.data()) == nullptr) throw std::runtime_error("mkdtemp");
        path_ = pattern;
    }
    TempDir(const TempDir&) = delete;
    TempDir& operator=(const TempDir&) = delete;
    ~TempDir() {
        std::error_code ignored;
        std::filesystem::remove_all(path_, ignored);
    }

    [[nodiscard]] std::string path(std::string_view name = "") const {
        return name.empty() ? path_.string() : (path_ / name).string();
    }

    /// Writes a file and the folders above it; returns its path.
    std::string write(std::string_view name, std::string_view bytes) const {
        const std::filesystem::path place = path_ / name;
        std::filesystem::create_directories(place.parent_path());
        std::ofstream(place, std::ios::binary) << bytes;
        return place.string();
    }

private:
    std::filesystem::path path_;
};

inline std::string sha256(std::string_view bytes) {
    return source::compute_digest("sha256", bytes);
}

inline constexpr const char* oci_manifest_type = "application/vnd.oci.image.manifest.v1+json";
inline constexpr const char* oci_index_type = "application/vnd.oci.image.index.v1+json";
inline constexpr const char* oci_config_type = "application/vnd.oci.image.config.v1+json";
inline constexpr const char* oci_layer_type = "application/vnd.oci.image.layer.v1.tar";

/// A layer tarball with one file.
inline std::string one_file_layer(std::string name, std::string content) {
    return TarBuilder().file(std::move(name), std::move(content)).finish();
}

class ImageBuilder {
public:
    using Json = nlohmann::json;

    void put(std::string name, std::string bytes) {
        files_.emplace_back(std::move(name), std::move(bytes));
    }

    /// Adds a blob and returns its descriptor.
    Json blob(const std::string& bytes, const std::string& media_type) {
        const std::string digest = sha256(bytes);
        put("blobs/sha256/" + digest.substr(7), bytes);
        return {{"mediaType", media_type}, {"digest", digest}, {"size", bytes.size()}};
    }

    Json config(const std::vector<std::string>& layers, const std::string& os = "linux",
                const std::string& arch = "amd64", const std::string& variant = "") {
        return blob(config_bytes(layers, os, arch, variant), oci_config_type);
    }

    static std::string config_bytes(const std::vector<std::string>& layers,
                                    const std::string& os = "linux",
                                    const std::string& arch = "amd64",
                                    const std::string& variant = "") {
        Json config = {{"os", os}, {"architecture", arch}};
        if (!variant.empty()) config["variant"] = variant;
        config["rootfs"] = {{"type", "layers"}, {"diff_ids", Json::array()}};
        for (const std::string& layer : layers) {
            config["rootfs"]["diff_ids"].push_back(sha256(layer));
        }
        return config.dump();
    }

    Json manifest(const Json& config, const std::vector<Json>& layers) {
        const Json json = {{"schemaVersion", 2},
                           {"mediaType", oci_manifest_type},
                           {"config", config},
                           {"layers", layers}};
        return blob(json.dump(), oci_manifest_type);
    }

    /// An image of uncompressed layers; returns the manifest's descriptor.
    Json image(const std::vector<std::string>& layers, const std::string& arch = "amd64",
               const std::string& variant = "") {
        std::vector<Json> descriptors;
        for (const std::string& layer : layers) descriptors.push_back(blob(layer, oci_layer_type));
        Json descriptor =
            manifest(config(layers, "linux", arch, variant), descriptors);
        descriptor["platform"] = {{"os", "linux"}, {"architecture", arch}};
        if (!variant.empty()) descriptor["platform"]["variant"] = variant;
        return descriptor;
    }

    static std::string index_bytes(const std::vector<Json>& manifests) {
        return Json{{"schemaVersion", 2}, {"mediaType", oci_index_type}, {"manifests", manifests}}
            .dump();
    }

    /// A nested index; returns its descriptor.
    Json nested(const std::vector<Json>& manifests) {
        return blob(index_bytes(manifests), oci_index_type);
    }

    /// index.json and the oci-layout file.
    void layout(const std::vector<Json>& manifests) {
        put("index.json", index_bytes(manifests));
        put("oci-layout", R"({"imageLayoutVersion":"1.0.0"})");
    }

    static Json named(Json descriptor, const std::string& name) {
        descriptor["annotations"]["org.opencontainers.image.ref.name"] = name;
        return descriptor;
    }

    std::string write_folder(const TempDir& temp, const std::string& name) const {
        for (const auto& [path, bytes] : files_) temp.write(name + '/' + path, bytes);
        return temp.path(name);
    }

    [[nodiscard]] std::string tar() const {
        TarBuilder tar;
        for (const auto& [path, bytes] : files_) tar.file(path, bytes);
        return tar.finish();
    }

    [[nodiscard]] const std::vector<std::pair<std::string, std::string>>& files() const noexcept {
        return files_;
    }

    void drop(const std::string& name) {
        std::erase_if(files_, [&](const auto& file) { return file.first == name; });
    }

private:
    std::vector<std::pair<std::string, std::string>> files_;
};

}  // namespace stratascan::test
