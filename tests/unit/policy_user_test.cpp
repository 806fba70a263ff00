// Who an image runs as, for every way to write it.
#include <gtest/gtest.h>

#include "scanner/policy/accounts.hpp"
#include "tests/support/policy_subject.hpp"

namespace {

using namespace stratascan;
using policy::Outcome;
using test::MadeUpImage;

constexpr std::string_view passwd =
    "root:x:0:0:root:/root:/bin/sh\n"
    "toor:x:0:0::/root:/bin/sh\n"
    "app:x:1000:1000::/home/app:/sbin/nologin\n"
    "worker:x:1001:33::/:/sbin/nologin\n"
    "007:x:1500:1500::/:/sbin/nologin\n";

struct Spelling {
    const char* user;
    Outcome not_root, ids, numeric;
};

class UserSpelling : public testing::TestWithParam<Spelling> {};

TEST_P(UserSpelling, IsWhoItIs) {
    MadeUpImage image;
    image.passwd(passwd).document(layer::DocumentKind::group, "etc/group",
                                  "root:x:0:\napp:x:1000:\nwww:x:33:\n");
    image.facts.user = GetParam().user;
    EXPECT_EQ(image.outcome("user-root"), GetParam().not_root);
    EXPECT_EQ(image.outcome("user-ids"), GetParam().ids);
    EXPECT_EQ(image.outcome("user-numeric"), GetParam().numeric);
}

constexpr auto pass = Outcome::pass;
constexpr auto no = Outcome::fail;
constexpr auto none = Outcome::not_applicable;

INSTANTIATE_TEST_SUITE_P(
    Table, UserSpelling,
    testing::Values(Spelling{"", no, no, none}, Spelling{"0", no, no, pass},
                    Spelling{"0:0", no, no, pass}, Spelling{"0:1000", no, no, pass},
                    Spelling{"00", no, no, pass}, Spelling{"+0", no, no, pass},
                    Spelling{"-0", no, no, pass}, Spelling{"000:app", no, no, pass},
                    Spelling{"root", no, no, no}, Spelling{"root:root", no, no, no},
                    Spelling{"root:1000", no, no, no}, Spelling{":1000", no, no, no},
                    Spelling{"toor", no, no, no}, Spelling{"toor:app", no, no, no},
                    Spelling{"1000", pass, pass, pass}, Spelling{"1000:1000", pass, pass, pass},
                    Spelling{"01000:app", pass, pass, pass}, Spelling{"app", pass, pass, no},
                    Spelling{"app:app", pass, pass, no}, Spelling{"app:0", pass, no, no},
                    Spelling{"1000:0", pass, no, pass}, Spelling{"1001", pass, no, pass},
                    Spelling{"worker", pass, no, no}, Spelling{"2000", pass, no, pass},
                    Spelling{"Root", no, no, no}, Spelling{"nobody", no, no, no},
                    Spelling{"app:nogroup", no, no, no}, Spelling{"0x0", no, no, no},
                    Spelling{" 0", no, no, no}, Spelling{"4294967296", no, no, no},
                    Spelling{"-1", no, no, no}));

// An id that is in no passwd has the group 0.
TEST(User, IdWithoutAccountIsInRootsGroup) {
    MadeUpImage image;
    image.facts.user = "1000";
    EXPECT_EQ(image.outcome("user-root"), Outcome::pass);
    const policy::Answer answer = image.ask("user-ids");
    EXPECT_EQ(answer.outcome, Outcome::fail);
    EXPECT_NE(answer.reason.find("1000:0"), std::string::npos) << answer.reason;
}

TEST(User, RootIsRootWithoutAnyFile) {
    MadeUpImage image;
    image.facts.user = "root";
    EXPECT_EQ(image.outcome("user-root"), Outcome::fail);
}

TEST(User, NameIsUnknownWhereItsFileWasNotRead) {
    MadeUpImage image;
    image.facts.user = "app";
    image.unread();
    const policy::Answer answer = image.ask("user-root");
    EXPECT_EQ(answer.outcome, Outcome::unknown);
    EXPECT_TRUE(answer.unread);
    // A number needs no file.
    image.facts.user = "1000:1000";
    EXPECT_EQ(image.outcome("user-root"), Outcome::pass);
}

TEST(User, FolderHasNoUser) {
    MadeUpImage image;
    image.report.image.kind = "directory";
    image.facts.config_known = false;
    EXPECT_EQ(image.outcome("user-root"), Outcome::not_applicable);
    image.report.image.kind = "image";
    EXPECT_EQ(image.outcome("user-root"), Outcome::unknown);
}

TEST(User, AboveALimit) {
    MadeUpImage image;
    EXPECT_EQ(image.outcome("user-above"), Outcome::fail) << "1000 is not above 1000";
    EXPECT_EQ(image.outcome("user-above", {{"above", std::int64_t{999}}}), Outcome::pass);
    image.facts.user = "10001";
    EXPECT_EQ(image.outcome("user-above"), Outcome::pass);
}

TEST(User, ArbitraryIdsAreHinderedByPrivateFiles) {
    MadeUpImage image;
    EXPECT_EQ(image.outcome("user-arbitrary"), Outcome::not_applicable);
    image.facts.working_folder = "/srv/app";
    EXPECT_EQ(image.outcome("user-arbitrary"), Outcome::unknown);
    image.fact(layer::FactKind::private_path, "srv/application/x", "uid 1000");
    EXPECT_EQ(image.outcome("user-arbitrary"), Outcome::unknown) << "a folder beside it";
    image.fact(layer::FactKind::private_path, "srv/app/data", "uid 1000");
    EXPECT_EQ(image.outcome("user-arbitrary"), Outcome::fail);
}

TEST(Accounts, ThoseThatCanBeLoggedInTo) {
    MadeUpImage image;
    image.passwd(passwd);
    EXPECT_EQ(image.ask("accounts").items.size(), 1U) << "toor is a second root";
    MadeUpImage closed;
    closed.passwd("root:x:0:0:root:/root:/bin/sh\ndaemon:x:2:2::/:/sbin/nologin\n");
    closed.document(layer::DocumentKind::shells, "etc/shells", "# shells\n/bin/sh\n");
    EXPECT_EQ(closed.outcome("accounts"), Outcome::pass);
    closed.document(layer::DocumentKind::shadow, "etc/shadow", "root::19000:0:::::\n");
    ASSERT_EQ(closed.outcome("accounts"), Outcome::fail);
    EXPECT_EQ(closed.ask("accounts").items[0].text,
              "root: its password is empty; no su, sudo or ssh server was found that would ask for it");
    EXPECT_EQ(closed.ask("accounts").at_most, Severity::low);
    Program su;
    su.program = "su";
    closed.report.programs.push_back(su);
    EXPECT_EQ(closed.ask("accounts").items[0].text, "root: its password is empty");
    EXPECT_EQ(closed.ask("accounts").at_most, std::nullopt);
    MadeUpImage service;
    service.passwd("root:x:0:0::/root:/bin/sh\nmail:x:8:8::/:/bin/sh\n");
    EXPECT_EQ(service.outcome("accounts"), Outcome::pass) << "no shell is listed";
    service.document(layer::DocumentKind::shells, "etc/shells", "/bin/sh\n");
    EXPECT_EQ(service.outcome("accounts"), Outcome::fail);
    MadeUpImage empty;
    EXPECT_EQ(empty.outcome("accounts"), Outcome::pass) << "no accounts at all";
    empty.unread();
    EXPECT_EQ(empty.outcome("accounts"), Outcome::unknown);
}

}  // namespace
