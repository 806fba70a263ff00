// Every question that `find` takes, over what a sweep of a real registry brought: where it is
// and was, since when, put there by which step, in each form of the answer.
#include "tests/e2e/sweeping.hpp"

namespace stratascan::e2e {
namespace {

class StoreQuestions : public Sweep {
protected:
    /// "team/app:old" has an access key in its first layer and a shell under another name in
    /// its second; then the tag moves to an image without them.
    StoreQuestions() {
        const Ran shell = run({.words = {"sh", "-c", "readlink -f $(command -v bash)"}});
        const std::string bash = shell.out.substr(0, shell.out.find('\n'));
        made_ = put_image(registry_.address(),
                          {"--name", "team/app:old", "--aws", "srv/conf/credentials", "--file",
                           "opt/tools/helper=" + bash});
        push(layout(recipe("removed-with-build-step")), registry_.address(), "other:1");
        EXPECT_EQ(sweep(registry_.address()).exit, 1);
        put_image(registry_.address(), {"--name", "team/app:old", "--noise", "2000"});
        EXPECT_EQ(sweep(registry_.address()).exit, 1);
    }
    [[nodiscard]] json matches(std::vector<std::string> question, int exit = 1) const {
        question.insert(question.begin(), "find");
        question.insert(question.end(), {"--format", "json"});
        const Ran ran = ask(question);
        EXPECT_EQ(ran.exit, exit) << question[1] << ran.out << ran.err;
        return report_of(ran).at("matches");
    }
    /// All are of the image that lost its tag, and say all that is known of it.
    void expect_the_old_image(const json& all) const {
        EXPECT_FALSE(all.empty());
        for (const json& match : all) {
            EXPECT_EQ(match.at("registry"), registry_.address());
            EXPECT_EQ(match.at("repository"), "team/app");
            EXPECT_EQ(match.at("digest"), made_.at("manifest"));
            EXPECT_EQ(match.at("platform"), "linux/amd64");
            EXPECT_EQ(match.at("tags").at(0).at("tag"), "old");
            EXPECT_FALSE(match.at("tags").at(0).at("now").get<bool>());
            EXPECT_LE(match.at("tags").at(0).at("from"), match.at("tags").at(0).at("until"));
            EXPECT_EQ(match.at("pullable"), "at-last-look") << "by its digest";
        }
    }
    [[nodiscard]] std::string layer(int index) const { return made_.at("layers").at(index).at(0); }

