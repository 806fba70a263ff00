// What the engine's databases promise: the canary notices an engine that misses,
// what is carried or cached is what was compiled, and damage is refused.
#include "scanner/match/database.hpp"

#include <gtest/gtest.h>
#include <re2/re2.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>

#include "scanner/engine.hpp"
#include "scanner/match/database_cache.hpp"
#include "scanner/match/pack.hpp"
#include "tests/support/scanning.hpp"

namespace stratascan::match {
namespace {

namespace fs = std::filesystem;
using test::PrivateHome;
using test::rules_of;

std::string rule_text(const std::string& id, const std::string& more) {
    return "[[rule]]\nid = \"" + id + "\"\ntitle = \"T\"\n" + more + "\n";
}

const std::string two_rules =
    rule_text("one", "pattern = 'abcd[0-9]{4}'\nanchors = ['abcd']") +
    rule_text("two", "pattern = '(?i)Bearer: [a-z]{8}'\nentropy = 2.3\ncontext = ['near']\n"
                     "allow = ['^x']\npublic_prefix = 0\nexamples = ['Bearer: {{alpha:8}}']") +
    rule_text("three", "pattern = '(?P<secret>[a-f0-9]{8})-us[0-9]$'\n"
                       "gate = '[a-f0-9]{8}-us[0-9]$'");

std::shared_ptr<const Database> compiled(const RuleSet& rules) {
    auto database = Database::compile(rules);
    if (!database) throw std::runtime_error(database.error().message());
    return *database;
}

std::vector<Hit> hits_in(const Database& database, std::string_view text) {
    std::vector<Hit> hits;
    const Scratch scratch = database.make_scratch();
    EXPECT_TRUE(database.scan(text, scratch.get(), hits).has_value());
    return hits;
}

TEST(Canary, PassesOnTheEngineAndRulesThatAreCarried) {
    const auto engine = load_engine({});
    ASSERT_TRUE(engine.has_value()) << engine.error().message();
    EXPECT_TRUE(check_engine(*engine->database, engine->rules->expressions()).has_value());
    EXPECT_TRUE(engine->ruleset.starts_with("sha256:"));
}

TEST(Canary, NoticesAnEngineThatMissesALiteral) {
    const auto all = rules_of(two_rules);
    EXPECT_TRUE(check_engine(*compiled(*all), all->expressions()).has_value());
    const auto fewer = rules_of(two_rules.substr(0, two_rules.find("[[rule]]", 5)));
    const auto told = check_engine(*compiled(*fewer), all->expressions());
    ASSERT_FALSE(told.has_value());
    EXPECT_EQ(told.error().code, ErrorCode::engine);
}

TEST(Database, ReportsEveryPlaceWhereAnExpressionEnds) {
    const auto rules = rules_of(two_rules);
    const auto database = compiled(*rules);
    const std::string text = "abcdabcd BEARER: Bearer: 0123abcd-us1x";
    std::vector<std::pair<std::string, std::uint32_t>> seen;
    for (const Hit& hit : hits_in(*database, text)) {
        const Expression& expression = rules->expressions()[hit.expression];
        seen.emplace_back(expression.literal + expression.gate, hit.end);
    }
    // The gate is asked without its `$`: whether the file ends there is not for the
    // engine to know.
    const std::vector<std::pair<std::string, std::uint32_t>> expected = {
        {"abcd", 4}, {"abcd", 8}, {"bearer: ", 17}, {"bearer: ", 25}, {"abcd", 33},
        {"[a-f0-9]{8}-us[0-9]$", 37}};
    EXPECT_EQ(seen, expected);
    EXPECT_TRUE(hits_in(*database, {}).empty());
}

std::string asked_of_engine(const std::string& gate) {
    Expression expression;
    expression.gate = gate;
    const auto asked = engine_expression(expression);
    return asked ? asked->text : "refused: " + asked.error().what;
}

TEST(Database, GatesLoseTheirAssertionsAndNothingElse) {
    const std::vector<std::pair<std::string, std::string>> asked = {
        {"abcd", "abcd"},
        {"^a\\bb\\B$", "ab"},
        {"(?m:^)a|\\Ab\\z", "(?:a|b)"},
        {"\\^\\$\\\\b", "\\x5e\\x24\\x5cb"},
        {"[^$b^]x$", "[^\\x24\\x5eb]x"},
        {"[]$]x", "[\\x24\\x5d]x"},
        {"[^]$]x", "[^\\x24\\x5d]x"},
        {"[[:alpha:]$]x^", "[\\x24A-Za-z]x"},
        {"(a|b){2,3}c?d*e+f{4,}.", "(?:(?:a|b)){2,3}c?d*e+f{4,}."},
        {"(a{2}){3}(?P<x>|b)()", "(?:a{2}){3}(?:(?:)|b)"},
        {"(?i)k7(?-i)k", "[Kk]7k"},
        {"[^\\s\\S]", "[^\\x00-\\xff]"},
    };
    for (const auto& [gate, expected] : asked) EXPECT_EQ(asked_of_engine(gate), expected) << gate;
    EXPECT_TRUE(asked_of_engine("abc\\").starts_with("refused: "));
    EXPECT_TRUE(asked_of_engine("\\Q^\\E").starts_with("refused: "));
}

// RE2 decides what a match is, so what it takes for one must be a hit.
TEST(Database, AGateStandsForTheBytesThatRe2ReadsInIt) {
    const std::vector<std::string> classes = {
        "\\s", "\\S", "[\\s]", "[^\\s]", "[^\\sa-z]", "\\w", "\\W", "\\d", "\\D", "\\v", "[^\\v]",
        "\\a", "\\f", "\\n", "\\t", "[[:space:]]", "[^[:space:]]", "[[:alpha:]]", "[[:alnum:]]",
        "[[:upper:]]", "[[:lower:]]", "[[:xdigit:]]", "[[:word:]]", "[[:punct:]]", "[[:print:]]",
        "[[:graph:]]", "(?i)\xe9", "(?i)[\xe9]", "(?i)[^\xe9]", "(?i)\\xc9", "(?i)\xf7",
        "(?i)\xff", "(?i)[[:upper:]]", "(?i)[^[:upper:]]", "(?i)k", "[]a]", "[^]a]", "\\x{41}",
        "[\\x00-\\x1f]", "[\\-a]", "[a\\]]", "(?i)[a-f\\d]"};
    re2::RE2::Options options;
    options.set_encoding(re2::RE2::Options::EncodingLatin1);
    for (const std::string& one : classes) {
        Rule rule;
        rule.id = "one";
        rule.pattern = rule.gate = "abcd(?:" + one + ")efgh";
        RuleFile file;
        file.rules.push_back(rule);
        const auto rules = RuleSet::build(std::move(file));
        ASSERT_TRUE(rules.has_value()) << rules.error().message();
        const auto database = compiled(**rules);
        const re2::RE2 meant(one, options);
        for (unsigned byte = 0; byte < 256; ++byte) {
            const std::string text(1, static_cast<char>(byte));
            EXPECT_EQ(hits_in(*database, "abcd" + text + "efgh").size(),
                      re2::RE2::FullMatch(text, meant) ? 1U : 0U)
                << one << " and byte " << byte;
        }
    }
}

TEST(Database, IsTheSameWhenItWasWrittenAndRead) {
    const auto rules = rules_of(two_rules);
    const auto database = compiled(*rules);
    const auto bytes = database->serialize();
    ASSERT_TRUE(bytes.has_value());
    const auto again = Database::deserialize(*bytes, "again");
    ASSERT_TRUE(again.has_value()) << again.error().message();
    EXPECT_EQ((*again)->level(), "again");
    const std::string text = "xx abcd bearer: abcd";
    EXPECT_EQ(hits_in(**again, text), hits_in(*database, text));
    EXPECT_TRUE(check_engine(**again, rules->expressions()).has_value());
}

TEST(Database, RefusesDamagedBytes) {
    const auto bytes = compiled(*rules_of(two_rules))->serialize();
    ASSERT_TRUE(bytes.has_value());
    for (std::size_t size = 0; size < bytes->size(); size += 1 + size / 7) {
        EXPECT_FALSE(Database::deserialize(bytes->substr(0, size), "x").has_value()) << size;
    }
    for (std::size_t at = 64; at < bytes->size(); at += 1 + at / 5) {
        std::string damaged = *bytes;
        damaged[at] ^= 1;
        EXPECT_FALSE(Database::deserialize(damaged, "x").has_value()) << at;
    }
    EXPECT_FALSE(Database::deserialize("no database at all", "x").has_value());
}

RuleFile completed(const RuleSet& rules) {
    RuleFile file;
    for (const auto& rule : rules.rules()) file.rules.push_back(rule->rule());
    return file;
}

std::string packed() {
    const auto rules = rules_of(two_rules);
    const auto levels = compile_levels(*rules);
    if (!levels) throw std::runtime_error(levels.error().message());
    return write_pack(write_rules(completed(*rules)), rules->hash(), hs_version(), {}, levels->levels,
                      levels->databases);
}

TEST(Pack, ReadsWhatItWrote) {
    const std::string bytes = packed();
    auto pack = read_pack(bytes);
    ASSERT_TRUE(pack.has_value()) << pack.error().message();
    const auto rules = rules_of(two_rules);
    EXPECT_EQ(pack->rules_hash, rules->hash());
    EXPECT_EQ(pack->engine, hs_version());
    EXPECT_EQ(pack->levels.back(), "base");
    const auto database = Database::load(*pack);
    ASSERT_TRUE(database.has_value()) << database.error().message();
    const Rule& two = pack->rules.rules.at(1);
    EXPECT_EQ(two.id, "two");
    EXPECT_EQ(two.entropy, 2.3);
    EXPECT_EQ(two.context, std::vector<std::string>{"near"});
    EXPECT_EQ(two.public_prefix, 0);
    EXPECT_EQ(pack->rules.rules.at(0).public_prefix, -1);
    EXPECT_TRUE(two.nocase);
    const auto again = RuleSet::assemble(std::move(pack->rules));
    ASSERT_TRUE(again.has_value());
    EXPECT_EQ((*again)->hash(), rules->hash());
    EXPECT_TRUE(check_engine(**database, (*again)->expressions()).has_value());
}

TEST(Pack, KeepsEveryEntropyAsItIs) {
    RuleFile file;
    for (int hundredths = 0; hundredths <= 800; ++hundredths) {
        Rule rule;
        rule.entropy = hundredths / 100.0;
        file.rules.push_back(rule);
    }
    const std::string bytes = write_rules(file);
    const auto read = read_rules(bytes);
    ASSERT_TRUE(read.has_value());
    for (std::size_t i = 0; i < file.rules.size(); ++i) {
        EXPECT_EQ(read->rules[i].entropy, file.rules[i].entropy);
    }
    EXPECT_EQ(write_rules(*read), bytes);
}

TEST(Pack, EveryTruncationIsRefused) {
    const std::string bytes = packed();
    for (std::size_t size = 0; size < bytes.size(); size += size < 3000 ? 1 : 777) {
        EXPECT_FALSE(read_pack(std::string_view(bytes).substr(0, size)).has_value()) << size;
    }
    const auto rules = rules_of(two_rules);
    const std::string written = write_rules(completed(*rules));
    for (std::size_t size = 0; size < written.size(); ++size) {
        EXPECT_FALSE(read_rules(std::string_view(written).substr(0, size)).has_value()) << size;
    }
}

TEST(Pack, AClaimedCountIsNotBelieved) {
    const std::string written = write_rules({});
    std::string many = written;
    many.replace(many.size() - 16, 8, std::string("\xff\xff\0\0\0\0\0\0", 8));
    many += std::string(2 << 20, '\xff');
    EXPECT_FALSE(read_rules(many).has_value());
}

class Cache : public ::testing::Test {
protected:
    [[nodiscard]] std::string only_file() const {
        std::string path;
        for (const auto& entry : fs::directory_iterator(home_.path("cache/stratascan"))) {
            EXPECT_EQ(path, "") << "one file, and no drafts";
            path = entry.path().string();
        }
        return path;
    }
    static std::string bytes_of(const std::string& path) {
        std::ifstream stream(path, std::ios::binary);
        return {std::istreambuf_iterator<char>(stream), {}};
    }
    [[nodiscard]] Result<std::shared_ptr<const Database>> cached() const {
        return cached_database(*rules_, [](const auto& work) { work(); }, unkept_);
    }
    /// Whether the database came from the cache: what is compiled replaces the file.
    [[nodiscard]] bool comes_from_cache() const {
        const std::string path = only_file();
        struct stat before {}, after {};
        EXPECT_EQ(::stat(path.c_str(), &before), 0);
        const auto database = cached();
        EXPECT_TRUE(database.has_value());
        EXPECT_TRUE(check_engine(**database, rules_->expressions()).has_value());
        EXPECT_EQ(::stat(path.c_str(), &after), 0);
        return before.st_ino == after.st_ino;
    }

