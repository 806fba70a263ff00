// Neither has a manifest, a config or a digest to check, so neither has a gap
// for lacking one.
#include "scanner/source/layer_file.hpp"

#include <utility>

namespace stratascan::source {

namespace {

class LayerFile final : public ImageSource {
public:
    LayerFile(std::string path, std::uint64_t bytes, std::string doubt)
        : path_(std::move(path)), bytes_(bytes), doubt_(std::move(doubt)) {}

    Result<std::vector<ImageRef>> images() override {
        ImageRef image;
        image.kind = "layer";
        if (!doubt_.empty()) image.gaps.push_back({{}, doubt_, 0});
        LayerRef layer;
        layer.key = path_;
        layer.size = static_cast<std::int64_t>(bytes_);
        image.layers.push_back(std::move(layer));
        return std::vector<ImageRef>{std::move(image)};
    }

    Result<std::unique_ptr<BlobReader>> open(const LayerRef& /*layer*/) override {
        return open_file_blob(path_);
    }

private:
    std::string path_;
    std::uint64_t bytes_;
    std::string doubt_;
};

class Directory final : public ImageSource {
public:
    explicit Directory(std::string path) : path_(std::move(path)) {}

    Result<std::vector<ImageRef>> images() override {
        ImageRef image;
        image.kind = "directory";
        return std::vector<ImageRef>{std::move(image)};
    }

    std::string directory() const override { return path_; }

private:
    std::string path_;
};

}  // namespace

std::unique_ptr<ImageSource> open_layer_file(std::string path, std::uint64_t bytes,
                                             std::string doubt) {
    return std::make_unique<LayerFile>(std::move(path), bytes, std::move(doubt));
}

std::unique_ptr<ImageSource> open_directory(std::string path) {
    return std::make_unique<Directory>(std::move(path));
}

}  // namespace stratascan::source
