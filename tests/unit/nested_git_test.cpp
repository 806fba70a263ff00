// Layers with git repositories in them, made by the real git: what was deleted in
// history is found with the commit that brought it.
#include <gtest/gtest.h>

#include <string>

#include "scanner/nested/git_history.hpp"
#include "tests/support/blobs.hpp"
#include "tests/support/git_repository.hpp"
#include "tests/support/scanning.hpp"
#include "tests/support/tar_builder.hpp"

namespace stratascan::nested {
namespace {

constexpr const char* rules = R"(
[[rule]]
id = "token"
title = "Token"
pattern = '\b(?P<secret>tst_[A-Za-z0-9]{8})\b'

[[rule]]
id = "url"
title = "URL with a password"
pattern = 'https://[a-z]{1,20}:(?P<secret>[A-Za-z0-9]{8,20})@'
)";

std::string told(const layer::LayerResult& result) {
    std::string text;
    for (const auto& [finding, ordinal, containers, origins, place] : result.findings) {
        text += finding.path;
        for (const std::string& step : finding.inner_path) text += '>' + step;
        text += ':' + std::to_string(finding.line) + " @" + std::to_string(finding.offset);
        if (finding.in_head) text += *finding.in_head ? " in HEAD" : " not in HEAD";
        text += '\n';
    }
    for (const Gap& gap : result.gaps) text += "gap " + gap.path + ": " + gap.reason + '\n';
    return text;
}

/// Names of packs and of loose objects' files, which say nothing here.
std::string short_names(std::string text) {
    for (const std::string folder : {"objects/pack/", "objects/"}) {
        for (std::size_t at = 0; (at = text.find(folder, at)) != text.npos;) {
            at += folder.size();
            const std::size_t end = text.find('>', at);
            if (folder == "objects/" && text.compare(at, 5, "pack/") == 0) continue;
            text.erase(at, end - at);
        }
    }
    return text;
}

class NestedGit : public testing::Test {
protected:
    std::string scan(const std::string& tar) {
        last_ = engine_.scan(tar);
        return short_names(told(last_));
    }
    std::string scan(const test::GitRepository& git, const std::string& prefix = "app/") {
        test::TarBuilder tar;
        git.into(tar, prefix);
        return scan(tar.finish());
    }

    test::TestEngine engine_{rules};
    layer::LayerResult last_;
};

// A file that gets a secret, keeps it for a while, and loses it.
struct Planted {
    test::GitRepository git;
    std::string blob, commit;

