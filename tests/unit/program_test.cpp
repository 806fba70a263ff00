// What identify.hpp promises: programs are known by content, under any name,
// with the version that is theirs, and a file full of signatures is none of them.
#include "scanner/program/identify.hpp"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "scanner/program/version.hpp"

namespace stratascan::program {
namespace {

using namespace std::string_literals;

ProgramRule rule(std::string id, std::vector<std::vector<std::string>> identity,
                 std::string version = {}) {
    ProgramRule result;
    result.id = std::move(id);
    result.title = result.id;
    result.program_class = "shell";
    result.identity = std::move(identity);
    result.version = std::move(version);
    result.names = {result.id};
    return result;
}

std::shared_ptr<const ProgramSet> build(std::vector<ProgramRule> rules) {
    auto set = ProgramSet::build(std::move(rules));
    EXPECT_TRUE(set) << set.error().message();
    return *set;
}

ElfFacts executable() {
    ElfFacts elf;
    elf.type = 2;
    elf.has_interpreter = true;
    elf.has_dynamic = true;
    elf.segments_known = true;
    elf.loads = {{0, 1U << 20}};
    return elf;
}

ElfFacts library() {
    ElfFacts elf = executable();
    elf.type = 3;
    elf.has_interpreter = false;
    return elf;
}

/// Feeds every literal that stands in `file` to a judge, as the pass does.
std::vector<Program> judge(const std::shared_ptr<const ProgramSet>& set, const std::string& file,
                           const ElfFacts& elf, std::string_view path = "usr/bin/tool",
                           std::uint32_t mode = 0755) {
    FileJudge file_judge(set);
    for (std::uint32_t n = 0; n < set->literals().size(); ++n) {
        const std::string& literal = set->literals()[n];
        for (std::size_t at = file.find(literal); at != std::string::npos;
             at = file.find(literal, at + 1)) {
            file_judge.add(set->observe(n, at, file, at));
        }
    }
    return file_judge.judge(elf, path, mode);
}

std::string text_of(const std::vector<std::string>& names) {
    std::string text;
    for (const std::string& name : names) text += name + '\0';
    return text;
}

const std::vector<std::string>& applets() {
    static const std::vector<std::string> names{
        "[",      "[[",     "ar",       "arch",  "ash",   "awk",   "base64", "basename", "bunzip2",
        "bzcat",  "cat",    "chmod",    "chown", "cp",    "date",  "dd",     "df",       "dpkg",
        "echo",   "egrep",  "env",      "find",  "grep",  "gzip",  "head",   "id",       "kill",
        "ln",     "ls",     "mkdir",    "mount", "mv",    "nc",    "ps",     "pwd",      "rm",
        "sed",    "sh",     "sleep",    "sort",  "tail",  "tar",   "telnet", "vi",       "wget"};
    return names;
}

TEST(ProgramSet, NamesTheRuleThatIsAtFault) {
    const auto complaint = [](ProgramRule bad) {
        const auto set = ProgramSet::build({std::move(bad)});
        return set ? std::string() : set.error().message();
    };
    EXPECT_NE(complaint(rule("x", {})).find("'x'"), std::string::npos);
    EXPECT_NE(complaint(rule("x", {{}})).find("empty"), std::string::npos);
    EXPECT_NE(complaint(rule("x", {{"abc"}})).find("shorter"), std::string::npos);
    EXPECT_NE(complaint(rule("x", {{"literal"}}, "(\\d")).find("version"), std::string::npos);
    EXPECT_NE(complaint(rule("x", {{"literal"}}, "\\d")).find("capture"), std::string::npos);
    EXPECT_FALSE(ProgramSet::build({rule("x", {{"one literal"}}), rule("x", {{"another"}})}));
}

TEST(ProgramSet, RefusesTwoVersionExpressionsForOneLiteral) {
    EXPECT_FALSE(ProgramSet::build(
        {rule("a", {{"shared literal"}}, "a(\\d)"), rule("b", {{"shared literal"}}, "b(\\d)")}));
    EXPECT_TRUE(ProgramSet::build(
        {rule("a", {{"shared literal"}}, "a(\\d)"), rule("b", {{"shared literal"}}, "a(\\d)")}));
}

TEST(ProgramSet, ListsEachLiteralOnce) {
    ProgramRule first = rule("a", {{"one text", "two text"}, {"one text"}});
    first.unless = {"two text"};
    first.version_near = {"near text"};
    ProgramRule box = rule("box", {{"one text"}});
    box.multicall = "busybox";
    box.table_anchor = "[\0[[\0"s;
    const auto set = build({first, box});
    const std::vector<std::string> expected{"one text", "two text", "near text", "[\0[[\0"s};
    EXPECT_EQ(set->literals(), expected);
}

TEST(Version, IsTheBareTokenNearestToTheLiteral) {
    const auto set = build({rule("tool", {{"Tool literal"}}, R"(\0(\d+\.\d+(?:\.\d+)?)\0)")});
    const auto found = judge(set,
                             "\0" "1.16.2\0far text far text\0" "1.21.3\0" "Tool literal\0"
                             "some text here\0" "2.0\0"s,
                             executable());
    ASSERT_EQ(found.size(), 1U);
    EXPECT_EQ(found[0].version, "1.21.3");
    EXPECT_EQ(found[0].version_reason, "");
}

TEST(Version, SeesNeighboursThatShareTheirNul) {
    const auto set = build({rule("tool", {{"Tool literal"}}, R"(\0(\d+\.\d+)\0)")});
    const auto found = judge(set, "\0" "1.0\0" "2.0\0" "3.0\0Tool literal"s, executable());
    ASSERT_EQ(found.size(), 1U);
    EXPECT_EQ(found[0].version, "3.0");
}

TEST(Version, PassesOverEmbeddedLibrariesAndAddresses) {
    const auto set = build({rule("tool", {{"Tool literal"}}, R"(\0(\d+(?:\.\d+)+)\0)")});
    const auto found = judge(
        set, "Tool literal\0" "1.2.13\0" "127.0.0.1\0" "4.5.6\0"s, executable());
    ASSERT_EQ(found.size(), 1U);
    EXPECT_EQ(found[0].version, "4.5.6");
}

TEST(Version, TakesFourPartsWhereTheExpressionAsksForThem) {
    const auto set = build({rule("socat", {{"socat by"}}, R"(\0(\d+\.\d+\.\d+\.\d+)\0)")});
    const auto found = judge(set, "socat by\0" "1.7.4.4\0"s, executable());
    ASSERT_EQ(found.size(), 1U);
    EXPECT_EQ(found[0].version, "1.7.4.4");
}

TEST(Version, SaysWhyThereIsNone) {
    ProgramRule known = rule("dash", {{"Dash literal"}});
    known.version_reason = "the program carries no version text";
    const auto set = build({known, rule("tool", {{"Tool literal"}}, R"((\d+\.\d+))")});
    EXPECT_EQ(judge(set, "Dash literal", executable()).at(0).version_reason,
              "the program carries no version text");
    EXPECT_EQ(judge(set, "Tool literal", executable()).at(0).version_reason,
              "no version text near the identity literal");
}

TEST(Version, IsLookedForNearItsOwnLiteralWhereTheRuleNamesOne) {
    ProgramRule far = rule("sudo", {{"Sudo identity"}}, R"(\0(\d+\.\d+)\0)");
    far.version_near = {"Sudo version %s"};
    const auto found = judge(build({far}),
                             "Sudo identity\0" "1.4\0other words\0Sudo version %s\0" "1.9\0"s,
                             executable());
    ASSERT_EQ(found.size(), 1U);
    EXPECT_EQ(found[0].version, "1.9");
}

TEST(Names, MatchVersionedAndPrefixedForms) {
    EXPECT_TRUE(name_matches("python#", "python3.11"));
    EXPECT_FALSE(name_matches("python#", "python"));
    EXPECT_FALSE(name_matches("python#", "python3.11-config"));
    EXPECT_TRUE(name_matches("*-gcc-#", "x86_64-linux-gnu-gcc-12"));
    EXPECT_TRUE(name_matches("*gcc-#", "gcc-1x-gcc-12"));
    EXPECT_FALSE(name_matches("*-gcc-#", "gcc-12"));
    EXPECT_TRUE(name_matches("vim.*", "vim.tiny"));
    EXPECT_TRUE(name_matches("?h", "sh"));
    EXPECT_FALSE(name_matches("sh", "shh"));
    EXPECT_FALSE(name_matches("", "x"));
}

TEST(Judge, NeedsAllLiteralsOfOneSet) {
    const auto set = build({rule("tool", {{"first half", "second half"}, {"whole text"}})});
    EXPECT_TRUE(judge(set, "first half", executable()).empty());
    EXPECT_EQ(judge(set, "first half second half", executable()).size(), 1U);
    EXPECT_EQ(judge(set, "whole text", executable()).size(), 1U);
}

TEST(Judge, IgnoresLiteralsThatAreNotLoaded) {
    const auto set = build({rule("tool", {{"Tool literal"}})});
    ElfFacts elf = executable();
    elf.loads = {{100, 50}};
    EXPECT_TRUE(judge(set, "Tool literal", elf).empty());
    EXPECT_EQ(judge(set, std::string(100, ' ') + "Tool literal", elf).size(), 1U);
    elf.segments_known = false;
    EXPECT_EQ(judge(set, "Tool literal", elf).size(), 1U);
}

TEST(Judge, IsNotBlindedByDecoysThatAreNotLoaded) {
    const auto set = build({rule("tool", {{"Tool literal"}})});
    std::string file;
    for (int i = 0; i < 1000; ++i) file += "Tool literal ";
    ElfFacts elf = executable();
    elf.loads = {{file.size(), 50}};
    EXPECT_EQ(judge(set, file + "Tool literal", elf).size(), 1U);
}

TEST(Judge, FindsNothingInWhatCannotBeStarted) {
    const auto set = build({rule("tool", {{"Tool literal"}})});
    ElfFacts object = executable();
    object.type = 1;
    EXPECT_TRUE(judge(set, "Tool literal", object).empty());
    FileJudge script(set);
    script.add({.literal = 0, .offset = 0, .version = {}, .version_distance = 0, .applets = {}});
    EXPECT_TRUE(script.judge(std::nullopt, "bin/tool", 0755).empty());
}

TEST(Judge, LowersTheRoleInLibrariesAndWhereTheRuleSaysSo) {
    ProgramRule node = rule("node", {{"node literal"}});
    node.embedded_when = {"electron literal"};
    const auto set = build({node});
    EXPECT_EQ(judge(set, "node literal", executable()).at(0).role, Role::is);
    EXPECT_EQ(judge(set, "node literal", library()).at(0).role, Role::embeds);
    EXPECT_EQ(judge(set, "node literal electron literal", executable()).at(0).role, Role::embeds);
}

TEST(Judge, ObeysUnless) {
    ProgramRule tmux = rule("tmux", {{"tmux literal"}});
    tmux.unless = {"tmate literal"};
    EXPECT_TRUE(judge(build({tmux}), "tmux literal tmate literal", executable()).empty());
}

TEST(Judge, CallsAFileOfManySignaturesAMention) {
    std::vector<ProgramRule> rules;
    std::string file;
    for (int i = 0; i < 9; ++i) {
        const std::string literal = "signature number " + std::to_string(i);
        rules.push_back(rule("tool" + std::to_string(i), {{literal}}));
        file += literal + '\0';
    }
    const auto set = build(rules);
    const auto scanner = judge(set, file, executable());
    ASSERT_EQ(scanner.size(), 9U);
    for (const Program& program : scanner) {
        EXPECT_EQ(program.role, Role::mentions);
        EXPECT_FALSE(program.renamed);
    }
    const auto few = judge(set, file.substr(0, file.size() / 2), executable());
    ASSERT_FALSE(few.empty());
    EXPECT_EQ(few[0].role, Role::is);
}

TEST(Judge, ReportsRenamedStaticAndSetuidFiles) {
    const auto set = build({rule("bash", {{"bash literal"}})});
    EXPECT_FALSE(judge(set, "bash literal", executable(), "bin/bash").at(0).renamed);
    ElfFacts alone = executable();
    alone.has_interpreter = false;
    alone.has_dynamic = false;
    const auto found = judge(set, "bash literal", alone, "tmp/.cache/update", 04755);
    ASSERT_EQ(found.size(), 1U);
    EXPECT_TRUE(found[0].renamed);
    EXPECT_TRUE(found[0].is_static);
    EXPECT_TRUE(found[0].setuid);
    EXPECT_EQ(found[0].path, "tmp/.cache/update");
}

TEST(Judge, GivesAPackedFileAFindingOfItsOwn) {
    const auto set = build({rule("bash", {{"bash literal"}})});
    ElfFacts packed = executable();
    packed.packed = true;
    const auto hidden = judge(set, "nothing to see", packed);
    ASSERT_EQ(hidden.size(), 1U);
    EXPECT_EQ(hidden[0].program, "packed");
    EXPECT_TRUE(hidden[0].packed);
    const auto seen = judge(set, "bash literal", packed);
    ASSERT_EQ(seen.size(), 1U);
    EXPECT_EQ(seen[0].program, "bash");
    EXPECT_TRUE(seen[0].packed);
}

TEST(Judge, ShowsEvidenceThatCanBePrinted) {
    const std::string literal = "path\tone/cmd/tool\n" + std::string(100, 'x');
    const auto found = judge(build({rule("tool", {{literal}})}), literal, executable());
    ASSERT_EQ(found.size(), 1U);
    ASSERT_EQ(found[0].evidence.size(), 1U);
    EXPECT_TRUE(found[0].evidence[0].starts_with(R"(literal "path\x09one/cmd/tool\x0ax)"));
    EXPECT_LE(found[0].evidence[0].size(), 80U);
}

TEST(Judge, StartsAfreshForTheNextFile) {
    const auto set = build({rule("tool", {{"Tool literal"}})});
    FileJudge one(set);
    one.add(set->observe(0, 0, "Tool literal", 0));
    EXPECT_EQ(one.judge(executable(), "a", 0755).size(), 1U);
    EXPECT_TRUE(one.judge(executable(), "b", 0755).empty());
}

TEST(Busybox, ReadsTheTableExactly) {
    EXPECT_EQ(busybox_applets("some text\0"s + text_of(applets()) + "\0more text\0"s), applets());
}

TEST(Busybox, ReadsATableWhoseFirstNameHasAByteInFront) {
    EXPECT_EQ(busybox_applets("one\0A"s + text_of(applets()) + "\0"s), applets());
    EXPECT_EQ(busybox_applets("\x01\x02"s + text_of(applets()) + "\0"s), applets());
}

TEST(Busybox, StopsWhereTheTableStops) {
    EXPECT_EQ(busybox_applets("\0"s + text_of(applets()) + "zz-not-an-applet\0abc\0"s), applets());
}

TEST(Busybox, TakesNoOtherSortedListForATable) {
    std::vector<std::string> words;
    for (char a = 'a'; a <= 'j'; ++a) {
        for (char b = 'a'; b <= 'j'; ++b) words.push_back(std::string("word_") + a + b);
    }
    EXPECT_TRUE(busybox_applets("\0"s + text_of(words)).empty());
    const std::vector<std::string> few(applets().begin(), applets().begin() + 20);
    EXPECT_TRUE(busybox_applets("\0"s + text_of(few)).empty());
}

TEST(Busybox, ListsAppletsAndGoesByTheirNames) {
    ProgramRule box = rule("busybox", {{"BusyBox v", "multi-call binary"}},
                           R"(BusyBox v(\d+\.\d+\.\d+))");
    box.multicall = "busybox";
    box.table_anchor = "[\0[[\0"s;
    const auto set = build({box});
    const std::string file = "BusyBox v1.35.0 (Debian)\0multi-call binary\0"s +
                             text_of(applets()) + "\0"s;
    const auto found = judge(set, file, executable(), "bin/telnet");
    ASSERT_EQ(found.size(), 1U);
    EXPECT_EQ(found[0].version, "1.35.0");
    EXPECT_EQ(found[0].applets, applets());
    EXPECT_FALSE(found[0].renamed);
    EXPECT_TRUE(judge(set, file, executable(), "bin/zz").at(0).renamed);
}

TEST(SingleBinary, AppletsOfCoreutilsAreTheNamesUpToTheEndOfTheList) {
    using namespace std::string_view_literals;
    EXPECT_EQ(stratascan::program::listed_applets(" [ b2sum base32 yes cat\0more"sv).names,
              (std::vector<std::string>{"[", "b2sum", "base32", "cat", "yes"}));
    EXPECT_EQ(stratascan::program::listed_applets(" [ b2sum \x01 cat"sv).names,
              (std::vector<std::string>{"[", "b2sum"}));
}

TEST(SingleBinary, ListsThatAreTooLongOrGoOnOutOfSightAreSaidToBeCut) {
    std::string list, lines = "multi-purpose v%s\n";
    for (int i = 0; i < 1000; ++i) {
        list += fmt::format(" a{}", i);
        lines += fmt::format("'a{}' - x\n", i);
    }
    using stratascan::program::listed_applets;
    using stratascan::program::quoted_applets;
    const std::string end(1, '\0');
    EXPECT_FALSE(listed_applets(list + end).cut);
    EXPECT_FALSE(quoted_applets(lines + end).cut);
    EXPECT_EQ(listed_applets(list + " b" + end).names.size(), 1000U);
    EXPECT_TRUE(listed_applets(list + " b" + end).cut);
    EXPECT_TRUE(quoted_applets(lines + "'b' - y\n" + end).cut);
    EXPECT_TRUE(listed_applets(" [ b2sum").cut);
    EXPECT_TRUE(quoted_applets("multi-purpose\n'dropbear' - the").cut);
    EXPECT_FALSE(listed_applets(" [ b2sum \x01 cat").cut) << "a list that ends with what is no name";
}

TEST(SingleBinary, AppletsOfDropbearAreTheNamesInQuotesThatBeginALine) {
    using namespace std::string_view_literals;
    EXPECT_EQ(stratascan::program::quoted_applets(
                  "multi-purpose v%s\nfollowing names or run 'dropbearmulti <command>'.\n"
                  "'dropbear' - the 'server'\n'dbclient' or 'ssh' - the client\n'scp\n\0'x' - y\n"sv).names,
              (std::vector<std::string>{"dbclient", "dropbear", "ssh"}));
}

TEST(SingleBinary, AppletsThatAreNamedOneAtATimeAreGathered) {
    ProgramRule box = rule("u-root", {{"path\tbb.u-root.com/bb\n"}}, "");
    box.multicall = "u-root";
    box.applets_before = ".registeredMain";
    ProgramRule tools = rule("coreutils", {{" (multi-call binary)\n\n"}}, "");
    tools.multicall = "coreutils";
    tools.applets_behind = "src/uu/";
    const auto set = build({box, tools});
    std::string file = "path\tbb.u-root.com/bb\n";
    std::vector<std::string> names;
    // More than are kept of any one literal.
    for (int i = 100; i < 200; ++i) {
        names.push_back("cmd" + std::to_string(i));
        file += "example.com/cmds/core/" + names.back() + ".registeredMain\0"s;
        file += "example.com/cmds/core/" + names.back() + ".registeredInit\0"s;
    }
    file += "no slash.registeredMain\0 a/ b.registeredMain"s;
    const auto found = judge(set, file, executable(), "bbin/bb");
    ASSERT_EQ(found.size(), 1U);
    EXPECT_EQ(found[0].applets, names);
    EXPECT_EQ(found[0].applets_from, "function names");

    const auto rust = judge(set, " (multi-call binary)\n\nsrc/uu/ls/src/ls.rs/x/src/uu/cat/src/"
                                 "cat.rs src/uu/ls/src/ls.rs src/uu/..", executable(), "bin/ls");
    ASSERT_EQ(rust.size(), 1U);
    EXPECT_EQ(rust[0].applets, (std::vector<std::string>{"cat", "ls"}));
    EXPECT_EQ(rust[0].applets_from, "source paths");
    // The next file has none of them.
    EXPECT_TRUE(judge(set, " (multi-call binary)\n\n", executable(), "ls").at(0).applets.empty());
}

}  // namespace
}  // namespace stratascan::program
