// What package lists say, and the digests of the files that something was found in.
#include <gtest/gtest.h>
#include <openssl/evp.h>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <string>

#include "scanner/evidence/codec.hpp"
#include "scanner/layer/member_digests.hpp"
#include "scanner/layer/package_lists.hpp"
#include "tests/support/scanning.hpp"
#include "tests/support/tar_builder.hpp"

namespace {

using namespace stratascan;
using layer::FileDigest;
using layer::packaged_path_key;
using layer::PackageFacts;
using layer::PackageLists;

std::string digest_of(const char* algorithm, std::string_view bytes) {
    std::string digest(EVP_MAX_MD_SIZE, '\0');
    unsigned size = 0;
    EVP_Digest(bytes.data(), bytes.size(), reinterpret_cast<unsigned char*>(digest.data()), &size,
               EVP_get_digestbyname(algorithm), nullptr);
    digest.resize(size);
    return digest;
}

FileDigest cut(std::string_view digest) {
    FileDigest bytes{};
    std::copy_n(digest.begin(), bytes.size(), bytes.begin());
    return bytes;
}

PackageFacts read(std::string_view path, std::string_view text, std::size_t step = 1 << 20) {
    PackageLists lists;
    if (!lists.begin(path, 7)) return {};
    for (std::size_t at = 0; at < text.size(); at += step) lists.feed(text.substr(at, step));
    lists.end();
    return lists.take();
}

/// "manager package path-key digest", one a line, sorted.
std::string told(const PackageFacts& facts) {
    std::vector<std::string> lines;
    for (const layer::ListedFile& file : facts.files) {
        const layer::ListedPackage& package = facts.packages[file.package];
        lines.push_back(std::string(to_string(facts.lists[package.list].manager)) + ' ' +
                        package.name + ' ' + std::to_string(file.path) + ' ' +
                        evidence::hex({reinterpret_cast<const char*>(file.digest.data()),
                                       file.digest.size()}));
    }
    std::sort(lines.begin(), lines.end());
    std::string text;
    for (const std::string& line : lines) text += line + '\n';
    return text;
}

std::string line_for(const char* manager, const char* package, const char* path,
                     std::string_view digest) {
    return std::string(manager) + ' ' + package + ' ' +
           std::to_string(packaged_path_key(path)) + ' ' + evidence::hex(digest.substr(0, 16)) +
           '\n';
}

const std::string md5 = digest_of("MD5", "contents");
const std::string sha1 = digest_of("SHA1", "contents");

TEST(PackageLists, ThoseOfDpkgAreReadByTheirPackage) {
    const std::string text = evidence::hex(md5) + "  usr/bin/a file\n" + "no digest  usr/bin/b\n" +
                             evidence::hex(md5) + " usr/bin/one-space\n" + evidence::hex(md5) +
                             "  bin/last";
    const std::string bin = line_for("dpkg", "libexample", "usr/bin/a file", md5);
    std::vector<std::string> lines = {bin, line_for("dpkg", "libexample", "bin/last", md5)};
    std::sort(lines.begin(), lines.end());
    for (const char* path : {"var/lib/dpkg/info/libexample:amd64.md5sums",
                             "var/lib/dpkg/status.d/libexample.md5sums"}) {
        EXPECT_EQ(told(read(path, text)), lines[0] + lines[1]) << path;
    }
}

TEST(PackageLists, PathsWithoutADigestAreKnownAndFoldersAreNone) {
    PackageLists lists;
    ASSERT_TRUE(lists.begin("var/lib/dpkg/info/example:amd64.list", 3));
    lists.feed(
        "/.\n/usr\n/usr/bin\n/usr/bin/with\n/usr/bin/with-sum\n/usr/bin/without\n/etc\n/etc/x");
    lists.end();
    ASSERT_TRUE(lists.begin("var/lib/dpkg/info/example:amd64.md5sums", 4));
    lists.feed(evidence::hex(md5) + "  usr/bin/with\n" + evidence::hex(md5) +
               "  usr/bin/with-sum\n");
    lists.end();
    ASSERT_TRUE(lists.begin("var/lib/dpkg/status", 5));
    lists.feed(
        "Package: example\nVersion: 1:2-3\nArchitecture: amd64\n\nPackage: other\nVersion: a b\n");
    lists.end();
    const PackageFacts facts = lists.take();
    EXPECT_EQ(facts.files.size(), 4U);
    for (const char* path : {"usr/bin/with", "usr/bin/with-sum", "usr/bin/without", "etc/x"}) {
        const auto file =
            std::find_if(facts.files.begin(), facts.files.end(),
                         [&](const auto& one) { return one.path == packaged_path_key(path); });
        ASSERT_NE(file, facts.files.end()) << path;
        const bool has_sum = std::string_view(path).substr(0, 12) == "usr/bin/with" &&
                             std::string_view(path) != "usr/bin/without";
        EXPECT_EQ(file->kind, has_sum ? layer::DigestKind::md5 : layer::DigestKind::none) << path;
        EXPECT_EQ(file->below_usr, std::string_view(path).starts_with("usr/"));
        EXPECT_EQ(facts.packages[file->package].architecture, "amd64");
    }
    ASSERT_EQ(facts.packages.size(), 4U);
    EXPECT_EQ(facts.packages[2].version, "1:2-3");
    EXPECT_EQ(facts.packages[3].version, "");
}

TEST(PackageLists, ConffilesStandInTheStatus) {
    const std::string text = "Package: example\nStatus: install ok installed\nConffiles:\n"
                             " /etc/a file.conf " + evidence::hex(md5) + " obsolete\n"
                             " /etc/new newconffile\n"
                             "Description: " + evidence::hex(md5) + "\n"
                             " /etc/not-a-conffile " + evidence::hex(md5) + "\n\n"
                             "Conffiles:\n /etc/of-nobody " + evidence::hex(md5) + "\n";
    EXPECT_EQ(told(read("var/lib/dpkg/status", text)),
              line_for("dpkg", "example", "etc/a file.conf", md5));
}

TEST(PackageLists, ThoseOfApkAreReadWhereverTheyAreCut) {
    const std::string text = "P:example\nF:etc\nR:x.conf\na:0:0:644\nZ:Q1" +
                             evidence::encode_base64(sha1) + "\nF:\nR:top\nZ:Q1" +
                             evidence::encode_base64(sha1) + "\nR:y\nZ:Q2AAAA\n\nF:etc\nR:z\nZ:Q1" +
                             evidence::encode_base64(sha1) + "\n";
    // A file with a digest of another kind is known by its path.
    std::vector<std::string> lines = {line_for("apk", "example", "etc/x.conf", sha1),
                                      line_for("apk", "example", "top", sha1),
                                      line_for("apk", "example", "y", std::string(16, '\0'))};
    std::sort(lines.begin(), lines.end());
    for (std::size_t step = 1; step < 40; ++step) {
        EXPECT_EQ(told(read("lib/apk/db/installed", text, step)), lines[0] + lines[1] + lines[2])
            << step;
    }
    EXPECT_TRUE(read("app/lib/apk/db/installed", text).files.empty());
}

TEST(PackageLists, NamesFromBeforeTheMergeOfUsrAreTheSamePath) {
    EXPECT_EQ(packaged_path_key("bin/sh"), packaged_path_key("usr/bin/sh"));
    EXPECT_EQ(packaged_path_key("lib/x86_64-linux-gnu/a"),
              packaged_path_key("usr/lib/x86_64-linux-gnu/a"));
    EXPECT_NE(packaged_path_key("share/a"), packaged_path_key("usr/share/a"));
}

TEST(PackageLists, LinesAndListsWithoutEndCostNoMoreThanTheirLimits) {
    PackageLists lists;
    ASSERT_TRUE(lists.begin("var/lib/dpkg/info/big.md5sums", 0));
    const std::string endless(1 << 20, 'a');
    for (int i = 0; i < 64; ++i) lists.feed(endless);
    const std::string line = '\n' + evidence::hex(md5) + "  usr/";
    for (std::size_t i = 0; i < layer::packaged_files_a_layer + 3; ++i) {
        lists.feed(line + std::to_string(i));
    }
    lists.end();
    const PackageFacts facts = lists.take();
    EXPECT_EQ(facts.files.size(), layer::packaged_files_a_layer);
    EXPECT_EQ(facts.untold, 3U);
}

constexpr const char* rules = R"(
[[rule]]
id = "marked"
title = "marked"
severity = "high"
confidence = "high"
pattern = 'SECRET_[0-9a-f]{16}'
)";

