#include "scanner/sieve/tables.hpp"

#include "scanner/sieve/buckets.hpp"

namespace stratascan::sieve {

Tables::Tables(const Plan& plan) {
    for (const Needle& needle : plan.needles) {
        KeyTable& places = bytes.keys[static_cast<std::size_t>(needle.group)];
        for (std::size_t place = 0; place < table_places; ++place) {
            const std::bitset<128> allowed = spellings(plan, needle, place);
            for (unsigned byte = 0; byte < 128; ++byte) {
                if (allowed[byte]) places[place][byte] |= static_cast<std::uint8_t>(1U << needle.bucket);
            }
        }
        if (needle.group != Group::program) secret_keys.add(needle.key);
        all_keys.add(needle.key);
    }
    for (unsigned byte = 0; byte < 128; ++byte) {
        if (is_token_byte(static_cast<unsigned char>(byte))) bytes.kinds[byte] |= token_kind;
        if (byte >= 0x20 && byte < 0x7f) bytes.kinds[byte] |= print_kind;
        if (byte >= '0' && byte <= '9') bytes.kinds[byte] |= digit_kind;
    }
}

}  // namespace stratascan::sieve
