#include "scanner/sieve/tables.hpp"

#include <algorithm>
#include <cstring>

namespace stratascan::sieve {

Tables::Tables(const Plan& plan) : bytes(plan.bytes) {
    for (const Needle& needle : plan.needles) {
        const std::string_view key = plan.text(needle).substr(needle.key_at);
        std::uint64_t bytes_of_key = 0;
        std::memcpy(&bytes_of_key, key.data(), std::min(key.size(), sizeof bytes_of_key));
        if (needle.group != Group::program) secret_keys.add(folded(bytes_of_key), key.size());
        all_keys.add(folded(bytes_of_key), key.size());
    }
}

}  // namespace stratascan::sieve
