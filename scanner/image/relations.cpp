#include "scanner/image/relations.hpp"

#include <algorithm>
#include <map>
#include <set>
#include <string_view>

namespace stratascan::image {

namespace {

struct Place {
    const layer::LayerCertificate* certificate = nullptr;
    int layer_index = -1;
};

}  // namespace

void match_certificates(std::vector<Finding>& findings,
                        const std::vector<const layer::LayerResult*>& layers) {
    std::map<std::string_view, Place> wanted;
    for (const Finding& finding : findings) {
        if (!finding.public_key_sha256.empty()) wanted[finding.public_key_sha256];
    }
    if (wanted.empty()) return;
    for (std::size_t i = 0; i < layers.size(); ++i) {
        if (layers[i] == nullptr) continue;
        for (const layer::LayerCertificate& one : layers[i]->certificates) {
            const auto found = wanted.find(one.certificate->spki_sha256);
            if (found == wanted.end()) continue;
            Place& place = found->second;
            if (place.certificate == nullptr ||
                place.certificate->certificate->not_after < one.certificate->not_after) {
                place = {&one, static_cast<int>(i)};
            }
        }
    }
    for (Finding& finding : findings) {
        const auto found = wanted.find(finding.public_key_sha256);
        if (found == wanted.end() || found->second.certificate == nullptr) continue;
        const layer::LayerCertificate& one = *found->second.certificate;
        finding.certificate = KeyCertificate{one.certificate->subject,   one.certificate->names,
                               one.certificate->not_after, found->second.layer_index,
                               one.path,                   one.inner_path};
    }
}

void drop_secret_identifiers(std::vector<Finding>& findings) {
    std::set<std::string_view> secrets;
    for (const Finding& finding : findings) secrets.insert(finding.secret_id);
    for (Finding& finding : findings) {
        if (finding.identifier && secrets.contains(finding.identifier->secret_id)) {
            finding.identifier.reset();
        }
    }
}

}  // namespace stratascan::image
