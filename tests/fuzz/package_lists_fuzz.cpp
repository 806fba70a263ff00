// Package lists of any bytes: read in one piece and cut in two, with the same result.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "scanner/layer/package_lists.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace stratascan::layer;
    if (size < 2) return 0;
    constexpr const char* paths[] = {"var/lib/dpkg/info/a.md5sums", "var/lib/dpkg/status",
                                     "lib/apk/db/installed", "var/lib/dpkg/info/a.list",
                                     "var/lib/rpm/Packages", "usr/share/rpm/Packages.db"};
    const char* path = paths[data[0] % 6];
    const std::string_view text(reinterpret_cast<const char*>(data) + 2, size - 2);
    const std::size_t cut = text.size() * data[1] / 256;
    PackageLists whole, parts;
    if (!whole.begin(path, 0) || !parts.begin(path, 0)) std::abort();
    whole.feed(text);
    whole.end();
    parts.feed(text.substr(0, cut));
    parts.feed(text.substr(cut));
    parts.end();
    const PackageFacts one = whole.take(), other = parts.take();
    if (one.files != other.files || one.packages.size() != other.packages.size()) std::abort();
    for (const ListedFile& file : one.files) {
        if (file.package >= one.packages.size()) std::abort();
    }
    return 0;
}