    explicit Planted(const std::string& format = "sha1", const std::string& token = "tst_01234567")
        : git(format) {
        const std::string long_text = test::Random(3).text(5000);
        git.write("src/config.py", long_text + "\nempty\n");
        git.write("README", "nothing\n");
        git.commit("first");
        git.write("src/config.py", long_text + "\ntoken\n" + token + "\n");
        commit = git.commit("second");
        blob = git.id("HEAD:src/config.py");
        git.write("src/config.py", long_text + "\ntoken\n" + token + "\nmore\n");
        git.commit("third");
        git.write("src/config.py", long_text + "\nempty\n");
        git.commit("fourth");
    }
    [[nodiscard]] std::string place(const std::string& token = "tst_01234567") const {
        const std::string text = git.run("cat-file blob " + blob);
        const std::size_t at = text.find(token);
        return std::to_string(std::count(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(at), '\n') + 1) +
               " @" + std::to_string(at);
    }
    [[nodiscard]] std::string way() const {
        return "blob " + blob + ">commit " + commit + " src/config.py:" + place();
    }
};

TEST_F(NestedGit, FindsWhatWasDeletedWithItsCommit) {
    for (const char* format : {"sha1", "sha256"}) {
        Planted planted(format);
        EXPECT_EQ(scan(planted.git), "app/.git/objects/>" + planted.way() + " not in HEAD\n")
            << "loose, once for all versions";
        planted.git.run("gc -q --aggressive --prune=now");
        EXPECT_EQ(scan(planted.git), "app/.git/objects/pack/>" + planted.way() + " not in HEAD\n")
            << "packed; HEAD is in packed-refs";
        planted.git.run("checkout -q --detach");
        EXPECT_EQ(scan(planted.git), "app/.git/objects/pack/>" + planted.way() + " not in HEAD\n");
        planted.git.run("update-ref refs/heads/main HEAD~1");
        planted.git.run("checkout -q main");
        const std::string found = scan(planted.git);
        EXPECT_NE(found.find(planted.way() + " in HEAD\n"), found.npos)
            << "a later version with the secret is in HEAD: " << found;
    }
}

TEST_F(NestedGit, JoinsPacksAndLooseObjects) {
    Planted planted;
    planted.git.run("repack -qad");
    planted.git.run("prune-packed");
    planted.git.write("src/config.py", "tst_76543210\n");
    const std::string commit = planted.git.commit();
    const std::string blob = planted.git.id("HEAD:src/config.py");
    planted.git.remove("src/config.py");
    planted.git.commit();
    const std::string found = scan(planted.git);
    EXPECT_NE(found.find("app/.git/objects/pack/>" + planted.way() + " not in HEAD\n"), found.npos)
        << found;
    EXPECT_NE(found.find("app/.git/objects/>blob " + blob + ">commit " + commit +
                         " src/config.py:1 @0 not in HEAD\n"),
              found.npos)
        << found;
}

TEST_F(NestedGit, TellsRepositoriesApart) {
    Planted first;
    first.git.run("gc -q --prune=now");
    Planted second("sha1", "tst_abcdefgh");
    second.git.run("gc -q --prune=now");
    test::TarBuilder tar;
    first.git.into(tar, "one/");
    // As a bare repository and as a submodule's.
    test::TarBuilder inner;
    second.git.into(inner, "two/");
    tar.file("repo.tar.gz", test::gzip(inner.finish()));
    const std::string found = scan(tar.finish());
    EXPECT_NE(found.find("one/.git/objects/pack/>" + first.way() + " not in HEAD\n"), found.npos)
        << found;
    EXPECT_NE(found.find("repo.tar.gz>gzip>two/.git/objects/pack/>blob " + second.blob +
                         ">commit " + second.commit + " src/config.py:" +
                         second.place("tst_abcdefgh") + " not in HEAD\n"),
              found.npos)
        << found;
    EXPECT_EQ(last_.findings.size(), 2U);
}

TEST_F(NestedGit, ReadsBareRepositoriesAndSubmodules) {
    Planted planted;
    planted.git.run("gc -q --prune=now");
    test::TarBuilder all;
    planted.git.into(all, "");
    const std::string whole = all.finish();
    for (const std::string root : {"srv/x.git/", "app/.git/modules/lib/", ""}) {
        test::TarBuilder tar;
        const test::TempDir folder;
        planted.git.run("clone -q --bare . '" + folder.path("x") + "' 2>/dev/null");
        for (const auto& entry :
             std::filesystem::recursive_directory_iterator(folder.path("x"))) {
            if (!entry.is_regular_file()) continue;
            std::ifstream file(entry.path(), std::ios::binary);
            tar.file(root + entry.path().lexically_relative(folder.path("x")).string(),
                     {std::istreambuf_iterator<char>(file), {}});
        }
        EXPECT_EQ(scan(tar.finish()), root + "objects/pack/>" + planted.way() + " not in HEAD\n");
    }
}

TEST_F(NestedGit, SaysNoMoreThanItKnows) {
    Planted planted;
    planted.git.run("gc -q --aggressive --prune=now");
    test::TarBuilder alone;
    alone.file("some.bin", planted.git.pack());
    EXPECT_EQ(scan(alone.finish()), "some.bin>" + planted.way() + "\n") << "no HEAD, no word of it";

    // A clone of the last commit but one, without its history.
    const test::TempDir folder;
    planted.git.run("clone -q --depth 1 --no-local 'file://" + planted.git.path() + "' '" +
                    folder.path("x") + "' 2>/dev/null");
    planted.git.write("dangling", "tst_dangling");
    const std::string id = planted.git.run("hash-object -w dangling").substr(0, 40);
    planted.git.remove("dangling");
    planted.git.run("repack -qad");
    const std::string found = scan(planted.git);
    EXPECT_NE(found.find(">blob " + id + ":1 @0 not in HEAD\n"), found.npos)
        << "a blob that no commit has: " << found;
}

TEST_F(NestedGit, FindsTheCommitOfMergesAndRenames) {
    test::GitRepository git;
    git.write("a", "x\n");
    git.commit();
    git.run("checkout -q -b side");
    git.write("deep/er/b", "tst_fromside\n");
    const std::string brought = git.commit();
    git.run("checkout -q main");
    git.write("a", "y\n");
    git.commit();
    git.run("merge -q --no-ff -m merged side");
    git.run("mv deep/er/b c");
    git.commit();
    const std::string blob = git.id("HEAD:c");
    git.run("gc -q --prune=now");
    git.remove("c");
    EXPECT_EQ(scan(git), "app/.git/objects/pack/>blob " + blob + ">commit " + brought +
                             " deep/er/b:1 @0 in HEAD\n")
        << "where it came from, and it is still there by another name";
}

TEST_F(NestedGit, ReadsMessagesTagsAndSettings) {
    test::GitRepository git;
    git.write("a", "x\n");
    const std::string commit = git.commit("use tst_inthelog");
    git.run("tag -a -m 'with tst_inthetag' v1");
    git.run("remote add origin https://user:pass0word1@git.example/x.git");
    const std::string tag = git.id("v1");
    git.run("repack -qad");
    git.run("prune-packed");
    const std::string found = scan(git);
    EXPECT_NE(found.find("app/.git/objects/pack/>commit " + commit + ":"), found.npos) << found;
    EXPECT_NE(found.find("app/.git/objects/pack/>tag " + tag + ":"), found.npos) << found;
    EXPECT_NE(found.find("app/.git/config:"), found.npos) << found;
    EXPECT_NE(found.find("app/.git/logs/HEAD:"), found.npos) << found;
    EXPECT_NE(found.find("app/.git/COMMIT_EDITMSG:"), found.npos) << found;
}

TEST_F(NestedGit, CutsSecretsOutOfPathsInCommits) {
    test::GitRepository git;
    git.write("keys/tst_inaname0", "tst_01234567\n");
    git.commit();
    git.run("rm -q keys/tst_inaname0");
    git.commit();
    git.run("gc -q --prune=now");
    const std::string found = scan(git);
    EXPECT_NE(found.find(" keys/****"), found.npos) << found;
    EXPECT_EQ(found.find("tst_inaname0"), found.npos) << found;
}

TEST_F(NestedGit, LooksIntoBlobsThatAreContainers) {
    test::GitRepository git;
    git.write("backup.tar.gz",
              test::gzip(test::TarBuilder().file("in/y", "\ntst_01234567\n").finish()));
    const std::string commit = git.commit();
    const std::string blob = git.id("HEAD:backup.tar.gz");
    git.remove("backup.tar.gz");
    git.commit();
    const std::string end = ">commit " + commit + " backup.tar.gz>gzip>in/y:2 @1 not in HEAD\n";
    EXPECT_EQ(scan(git), "app/.git/objects/>blob " + blob + end);
    git.run("gc -q --prune=now");
    EXPECT_EQ(scan(git), "app/.git/objects/pack/>blob " + blob + end);
}

TEST_F(NestedGit, KeepsNoMoreOfAGraphThanItMay) {
    test::GitRepository git;
    for (int i = 0; i < 20; ++i) {
        git.write("folder" + std::to_string(i) + "/file", std::to_string(i));
        git.commit();
    }
    const GitId blob = *id_from_hex(git.id("HEAD:folder3/file"));
    for (const std::uint64_t memory : {std::uint64_t{4} << 10, std::uint64_t{4} << 20}) {
        GitHistory history(memory);
        const std::uint32_t repository = history.repository({".git/objects/pack/x.pack"});
        for (const auto& [name, contents] : git.objects()) {
            const std::size_t space = name.find(' ');
            const GitKind kind = name.starts_with("commit") ? GitKind::commit
                                 : name.starts_with("tree") ? GitKind::tree
                                                            : GitKind::blob;
            history.add_object(repository, kind, *id_from_hex(name.substr(space + 1)), contents);
        }
        EXPECT_LE(history.memory(), memory);
        layer::LayerResult result;
        result.findings.resize(1);
        result.findings[0].finding.path = ".git/objects/pack/x.pack";
        result.findings[0].finding.inner_path = {object_step(GitKind::blob, blob), "gzip"};
        history.tell(result, [](std::string_view path) { return std::string(path); });
        const bool small = memory < 1 << 20;
        EXPECT_EQ(history.truncated(), small);
        EXPECT_EQ(result.findings[0].finding.inner_path.size(), small ? 2U : 3U);
        if (!small) {
            EXPECT_EQ(result.findings[0].finding.inner_path[1],
                      "commit " + git.id("HEAD~16") + " folder3/file");
        }
    }
}

TEST_F(NestedGit, TellsDamageOfLooseObjects) {
    test::GitRepository git;
    git.write("large", test::Random(1).bytes(20'000) + "tst_01234567");
    git.commit();
    test::TarBuilder tar;
    const std::string blob = git.id("HEAD:large");
    const std::string name = ".git/objects/" + blob.substr(0, 2) + '/' + blob.substr(2);
    std::ifstream file(git.path() + '/' + name, std::ios::binary);
    const std::string bytes{std::istreambuf_iterator<char>(file), {}};
    tar.file(name, bytes.substr(0, bytes.size() - 5'000));
    last_ = engine_.scan(tar.finish());
    EXPECT_EQ(told(last_), "gap " + name + ": zlib: it ends early\n");
}

}  // namespace
}  // namespace stratascan::nested