    DockerRegistry registry_;
    json made_;
};

TEST_F(StoreQuestions, OfFindings) {
    const json by_rule = matches({"--rule", "aws-access-key-id"});
    expect_the_old_image(by_rule);
    const json& key = by_rule.at(0);
    EXPECT_EQ(key.at("layer"), layer(0));
    EXPECT_EQ(key.at("layer_index"), 0);
    EXPECT_EQ(key.at("path"), "srv/conf/credentials");
    EXPECT_EQ(key.at("line"), 2);
    EXPECT_EQ(key.at("visibility"), "visible");
    EXPECT_EQ(key.at("created_by"), "COPY part0 /");
    const std::string detail = key.at("detail");
    const std::string account = detail.substr(detail.find("account ") + 8, 12);
    const json of_account = matches({"--aws-account", account});
    expect_the_old_image(of_account);
    EXPECT_EQ(of_account.size(), 2U) << "both halves of the key";
    EXPECT_TRUE(matches({"--aws-account", "000000000001"}, 0).empty());
    for (const char* path : {"srv/conf/*", "**/credentials", "credentials", "srv/**"}) {
        EXPECT_EQ(matches({"--path", path}).size(), 2U) << path;
    }
    EXPECT_TRUE(matches({"--path", "srv/*"}, 0).empty()) << "* stays within a name";
    // All that is given must hold.
    const std::string repository = registry_.address() + "/team/app";
    EXPECT_EQ(matches({"--rule", "aws-access-key-id", "--image", repository}).size(), 1U);
    EXPECT_EQ(matches({"--rule", "aws-access-key-id", "--layer", layer(0)}).size(), 1U);
    EXPECT_TRUE(matches({"--rule", "aws-access-key-id", "--layer", layer(1)}, 0).empty());
    EXPECT_TRUE(matches({"--rule", "aws-access-key-id", "--image",
                         registry_.address() + "/other"}, 0).empty());
    // Deleted by a later step of the same image.
    const json deleted = matches({"--image", registry_.address() + "/other:1", "--path", "build/**"});
    EXPECT_EQ(deleted.at(0).at("visibility"), "deleted");
    EXPECT_TRUE(deleted.at(0).at("tags").at(0).at("now").get<bool>());
}

TEST_F(StoreQuestions, OfPrograms) {
    const json all = matches({"--program", "bash"});
    expect_the_old_image(all);
    EXPECT_EQ(all.at(0).at("path"), "opt/tools/helper");
    EXPECT_EQ(all.at(0).at("created_by"), "COPY part1 /");
    const std::string version = all.at(0).at("version");
    ASSERT_FALSE(version.empty());
    EXPECT_EQ(matches({"--program", "bash", "--version", "=" + version}).size(), 1U);
    EXPECT_EQ(matches({"--program", "bash", "--version", ">=3,<99"}).size(), 1U);
    EXPECT_TRUE(matches({"--program", "bash", "--version", "<3"}, 0).empty());
    EXPECT_EQ(ask({"find", "--program", "bash", "--version", "soon"}).exit, 3);
    EXPECT_EQ(ask({"find", "--version", "<3"}).exit, 3) << "of which program?";
}

TEST_F(StoreQuestions, OfDigestsAndNames) {
    const std::string manifest = made_.at("manifest");
    const std::string repository = registry_.address() + "/team/app";
    expect_the_old_image(matches({"--sha256", layer(0)}));
    expect_the_old_image(matches({"--sha256", layer(0).substr(7)}));
    expect_the_old_image(matches({"--sha256", manifest}));
    expect_the_old_image(matches({"--layer", layer(1)}));
    expect_the_old_image(matches({"--image", manifest}));
    EXPECT_EQ(matches({"--image", repository}).size(), 2U) << "now and before";
    EXPECT_EQ(matches({"--image", repository + ":old"}).size(), 2U);
    EXPECT_TRUE(matches({"--image", repository + ":none"}, 0).empty());
    EXPECT_EQ(ask({"find", "--sha256", std::string(64, '0')}).exit, 0);
}

TEST_F(StoreQuestions, AreAnsweredAsTableAndCsv) {
    const Ran table = ask({"find", "--rule", "aws-access-key-id"});
    for (const std::string& text :
         {registry_.address() + "/team/app", std::string("old ("), std::string("linux/amd64"),
          std::string("pullable by its digest"), std::string("srv/conf/credentials"),
          std::string("layer 0"), std::string("visible"), std::string("COPY part0 /")}) {
        EXPECT_NE(table.out.find(text), std::string::npos) << text << '\n' << table.out;
    }
    const Ran csv = ask({"find", "--rule", "aws-access-key-id", "--format", "csv"});
    std::istringstream lines(csv.out);
    std::string head, line, more;
    std::getline(lines, head);
    std::getline(lines, line);
    EXPECT_FALSE(std::getline(lines, more)) << csv.out;
    for (const std::string& text :
         {registry_.address(), std::string("team/app"), std::string("old"),
          made_.at("manifest").get<std::string>(), layer(0), std::string("linux/amd64"),
          std::string("srv/conf/credentials"), std::string("visible"), std::string("COPY part0 /"),
          std::string("at-last-look")}) {
        EXPECT_NE(line.find(text), std::string::npos) << text << '\n' << line;
    }
    const std::string day = table.out.substr(table.out.find("old (") + 5, 10);
    EXPECT_NE(line.find("\"old " + day + "T"), std::string::npos) << "since when: " << line;
    EXPECT_EQ(line.find(".."), std::string::npos) << "and until when: " << line;
    const auto cells = [](const std::string& of) { return std::ranges::count(of, ','); };
    EXPECT_GE(cells(line), cells(head)) << "a cell a column";
}

}  // namespace
}  // namespace stratascan::e2e
