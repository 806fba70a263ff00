// A disk that is full, wherever the program writes: it says so, the exit code is that of a
// failure, no half file stands under the name that was asked for, and what stood there
// before is untouched.
#include "tests/e2e/faults.hpp"

namespace stratascan::e2e {
namespace {

class DiskFull : public testing::Test {
protected:
    void SetUp() override { SKIP_WITHOUT_FAULTS(); }
    static constexpr const char* reason = "No space left on device";
    [[nodiscard]] std::string path(const std::string& name) const {
        return (folder_.path() / name).string();
    }
    TemporaryFolder folder_;
};

TEST_F(DiskFull, AReportIsWholeOrTheOldOne) {
    const Built built = recipe("blob-shared");
    for (const char* const format : {"json", "html", "sarif"}) {
        for (const bool there : {false, true}) {
            const std::string file = path("report");
            fs::remove(file);
            if (there) std::ofstream(file) << "the old one";
            std::vector<std::string> words = {"scan", "--no-store", "--format", format, "-o", file};
            for (const std::string& target : targets_of(built)) words.push_back(target);
            const Ran ran = stratascan(words, with({{"FAULT_WRITE", "report:1000"}}));
            EXPECT_EQ(ran.exit, 3);
            EXPECT_TRUE(has(ran.err, reason) && has(ran.err, file)) << ran.err;
            EXPECT_EQ(read_file(file), there ? "the old one" : "");
            EXPECT_EQ(fs::exists(file), there);
            expect_only(folder_.path(), {"report"});
            const Ran again = stratascan(words);
            EXPECT_EQ(again.exit, 1) << again.err;
            EXPECT_GT(fs::file_size(file), 1000U);
        }
    }
}

TEST_F(DiskFull, AKeyIsWholeOrNotThere) {
    const Built built = recipe("gzip-single-member");
    const auto scan = [&](std::map<std::string, std::string> faults) {
        Command command = with(std::move(faults));
        command.environment["XDG_CONFIG_HOME"] = path("config");
        return stratascan({"scan", targets_of(built).front()}, command);
    };
    for (const char* const at : {"stratascan/key:0", "stratascan/key:16"}) {
        const Ran ran = scan({{"FAULT_WRITE", at}});
        EXPECT_EQ(ran.exit, 1) << at << ran.err;
        EXPECT_TRUE(has(ran.err, reason) && has(ran.err, "nothing is kept")) << ran.err;
        EXPECT_TRUE(fs::is_empty(path("config/stratascan"))) << at;
    }
    EXPECT_EQ(scan({}).err, "");
    EXPECT_EQ(fs::file_size(path("config/stratascan/key")), 32U);
}

// The kernel's own full device, and no fake.
TEST_F(DiskFull, StandardOutputThatIsFullIsSaid) {
    const Built built = recipe("blob-shared");
    const Place place;
    ASSERT_EQ(scan_with(built, place).exit, 1);
    for (const std::string& words :
         {"scan --no-store --format json " + targets_of(built).front(),
          "gate --no-store " + targets_of(built).front(), "report --store " + place.file(),
          "store export --store " + place.file(), "store check --store " + place.file(),
          "find --path '*' --store " + place.file(), std::string("rules list")}) {
        const Ran ran = run({.words = {"sh", "-c", program() + " " + words + " > /dev/full"}});
        EXPECT_EQ(ran.exit, 3) << words;
        EXPECT_TRUE(has(ran.err, reason)) << words << ran.err;
    }
}

TEST_F(DiskFull, TheRightsAndTheLinkOfAReportStay) {
    const Built built = recipe("gzip-single-member");
    const auto report_to = [&](const std::string& file) {
        return stratascan({"scan", "--no-store", "-o", file, targets_of(built).front()});
    };
    std::ofstream(path("real")) << "old";
    fs::permissions(path("real"), fs::perms::owner_read | fs::perms::owner_write);
    fs::create_symlink("real", path("link"));
    EXPECT_EQ(report_to(path("link")).exit, 1);
    EXPECT_TRUE(fs::is_symlink(path("link")));
    EXPECT_NE(read_file(path("real")), "old");
    EXPECT_EQ(fs::status(path("real")).permissions(),
              fs::perms::owner_read | fs::perms::owner_write);
    EXPECT_EQ(report_to("/dev/null").exit, 1);
    EXPECT_TRUE(fs::is_character_file("/dev/null"));
    EXPECT_EQ(report_to(path("no/such/folder")).exit, 3);
    expect_only(folder_.path(), {"real", "link"});
}

TEST_F(DiskFull, AStoreKeepsWhatItHadAndTheReportIsWhole) {
    const Built first = recipe("gzip-many-members");
    const Built built = recipe("blob-shared");
    const Ran bare = scan_faulty(built, {});
    int told = 0;
    for (const char* const at : {"0", "4000", "30000", "60000", "120000"}) {
        const Place place;
        ASSERT_EQ(scan_with(first, place).exit, 1);
        const Ran known = stratascan({"report", "--format", "json", "--store", place.file()});
        const Ran ran = scan_faulty(built, {{"FAULT_WRITE", std::string("store.sqlite:") + at}},
                                    {"--store", place.file()});
        EXPECT_EQ(ran.exit, bare.exit) << at << ran.err;
        EXPECT_EQ(ran.out, bare.out) << at;
        told += has(ran.err, "store") ? 1 : 0;
        EXPECT_EQ(stratascan({"store", "check", "--store", place.file()}).out, "sound\n") << at;
        const Ran later = stratascan({"report", "--format", "json", "--store", place.file()});
        const json known_report = report_of(known);
        for (const json& target : known_report.at("targets")) {
            EXPECT_TRUE(has(later.out, target.at("image").at("digest").dump())) << at;
        }
        EXPECT_EQ(scan_faulty(built, {}, {"--store", place.file()}).out, bare.out) << "and goes on when there is room";
    }
    EXPECT_GT(told, 2);
}

TEST_F(DiskFull, ACacheOfRulesIsAbsentAndSaid) {
    const Built built = recipe("gzip-single-member");
    std::ofstream(path("rules.toml"))
        << "[[rule]]\nid = \"mine\"\ntitle = \"Mine\"\nseverity = \"low\"\n"
           "pattern = '''\\b(?P<secret>minetoken_[a-z0-9]{20})\\b'''\n"
           "examples = [\"minetoken_{{hex:20}}\"]\n";
    Command command = with({{"FAULT_WRITE", ".hsdb:1000"}, {"XDG_CACHE_HOME", path("cache")}});
    const std::vector<std::string> words = {"scan", "--no-store", "--rules", path("rules.toml"),
                                            targets_of(built).front()};
    const Ran ran = stratascan(words, command);
    EXPECT_EQ(ran.exit, 1) << ran.err;
    EXPECT_TRUE(has(ran.err, reason)) << ran.err;
    expect_only(folder_.path() / "cache/stratascan", {});
}

TEST_F(DiskFull, AnExportIsWholeOrTheOldOne) {
    const Place place;
    ASSERT_EQ(scan_with(recipe("blob-shared"), place).exit, 1);
    std::ofstream(path("export")) << "the old one";
    const std::vector<std::string> words = {"store", "export", "--store", place.file(), "-o",
                                            path("export")};
    const Ran ran = stratascan(words, with({{"FAULT_WRITE", "export:3000"}}));
    EXPECT_EQ(ran.exit, 3);
    EXPECT_TRUE(has(ran.err, reason)) << ran.err;
    EXPECT_EQ(read_file(path("export")), "the old one");
    expect_only(folder_.path(), {"export"});
    EXPECT_EQ(stratascan(words).exit, 0);
    EXPECT_GT(fs::file_size(path("export")), 3000U);
}

TEST_F(DiskFull, ASuppressionIsWholeOrNotThere) {
    const Ran soon = run({.words = {"date", "-d", "+30 days", "+%F"}});
    const std::vector<std::string> words = {"suppress", "--rule", "aws-access-key-id", "--reason",
                                            "the key of the test account", "--owner", "me", "--until",
                                            soon.out.substr(0, 10), "--suppressions",
                                            path("list.toml")};
    const Faults full = {{"FAULT_WRITE", "list.toml:20"}};
    const Ran ran = stratascan(words, with(full));
    EXPECT_EQ(ran.exit, 3);
    EXPECT_TRUE(has(ran.err, reason)) << ran.err;
    EXPECT_FALSE(fs::exists(path("list.toml")));
    ASSERT_EQ(stratascan(words).exit, 0);
    const std::string before = read_file(path("list.toml"));
    EXPECT_EQ(stratascan(words, with(full)).exit, 3);
    EXPECT_EQ(read_file(path("list.toml")), before);
}

}  // namespace
}  // namespace stratascan::e2e
