// Configs and manifests of any bytes: no crash, and no string of a document is
// left out of the texts that are scanned.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "scanner/image/document.hpp"
#include "scanner/image/join.hpp"

namespace {

using namespace stratascan;

bool anywhere(const std::vector<image::MetadataText>& texts, const std::string& wanted) {
    for (const image::MetadataText& text : texts) {
        if (text.text.find(wanted) != std::string::npos) return true;
    }
    return false;
}

/// Depth is bounded by parse_document. Embedded data comes decoded, and what is
/// in the rest comes escaped; neither is looked for.
void check_covered(const nlohmann::json& value, const std::vector<image::MetadataText>& texts) {
    if (value.is_structured()) {
        for (const auto& [key, element] : value.items()) {
            if (key != "data") check_covered(element, texts);
        }
        return;
    }
    if (!value.is_string()) return;
    const std::string& text = value.get_ref<const std::string&>();
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        if (byte < 0x20 || byte > 0x7e || c == '"' || c == '\\') return;
    }
    if (!anywhere(texts, text)) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string bytes(reinterpret_cast<const char*>(data), size);
    const std::size_t cut = bytes.find('\0');
    source::ImageRef image;
    image.config = bytes.substr(0, cut);
    if (cut != std::string::npos) image.manifest = bytes.substr(cut + 1);
    image.layers.resize(size % 5);

    std::vector<Gap> gaps;
    const auto texts = image::metadata_texts(image, gaps);
    for (const std::string& document : {image.config, image.manifest}) {
        if (document.empty()) continue;
        const auto parsed = image::parse_document(document);
        if (parsed && !parsed->repeated_keys) check_covered(parsed->root, texts);
    }
    std::vector<Finding> findings;
    for (const image::MetadataText& text : texts) {
        Finding finding;
        finding.source = text.source;
        finding.path = text.path;
        finding.offset = text.text.size() / 2;
        finding.length = size % 11;
        finding.layer_index = text.layer_index;
        findings.push_back(finding);
    }
    (void)image::join("target", image, {}, std::move(findings), false);
    return 0;
}
