// A whole archive in every form that one may claim to have: as a stream, and in place as a
// file. It ends, and no blob is shown twice or is longer than it can be.
//
// The first byte: even: the rest is the archive, plain or compressed; odd: the rest are its
// members, each a name, a line's end, and contents up to a NUL pair.
#include <sys/mman.h>
#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "scanner/source/file_blob.hpp"
#include "scanner/source/image_archive.hpp"
#include "scanner/source/stream_archive.hpp"
#include "tests/support/tar_builder.hpp"

namespace {

using namespace stratascan;
using namespace stratascan::source;

constexpr std::size_t most = std::size_t{8} << 20;

void require(bool holds) {
    if (!holds) __builtin_trap();
}

struct Read {
    std::map<std::string, std::string> blobs;  // by key
    std::vector<ImageRef> images;
    bool ended = false;  // without an error
};

void check(const std::vector<ImageRef>& images) {
    for (const ImageRef& image : images) require(!image.kind.empty());
}

Read as_stream(std::string_view bytes, StreamForm form) {
    StreamLimits limits;
    limits.memory = layer::decoder_memory_within(std::uint64_t{8} << 20);
    limits.output_bytes = most;
    const auto source =
        open_stream(open_memory_blob(std::string(bytes)), "fuzz.tar", form, {}, limits);
    Read read;
    const auto streamed = source->stream([&](const std::string& key, BlobReader& blob) -> Result<void> {
        const auto whole = read_whole(blob, 2 * most);
        require(read.blobs.emplace(key, whole ? *whole : std::string()).second);
        return {};
    });
    auto images = source->images();
    if (!streamed || !images) return read;
    read.images = std::move(*images);
    read.ended = true;
    check(read.images);
    return read;
}

void in_place(std::string_view bytes) {
    const int fd = ::memfd_create("fuzz", MFD_CLOEXEC);
    require(fd >= 0);
    const bool written =
        ::write(fd, bytes.data(), bytes.size()) == static_cast<ssize_t>(bytes.size());
    const auto file = std::make_shared<const FileHandle>(UniqueFd(fd), "fuzz.tar", bytes.size());
    require(written);
    auto index = index_file(*file);
    if (!index) return;
    static_cast<void>(find_documents(file, *index));
    const auto source = open_image_archive(file, std::move(*index), {});
    const auto images = source->images();
    if (!images) return;
    check(*images);
    for (const ImageRef& image : *images) {
        for (const LayerRef& layer : image.layers) {
            if (!layer.unavailable.empty()) continue;
            auto reader = source->open(layer);
            if (!reader) continue;
            const auto whole = read_whole(**reader, 2 * most);
            if (whole) require(whole->size() <= bytes.size());
        }
    }
}

std::string archive_of(std::string_view in) {
    test::TarBuilder tar;
    while (!in.empty()) {
        const std::size_t end = std::min(in.find(std::string_view("\0\0", 2)), in.size());
        const std::string_view member = in.substr(0, end);
        const std::size_t line = std::min(member.find('\n'), member.size());
        tar.file(std::string(member.substr(0, line)),
                 std::string(member.substr(std::min(line + 1, member.size()))));
        in.remove_prefix(std::min(in.size(), end + 2));
    }
    return tar.finish();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size == 0 || size > (256U << 10)) return 0;
    const std::string_view rest(reinterpret_cast<const char*>(data) + 1, size - 1);
    const std::string bytes = data[0] % 2 == 0 ? std::string(rest) : archive_of(rest);
    for (const StreamForm form : {StreamForm::by_content, StreamForm::archive,
                                  StreamForm::oci_archive, StreamForm::docker_archive,
                                  StreamForm::layer}) {
        static_cast<void>(as_stream(bytes, form));
    }
    in_place(bytes);
    return 0;
}
