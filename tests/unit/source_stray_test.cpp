// What no image names is accounted for: a text goes to an image, all else is a
// stray of its own, however the target comes.
#include <gtest/gtest.h>

#include <filesystem>
#include <string>
#include <vector>

#include "scanner/source/member_names.hpp"
#include "tests/support/archive_ways.hpp"
#include "tests/support/blobs.hpp"

namespace stratascan {
namespace {

using test::gaps_of;
using test::ImageBuilder;
using test::notes_of;
using test::one_file_layer;
using test::read_both_ways;
using test::read_target;
using test::Reading;
using test::sha256;
using test::TempDir;
using Json = nlohmann::json;

const std::string lower_layer = one_file_layer("etc/hostname", "lower\n");
const std::string orphan_layer = one_file_layer("etc/motd", "orphan\n");

/// An image, and beside it a blob and a manifest that no index lists, and a file.
ImageBuilder with_strays() {
    ImageBuilder builder;
    const Json image = builder.image({lower_layer});
    (void)builder.blob(orphan_layer, test::oci_layer_type);
    (void)builder.blob(R"({"orphan":"manifest"})", test::oci_manifest_type);
    builder.put("notes.txt", "a note");
    builder.layout({image});
    return builder;
}

std::vector<std::string> names_of(const source::ImageRef& image) {
    std::vector<std::string> names;
    for (const auto& layer : image.layers) names.push_back(layer.name);
    return names;
}

std::string text_of(const source::ImageRef& image, const std::string& name) {
    for (const auto& document : image.documents) {
        if (document.name == name) return document.bytes;
    }
    return "none";
}

std::string blob_name(const std::string& bytes) {
    return "blobs/sha256/" + sha256(bytes).substr(7);
}

void expect_strays(const Reading& reading) {
    ASSERT_EQ(reading.images.size(), 2U) << reading.error;
    EXPECT_EQ(reading.images[0].kind, "image");
    const auto& strays = reading.images[1];
    EXPECT_EQ(strays.kind, "stray");
    EXPECT_EQ(names_of(strays), (std::vector<std::string>{blob_name(orphan_layer), "notes.txt"}));
    EXPECT_EQ(strays.layers[0].digest, sha256(orphan_layer));
    EXPECT_EQ(reading.blobs.at(strays.layers[0].key), orphan_layer);
    EXPECT_EQ(reading.blobs.at("notes.txt"), "a note");
    EXPECT_EQ(text_of(strays, "member names"), blob_name(orphan_layer) + "\nnotes.txt\n");
    EXPECT_EQ(text_of(reading.images[0], blob_name(R"({"orphan":"manifest"})")),
              R"({"orphan":"manifest"})");
    EXPECT_NE(text_of(reading.images[0], "index.json"), "none");
    EXPECT_NE(text_of(reading.images[0], "oci-layout"), "none");
    EXPECT_EQ(gaps_of(reading.images[0]) + gaps_of(strays), "");
}

TEST(Stray, AnArchivesAreReadInPlaceAndAsAStream) {
    expect_strays(read_both_ways(with_strays().tar()));
}

TEST(Stray, ALayoutFoldersAreRead) {
    TempDir temp;
    expect_strays(read_target(with_strays().write_folder(temp, "layout")));
    expect_strays(read_target(temp.path("layout") + '/'));
}

TEST(Stray, AnImageWithoutAnyHasNone) {
    ImageBuilder builder;
    builder.layout({builder.image({lower_layer})});
    EXPECT_EQ(read_both_ways(builder.tar()).images.size(), 1U);
}

TEST(Stray, WhoAsksForOneImageGetsNoStrays) {
    TempDir temp;
    ImageBuilder builder = with_strays();
    const std::string folder = builder.write_folder(temp, "layout");
    EXPECT_EQ(read_target(folder, "linux/amd64").images.size(), 1U);
}

TEST(Stray, ALinkOutOfTheLayoutIsNotFollowed) {
    TempDir temp;
    ImageBuilder builder;
    builder.layout({builder.image({lower_layer})});
    const std::string folder = builder.write_folder(temp, "layout");
    std::filesystem::create_symlink(temp.write("outside", "secret"), folder + "/inside");
    std::filesystem::create_directory_symlink(temp.path(), folder + "/loop");
    const Reading reading = read_target(folder);
    EXPECT_EQ(reading.images.size(), 1U);
    EXPECT_NE(notes_of(reading.images.at(0)).find("is a link"), std::string::npos);
}

TEST(Stray, BlobsOfAFolderThatLayoutsShareAreNoStrays) {
    TempDir temp;
    ImageBuilder builder = with_strays();
    builder.drop("notes.txt");
    const std::string folder = builder.write_folder(temp, "layout");
    std::filesystem::rename(folder + "/blobs/sha256", temp.path("shared"));
    std::filesystem::create_directory_symlink(temp.path("shared"), folder + "/blobs/sha256");
    const Reading reading = read_target(folder);
    EXPECT_EQ(reading.images.size(), 1U) << reading.error;
    EXPECT_NE(notes_of(reading.images.at(0)).find("only what images name"), std::string::npos);
}

TEST(Stray, AMemberWithAnOverlongNameIsAGap) {
    ImageBuilder builder;
    builder.layout({builder.image({lower_layer})});
    test::TarBuilder tar;
    for (const auto& [path, bytes] : builder.files()) tar.file(path, bytes);
    test::TarMember member;
    member.name = std::string(300, 'n');
    member.content = "hidden";
    member.gnu_long_name = true;
    tar.add(member);
    const Reading reading = read_both_ways(tar.finish());
    ASSERT_EQ(reading.images.size(), 1U) << reading.error;
    EXPECT_NE(gaps_of(reading.images[0]).find("name has more than"), std::string::npos);
}

TEST(Stray, BytesOfTheCompressionAreAText) {
    TempDir temp;
    ImageBuilder builder;
    builder.layout({builder.image({lower_layer})});
    const std::string packed = test::zstd_skippable("in a skippable frame") +
                               test::zstd(builder.tar()) + "behind";
    const Reading reading = read_target(temp.write("image.tar.zst", packed));
    ASSERT_EQ(reading.images.size(), 1U) << reading.error;
    EXPECT_EQ(text_of(reading.images[0], "compression"), "in a skippable frame\nbehind");
}

TEST(Stray, ADamagedTrailerOfTheCompressionIsAGap) {
    TempDir temp;
    ImageBuilder builder;
    builder.layout({builder.image({lower_layer})});
    std::string packed = test::gzip(builder.tar());
    packed[packed.size() - 6] = static_cast<char>(packed[packed.size() - 6] ^ 0x55);
    const Reading reading = read_target(temp.write("image.tar.gz", packed));
    ASSERT_EQ(reading.images.size(), 1U) << reading.error;
    EXPECT_NE(gaps_of(reading.images[0]).find("checksum does not hold"), std::string::npos)
        << gaps_of(reading.images[0]);
}

TEST(Stray, NamesOfWhatHasNoBytesAreAText) {
    ImageBuilder builder;
    builder.layout({builder.image({lower_layer})});
    builder.put("notes/one.json", R"({"a":"text"})");
    test::TarBuilder tar;
    for (const auto& [path, bytes] : builder.files()) tar.file(path, bytes);
    tar.folder("blobs").folder("blobs/sha256").folder("keys/mine").file("empty", "");
    tar.symlink("blobs/sha256/link", "../" + std::string(64, 'a') + "/layer.tar");
    tar.hardlink("hard", "notes/one.json");
    const Reading reading = read_both_ways(tar.finish());
    ASSERT_EQ(reading.images.size(), 1U) << reading.error;
    EXPECT_EQ(text_of(reading.images[0], "member names"),
              "keys/mine\nempty\nblobs/sha256/link\nhard\nnotes/one.json\nnotes/one.json\n");
}

TEST(Stray, NamesThatFillMemoryAreAGap) {
    ImageBuilder builder;
    builder.layout({builder.image({lower_layer})});
    test::TarBuilder tar;
    for (const auto& [path, bytes] : builder.files()) tar.file(path, bytes);
    const std::string name(90, 'n');
    for (std::size_t i = 0; i < source::MemberNames::most_bytes / name.size(); ++i) {
        tar.folder(name + std::to_string(i % 10));
    }
    const Reading reading = read_both_ways(tar.finish());
    ASSERT_EQ(reading.images.size(), 1U) << reading.error;
    EXPECT_NE(gaps_of(reading.images[0]).find("the names of folders"), std::string::npos);
    EXPECT_LE(text_of(reading.images[0], "member names").size(), source::MemberNames::most_bytes);
}

}  // namespace
}  // namespace stratascan
