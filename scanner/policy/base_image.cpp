#include "scanner/policy/base_image.hpp"

#include <algorithm>

#include "scanner/image/image_facts.hpp"
#include "scanner/source/image_source.hpp"

namespace stratascan::policy {

namespace {

// Whether the scan checked that the blob is what its digest claims.
bool is_checked(const LayerReport& layer) {
    return !layer.digest.empty() &&
           (layer.state == LayerState::complete || layer.state == LayerState::partial);
}

bool is_of_base(const LayerReport& layer, const BaseImage& base, std::size_t index) {
    if (!is_checked(layer)) return false;
    if (layer.digest == base.layer_digests[index]) return true;
    return layer.compression == "none" && index < base.diff_ids.size() &&
           layer.digest == base.diff_ids[index];
}

// "registry:host/name:1" is known as "host/name:1", too.
std::vector<std::string> names_of(const std::string& target, std::vector<std::string> names) {
    constexpr std::string_view scheme = "registry:";
    names.push_back(target);
    if (target.starts_with(scheme)) names.push_back(target.substr(scheme.size()));
    return names;
}

}  // namespace

Result<std::vector<BaseImage>> read_base(const std::string& target, const std::string& platform,
                                         source::RemoteTargets* remote) {
    auto source = source::open_target(target, platform, {}, remote);
    if (!source) return std::unexpected(source.error());
    if ((*source)->is_stream()) {
        const auto nothing = [](const std::string&, source::BlobReader&) -> Result<void> {
            return {};
        };
        if (auto read = (*source)->stream(nothing); !read) return std::unexpected(read.error());
    }
    auto images = (*source)->images();
    if (!images) return std::unexpected(images.error());
    std::vector<BaseImage> bases;
    for (const source::ImageRef& image : *images) {
        if (image.kind != "image" || image.layers.empty()) continue;
        BaseImage base{image.digest, image.platform, {}, {}, names_of(target, image.names)};
        for (const source::LayerRef& layer : image.layers) {
            base.layer_digests.push_back(layer.digest);
            base.diff_ids.push_back(layer.diff_id);
        }
        bases.push_back(std::move(base));
    }
    if (bases.empty()) {
        return fail(ErrorCode::not_found, "the base holds no image with layers", target);
    }
    return bases;
}

ProvedBase proved_base(const TargetReport& report, const std::vector<BaseImage>& bases) {
    ProvedBase proved;
    for (const BaseImage& base : bases) {
        const std::size_t count = base.layer_digests.size();
        if (count > report.layers.size()) continue;
        bool all = true;
        for (std::size_t i = 0; all && i < count; ++i) all = is_of_base(report.layers[i], base, i);
        const int layers = static_cast<int>(count);
        if (!all || layers < proved.layers) continue;
        if (layers > proved.layers) proved = {layers, {}};
        proved.names.insert(proved.names.end(), base.names.begin(), base.names.end());
    }
    return proved;
}

std::vector<BaseImage> annotated_bases(const TargetReport& report, const Report& all) {
    std::vector<BaseImage> bases;
    if (!report.facts) return bases;
    for (const auto* map : {&report.facts->annotations, &report.facts->labels}) {
        const auto named = map->find("org.opencontainers.image.base.digest");
        if (named == map->end() || named->second.empty()) continue;
        for (const TargetReport& other : all.targets) {
            const bool is_named = &other != &report && other.image.kind == "image" &&
                                  other.image.digest == named->second && !other.layers.empty();
            if (!is_named) continue;
            BaseImage base{other.image.digest, other.image.platform, {}, {},
                           names_of(other.target, other.image.names)};
            for (const LayerReport& layer : other.layers) base.layer_digests.push_back(layer.digest);
            bases.push_back(std::move(base));
        }
    }
    return bases;
}

}  // namespace stratascan::policy