    PrivateHome home_;
    std::shared_ptr<const RuleSet> rules_ = rules_of(two_rules);
    mutable std::string unkept_;
};

TEST_F(Cache, IsWrittenOnceAndUsed) {
    ASSERT_TRUE(cached().has_value());
    struct stat status {};
    ASSERT_EQ(::stat(only_file().c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 0777U, 0600U);
    EXPECT_TRUE(comes_from_cache());
    EXPECT_TRUE(comes_from_cache());
}

TEST_F(Cache, AFileThatOthersMayWriteIsNotUsed) {
    ASSERT_TRUE(cached().has_value());
    ASSERT_EQ(::chmod(only_file().c_str(), 0666), 0);
    EXPECT_FALSE(comes_from_cache());
    EXPECT_TRUE(comes_from_cache()) << "it was replaced by a sound one";
    if (::geteuid() != 0) return;
    ASSERT_EQ(::chown(only_file().c_str(), 65534, 65534), 0);
    EXPECT_FALSE(comes_from_cache()) << "another user's";
}

TEST_F(Cache, AFolderThatOthersMayWriteIsNotUsed) {
    ASSERT_TRUE(cached().has_value());
    const std::string before = only_file();
    ASSERT_EQ(::chmod(home_.path("cache/stratascan").c_str(), 0777), 0);
    fs::remove(before);
    EXPECT_TRUE(cached().has_value());
    EXPECT_EQ(only_file(), "") << "nothing is written there either";
    EXPECT_NE(unkept_.find("others may write it"), std::string::npos) << unkept_;
}

TEST_F(Cache, DamagedOrForeignFilesAreNotUsed) {
    ASSERT_TRUE(cached().has_value());
    const std::string path = only_file();
    const std::string whole = bytes_of(path);
    // In the magic, the key, the digest and the database.
    for (const std::size_t at : {std::size_t{10}, std::size_t{60}, whole.size() / 2,
                                 whole.size() - 1}) {
        std::string damaged = whole;
        damaged[at] ^= 1;
        home_.write("cache/stratascan/draft", damaged);
        fs::permissions(home_.path("cache/stratascan/draft"), fs::perms::owner_read);
        fs::rename(home_.path("cache/stratascan/draft"), path);
        EXPECT_FALSE(comes_from_cache()) << at;
    }
    for (const std::size_t size : {std::size_t{0}, std::size_t{20}, whole.size() - 1}) {
        home_.write("cache/stratascan/draft", whole.substr(0, size));
        fs::rename(home_.path("cache/stratascan/draft"), path);
        fs::permissions(path, fs::perms::owner_read);
        EXPECT_FALSE(comes_from_cache()) << size;
    }
    // A link is not followed, wherever it leads.
    home_.write("elsewhere", whole);
    fs::permissions(home_.path("elsewhere"), fs::perms::owner_read);
    fs::remove(path);
    fs::create_symlink(home_.path("elsewhere"), path);
    EXPECT_TRUE(cached().has_value());
    EXPECT_FALSE(fs::is_symlink(path));
}

// The cache of one rule set under the name of another.
TEST_F(Cache, TheDatabaseOfOtherRulesIsNotUsed) {
    ASSERT_TRUE(cached().has_value());
    const std::string path = only_file();
    const std::string bytes = bytes_of(path);
    rules_ = rules_of(rule_text("other", "pattern = 'wxyz[0-9]{4}'"));
    fs::remove(path);
    home_.write("cache/stratascan/" + rules_->hash() + ".hsdb", bytes);
    fs::permissions(only_file(), fs::perms::owner_read);
    EXPECT_FALSE(comes_from_cache());
}

TEST_F(Cache, NoPlaceForItCostsTimeOnly) {
    home_.write("cache", "a file where the folder should be");
    EXPECT_TRUE(cached().has_value());
}

}  // namespace
}  // namespace stratascan::match
