// An image archive and a layer are both tar archives, and either may be
// compressed. On disk and uncompressed the names of all members decide. In a
// stream only the first ones can, because a layer must be handed on from its
// first byte: so the start is decoded here once, on the side, from a copy.
#include "scanner/source/sniff.hpp"

#include <algorithm>
#include <array>
#include <string>

#include "scanner/source/archive_index.hpp"
#include "scanner/source/decoded_stream.hpp"
#include "scanner/source/oci_json.hpp"
#include "scanner/source/tar_stream.hpp"

namespace stratascan::source {

namespace {

constexpr int max_members = 16;

bool starts_with(std::span<const std::byte> start, std::string_view magic) noexcept {
    return start.size() >= magic.size() &&
           std::ranges::equal(start.first(magic.size()), std::as_bytes(std::span(magic)));
}

/// The second nibble of a skippable frame's magic is free.
bool is_zstd(std::span<const std::byte> start) noexcept {
    if (starts_with(start, "\x28\xb5\x2f\xfd")) return true;
    return start.size() >= 4 && (start[0] & std::byte{0xf0}) == std::byte{0x50} &&
           starts_with(start.subspan(1), "\x2a\x4d\x18");
}

/// The current member of `tar`, cut at what a document may have.
std::string read_document(TarStream& tar) {
    std::string bytes(max_document_bytes, '\0');
    const auto got = tar.read(std::as_writable_bytes(std::span(bytes)));
    bytes.resize(got ? *got : 0);
    return bytes;
}

bool is_image_document(std::string_view name, TarStream& tar) {
    const std::string bytes = read_document(tar);
    return name == "index.json" ? is_index_document(bytes) : is_manifest_document(bytes);
}

}  // namespace

bool is_compressed(std::span<const std::byte> start) noexcept {
    constexpr std::string_view xz("\xfd" "7zXZ\0", 6);
    return starts_with(start, "\x1f\x8b") || is_zstd(start) || starts_with(start, "BZh") ||
           starts_with(start, xz);
}

bool looks_like_json(std::span<const std::byte> start) noexcept {
    for (const std::byte byte : start) {
        const char c = static_cast<char>(byte);
        if (c == ' ' || c == '\t' || c == '\n' || c == '\r') continue;
        return c == '{' || c == '[';
    }
    return false;
}

bool is_layer_name(std::string_view name) noexcept {
    constexpr std::array<std::string_view, 4> suffixes = {".tar", ".tar.gz", ".tgz", ".tar.zst"};
    return std::ranges::any_of(suffixes, [&](auto suffix) { return name.ends_with(suffix); });
}

bool is_text_member(std::string_view name, std::span<const std::byte> start) noexcept {
    constexpr std::size_t looked_at = 512;
    if (is_layer_name(name)) return false;
    return name.ends_with("/VERSION") ||
           looks_like_json(start.first(std::min(start.size(), looked_at)));
}

std::string problem_of(const BlobStore& store, const std::string& name) {
    const auto bytes = store.document(name);
    if (!bytes && bytes.error().code == ErrorCode::not_found) return "it has no " + name;
    const std::string unread = "its " + name + " was not read: ";
    if (!bytes) return unread + bytes.error().what;
    if (name == "manifest.json") {
        const auto manifest = parse_docker_manifest(*bytes);
        return manifest ? std::string() : unread + manifest.error().what;
    }
    const auto document = parse_oci_document(*bytes);
    if (!document) return unread + document.error().what;
    return document->is_index ? std::string() : unread + "it is a manifest, and no index";
}

bool is_index_document(std::string_view bytes) {
    const auto document = parse_oci_document(bytes);
    return document && document->is_index;
}

bool is_manifest_document(std::string_view bytes) {
    return parse_docker_manifest(bytes).has_value();
}

bool starts_image_archive(std::span<const std::byte> start, const layer::DecoderMemory& memory) {
    const auto read = [&start](std::span<std::byte> out) {
        const std::size_t count = std::min(out.size(), start.size());
        std::ranges::copy(start.first(count), out.begin());
        start = start.subspan(count);
        return Result<std::size_t>(count);
    };
    DecodedStream decoded(read, {.memory = memory});
    auto tar = TarStream::open([&] { return decoded.next(); });
    if (!tar) return false;
    for (int count = 0; count < max_members; ++count) {
        const auto member = (*tar)->next();
        if (!member || !*member) return false;
        switch (classify_name((*member)->name)) {
            case NameKind::marker: return true;
            case NameKind::document: return is_image_document((*member)->name, **tar);
            case NameKind::other: return false;
            case NameKind::root:
            case NameKind::folder: break;
        }
        // Nothing is skipped that could take long to unpack.
        if ((*member)->size > 0) return false;
    }
    return false;
}

}  // namespace stratascan::source
