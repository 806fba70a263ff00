// Any bytes as a .pyc. The first says how it is cut.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "scanner/nested/pyc.hpp"
#include "tests/fuzz/constants_of.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size == 0) return 0;
    const std::string_view file(reinterpret_cast<const char*>(data) + 1, size - 1);
    static_cast<void>(stratascan::nested::is_pyc(file));
    stratascan::test::check_constants(stratascan::nested::read_pyc_constants, file, 1U + data[0]);
    return 0;
}
