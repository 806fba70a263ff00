// rpm's headers and databases of any bytes: in one piece and cut, with the same result.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "scanner/layer/rpm_database.hpp"
#include "scanner/layer/rpm_header.hpp"

namespace {

using namespace stratascan::layer;

std::string told(std::string_view bytes, std::size_t step) {
    std::string text;
    RpmDatabase database([&](std::string_view blob) {
        text += '[';
        const auto header = RpmHeader::read(blob);
        if (!header) return;
        text += header->package().evr();
        std::size_t files = 0;
        header->each_file(
            [&](const RpmFile& file) { files += file.name.size() + file.digest.size(); });
        text += std::to_string(files);
    });
    while (!bytes.empty()) {
        database.feed(bytes.substr(0, step));
        bytes.remove_prefix(std::min(step, bytes.size()));
    }
    database.end();
    return text + database.reason() + std::to_string(database.lost());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size < 2) return 0;
    const std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
    const std::string whole = told(bytes, bytes.size());
    if (told(bytes, 1 + data[0] * 7U) != whole) std::abort();
    if (const auto header = RpmHeader::read(bytes)) {
        header->each_file([](const RpmFile& file) {
            if (file.folder.data() == nullptr || file.name.data() == nullptr) std::abort();
        });
    }
    return 0;
}
