// The catalogue of attacks (tests/hostile/) through the program: what each is told as, that
// no secret and no text of the attacker's leaves as it is, and what it may cost. With
// STRATASCAN_HOSTILE_TABLE=FILE a line for each is added to FILE: the attack, the exit
// code, the gaps, the most memory.
#include <fmt/format.h>

#include <cmath>
#include <map>
#include <set>

#include "tests/e2e/expect.hpp"

namespace stratascan::e2e {
namespace {

std::vector<std::string> attack_names() {
    return names_of("tests/hostile/catalogue.py");
}

Built build_attack(const std::string& name) {
    return build_with("tests/hostile/catalogue.py", name);
}

/// With these options as well.
Ran run_attack(const Built& built, std::vector<std::string> options) {
    return scan_built(built, std::move(options), built.expect.at("command"));
}

/// "1.5 GB" as bytes.
double bytes_of(double number, const std::string& unit) {
    const std::string prefixes = "kMGT";
    for (std::size_t at = 0; at < prefixes.size(); ++at) {
        if (unit.size() == 2 && unit[0] == prefixes[at]) number *= std::pow(1000, at + 1);
    }
    return number;
}

/// From `--stats`: how many bytes were handed to the engine and its sieve.
double scanned_bytes(const std::string& stats) {
    std::istringstream lines(stats);
    for (std::string line; std::getline(lines, line);) {
        const std::size_t of = line.find(" of ");
        if (!line.starts_with("scan ") || of == line.npos) continue;
        double number = 0;
        std::string unit;
        const std::string said = line.substr(of + 4);
        std::istringstream(said) >> number >> unit;
        // With one decimal place it stands for anything that rounds to it.
        if (said.substr(0, said.find_last_of(' ')).contains('.')) number -= 0.05;
        return bytes_of(number, unit);
    }
    return -1;
}

/// From `--stats`: a count, as "hits" that were looked at.
std::uint64_t count_of(const std::string& stats, const std::string& name) {
    const std::size_t at = stats.find("\n" + name);
    const std::size_t end = std::min(stats.find(',', at), stats.find('\n', at + 1));
    std::string digits;
    for (std::size_t i = at; at != stats.npos && i < std::min(end, stats.size()); ++i) {
        if (stats[i] >= '0' && stats[i] <= '9') digits += stats[i];
    }
    return digits.empty() ? 0 : std::stoull(digits);
}

/// Texts of JSON are latin-1 here: each letter a byte.
std::string bytes_of_latin1(const std::string& text) {
    std::string bytes;
    for (std::size_t at = 0; at < text.size(); ++at) {
        auto c = static_cast<unsigned char>(text[at]);
        if (c >= 0xc2 && at + 1 < text.size()) {
            c = static_cast<unsigned char>((c & 3U) << 6 |
                                           (static_cast<unsigned char>(text[++at]) & 0x3fU));
        }
        bytes += static_cast<char>(c);
    }
    return bytes;
}

/// What a reader of Markdown shows as it stands: runs of backticks, and what they enclose.
std::string without_code_spans(const std::string& text) {
    std::string rest;
    for (std::size_t at = 0; at < text.size();) {
        if (text[at] != '`') {
            rest += text[at++];
            continue;
        }
        const std::size_t end = std::min(text.find_first_not_of('`', at), text.size());
        const std::string fence = text.substr(at, end - at);
        std::size_t close = text.find(fence, end);
        while (close != text.npos && (text[close - 1] == '`' || text[close + fence.size()] == '`')) {
            close = text.find(fence, text.find_first_not_of('`', close));
        }
        const bool open = close == text.npos || text.find("\n\n", end) < close;
        if (open) rest += fence;
        at = open ? end : close + fence.size();
    }
    return rest;
}

void expect_nothing_leaks(const json& expect, const std::string& output,
                          const std::string& where) {
    for (const std::string secret : expect.at("planted")) {
        ASSERT_EQ(output.find(bytes_of_latin1(secret)), std::string::npos)
            << "a planted secret is in " << where;
    }
    for (const std::string text : expect.at("never")) {
        ASSERT_EQ(output.find(bytes_of_latin1(text)), std::string::npos)
            << "a text of the attacker's is in " << where << ": " << json(text).dump();
    }
}

void expect_no_markup(const json& expect, const std::string& output, const std::string& format) {
    if (format != "html" && format != "junit" && format != "markdown") return;
    const std::string shown = format == "markdown" ? without_code_spans(output) : output;
    for (const std::string text : expect.at("markup")) {
        ASSERT_EQ(shown.find(bytes_of_latin1(text)), std::string::npos)
            << "markup of the attacker's is in the report as " << format << ": "
            << json(text).dump();
    }
}

bool is_complete(const json& target) { return target.at("coverage").at("complete").get<bool>(); }

std::set<std::string> paths_of_gaps(const json& target) {
    std::set<std::string> paths;
    for (const json& layer : target.at("layers")) {
        for (const json& gap : layer.at("gaps")) paths.insert(gap.value("path", ""));
    }
    return paths;
}

void expect_nothing_is_silent(const json& expect, const json& report) {
    // One argument may be several targets: blobs that no image has are one of their own.
    std::map<std::string, std::vector<json>> by_name;
    for (const json& target : report.at("targets")) by_name[target.at("target")].push_back(target);
    const auto all_complete = [&](const std::string& name) {
        return std::all_of(by_name[name].begin(), by_name[name].end(), is_complete);
    };
    for (const std::string name : expect.at("told")) {
        ASSERT_FALSE(all_complete(name)) << name << " is told as complete";
    }
    for (const auto& [name, targets] : by_name) {
        const bool found = std::any_of(targets.begin(), targets.end(), [](const json& target) {
            return !target.at("findings").empty();
        });
        ASSERT_TRUE(!expect.at("found_or_told") || found || !all_complete(name))
            << name << " is complete, and nothing was found";
    }
    for (const auto& [name, least] : expect.at("told_paths").items()) {
        std::size_t most = 0;
        for (const json& target : by_name[name]) {
            most = std::max(most, paths_of_gaps(target).size());
        }
        EXPECT_GE(most, least.get<std::size_t>()) << name;
    }
}

void add_to_table(const std::string& name, const Ran& ran) {
    const std::string table = setting("STRATASCAN_HOSTILE_TABLE", "");
    if (table.empty()) return;
    const json report = report_of(ran);
    std::string gaps = "no report";
    if (report.is_object()) {
        std::size_t count = 0;
        std::string first;
        for (const json& layer : gather(report, "layers")) {
            for (const json& gap : layer.at("gaps")) {
                if (count++ == 0) first = gap.value("reason", "").substr(0, 60);
            }
        }
        for (const json& gap : gather(report, "gaps")) {
            if (count++ == 0) first = gap.value("reason", "").substr(0, 60);
        }
        gaps = fmt::format("{} findings, {} gaps {}", gather(report, "findings").size(), count,
                           first);
    }
    std::ofstream(table, std::ios::app) << fmt::format("{}\texit {}\t{} MiB\t{}\n", name, ran.exit,
                                                       ran.peak_rss >> 20, gaps);
}

class Hostile : public testing::TestWithParam<std::string> {};

TEST_P(Hostile, IsToldAndCostsWhatItMay) {
    const Built built = build_attack(GetParam());
    if (!built.skipped.empty()) GTEST_SKIP() << built.skipped;
    ASSERT_EQ(built.error, "");
    const Ran ran = run_attack(built, {"--format", "json", "--no-store", "--stats"});
    add_to_table(GetParam(), ran);
    check_report(built.expect, ran);
    if (ran.exit != 3) expect_nothing_is_silent(built.expect, report_of(ran));
    expect_nothing_leaks(built.expect, ran.out, "the JSON report");
    expect_nothing_leaks(built.expect, ran.err, "standard error");
    if (built.expect.at("longest_error").is_number()) {
        EXPECT_LE(ran.err.size(), built.expect.at("longest_error").get<std::size_t>());
    }
    if (memory_is_measured) {
        EXPECT_LE(ran.peak_rss, built.expect.at("memory").get<std::uint64_t>());
    }
    if (built.expect.at("scanned").is_number()) {
        EXPECT_LE(scanned_bytes(ran.err), built.expect.at("scanned").get<double>()) << ran.err;
        EXPECT_GE(scanned_bytes(ran.err), 0) << ran.err;
    }
    if (built.expect.at("hits").is_number()) {
        EXPECT_LE(count_of(ran.err, "hits"), built.expect.at("hits").get<std::uint64_t>()) << ran.err;
    }
    for (const std::string format : built.expect.at("formats")) {
        const Ran other = run_attack(built, {"--format", format, "--no-store"});
        EXPECT_EQ(other.signal, 0) << format;
        EXPECT_EQ(other.exit, ran.exit) << format << other.err;
        expect_nothing_leaks(built.expect, other.out, "the report as " + format);
        expect_no_markup(built.expect, other.out, format);
    }
}

INSTANTIATE_TEST_SUITE_P(All, Hostile, testing::ValuesIn(attack_names()), test_name);

// Work that is counted, and not time: bytes that were handed from stage to stage, windows, and
// what was looked at. These are the attacks whose length is their strength and that cost little.
class HostileGrowth : public testing::TestWithParam<std::string> {};

const std::vector<std::string> growing = {
    "archive-behind-an-archive", "assignments-without-end", "base64-in-base64-in-base64",
    "begins-of-keys-with-a-body", "begins-of-keys-without-an-end", "certificates-without-end",
    "der-a-hundred-thousand-deep", "empty-members-by-the-hundred-thousand", "entities-of-entities",
    "escapes-of-escapes", "gzip-bomb-in-a-file", "hard-links-in-a-long-chain", "hex-without-end",
    "line-breaks-and-nothing-else", "near-matches-of-tokens", "one-key-of-sixteen-mebibytes",
    "one-layer-a-thousand-times", "paths-of-a-megabyte", "pax-headers-of-a-mebibyte",
    "pax-headers-without-a-member", "pax-records-by-the-hundred-thousand",
    "percent-signs-of-percent-signs", "quotes-and-brackets", "sparse-map-of-a-million-extents",
    "urls-that-almost-have-a-password", "urls-without-a-host", "web-token-with-a-deep-head",
    "zip-of-many-empty-entries", "zip-overlapping-entries"};

/// From `--stats`: each stage's bytes, and the counts.
std::map<std::string, double> work_of(const std::string& stats) {
    std::map<std::string, double> work;
    for (const char* const name : {"windows", "hits"}) {
        work[name] = static_cast<double>(count_of(stats, name));
    }
    std::istringstream lines(stats);
    for (std::string line; std::getline(lines, line);) {
        const std::size_t of = line.find(" of ");
        if (of == line.npos || line.find("/s") == line.npos) continue;
        double number = 0;
        std::string unit;
        std::istringstream(line.substr(of + 4)) >> number >> unit;
        work[line.substr(0, line.find(' '))] = bytes_of(number, unit);
    }
    return work;
}

TEST_P(HostileGrowth, WorkIsAtMostLinear) {
    std::map<std::string, double> once, twice;
    for (auto* const work : {&once, &twice}) {
        const Built built = build_attack(GetParam() + (work == &twice ? "*2" : ""));
        if (!built.skipped.empty()) GTEST_SKIP() << built.skipped;
        ASSERT_EQ(built.error, "");
        const Ran ran = scan_built(built, {"--format", "json", "--no-store", "--stats"});
        ASSERT_EQ(ran.signal, 0);
        *work = work_of(ran.err);
    }
    ASSERT_GT(once["scan"], 0);
    ASSERT_GT(once["windows"], 0);
    for (const auto& [stage, amount] : twice) {
        // Two windows and what is the same at any size; figures are rounded to two digits.
        const double same = stage == "windows" || stage == "hits" ? 16 : 1 << 20;
        EXPECT_LE(amount, 2.1 * once[stage] + same) << stage;
    }
}

INSTANTIATE_TEST_SUITE_P(All, HostileGrowth, testing::ValuesIn(growing), test_name);

// What a store tells later of names that forge lines, colours, directions and markup.
TEST(HostileNamesInAStore, ReachNoTerminal) {
    for (const char* const name : {"name-with-terminal-escapes", "name-with-line-breaks",
                                   "name-from-right-to-left", "name-with-markup"}) {
        const Built built = build_attack(name);
        ASSERT_EQ(built.error, "") << name;
        const TemporaryFolder folder;
        const std::string store = folder.path() / "store.sqlite";
        ASSERT_EQ(scan_built(built, {"--store", store, "-q"}).exit, 1) << name;
        const auto expect_plain = [&](std::vector<std::string> words, int exit) {
            const std::string command = words.at(0) + ' ' + words.at(1);
            const Ran ran = stratascan(std::move(words));
            EXPECT_EQ(ran.exit, exit) << name << ' ' << command << ran.err;
            EXPECT_NE(ran.out, "") << name << ' ' << command;
            expect_nothing_leaks(built.expect, ran.out + ran.err, name + (' ' + command));
        };
        for (const char* const format : {"table", "json", "csv"}) {
            expect_plain({"find", "--path", "**", "--store", store, "--format", format}, 1);
        }
        expect_plain({"store", "export", "--store", store}, 0);
        expect_plain({"report", "--store", store}, 1);
    }
}

// What a limit ends must end at the same place, whoever scans how fast.
TEST(HostileCatalogue, LimitsEndAtTheSamePlaceForAnyNumberOfThreads) {
    for (const char* const name : {"looks-over-the-limit", "many-matches-in-one-file",
                                   "many-bombs-in-a-layer", "names-of-megabytes-with-secrets"}) {
        const Built built = build_attack(name);
        ASSERT_EQ(built.error, "") << name;
        std::string first;
        for (const char* const jobs : {"1", "2", "8"}) {
            const Ran ran = scan_built(built, {"--format", "json", "--no-store", "--jobs", jobs});
            ASSERT_NE(ran.out, "") << name << ran.err;
            if (first.empty()) first = ran.out;
            EXPECT_TRUE(ran.out == first) << name << " with " << jobs << " threads";
        }
    }
}

// The readers themselves: GNU tar and Python's tarfile.
TEST(HostileCatalogue, LayersThatAreCompleteAreReadAlikeByOtherReaders) {
    const Ran ran = run({.words = {python(), source() / "tests/hostile/readers.py", program(),
                                   STRATASCAN_TAR_MEMBERS}});
    EXPECT_EQ(ran.exit, 0) << ran.out << ran.err;
    std::cout << ran.out;
}

TEST(HostileCatalogue, AnUnreadableTargetCostsTheOthersNothing) {
    const Built built = build_recipe("tar-plain-layer");
    ASSERT_EQ(built.error, "");
    const Ran ran = scan_built(built, {"--format", "json", "--no-store", "no-such-file"});
    EXPECT_EQ(ran.exit, 1) << ran.err;
    const json report = report_of(ran);
    ASSERT_TRUE(report.is_object()) << ran.err;
    ASSERT_EQ(report.at("targets").size(), 2U);
    EXPECT_EQ(report.at("targets").at(0).at("target"), "no-such-file");
    EXPECT_EQ(report.at("targets").at(0).at("coverage").at("complete"), false);
    EXPECT_EQ(report.at("targets").at(1).at("findings").size(), 1U);
    EXPECT_EQ(stratascan({"scan", "--no-store", "no-such-file", "nor-this-one"}).exit, 3);
}

TEST(HostileCatalogue, HasTheAttacksItShouldHave) { EXPECT_GE(attack_names().size(), 80U); }

}  // namespace
}  // namespace stratascan::e2e
