// Clocks that jump by days, forwards and backwards, at every look: the same findings, no
// rate below nothing, and a history that goes one way.
#include "tests/e2e/faults.hpp"

namespace stratascan::e2e {
namespace {

class ClockFaults : public testing::Test {
protected:
    void SetUp() override { SKIP_WITHOUT_FAULTS(); }
    const std::string days_ = std::to_string(5 * 86'400);
};

TEST_F(ClockFaults, TheReportIsTheSame) {
    for (const char* const name : {"blob-shared", "nested-two-and-three-fold", "git-packed"}) {
        const Built built = recipe(name);
        const Ran whole = scan_faulty(built, {});
        for (const Faults& faults : {Faults{{"FAULT_CLOCK", days_}}, Faults{{"FAULT_MONOTONIC", days_}},
                                     Faults{{"FAULT_CLOCK", "-" + days_}, {"FAULT_MONOTONIC", days_}}}) {
            const Place place;
            const Ran ran = scan_faulty(built, faults, {"--store", place.file(), "--stats"});
            EXPECT_EQ(ran.out, whole.out) << name;
            EXPECT_EQ(ran.exit, whole.exit);
            EXPECT_EQ(ran.err.find(" -"), std::string::npos) << "less than nothing: " << ran.err;
            EXPECT_FALSE(has(ran.err, "inf") || has(ran.err, "nan")) << ran.err;
            EXPECT_EQ(stratascan({"store", "check", "--store", place.file()}).out, "sound\n");
        }
    }
}

// An image's tag is seen at times that go to and fro.
TEST_F(ClockFaults, AHistoryNeverEndsBeforeItBegins) {
    const Built built = recipe("docker-archive-25");
    const Place place;
    std::string before;
    for (int round = 0; round < 6; ++round) {
        ASSERT_EQ(scan_faulty(built, {{"FAULT_CLOCK", (round % 2 == 0 ? "" : "-") + days_}},
                              {"--store", place.file()}).exit, 1);
        EXPECT_EQ(stratascan({"store", "check", "--store", place.file()}).out, "sound\n");
        const std::string entries =
            place.sql("select id, tag, manifest, seen_from from tag_history order by id").out;
        EXPECT_TRUE(entries.starts_with(before)) << "what was recorded stays: " << before << entries;
        before = entries;
        EXPECT_EQ(place.sql("select count(*) from tag_history where seen_until < seen_from or "
                            "closed_at < seen_until").out, "0\n");
    }
    EXPECT_NE(before, "");
}

}  // namespace
}  // namespace stratascan::e2e
