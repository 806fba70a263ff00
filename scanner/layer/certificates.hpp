// The certificates that a layer holds, for the keys of the images that it is in. A
// certificate is kept once, at its first place: the bundle of authorities that nearly
// every image has repeats each file beside it.
#pragma once

#include <array>
#include <cstdint>
#include <set>
#include <vector>

#include "scanner/layer/layer_result.hpp"

namespace stratascan::layer {

inline constexpr std::size_t certificates_a_layer = 4096;

class Certificates {
public:
    void add(LayerCertificate found) {
        if (kept_.size() >= certificates_a_layer) {
            ++untold_;
        } else if (known_.insert(found.certificate->digest).second) {
            kept_.push_back(std::move(found));
        }
    }
    [[nodiscard]] std::vector<LayerCertificate>& kept() noexcept { return kept_; }
    /// Those past the limit, copies among them.
    [[nodiscard]] std::uint64_t untold() const noexcept { return untold_; }

private:
    std::vector<LayerCertificate> kept_;
    std::set<std::array<std::uint8_t, 16>> known_;
    std::uint64_t untold_ = 0;
};

}  // namespace stratascan::layer
