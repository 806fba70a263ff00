#include "scanner/match/pack.hpp"

extern "C" {
extern const char stratascan_pack_begin[];
extern const char stratascan_pack_end[];
}

namespace stratascan::match {

std::string_view embedded_pack() noexcept {
    return {stratascan_pack_begin,
            static_cast<std::size_t>(stratascan_pack_end - stratascan_pack_begin)};
}

}  // namespace stratascan::match