const std::string secret = std::string("SECRET") + "_0123456789abcdef";

TEST(MemberDigests, AreThoseOfFilesThatHoldSomething) {
    test::TestEngine engine(rules);
    std::string tar;
    std::vector<std::string> contents;
    test::TarBuilder builder;
    // Of every size against slabs, with the secret in front, in the middle and at the end.
    for (const std::size_t size : {40U, 70'000U, 1'048'576U, 2'500'000U, 12'000'000U}) {
        for (const std::size_t at : {std::size_t{0}, size / 2, size - secret.size() - 1}) {
            std::string text(size, '.');
            text.replace(at, secret.size(), secret);
            builder.file("usr/f" + std::to_string(contents.size()), text);
            contents.push_back(std::move(text));
        }
        builder.file("usr/nothing" + std::to_string(size), std::string(size, '-'));
    }
    const auto result = engine.scan(builder.finish());
    ASSERT_EQ(result.findings.size(), contents.size());
    std::size_t next = 0;
    for (std::size_t i = 0; i < contents.size(); ++i) {
        const auto& found = result.findings[i];
        if (contents[i].size() > (layer::windows_kept << 20)) continue;
        ASSERT_LT(next, result.digests.size());
        const layer::MemberDigest& digest = result.digests[next++];
        EXPECT_EQ(digest.ordinal, found.ordinal);
        EXPECT_EQ(digest.md5, cut(digest_of("MD5", contents[i]))) << contents[i].size();
        EXPECT_EQ(digest.sha1, cut(digest_of("SHA1", contents[i]))) << contents[i].size();
    }
    EXPECT_EQ(next, result.digests.size());
}

TEST(MemberDigests, OneAlgorithmIsEnoughWhereTheManagerIsKnown) {
    test::TestEngine engine(rules);
    const auto debian = engine.scan(
        test::TarBuilder().file("etc/debian_version", "12\n").file("usr/a", secret).finish());
    ASSERT_EQ(debian.digests.size(), 1U);
    EXPECT_TRUE(debian.digests[0].md5 && !debian.digests[0].sha1);
    const auto alpine = engine.scan(
        test::TarBuilder().file("etc/apk/world", "a\n").file("usr/a", secret).finish());
    ASSERT_EQ(alpine.digests.size(), 1U);
    EXPECT_TRUE(!alpine.digests[0].md5 && alpine.digests[0].sha1);
}

TEST(MemberDigests, ManagersAreSeenInThePathsOfTheirSystems) {
    const auto seen = [](std::string_view path) {
        layer::ManagerHints hints;
        hints.see(path);
        return std::string(hints.dpkg ? "dpkg" : "") + (hints.apk ? "apk" : "") +
               (hints.rpm ? "rpm" : "");
    };
    for (const char* path : {"usr/lib/x86_64-linux-gnu/libz.so.1", "lib/aarch64-linux-gnu/libc.so.6",
                             "usr/bin/arm-linux-gnueabihf-ld", "var/lib/dpkg/status"}) {
        EXPECT_EQ(seen(path), "dpkg") << path;
    }
    for (const char* path : {"lib/ld-musl-x86_64.so.1", "lib/apk/db/installed", "usr/lib/apk/db/x"}) {
        EXPECT_EQ(seen(path), "apk") << path;
    }
    for (const char* path : {"usr/lib/.build-id/ab/cd", "usr/lib/sysimage/rpm/rpmdb.sqlite"}) {
        EXPECT_EQ(seen(path), "rpm") << path;
    }
    for (const char* path : {"usr/lib/libz.so.1", "usr/share/x-linux-gnu/y", "opt/lib/a-linux-gnu/b",
                             "usr/lib/a/b-linux-gnu", "lib", "usr", ""}) {
        EXPECT_EQ(seen(path), "") << path;
    }
}

TEST(MemberDigests, ProgramsOfTheGnuLibraryAreNoneOfApkUnlessItIsThere) {
    test::TestEngine engine(rules);
    std::ifstream file("/bin/true", std::ios::binary);
    const std::string contents =
        std::string(std::istreambuf_iterator<char>(file), {}) + std::string(secret);
    const auto unknown = engine.scan(test::TarBuilder().file("usr/bin/a", contents).finish());
    ASSERT_EQ(unknown.digests.size(), 1U);
    EXPECT_EQ(unknown.digests[0].md5, cut(digest_of("MD5", contents)));
    EXPECT_EQ(unknown.digests[0].sha256, cut(digest_of("SHA256", contents)));
    EXPECT_FALSE(unknown.digests[0].sha1);
    const auto apk = engine.scan(
        test::TarBuilder().file("etc/apk/world", "a\n").file("usr/bin/a", contents).finish());
    ASSERT_EQ(apk.digests.size(), 1U);
    EXPECT_EQ(apk.digests[0].sha1, cut(digest_of("SHA1", contents)));
}

}  // namespace
