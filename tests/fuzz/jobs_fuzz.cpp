// One thread against eight: an archive whose layers hold the input gives the same report,
// byte for byte. The input is cut into files at NUL pairs; the first byte says how many
// files a layer has, and from 128 on the last layer is the rest of the input as it stands.
// The next two say how much room each file has behind its bytes, so that a layer may have several
// windows, which threads share. The bytes stand in that room again, here and there.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "scanner/layer/slab.hpp"
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

constexpr std::size_t most_room = 3 * layer::slab_payload;  // of all files
constexpr std::size_t between_copies = 200 << 10;

std::string with_room(std::string_view file, std::size_t room) {
    std::string made(file);
    while (made.size() + file.size() < room) {
        const std::size_t gap = std::min(between_copies, room - made.size() - file.size());
        made.append(gap, ' ').append("\n").append(file);
    }
    return made;
}

std::string archive_of(std::string_view in, std::size_t files_a_layer, bool raw,
                       std::size_t room) {
    std::vector<std::string> layers;
    test::TarBuilder tar;
    std::size_t files = 0, left = most_room;
    const std::string_view whole = in;
    while (!in.empty() && layers.size() < 6) {
        const std::size_t end = std::min(in.find(std::string_view("\0\0", 2)), in.size());
        tar.file("d/" + std::to_string(files++), with_room(in.substr(0, end), std::min(room, left)));
        left -= std::min(room, left);
        in.remove_prefix(std::min(in.size(), end + 2));
        if (files % files_a_layer == 0 || in.empty()) {
            layers.push_back(test::zstd(tar.finish()));
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
    if (size < 4 || size > (64U << 10)) return 0;
    const std::string_view in(reinterpret_cast<const char*>(data) + 3, size - 3);
    const std::size_t room = (data[1] * 256U + data[2]) * 32U;
    const std::string path =
        folder.write("image.tar", archive_of(in, 1 + data[0] % 7U, data[0] >= 128, room));
    if (report_of(*one, path) != report_of(*eight, path)) __builtin_trap();
    return 0;
}
