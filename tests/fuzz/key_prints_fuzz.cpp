// Any bytes as a file that may be a key or a certificate, as `find --key` reads it.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "scanner/store/key_prints.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view bytes(reinterpret_cast<const char*>(data), size);
    const auto prints = stratascan::store::key_prints(bytes);
    if (prints && prints->empty()) __builtin_trap();
    return 0;
}
