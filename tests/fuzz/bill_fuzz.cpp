// Any bytes as a bill of materials, and as the lines that are kept of one.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "scanner/layer/bill_of_materials.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace stratascan::layer;
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    static_cast<void>(bill_of_lines(text));
    auto bill = read_bill(text);
    if (!bill) return 0;
    if (bill->form.empty()) __builtin_trap();
    for (const std::size_t limit : {std::size_t{64}, std::size_t{1} << 20}) {
        const std::string lines = written(*bill, limit);
        if (lines.size() > std::max(limit, bill->form.size() + 1)) __builtin_trap();
        const auto again = bill_of_lines(lines);
        if (limit == 64) continue;
        // A form is one line where it is a version that its author wrote.
        if (bill->form.find('\n') != std::string::npos) continue;
        if (again.form != bill->form || again.names != bill->names || again.paths != bill->paths) {
            __builtin_trap();
        }
    }
    return 0;
}
