// Documents of images: the first byte picks what the rest is taken for. The last
// kind resolves a whole target whose documents the input makes up, cut at NULs.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "scanner/source/blob_store.hpp"
#include "scanner/source/image_set.hpp"
#include "scanner/source/oci_json.hpp"

namespace {

using stratascan::ErrorCode;
using stratascan::fail;
using stratascan::Result;
using stratascan::source::BlobStore;

/// Every blob name leads to one of a few documents. An empty one is absent.
class MadeUpStore final : public BlobStore {
public:
    explicit MadeUpStore(std::string_view input) {
        const std::string lower = std::string(64, '1') + "/json";
        const std::string upper = std::string(64, '2') + "/json";
        for (const std::string& name : {std::string("index.json"), std::string("manifest.json"),
                                        std::string("a"), std::string("b"), std::string("c"),
                                        std::string("repositories"), lower, upper}) {
            const std::size_t end = std::min(input.find('\0'), input.size());
            if (end > 0) documents_[name] = std::string(input.substr(0, end));
            input.remove_prefix(std::min(end + 1, input.size()));
        }
    }

    Result<std::string> document(const std::string& name) const override {
        const auto found = documents_.find(name);
        if (found != documents_.end()) return found->second;
        if (!name.starts_with("blobs/")) return fail(ErrorCode::not_found, "no");
        const auto any = documents_.find(std::string(1, static_cast<char>('a' + name.back() % 3)));
        if (any == documents_.end()) return fail(ErrorCode::not_found, "no");
        return any->second;
    }

    std::optional<Blob> find(const std::string& name) const override {
        if (name.size() % 2 == 0) return std::nullopt;
        return Blob{name, 1};
    }

    std::vector<std::string> names() const override {
        std::vector<std::string> names;
        for (const auto& [name, bytes] : documents_) names.push_back(name);
        return names;
    }

    std::string_view place() const noexcept override { return "archive"; }

private:
    std::map<std::string, std::string> documents_;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size == 0) return 0;
    const std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
    switch (data[0] % 6) {
        case 0: (void)stratascan::source::parse_oci_document(bytes); break;
        case 1: (void)stratascan::source::parse_config(bytes); break;
        case 2: (void)stratascan::source::parse_docker_manifest(bytes); break;
        case 3: (void)stratascan::source::parse_legacy_layer(bytes); break;
        case 4: (void)stratascan::source::parse_legacy_tags(bytes); break;
        default: {
            stratascan::source::Selection selection;
            if (data[0] % 12 == 11) selection.platform = {"linux", "amd64", ""};
            (void)stratascan::source::resolve_images(MadeUpStore(bytes), selection);
        }
    }
    return 0;
}
