// Registries that mean no good (tests/registry/hostile_registry.py): what they list costs what it
// is worth, and none of it leaves as it stands where it is a secret.
#include "tests/e2e/sweeping.hpp"

namespace stratascan::e2e {
namespace {

class HostileRegistry : public Sweep {
protected:
    [[nodiscard]] Server hostile(const std::string& attack, int size = 1) const {
        return {folder(), "hostile.log",
                {python(), tools() / "hostile_registry.py", "--log", folder() / "hostile.log",
                 "--attack", attack, "--size", std::to_string(size), "--secrets",
                 folder() / "secrets"}};
    }
    static void expect_memory(const Ran& ran, std::uint64_t ceiling = default_ceiling) {
        if (memory_is_measured) {
            EXPECT_LE(ran.peak_rss, ceiling);
        }
    }
};

// Twelve indexes in six levels: three million ways down, which once took an hour, and 85 documents.
TEST_F(HostileRegistry, IndexesThatListEachOther) {
    const Server registry = hostile("nested-indexes", 12);
    const Ran ran = sweep(registry.address());
    EXPECT_EQ(ran.exit, 0) << ran.err;
    EXPECT_EQ(row(ran, "app").at("images"), 12);
    EXPECT_EQ(row(ran, "app").at("state"), "complete");
    const int asked = counts(folder() / "hostile.log").manifests;
    EXPECT_LE(asked, 85) << "each document once";
    const Ran again = sweep(registry.address());
    EXPECT_EQ(summary(again).at("repositories"), summary(ran).at("repositories"));
    EXPECT_EQ(counts(folder() / "hostile.log").manifests, asked) << "nothing of it is asked again";
}

// 20,400 things that refer to an image, each with 220 annotations: no more of them are held than
// are read, and that is told.
TEST_F(HostileRegistry, ReferrersWithoutEnd) {
    const Server registry = hostile("referrers", 12);
    const Ran scanned = scan({registry.address() + "/app:1"});
    EXPECT_EQ(scanned.exit, 2) << scanned.err;
    EXPECT_NE(scanned.out.find("more is attached to the image than is read"), std::string::npos)
        << scanned.err;
    expect_memory(scanned);
}

// A page of what is listed is asked for before the next one is: nothing is held of it.
TEST_F(HostileRegistry, TagsAreAskedForWhileTheyAreListed) {
    const Server registry = hostile("tags", 5);
    const Ran ran = sweep(registry.address());
    EXPECT_EQ(ran.exit, 0) << ran.out << ran.err;
    EXPECT_EQ(row(ran, "app").at("tags"), 200);
}

TEST_F(HostileRegistry, RepositoriesWithoutEnd) {
    const Server registry = hostile("repositories", 6);
    const Ran ran = sweep(registry.address(), {"--plan", "--memory", "256MiB"});
    EXPECT_EQ(ran.exit, 2) << ran.err;
    const json told = summary(ran).at("not_listed").at(0);
    EXPECT_EQ(told.at("reason"), "over a limit");
    EXPECT_NE(told.dump().find("(raise --memory)"), std::string::npos) << told.dump();
    EXPECT_GT(summary(ran).at("repositories").size(), 10'000U);
    expect_memory(ran, std::uint64_t{256} << 20);
}

class NamesOfSecrets : public HostileRegistry {
protected:
    /// What the registry's names hold, none of which may be in an output.
    void expect_none(const std::string& text, const std::string& what) const {
        std::istringstream lines(read_file(folder() / "secrets"));
        int count = 0;
        for (std::string secret; std::getline(lines, secret); ++count) {
            EXPECT_EQ(text.find(secret), std::string::npos) << what << ": secret " << count;
        }
        EXPECT_EQ(count, 5);
    }
};

// A registry may call its repositories, tags and kinds of documents by secrets: it is asked by
// those names, and they are told and kept without the secrets, and known again.
TEST_F(NamesOfSecrets, AreCutInASweepAndItsStore) {
    const Server registry = hostile("secret-names");
    const Ran first = sweep(registry.address(), {"--registry-tries", "1"});
    EXPECT_EQ(first.exit, 2) << first.err;
    expect_none(first.out + first.err, "json");
    EXPECT_EQ(row(first, "app").at("tags"), 3) << first.out;
    std::set<std::string> names;
    const json whole = summary(first);
    for (const json& of : whole.at("repositories")) {
        EXPECT_GE(of.at("images").get<int>(), 1) << of.dump();
        names.insert(of.at("repository"));
    }
    EXPECT_EQ(names.size(), 3U) << first.out;
    for (const char* format : {"table", "jsonl"}) {
        std::vector<std::string> again = words(registry.address(), {"--registry-tries", "1"});
        *std::ranges::find(again, "json") = format;
        const Ran ran = stratascan(again, with_key(command()));
        EXPECT_EQ(ran.exit, 2) << ran.err;
        expect_none(ran.out + ran.err, format);
    }
    // Nothing has gone, nothing is there twice, and nothing is read again.
    const Ran last = sweep(registry.address(), {"--registry-tries", "1"});
    EXPECT_EQ(summary(last).at("repositories").size(), 3U) << last.out;
    EXPECT_LE(summary(last).at("layers_fetched"), 2) << "those that are not there" << last.out;
    for (const std::vector<std::string>& question :
         {std::vector<std::string>{"report", "--format", "json"}, {"store", "export"},
          {"find", "--path", "**", "--format", "json"}}) {
        const Ran ran = ask(question);
        expect_none(ran.out + ran.err, question[0]);
    }
    expect_none(read_file(store()) + read_file(store() + "-wal"), "the store");
}

// What a statement says of its builder and of its kind is told by the gate and kept for later.
TEST_F(NamesOfSecrets, AreCutInStatements) {
    const Server registry = hostile("secret-names");
    std::ofstream(folder() / "p.toml")
        << "id = \"attached\"\n[checks.provenance]\nbuilders = [\"https://other/*\"]\n";
    for (const char* format : {"table", "json", "markdown", "junit"}) {
        const Ran ran = stratascan({"gate", registry.address() + "/attested:1", "--policy",
                                    (folder() / "p.toml").string(), "--format", format, "--store",
                                    store()},
                                   command());
        EXPECT_EQ(ran.exit, 1) << ran.err;
        expect_none(ran.out + ran.err, format);
        EXPECT_NE(ran.out.find("SLSA "), std::string::npos) << ran.out;
    }
    const Ran kept = ask({"store", "export"});
    expect_none(kept.out + kept.err, "export");
    expect_none(read_file(store()) + read_file(store() + "-wal"), "the store");
}

}  // namespace
}  // namespace stratascan::e2e
