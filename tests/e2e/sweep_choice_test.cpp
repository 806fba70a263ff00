// What of a registry a sweep takes, and in which order: tags by the dates of their images,
// repositories as each service lists them, the largest layers first.
#include <ctime>

#include "tests/e2e/access.hpp"
#include "tests/e2e/sweeping.hpp"

namespace stratascan::e2e {
namespace {

class SweepChoice : public WithAccess<Sweep> {
protected:
    /// The tags that the store was told of.
    [[nodiscard]] std::set<std::string> tags_in(const std::string& place) const {
        std::set<std::string> tags;
        std::istringstream lines(stratascan({"store", "export", "--store", place}, command()).out);
        for (std::string line; std::getline(lines, line);) {
            const json of = json::parse(line, nullptr, false);
            if (of["kind"] == "tag") tags.insert(of.at("tag"));
        }
        return tags;
    }
};

/// "2026-01-31T00:00:00Z", so many days ago.
std::string days_ago(int days) {
    const std::time_t then = std::time(nullptr) - static_cast<std::time_t>(days) * 86'400;
    std::tm parts{};
    ::gmtime_r(&then, &parts);
    std::array<char, 32> text{};
    std::strftime(text.data(), text.size(), "%Y-%m-%dT%H:%M:%SZ", &parts);
    return text.data();
}

TEST_F(SweepChoice, NewestAndYoungest) {
    const DockerRegistry registry;
    for (const auto& [tag, days] : std::map<std::string, int>{
             {"old", 400}, {"mid", 40}, {"young", 20}, {"new", 2}}) {
        // A label of that name is no date.
        put_image(registry.address(), {"--name", "app:" + tag, "--created", days_ago(days),
                                       "--label", "created=2099-01-01T00:00:00Z", "--noise",
                                       std::to_string(1000 + days)});
    }
    put_image(registry.address(), {"--name", "app:undated", "--created", "1970-01-01T00:00:00Z",
                                   "--noise", "999"});
    push(layout(recipe("two-platforms-and-an-attestation")), registry.address(), "many:1",
         {"--all"});
    using Tags = std::set<std::string>;
    const auto taken = [&](std::vector<std::string> options, std::uint64_t left_out) {
        const std::string place = (folder() / (options.back() + options[0])).string();
        const Ran ran = sweep(registry.address() + "/app", std::move(options), place);
        EXPECT_EQ(ran.exit, 0) << ran.err;
        EXPECT_EQ(row(ran, "app").at("tags_left_out"), left_out);
        EXPECT_EQ(row(ran, "app").at("state"), "complete");
        return tags_in(place);
    };
    EXPECT_EQ(taken({"--newest", "1"}, 3), (Tags{"new", "undated"}));
    EXPECT_EQ(taken({"--newest", "2"}, 2), (Tags{"new", "undated", "young"}));
    EXPECT_EQ(taken({"--max-age", "30"}, 2), (Tags{"new", "undated", "young"}));
    EXPECT_EQ(taken({"--newest", "1", "--max-age", "100"}, 3), (Tags{"new", "undated"}));
    EXPECT_EQ(taken({"--tag", "m*", "--newest", "1"}, 4), Tags{"mid"});
    // Dates cost requests the first time: then the store knows them.
    const Ran first = sweep(registry.address(), {"--newest", "1"});
    EXPECT_EQ(row(first, "many").at("images"), 2) << "an index is as old as its first image";
    const Server counted = proxy(registry, "none", "again.log");
    EXPECT_EQ(sweep(counted.address(), {"--newest", "1"}).exit, 1);
    EXPECT_EQ(counts(folder() / "again.log").blobs.size(), 0U) << "nothing new";
}

// Each service lists in its own way; images are those of a real registry.
TEST_F(SweepChoice, RepositoriesAsServicesListThem) {
    const DockerRegistry registry;
    for (const char* name : {"library/one:1", "library/two:1", "team/one:1", "team/two:1",
                             "team/nested/two:1", "team/sub/one:1", "team/sub/two:1", "one:1",
                             "two:1", "other/three:1"}) {
        put_image(registry.address(), {"--name", name, "--noise", "500"});
    }
    const Server services(folder(), "services",
                          {python(), tools() / "listing_fake.py", "--log", folder() / "services.log",
                           "--password", password_});
    std::ofstream(folder() / "password") << password_ << "\n";
    struct Row {
        const char* service;
        const char* below;
        std::set<std::string> repositories;
    };
    const std::vector<Row> rows = {
        {"docker-hub", "/team", {"team/one", "team/two"}},
        {"harbor", "", {"library/one", "library/two"}},
        {"github", "/team", {"team/nested/two", "team/one"}},
        {"quay", "/team", {"team/one", "team/two"}},
        {"gitlab", "/team/sub", {"team/sub/one", "team/sub/two"}},
    };
    for (const Row& of : rows) {
        Command with = with_key(command());
        with.input_file = (folder() / "password").string();
        const Ran ran = stratascan(
            words(registry.address() + of.below,
                  {"--service", of.service, "--service-api", "http://" + services.address(),
                   "--registry-user", "somebody", "--registry-password-stdin"},
                  (folder() / of.service).string()),
            with);
        EXPECT_EQ(ran.exit, 0) << of.service << ran.err << ran.out;
        std::set<std::string> swept;
        const json told = summary(ran);
        for (const json& repository : told.at("repositories")) {
            EXPECT_EQ(repository.at("state"), "complete");
            swept.insert(repository.at("repository"));
        }
        EXPECT_EQ(swept, of.repositories) << of.service;
        expect_no_password(ran, password_);
    }
    // Who is refused the list is told so.
    const Ran refused = sweep(registry.address() + "/team",
                              {"--service", "github", "--service-api",
                               "http://" + services.address()});
    EXPECT_EQ(refused.exit, 3) << refused.out;
    EXPECT_EQ(summary(refused).at("not_listed").at(0).at("reason"), "unauthorized");
}

// A name that is wrong is told, and not taken for a repository that has gone.
TEST_F(SweepChoice, NamesOfNothing) {
    const DockerRegistry registry;
    put_image(registry.address(), {"--name", "team/app:1", "--noise", "500"});
    for (const char* wrong : {"/tema", "/team/ap", "/team/app/sub"}) {
        const Ran ran = sweep(registry.address() + wrong);
        EXPECT_EQ(ran.exit, 3) << wrong << ran.out;
        EXPECT_EQ(summary(ran).at("not_listed").at(0).at("reason"), "gone");
        EXPECT_NE(ran.out.find("no repository of this name"), std::string::npos) << ran.out;
    }
    EXPECT_EQ(sweep(registry.address() + "/team").exit, 0);
    EXPECT_EQ(sweep(registry.address() + "/team", {"--include", "other"}).exit, 0);
    // What was there and is there no more has gone.
    fs::remove_all(registry.storage() / "docker/registry/v2/repositories/team");
    const Ran gone = sweep(registry.address() + "/team/app");
    EXPECT_EQ(gone.exit, 0) << gone.out;
    EXPECT_EQ(row(gone, "team/app").at("state"), "gone");
}

// Of layers that are worth it the larger one is begun first; so the end of a sweep is no wait
// for one large layer.
TEST_F(SweepChoice, LargestFirst) {
    const DockerRegistry registry;
    std::map<int, std::string, std::greater<>> by_size;
    std::vector<std::string> options = {"--name", "app:1"};
    for (int i = 0; i < 12; ++i) {
        options.insert(options.end(), {"--noise", std::to_string(600'000 + (i * 5 % 12) * 50'000)});
    }
    const json made = put_image(registry.address(), options);
    for (const json& layer : made.at("layers")) by_size[layer.at(1)] = layer.at(0);
    const Server counted = proxy(registry, "slow", "order.log");
    EXPECT_EQ(sweep(counted.address(), {"--jobs", "1"}).exit, 0);
    std::vector<std::string> asked;
    for (const json& request : requests(folder() / "order.log")) {
        const std::string path = request.at("path");
        for (const auto& [size, digest] : by_size) {
            if (path.ends_with(digest)) asked.push_back(digest);
        }
    }
    ASSERT_EQ(asked.size(), 12U);
    // Some are under way at once, so neighbours may change places.
    std::size_t place = 0;
    for (const auto& [size, digest] : by_size) {
        const auto at = static_cast<std::size_t>(std::ranges::find(asked, digest) - asked.begin());
        EXPECT_LE(at > place ? at - place : place - at, 4U) << size;
        ++place;
    }
}

}  // namespace
}  // namespace stratascan::e2e
