// Rules that are harder on the sieve than those that are shipped: what a user may
// write. With it and without it, the same is found.
#include <gtest/gtest.h>

#include <array>
#include <set>

#include "tests/support/cut_stream.hpp"
#include "tests/support/scanning.hpp"

namespace stratascan::sieve {
namespace {

using layer::margin;
using test::Random;
using test::TestEngine;

std::string rule(const std::string& pattern, const std::string& more = "") {
    return "[[rule]]\nid = \"r\"\ntitle = \"T\"\npattern = '" + pattern + "'\n" + more + "\n";
}

std::set<std::string> seen_in(TestEngine& engine, const std::string& stream,
                              const std::vector<test::StreamPart>& parts,
                              const std::vector<std::size_t>& cuts, bool sieving) {
    layer::SlabPool slabs(4);
    std::set<std::string> lines;
    for (layer::Window& window : test::windows_of(stream, parts, cuts, slabs)) {
        const auto scan = engine.sieving(sieving).scanner().scan(window);
        for (const auto& found : scan.findings) lines.insert(test::listed(found.finding));
    }
    return lines;
}

// `text` at a file's end with each of some bytes behind it, and across the end of
// what a window owns. Gives in how many of them something is found.
std::size_t expect_same(TestEngine& engine, const std::string& text, const std::string& what) {
    EXPECT_NE(engine.sieve(), nullptr) << what;
    std::size_t found = 0;
    const auto compare = [&](const std::string& stream, const std::vector<test::StreamPart>& parts,
                             const std::vector<std::size_t>& cuts, const std::string& where) {
        const auto whole = seen_in(engine, stream, parts, cuts, false);
        found += whole.empty() ? 0 : 1;
        EXPECT_EQ(seen_in(engine, stream, parts, cuts, true), whole) << what << ", " << where;
    };
    const std::string file = "one " + text;
    compare(file, {{0, file.size()}}, {}, "at the end");
    for (const char* behind : {" ", "0", "a", "A", ";"}) {
        const std::string stream = file + behind + std::string(900, '.');
        compare(stream, {{0, stream.size()}}, {}, std::string("in front of ") + behind);
        compare(stream, {{0, file.size()}, {file.size(), stream.size()}}, {},
                std::string("at a file's end in front of ") + behind);
    }
    const std::string stream = file + ' ' + std::string(margin + 400, '.');
    for (std::size_t at = 4; at <= file.size(); ++at) {
        compare(stream, {{0, stream.size()}}, {at + margin}, "owned to " + std::to_string(at - 4));
        compare(stream, {{0, stream.size()}}, {at}, "cut at " + std::to_string(at - 4));
    }
    return found;
}

struct Hard {
    const char* pattern;
    const char* more;
    const char* text;
};

void expect_all_same(const std::vector<Hard>& all) {
    for (const Hard& one : all) {
        TestEngine engine(rule(one.pattern, one.more));
        EXPECT_GT(expect_same(engine, one.text, one.pattern), 0U) << one.pattern;
    }
}

TEST(SieveEdges, AnEndOfTextBehindTheAnchor) {
    const std::vector<Hard> all = {
        {"[0-9]{4}tail$", "anchors = ['tail']", "1234tail"},
        {"tail[0-9]{8}$", "anchors = ['tail']", "tail12345678"},
        {"tail(?:[0-9]{20}|$)", "anchors = ['tail']", "tail"},
        {"tail(?:[a-z0-9]{40}|$)", "anchors = ['tail']", "tail"},
        {"tail(?:[a-z0-9]{40}|$)", "anchors = ['tail']", "tailabcdefghijabcdefghijabcdefghijabcdefghij"},
        {"tail[0-9]?$", "anchors = ['tail']", "tail7"},
        {"tail[0-9]?$", "anchors = ['tail']", "tail"},
        {"longer-tail[0-9]{1,2}(?:;|$)", "anchors = ['longer-tail']", "longer-tail7"},
        {"tail(?:x|$)", "gate = 'tail'", "tail"},
        {"(?P<secret>[0-9]{8})tail\\n?$", "gate = '[0-9]{4}tail'", "12345678tail"},
        {"tail\\z", "anchors = ['tail']", "tail"},
        {"(?i)tail(?-i)(?:[a-z]{33}|$)", "anchors = ['TAIL']\nnocase = true", "tAiL"},
    };
    expect_all_same(all);
}

// The gate ends in the front of a match, what the sieve looks for stands behind.
TEST(SieveEdges, AGateInFrontOfTheString) {
    const std::vector<Hard> all = {
        {"name [0-9]{4}[a-z ]{1,40}zxqj=(?P<secret>[0-9]{8})", "gate = 'name [0-9]{4}'",
         "name 1234some words that are no numberzxqj=12345678"},
        {"the (?P<secret>[0-9]{8})[a-z ]{1,60}zxqjkv", "gate = 'the [0-9]{8}'",
         "the 12345678 and some words behind it zxqjkv"},
    };
    expect_all_same(all);
}

TEST(SieveEdges, AnchorsOfEverySize) {
    for (const std::size_t size : {4U, 5U, 6U, 7U, 8U, 9U, 63U, 64U, 65U, 254U, 255U, 256U}) {
        std::string anchor;
        while (anchor.size() < size) anchor += "abcdefgh_kqxz"[anchor.size() % 13];
        for (const char* nocase : {"false", "true"}) {
            TestEngine engine(rule(anchor + "[0-9]{8}",
                                   "anchors = ['" + anchor + "']\nnocase = " + nocase));
            EXPECT_GT(expect_same(engine, anchor + "12345678", std::to_string(size)), 0U);
        }
    }
}

TEST(SieveEdges, AProgramsLiteralOfEverySize) {
    for (const std::size_t size : {4U, 8U, 255U, 256U}) {
        std::string literal;
        while (literal.size() < size) literal += "abcdefgh_kqxz"[literal.size() % 13];
        const auto rules = test::rules_of(
            "[[program]]\nid = \"p\"\ntitle = \"P\"\nclass = \"shell\"\nidentity = [[\"" +
            literal + "\"]]\n");
        const auto plan = make_plan(*rules);
        ASSERT_TRUE(plan.has_value()) << size;
        ASSERT_EQ(plan->needles.size(), 1U) << size;
        EXPECT_EQ(plan->text(plan->needles[0]), literal);
    }
}

// One rule's matches have a digit, the other's a long run: an anchor of both must
// be met with either near it.
TEST(SieveEdges, AnAnchorOfTwoRulesThatAreToldByDifferentThings) {
    const std::string digit = rule("lead-(?P<secret>[A-Za-z0-9]{16,40})",
                                   "anchors = ['lead-']\ndigit = true");
    std::string run = rule("lead-(?P<secret>[a-z]{40}[.])", "anchors = ['lead-']");
    run.replace(run.find("\"r\""), 3, "\"s\"");
    for (const std::string& both : {digit + run, run + digit}) {
        TestEngine engine(both);
        EXPECT_GT(expect_same(engine, "lead-abcdefghijklmnopqr7s", "a digit"), 0U);
        EXPECT_GT(expect_same(engine, "lead-abcdefghijabcdefghijabcdefghijabcdefghij.", "a run"), 0U);
    }
}

TEST(SieveEdges, OtherHardRules) {
    const std::vector<Hard> all = {
        {"(?:aaaa|aaaaa|aaaaaa)[0-9]{8}", "anchors = ['aaaa']", "aaaaaaa12345678"},
        {"abab(?:abab)?[0-9]{8}", "anchors = ['abab']", "abababab12345678"},
        {"(?:first|zecond).{0,40}(?P<secret>[0-9]{8})", "anchors = ['first', 'zecond']",
         "first zecond 12345678"},
        {"[0-9]{8}", "anchors = ['near']\nreach = 100", "near and 12345678"},
        {"[0-9]{8}", "anchors = ['NeAr']\nnocase = true\nreach = 100", "12345678 and nEaR"},
        {"(?m:^)lead(?P<secret>[0-9]{8})$", "anchors = ['lead']", "\nlead12345678"},
        {"lead=(?P<secret>[a-z0-9]{16,90})", "anchors = ['lead=']\ndigit = true",
         "lead=abcdefghijklmno7"},
        {"lead=(?P<secret>[a-z0-9]{16,90})", "anchors = ['lead=']\ndigit = true",
         "lead=abcdefghijklmnopabcdefghijklmnopabcd"},
        {"lead {0,200}(?P<secret>[a-z0-9]{32})", "anchors = ['lead']",
         "lead                                            abcdefghijklmnopabcdefghijklmnop"},
    };
    expect_all_same(all);
}

}  // namespace
}  // namespace stratascan::sieve
