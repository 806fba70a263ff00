// A kernel that takes a thread's filter and refuses the next: with `auto` that is said, with
// `on` nothing is scanned outside and the scan fails. And the few places that a run writes
// to, when they can't be written.
#include <sys/stat.h>

#include "tests/e2e/faults.hpp"

namespace stratascan::e2e {
namespace {

bool has_sandbox() {
    return stratascan({"scan", "--no-store", "--sandbox", "on", source() / "tests/hostile"}).exit != 3;
}

/// What no reader of TOML or JSON takes.
struct BrokenFile {
    TemporaryFolder folder;
    std::string path = folder.path() / "broken";

    BrokenFile() { std::ofstream(path) << "x = ["; }
};

TEST(SandboxFaults, AThreadThatIsRefusedIsSaid) {
    SKIP_WITHOUT_FAULTS();
    if (!has_sandbox()) GTEST_SKIP() << "no sandbox here";
    const Built built = recipe("blob-shared");
    const Ran whole = scan_faulty(built, {});
    // The first is the trial, so from the second on.
    for (const char* const from : {"2", "3"}) {
        const Ran ran = scan_faulty(built, {{"FAULT_SECCOMP", from}},
                                    {"--no-store", "--stats", "--jobs", "2"});
        EXPECT_EQ(ran.out, whole.out);
        EXPECT_TRUE(has(ran.err, "outside of the sandbox")) << ran.err;
        EXPECT_TRUE(has(ran.err, "Cannot allocate memory")) << ran.err;
        EXPECT_TRUE(has(ran.err, "sandbox       partly: ")) << ran.err;
        const Ran required = scan_faulty(built, {{"FAULT_SECCOMP", from}},
                                         {"--no-store", "--sandbox", "on", "--jobs", "2"});
        EXPECT_EQ(required.exit, 3) << required.err;
        EXPECT_EQ(required.out, "");
        EXPECT_TRUE(has(required.err, "outside of the sandbox")) << required.err;
    }
    const Ran none = scan_faulty(built, {{"FAULT_SECCOMP", "1"}}, {"--no-store", "--stats"});
    EXPECT_EQ(none.out, whole.out);
    EXPECT_TRUE(has(none.err, "off: the kernel refuses it")) << none.err;
    EXPECT_EQ(scan_faulty(built, {{"FAULT_SECCOMP", "1"}}, {"--no-store", "--sandbox", "on"}).exit, 3);
}

// Each is broken, and the thread that would read it and say so is refused the sandbox.
TEST(SandboxFaults, WhatAGateIsGivenIsReadInside) {
    SKIP_WITHOUT_FAULTS();
    if (!has_sandbox()) GTEST_SKIP() << "no sandbox here";
    const BrokenFile file;
    const std::string& broken = file.path;
    const std::string target = source() / "tests/hostile";
    // The first is the trial, then come policies, suppressions, and one of the others.
    const std::vector<std::pair<const char*, const char*>> options = {
        {"--policy", "2"}, {"--suppressions", "3"}, {"--baseline", "4"}, {"--known-bases", "4"},
        {"--manifest", "4"}};
    for (const auto& [option, from] : options) {
        const std::vector<std::string> words = {"gate", "--no-store", "--sandbox", "on", option,
                                                broken, target};
        const Ran ran = stratascan(words, with({{"FAULT_SECCOMP", from}}));
        EXPECT_EQ(ran.exit, 3) << option;
        EXPECT_TRUE(has(ran.err, "outside of the sandbox")) << option << ran.err;
        EXPECT_FALSE(has(ran.err, "broken")) << option << ran.err;
        EXPECT_TRUE(has(stratascan(words).err, "broken")) << option;
    }
}

// The first is the trial, and the next one reads them.
TEST(SandboxFaults, RulesAreReadInside) {
    SKIP_WITHOUT_FAULTS();
    if (!has_sandbox()) GTEST_SKIP() << "no sandbox here";
    const BrokenFile file;
    const std::string& broken = file.path;
    const std::string target = source() / "tests/hostile";
    const std::vector<std::string> scan = {"scan", "--no-store", "--sandbox", "on", "--rules",
                                           broken, target};
    const Ran refused = stratascan(scan, with({{"FAULT_SECCOMP", "2"}}));
    EXPECT_EQ(refused.exit, 3);
    EXPECT_TRUE(has(refused.err, "outside of the sandbox")) << refused.err;
    EXPECT_FALSE(has(refused.err, "broken")) << refused.err;
    EXPECT_TRUE(has(stratascan(scan).err, "broken"));
    const std::vector<std::vector<std::string>> commands = {
        {"rules", "list", "--rules", broken},
        {"rules", "show", "x", "--rules", broken},
        {"rules", "explain", "--rules", broken, target + "/attack.py"},
        {"rules", "lint", broken},
        {"rules", "test", broken}};
    for (const std::vector<std::string>& words : commands) {
        const Ran ran = stratascan(words, with({{"FAULT_SECCOMP", "2"}}));
        EXPECT_NE(ran.exit, 0) << words[1];
        EXPECT_TRUE(has(ran.err, "outside of the sandbox")) << words[1] << ran.err;
        const Ran sound = stratascan(words);
        EXPECT_TRUE(has(sound.out + sound.err, "broken")) << words[1] << sound.err;
        EXPECT_FALSE(has(sound.err, "outside of the sandbox")) << words[1] << sound.err;
    }
}

// What is compiled of a user's rules inside of the sandbox, where no file can be made.
TEST(SandboxFaults, WhatIsCompiledInsideIsKept) {
    const TemporaryFolder folder;
    const std::string rules = folder.path() / "rules.toml";
    std::ofstream(rules) << R"([[rule]]
id = "ours"
title = "Token of ours"
severity = "high"
confidence = "high"
pattern = 'ours_[0-9a-f]{32}'
)";
    const auto kept = [&] {
        std::map<std::string, ino_t> files;
        for (const auto& file : fs::directory_iterator(folder.path() / "cache/stratascan")) {
            struct stat status {};
            EXPECT_EQ(::stat(file.path().c_str(), &status), 0);
            if (file.path().extension() == ".hsdb") files[file.path()] = status.st_ino;
        }
        return files;
    };
    const auto run = [&] {
        Command command;
        command.environment["XDG_CACHE_HOME"] = folder.path() / "cache";
        const Ran ran = stratascan({"scan", "--no-store", "--rules", rules, source() / "bench"},
                                   command);
        EXPECT_NE(ran.exit, 3) << ran.err;
        EXPECT_FALSE(has(ran.err, "not kept")) << ran.err;
        return kept();
    };
    const auto first = run();
    EXPECT_EQ(first.size(), 1U);
    EXPECT_EQ(run(), first) << "it is read, and not made again";
}

TEST(SandboxFaults, WhatIsExplainedIsReadInside) {
    SKIP_WITHOUT_FAULTS();
    if (!has_sandbox()) GTEST_SKIP() << "no sandbox here";
    const std::vector<std::string> words = {"rules", "explain", source() / "README.md"};
    EXPECT_EQ(stratascan(words).err, "");
    // The first is the trial.
    const Ran ran = stratascan(words, with({{"FAULT_SECCOMP", "2"}}));
    EXPECT_EQ(ran.exit, 0);
    EXPECT_TRUE(has(ran.err, "outside of the sandbox")) << ran.err;
}

// A user of no rights, with a home folder and a working folder that it can't write: as a
// container with a read-only root runs. Only root can become another user.
TEST(NoPlaceToWrite, AScanWorksAndSaysOnceWhatItKeepsNot) {
    if (geteuid() != 0) GTEST_SKIP() << "only root can become nobody";
    const Built built = recipe("blob-shared");
    const TemporaryFolder folder;
    fs::permissions(folder.path(), fs::perms::owner_all | fs::perms::group_read |
                                       fs::perms::group_exec | fs::perms::others_read |
                                       fs::perms::others_exec);
    // What nobody may read: the program and the image.
    fs::copy(program(), folder.path() / "stratascan");
    fs::copy(built.folder, folder.path() / "image", fs::copy_options::recursive);
    ASSERT_EQ(run({.words = {"chmod", "-R", "go+rX", folder.path()}}).exit, 0);
    Command command;
    command.directory = folder.path();
    for (const char* name : {"HOME", "XDG_CACHE_HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME"}) {
        command.environment[name] = folder.path();
    }
    command.words = {"setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups",
                     "--no-new-privs", (folder.path() / "stratascan").string(), "scan", "--format",
                     "json"};
    for (const std::string word : built.expect.at("arguments")) {
        command.words.push_back((folder.path() / "image" / word).string());
    }
    const Ran ran = run(command);
    EXPECT_EQ(ran.exit, 1) << ran.err;
    const json whole = report_of(scan_faulty(built, {}));
    EXPECT_EQ(report_of(ran).at("targets").size(), whole.at("targets").size());
    for (std::size_t i = 0; i < whole.at("targets").size(); ++i) {
        EXPECT_EQ(report_of(ran).at("targets").at(i).at("findings").size(),
                  whole.at("targets").at(i).at("findings").size());
        EXPECT_EQ(report_of(ran).at("targets").at(i).at("coverage").at("complete"), true);
    }
    EXPECT_EQ(std::count(ran.err.begin(), ran.err.end(), '\n'), 1) << ran.err;
    EXPECT_TRUE(has(ran.err, "nothing is kept")) << ran.err;
    expect_only(folder.path(), {"stratascan", "image"});
}

// Whoever can write to a shared folder puts links where a file is to be made.
TEST(PlantedLinks, AreNeitherFollowedNorWrittenThrough) {
    const Built built = recipe("gzip-single-member");
    const TemporaryFolder folder;
    const auto path = [&](const std::string& name) { return (folder.path() / name).string(); };
    const std::string victim = path("victim");
    std::ofstream(victim) << "precious";
    const auto target = targets_of(built).front();
    const auto expect_untouched = [&](const char* what) {
        EXPECT_EQ(read_file(victim), "precious") << what;
    };
    // The store, and what SQLite puts beside it.
    fs::create_directory(path("data"));
    fs::permissions(path("data"), fs::perms::owner_all);
    for (const char* const name : {"store.sqlite", "store.sqlite-wal", "store.sqlite-journal"}) {
        fs::create_symlink(victim, path("data/") + name);
        EXPECT_EQ(stratascan({"scan", "--store", path("data/store.sqlite"), target}).exit, 1);
        expect_untouched(name);
        for (const auto& file : fs::directory_iterator(path("data"))) fs::remove(file.path());
    }
    // The key.
    fs::create_directories(path("config/stratascan"));
    fs::create_symlink(victim, path("config/stratascan/key"));
    Command command;
    command.environment["XDG_CONFIG_HOME"] = path("config");
    EXPECT_EQ(stratascan({"scan", "--no-store", target}, command).exit, 3) << "not a key of ours";
    expect_untouched("the key");
    // A report's name that somebody else has taken with a link.
    if (geteuid() == 0) {
        fs::create_symlink(victim, path("report"));
        ASSERT_EQ(lchown(path("report").c_str(), 65534, 65534), 0);
        const Ran ran = stratascan({"scan", "--no-store", "-o", path("report"), target});
        EXPECT_EQ(ran.exit, 3);
        EXPECT_TRUE(has(ran.err, "another user has put a link there")) << ran.err;
        expect_untouched("a report");
    }
}

// Cache and store, folder and file, that others own or can write: each is said and not used,
// and costs no finding.
TEST(PlacesOfOthers, AreNotUsedAndSaid) {
    const Built built = recipe("gzip-single-member");
    const TemporaryFolder folder;
    const auto path = [&](const std::string& name) { return (folder.path() / name).string(); };
    std::ofstream(path("rules.toml"))
        << "[[rule]]\nid = \"mine\"\ntitle = \"Mine\"\nseverity = \"low\"\n"
           "pattern = '''\\b(?P<secret>minetoken_[a-z0-9]{20})\\b'''\n"
           "examples = [\"minetoken_{{hex:20}}\"]\n";
    Command command;
    command.environment["XDG_CACHE_HOME"] = path("cache");
    const auto scan = [&] {
        return stratascan({"scan", "--format", "json", "--rules", path("rules.toml"), "--store",
                           path("data/store.sqlite"), targets_of(built).front()}, command);
    };
    fs::create_directory(path("data"));
    fs::permissions(path("data"), fs::perms::owner_all);
    const Ran whole = scan();
    ASSERT_EQ(whole.exit, 1) << whole.err;
    ASSERT_EQ(whole.err, "");
    std::vector<std::string> kept;
    for (const auto& file : fs::directory_iterator(path("cache/stratascan"))) {
        kept.push_back(file.path());
    }
    ASSERT_FALSE(kept.empty());

    const auto expect_unused = [&](const std::string& place, const char* said) {
        const std::string store = read_file(path("data/store.sqlite"));
        const auto before = fs::last_write_time(kept.front());
        const Ran ran = scan();
        EXPECT_EQ(ran.exit, 1) << place;
        EXPECT_EQ(ran.out, whole.out) << place;
        EXPECT_TRUE(has(ran.err, said) && has(ran.err, fs::path(place).filename()))
            << place << ": " << ran.err;
        // A scan writes to the store that it may use, if only when the image was seen.
        const bool may_write = place == path("cache/stratascan");
        EXPECT_TRUE(may_write || read_file(path("data/store.sqlite")) == store) << place;
        EXPECT_EQ(fs::last_write_time(kept.front()), before) << place;
    };
    const std::string store = path("data/store.sqlite");
    const std::vector<std::string> places = {path("cache/stratascan"), path("data"), store,
                                             store + "-wal", store + "-journal"};
    for (const std::string& place : places) {
        // SQLite leaves none of those beside it.
        const bool planted = !fs::exists(place);
        if (planted) std::ofstream(place) << "";
        struct stat status {};
        ASSERT_EQ(::stat(place.c_str(), &status), 0);
        ASSERT_EQ(::chmod(place.c_str(), status.st_mode | 022U), 0);
        expect_unused(place, "others may write it");
        ASSERT_EQ(::chmod(place.c_str(), status.st_mode & 0777U), 0);
        if (geteuid() == 0) {
            ASSERT_EQ(::chown(place.c_str(), 65534, 65534), 0);
            expect_unused(place, "another user");
            ASSERT_EQ(::chown(place.c_str(), 0, 0), 0);
        }
        if (planted) fs::remove(place);
    }
    EXPECT_EQ(scan().err, "") << "all is as it was";

    // A file of the cache that was not ours is one of ours afterwards.
    const auto expect_made_anew = [&](const std::string& file) {
        EXPECT_EQ(scan().out, whole.out);
        struct stat status {};
        ASSERT_EQ(::stat(file.c_str(), &status), 0);
        EXPECT_EQ(status.st_uid, geteuid());
        EXPECT_EQ(status.st_mode & 0777U, 0600U);
    };
    for (const std::string& file : kept) {
        ASSERT_EQ(::chmod(file.c_str(), 0666), 0);
        expect_made_anew(file);
        if (geteuid() != 0) continue;
        ASSERT_EQ(::chown(file.c_str(), 65534, 65534), 0);
        expect_made_anew(file);
    }
}

}  // namespace
}  // namespace stratascan::e2e
