#include "bench/material.hpp"

#include <archive.h>
#include <archive_entry.h>
#include <fmt/format.h>
#include <zlib.h>
#include <zstd.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <filesystem>
#include <iterator>
#include <memory>
#include <random>

#include "bench/figures.hpp"
#include "bench/floor.hpp"
#include "scanner/layer/blob_stream.hpp"
#include "scanner/layer/tar_walk.hpp"

namespace stratascan::bench {

namespace {

constexpr std::size_t material_bytes = 16 << 20;
constexpr int gzip_level = 6;
constexpr int zstd_level = 3;

using Random = std::mt19937_64;

std::size_t below(Random& random, std::size_t limit) { return random() % limit; }

// The generators' distributions differ between libraries; these do not.
std::string letters(Random& random, std::string_view alphabet, std::size_t length) {
    std::string text;
    for (std::size_t i = 0; i < length; ++i) text += alphabet[below(random, alphabet.size())];
    return text;
}

constexpr std::string_view lower_case = "abcdefghijklmnopqrstuvwxyz";
constexpr std::string_view alphanumeric =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

/// Program text: few words often, many seldom, and now and then one that rules
/// look for.
std::string make_text(Random& random, std::size_t size) {
    constexpr std::array<std::string_view, 12> shapes = {
        "    const {} = {}.{}({});\n", "function {}({}, {}) {{ // {}\n", "  return {} + {}[{}] + {};\n",
        "}}\n// {} {} {} {}\n", "import {{ {}, {} }} from './{}/{}';\n", "if ({} !== {}) {}({});\n",
        " * @param {{{}}} {} - {} {}\n", "\"{}\": \"{}\", \"{}\": {},\n", "{}.{}.{} = {};\n",
        "<{} class=\"{} {}\">{}\n", "{}: {} {} {}\n", "var {}={},{}={};"};
    constexpr std::array<std::string_view, 6> telling = {"token",  "password", "apiKey",
                                                         "secret", "https://", "authorization"};
    std::vector<std::string> words;
    for (std::size_t i = 0; i < 4000; ++i) {
        words.push_back(letters(random, lower_case, 2 + below(random, 9)));
    }
    const auto word = [&]() -> std::string {
        if (below(random, 400) == 0) return std::string(telling[below(random, telling.size())]);
        const std::size_t rank = below(random, words.size()) * below(random, words.size());
        return words[rank / words.size()];
    };
    std::string text;
    while (text.size() < size) {
        const std::string a = word(), b = word(), c = word(), d = word();
        text += fmt::format(fmt::runtime(shapes[below(random, shapes.size())]), a, b, c, d);
    }
    text.resize(size);
    return text;
}

/// As a linker lays it out: code of common instructions with random operands,
/// then strings, then tables of small numbers and zeros.
std::string make_binary(Random& random, std::size_t size) {
    using namespace std::string_view_literals;
    constexpr std::array<std::string_view, 14> instructions = {
        "\x48\x89\xe5"sv, "\x48\x8b\x45"sv, "\xe8"sv,     "\x0f\x84"sv, "\x48\x8d\x3d"sv,
        "\x31\xc0"sv,     "\x55"sv,         "\xc3"sv,     "\x85\xc0"sv, "\x4c\x89\xef"sv,
        "\x41\x54"sv,     "\x66\x90"sv,     "\x83\xf8"sv, "\x74"sv};
    std::string bytes = "\x7f" "ELF\x02\x01\x01";
    bytes.resize(64);
    while (bytes.size() < size * 6 / 10) {
        bytes += instructions[below(random, instructions.size())];
        const std::size_t operand = below(random, 5);
        for (std::size_t i = 0; i < operand; ++i) bytes += static_cast<char>(random() >> 56);
    }
    while (bytes.size() < size * 8 / 10) {
        bytes += "_ZN" + letters(random, lower_case, 4 + below(random, 20));
        bytes += '\0';
    }
    while (bytes.size() < size) {
        const std::uint32_t number = static_cast<std::uint32_t>(below(random, 100000));
        bytes.append(reinterpret_cast<const char*>(&number), sizeof number);
        bytes.append(4 * below(random, 3), '\0');
    }
    bytes.resize(size);
    return bytes;
}

/// Tokens, keywords and near misses on every line. Prefixes stand in pieces: no
/// line of this file looks like a token.
std::string make_dense(Random& random, std::size_t size) {
    std::string text;
    while (text.size() < size) {
        switch (below(random, 8)) {
            case 0: text += "AK" "IA" + letters(random, "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", 16); break;
            case 1: text += "gh" "p_" + letters(random, alphanumeric, 12); break;
            case 2: text += "password = " + letters(random, "aeiou", 6); break;
            case 3: text += "secret=" + letters(random, alphanumeric, 40); break;
            case 4: text += "AK" "IA" + letters(random, alphanumeric, 9); break;
            case 5: text += "https://user@" + letters(random, lower_case, 8) + ".example/"; break;
            case 6: text += "api_key: ${" + letters(random, lower_case, 9) + "}"; break;
            default: text += "token token token authorization bearer";
        }
        text += '\n';
    }
    text.resize(size);
    return text;
}

la_ssize_t append(archive*, void* out, const void* bytes, std::size_t size) {
    static_cast<std::string*>(out)->append(static_cast<const char*>(bytes), size);
    return static_cast<la_ssize_t>(size);
}

/// Files of many sizes, as in a package: most are small, most bytes are in large ones.
template <typename Make>
std::string make_tar(std::uint64_t seed, std::size_t size, Make make) {
    Random random(seed);
    std::string tar;
    const std::unique_ptr<archive, decltype(&archive_write_free)> writer(archive_write_new(),
                                                                         &archive_write_free);
    archive_write_set_format_gnutar(writer.get());
    archive_write_open(writer.get(), &tar, nullptr, &append, nullptr);
    const std::unique_ptr<archive_entry, decltype(&archive_entry_free)> entry(archive_entry_new(),
                                                                              &archive_entry_free);
    for (std::size_t number = 0; tar.size() < size; ++number) {
        const std::size_t length = std::size_t{64} << below(random, 15);
        const std::string contents = make(random, length + below(random, length));
        archive_entry_clear(entry.get());
        archive_entry_set_pathname(entry.get(),
                                   fmt::format("usr/lib/{:03}/file{}", number % 97, number).c_str());
        archive_entry_set_filetype(entry.get(), AE_IFREG);
        archive_entry_set_perm(entry.get(), 0644);
        archive_entry_set_size(entry.get(), static_cast<la_int64_t>(contents.size()));
        archive_write_header(writer.get(), entry.get());
        archive_write_data(writer.get(), contents.data(), contents.size());
    }
    archive_write_close(writer.get());
    return tar;
}

/// The first bytes of a layout's largest layer; empty where there is no layout.
std::string real_tar(const std::string& layout) {
    if (!std::filesystem::exists(layout + "/index.json")) return {};
    const auto corpus = Corpus::open(layout);
    if (!corpus) give_up(corpus.error().message());
    auto reader = corpus->open_layer(0);
    if (!reader) give_up(reader.error().message());
    layer::BlobStream stream(std::move(*reader), {}, nullptr);
    std::string tar(material_bytes, '\0');
    tar.resize(stream.fill(tar));
    return tar;
}

std::string gzip_of(const std::string& bytes) {
    z_stream stream{};
    constexpr int gzip_header = 16;
    if (deflateInit2(&stream, gzip_level, Z_DEFLATED, MAX_WBITS + gzip_header, 8,
                     Z_DEFAULT_STRATEGY) != Z_OK) {
        give_up("zlib cannot be used");
    }
    std::string packed(deflateBound(&stream, bytes.size()), '\0');
    std::string input = bytes;  // zlib takes no pointer to const
    stream.next_in = reinterpret_cast<Bytef*>(input.data());
    stream.avail_in = static_cast<uInt>(input.size());
    stream.next_out = reinterpret_cast<Bytef*>(packed.data());
    stream.avail_out = static_cast<uInt>(packed.size());
    deflate(&stream, Z_FINISH);
    packed.resize(stream.total_out);
    deflateEnd(&stream);
    return packed;
}

std::string zstd_of(const std::string& bytes) {
    std::string packed(ZSTD_compressBound(bytes.size()), '\0');
    packed.resize(ZSTD_compress(packed.data(), packed.size(), bytes.data(), bytes.size(),
                                zstd_level));
    return packed;
}

}  // namespace

std::vector<Material> make_materials(const std::string& corpora) {
    std::vector<Material> materials;
    const auto add = [&](std::string name, std::string tar) {
        if (tar.empty()) return;
        materials.push_back({std::move(name), std::move(tar), {}, {}});
        materials.back().gzip = gzip_of(materials.back().tar);
        materials.back().zstd = zstd_of(materials.back().tar);
    };
    add("made-text", make_tar(1, material_bytes, make_text));
    add("made-binary", make_tar(2, material_bytes, make_binary));
    add("made-dense", make_tar(3, material_bytes / 8, make_dense));
    if (!corpora.empty()) {
        add("text", real_tar(corpora + "/text-8-gzip"));
        add("binary", real_tar(corpora + "/binary-8-gzip"));
        add("dense", real_tar(corpora + "/dense-1-gzip"));
    }
    return materials;
}

Result<std::size_t> MemoryBlob::read(std::span<std::byte> out) {
    const std::size_t size = std::min(out.size(), bytes_.size());
    std::memcpy(out.data(), bytes_.data(), size);
    bytes_.remove_prefix(size);
    return size;
}

Windows::Windows(std::string_view tar) : pool_(tar.size() / layer::slab_payload + 2) {
    layer::BlobStream stream(std::make_unique<MemoryBlob>(tar), {}, nullptr);
    layer::TarWalk walk(stream, pool_, {});
    for (;;) {
        auto window = walk.next();
        if (!window) give_up(window.error().message());
        if (!*window) break;
        bytes_ += (*window)->end - (*window)->begin;
        windows_.push_back(std::move(**window));
    }
}

}  // namespace stratascan::bench
