// Tables of contents against the tar that they are of.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "scanner/layer/contents_check.hpp"
#include "tests/support/contents.hpp"

namespace stratascan {
namespace {

using layer::EntryKind;
using layer::Member;
using nlohmann::json;

constexpr const char* otherwise = "ambiguous-archive: the table of contents says otherwise";
constexpr const char* alone = "ambiguous-archive: only the table of contents has it";

Member member(std::string path, EntryKind kind = EntryKind::file, std::string link = {}) {
    Member made = test::file_named(std::move(path));
    made.kind = kind;
    made.link = std::move(link);
    made.mode = 0644;
    made.uid = 7;
    made.size = kind == EntryKind::file ? 12 : 0;
    return made;
}

std::vector<Member> tar() {
    return {member("etc", EntryKind::directory),
            member("etc/app.env"),
            member("etc/link", EntryKind::symlink, "etc/app.env"),
            member("etc/same", EntryKind::hardlink, "etc/app.env"),
            member("run/pipe", EntryKind::other),
            member("etc/gone", EntryKind::whiteout),
            member("etc", EntryKind::opaque)};
}

std::vector<std::string> told(const std::vector<Member>& members, const std::string& table) {
    std::vector<std::string> lines;
    for (const Gap& gap : test::gaps_of(members, test::table_text(table))) {
        lines.push_back(gap.path.empty() ? gap.reason : gap.path + ": " + gap.reason);
    }
    return lines;
}

// What is told when one entry of an honest table says something else.
std::vector<std::string> told_with(std::size_t entry, const json& other) {
    json table = json::parse(test::honest_table(tar()));
    table["entries"][entry].update(other);
    return told(tar(), table.dump());
}

using Lines = std::vector<std::string>;

Lines only(const std::string& path, const char* reason) { return {path + ": " + reason}; }

TEST(ContentsCheck, AnHonestTableIsNotTold) {
    EXPECT_EQ(told(tar(), test::honest_table(tar())), Lines());
}

TEST(ContentsCheck, EveryAttributeCounts) {
    EXPECT_EQ(told_with(1, {{"size", 13}}), only("etc/app.env", otherwise));
    EXPECT_EQ(told_with(1, {{"size", -12}}), only("etc/app.env", otherwise));
    EXPECT_EQ(told_with(1, {{"mode", 04644}}), only("etc/app.env", otherwise));
    EXPECT_EQ(told_with(1, {{"uid", 0}}), only("etc/app.env", otherwise));
    EXPECT_EQ(told_with(1, {{"type", "fifo"}}), only("etc/app.env", otherwise));
    EXPECT_EQ(told_with(2, {{"linkName", "/etc/shadow"}}), only("etc/link", otherwise));
    EXPECT_EQ(told_with(3, {{"linkName", "etc/shadow"}}), only("etc/same", otherwise));
    EXPECT_EQ(told_with(4, {{"type", "dir"}}), only("run/pipe", otherwise));
    EXPECT_EQ(told_with(5, {{"mode", 0600}}), only("etc/gone", otherwise));
}

// Go keeps the type in the mode of some tars; and only files have a size.
TEST(ContentsCheck, WhatIsTheSameInOtherWordsIsNotTold) {
    EXPECT_EQ(told_with(1, {{"mode", 0100644}}), Lines());
    EXPECT_EQ(told_with(1, {{"name", "./etc//app.env"}}), Lines());
    EXPECT_EQ(told_with(2, {{"linkName", "app.env"}, {"size", 9}}), Lines());
    EXPECT_EQ(told_with(3, {{"linkName", "/etc/./app.env"}}), Lines());
    EXPECT_EQ(told_with(0, {{"name", "etc/"}}), Lines());
}

TEST(ContentsCheck, WhatOneOfThemLacksIsTold) {
    EXPECT_EQ(told_with(1, {{"name", "etc/other"}}),
              (Lines{"etc/other: " + std::string(alone),
                     "ambiguous-archive: the table of contents lacks 1 of the members"}));
    EXPECT_EQ(told(tar(), R"({"entries": []})"),
              Lines{"ambiguous-archive: the table of contents lacks 7 of the members"});
    // A file where the whiteout was, beside it.
    json table = json::parse(test::honest_table(tar()));
    table["entries"].push_back({{"name", "etc/gone"}, {"type", "reg"}});
    EXPECT_EQ(told(tar(), table.dump()), only("etc/gone", alone));
}

TEST(ContentsCheck, FurtherPartsOfAFileAndTheRootAreNoMembers) {
    json table = json::parse(test::honest_table(tar()));
    table["entries"].push_back({{"name", "etc/app.env"}, {"type", "chunk"}, {"chunkSize", 4}});
    table["entries"].push_back({{"name", "./"}, {"type", "dir"}});
    EXPECT_EQ(told(tar(), table.dump()), Lines());
    std::vector<Member> with_root = tar();
    with_root.push_back(member("", EntryKind::directory));
    with_root.push_back(member("stargz.index.json"));
    EXPECT_EQ(told(with_root, test::honest_table(tar())), Lines());
}

TEST(ContentsCheck, OfTwoOfAPathTheLaterCounts) {
    std::vector<Member> members = tar();
    members.push_back(member("etc/app.env"));
    members.back().size = 99;
    EXPECT_EQ(told(members, test::honest_table(members)), Lines());
    EXPECT_EQ(told(members, test::honest_table(tar())), only("etc/app.env", otherwise));
    EXPECT_EQ(told(tar(), test::honest_table(members)), only("etc/app.env", otherwise));
    std::swap(members[1], members.back());
    EXPECT_EQ(told(members, test::honest_table(tar())), Lines());
}

TEST(ContentsCheck, LongPathsAreTheSameWhenTheyAreCut) {
    const std::string deep(300, 'd');
    const std::vector<Member> members = {member(deep + "/a"), member(deep + "/b")};
    EXPECT_EQ(told(members, test::honest_table(members)), Lines());
    const std::vector<Member> others = {member(deep + "/a"), member(deep + "/c")};
    EXPECT_EQ(told(members, test::honest_table(others)).size(), 2U);
}

TEST(ContentsCheck, NamesOfMembersAreReadAsGoReadsThem) {
    const Lines in_words{
        "ambiguous-archive: a table of contents in which a name stands twice or in another case"};
    EXPECT_EQ(told({}, R"({"Entries": []})"), in_words);
    EXPECT_EQ(told({}, R"({"entries": [], "entries": []})"), in_words);
    Lines with_alone = in_words;
    with_alone.push_back("b: " + std::string(alone));
    EXPECT_EQ(told({}, R"({"entries": [{"name": "a", "NAME": "b", "type": "reg"}]})"), with_alone);
    EXPECT_EQ(told({}, R"({"entries": [{"name": "a", "name": "b", "type": "reg"}]})"), with_alone);
    const Member file = member("f");
    const std::string plain = test::honest_table({file});
    for (const auto& [name, odd] : {std::pair("size", "\u017fize"), std::pair("size", "SIZE"),
                                    std::pair("mode", "Mode")}) {
        std::string text = plain;
        text.replace(text.find(name) - 1, std::string(name).size() + 2, "\"" + std::string(odd) + "\"");
        EXPECT_EQ(told({file}, text), in_words) << odd;
    }
    // Of what is deeper inside nothing is a name here.
    EXPECT_EQ(told({file}, R"({"x": {"entries": 1}, )" + plain.substr(1)), Lines());
    EXPECT_EQ(told({file}, [&] {
        json table = json::parse(plain);
        table["entries"][0]["xattrs"] = {{"name", "other"}, {"NAME", "another"}};
        return table.dump();
    }()), Lines());
}

TEST(ContentsCheck, OfManyDifferencesAHundredAreToldByPath) {
    json table = {{"entries", json::array()}};
    for (int number = 0; number < 250; ++number) {
        table["entries"].push_back({{"name", fmt::format("f{}", number)}, {"type", "reg"}});
    }
    const Lines lines = told({}, table.dump());
    ASSERT_EQ(lines.size(), 101U);
    EXPECT_EQ(lines[99], "f99: " + std::string(alone));
    EXPECT_EQ(lines[100], "ambiguous-archive: 150 more entries of the table of contents");
}

TEST(ContentsCheck, DamageIsTold) {
    const std::string table = test::honest_table(tar());
    const Lines damaged{"ambiguous-archive: a table of contents that is damaged"};
    EXPECT_EQ(told(tar(), table.substr(0, table.size() - 1)), damaged);
    EXPECT_EQ(told(tar(), "{}"), damaged);
    EXPECT_EQ(told(tar(), R"({"entries": {"a": 1}})"), damaged);
    EXPECT_EQ(told(tar(), table + "  {"), Lines()) << "readers stop behind the first value";
    const Lines too_long{
        "a table of contents with a text of more than 1 MiB was not held against the tar"};
    EXPECT_EQ(told(tar(), R"({"x": ")" + std::string(2 << 20, 'x') + "\", " + table.substr(1)),
              too_long);
    EXPECT_EQ(told(tar(), R"({"x": )" + std::string(2 << 20, '1') + ", " + table.substr(1)),
              too_long);
}

TEST(TableText, WhatIsNoTableIsNotKept) {
    EXPECT_FALSE(test::table_text("[1]").may_be_table());
    EXPECT_EQ(test::table_text(" \n {\"a\"", 1).text(), "{\"a\"");
    std::string lines;
    while (lines.size() < (2U << 20)) lines += "{\"type\":1,\"payload\":\"AAAA\"}\n";
    const layer::TableText none = test::table_text(lines, 100'000);
    EXPECT_FALSE(none.may_be_table());
    EXPECT_TRUE(none.text().empty());
}

TEST(TableText, AnyLargerTextIsCut) {
    std::string large = R"({"entries": [)";
    large.resize(layer::contents_table_limit, ' ');
    layer::TableText text = test::table_text(large);
    EXPECT_FALSE(text.is_cut());
    text.add("]");
    EXPECT_TRUE(text.is_cut());
    EXPECT_EQ(text.text().size(), layer::contents_table_limit);
}

}  // namespace
}  // namespace stratascan
