// One thread against eight: an archive whose layers hold the input gives the same report,
// byte for byte. The input is cut into files at NUL pairs; the first byte says how many
// files a layer has, and from 128 on the last layer is the rest of the input as it stands.
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "scanner/report/report_writer.hpp"
#include "stratascan/scanner.hpp"
#include "tests/support/blobs.hpp"
#include "tests/support/image_builder.hpp"

namespace {

using namespace stratascan;

std::string key_in(const test::TempDir& folder) {
    const std::string path = folder.write("key", std::string(32, 'k'));
    using std::filesystem::perms;
    std::filesystem::permissions(path, perms::owner_read | perms::owner_write);
    return path;
}

std::unique_ptr<Scanner> scanner_of(unsigned jobs, const std::string& key) {
    Options options;
    options.jobs = jobs;
    options.key_file = key;
    // The sanitizer's own threads would be in the filter, too.
    options.sandbox = Options::SandboxMode::off;
    auto scanner = Scanner::create(options);
    if (!scanner) __builtin_trap();
    return std::move(*scanner);
}

std::string archive_of(std::string_view in, std::size_t files_a_layer, bool raw) {
    std::vector<std::string> layers;
    test::TarBuilder tar;
    std::size_t files = 0;
    const std::string_view whole = in;
    while (!in.empty() && layers.size() < 6) {
        const std::size_t end = std::min(in.find(std::string_view("\0\0", 2)), in.size());
        tar.file("d/" + std::to_string(files++), std::string(in.substr(0, end)));
        in.remove_prefix(std::min(in.size(), end + 2));
        if (files % files_a_layer == 0 || in.empty()) {
            layers.push_back(tar.finish());
            tar = {};
        }
    }
    if (raw) layers.emplace_back(whole);
    test::ImageBuilder image;
    image.layout({image.image(layers)});
    return image.tar();
}

std::string report_of(Scanner& scanner, const std::string& path) {
    const std::string targets[] = {path};
    const auto report = scanner.scan(targets);
    return report ? report::write_json(*report) : "error: " + report.error().message();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    static const test::TempDir folder;
    static const std::string key = key_in(folder);
    static const std::unique_ptr<Scanner> one = scanner_of(1, key), eight = scanner_of(8, key);
    if (size < 2 || size > (64U << 10)) return 0;
    const std::string_view in(reinterpret_cast<const char*>(data) + 1, size - 1);
    const std::string path =
        folder.write("image.tar", archive_of(in, 1 + data[0] % 7U, data[0] >= 128));
    if (report_of(*one, path) != report_of(*eight, path)) __builtin_trap();
    return 0;
}
