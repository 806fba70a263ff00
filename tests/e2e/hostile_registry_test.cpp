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

}  // namespace
}  // namespace stratascan::e2e
