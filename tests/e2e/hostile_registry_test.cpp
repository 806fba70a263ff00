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

}  // namespace
}  // namespace stratascan::e2e
