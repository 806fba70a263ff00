// What the formats promise: names of the JSON report, valid JSON for any bytes,
// a table that stays within the terminal and sends it nothing from an image.
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <random>

#include "scanner/evidence/codec.hpp"
#include "scanner/report/formats.hpp"
#include "scanner/report/markdown_text.hpp"
#include "scanner/report/report_writer.hpp"
#include "scanner/report/formats.hpp"
#include "scanner/report/text.hpp"
#include "scanner/report/utf8.hpp"

namespace {

using namespace stratascan;
using nlohmann::json;
using report::json_string;
using report::printable;
using report::TableStyle;
using report::write_json;
using report::write_jsonl;
using report::write_table;

Finding finding_in(int layer) {
    Finding finding;
    finding.rule = "some-token";
    finding.title = "Some token";
    finding.severity = Severity::critical;
    finding.confidence = Confidence::high;
    finding.evidence = Evidence::well_formed;
    finding.layer_index = layer;
    finding.layer = "sha256:aa";
    finding.path = "app/.env";
    finding.line = 3;
    finding.offset = 40;
    finding.length = 36;
    finding.redacted = "tok_****";
    finding.secret_id = "hmac-sha256:00";
    return finding;
}

Program program_in(int layer) {
    Program program;
    program.program = "bash";
    program.title = "GNU Bash";
    program.program_class = "shell";
    program.version = "5.2.15";
    program.layer_index = layer;
    program.path = "usr/bin/bash";
    return program;
}

Report sample() {
    TargetReport target;
    target.target = "image.tar";
    target.image.digest = "sha256:" + std::string(64, 'd');
    target.image.platform = "linux/amd64";
    for (int i = 0; i < 3; ++i) {
        LayerReport layer;
        layer.index = i;
        layer.digest = "sha256:" + std::string(64, static_cast<char>('a' + i));
        layer.created_by = "RUN /bin/sh -c make step" + std::to_string(i) + " # buildkit";
        layer.files = 10;
        layer.bytes = 2'000'000;
        target.layers.push_back(layer);
    }
    target.findings.push_back(finding_in(1));
    target.programs.push_back(program_in(0));
    target.coverage = {true, 30, 6'000'000, 0};
    Report report;
    report.engine = {"1.0", "sha256:ee"};
    report.targets.push_back(target);
    return report;
}

Report clean() {
    Report report = sample();
    report.targets[0].findings.clear();
    report.targets[0].programs.clear();
    report.targets[0].coverage.files = 12'345;
    report.targets[0].coverage.bytes = 340'000'000;
    return report;
}

bool has(const std::string& text, std::string_view part) {
    return text.find(part) != std::string::npos;
}

std::vector<std::string> lines_of(const std::string& text) {
    std::vector<std::string> lines;
    std::size_t at = 0;
    for (std::size_t end = text.find('\n'); end != std::string::npos; end = text.find('\n', at)) {
        lines.push_back(text.substr(at, end - at));
        at = end + 1;
    }
    return lines;
}

TEST(JsonReport, HasTheNamesThatUsersRelyOn) {
    const json report = json::parse(write_json(sample()));
    EXPECT_EQ(report["schema"], "stratascan/report/1");
    EXPECT_EQ(report["engine"]["version"], "1.0");
    EXPECT_EQ(report["engine"]["ruleset"], "sha256:ee");
    EXPECT_FALSE(report.contains("cancelled"));
    const json& target = report["targets"][0];
    const auto expect_members = [](const json& object, const std::vector<const char*>& names) {
        for (const char* name : names) EXPECT_TRUE(object.contains(name)) << name;
    };
    expect_members(target, {"target", "image", "layers", "findings", "programs", "coverage",
                            "notes", "gaps"});
    expect_members(target["image"], {"digest", "platform", "created", "config_digest", "kind"});
    expect_members(target["layers"][0], {"index", "digest", "media_type", "created_by", "state",
                                         "files", "bytes", "gaps"});
    expect_members(target["findings"][0],
                   {"rule", "title", "severity", "confidence", "evidence", "source",
                    "layer_index", "layer", "path", "inner_path", "line", "offset", "length",
                    "redacted", "secret_id", "public_fingerprint", "visibility", "hidden_by",
                    "created_by"});
    expect_members(target["programs"][0],
                   {"program", "class", "version", "role", "layer_index", "layer", "path",
                    "visibility", "renamed", "static", "packed", "applets", "evidence"});
    expect_members(target["coverage"], {"complete", "files", "bytes", "gaps"});
    EXPECT_EQ(target["findings"][0]["evidence"], "well-formed");
    EXPECT_EQ(target["findings"][0]["severity"], "critical");
}

TEST(JsonReport, SaysWhetherHeadHasABlobWhereThatIsKnown) {
    Report report = sample();
    Finding& finding = report.targets[0].findings[0];
    const std::string id(40, 'a'), commit(40, 'b');
    finding.inner_path = {"blob " + id, "commit " + commit + " src/x"};
    EXPECT_FALSE(json::parse(write_json(report))["targets"][0]["findings"][0].contains("in_head"));
    finding.in_head = false;
    const json told = json::parse(write_json(report))["targets"][0]["findings"][0];
    EXPECT_EQ(told["in_head"], false);
    EXPECT_EQ(told["inner_path"], json(finding.inner_path)) << "ids are whole here";
    EXPECT_EQ(report::place_in("p", finding.inner_path),
              "p › blob aaaaaaaaaa › commit bbbbbbbbbb src/x");
    EXPECT_EQ(report::place_in("p", {"blob " + id.substr(1), "blob x"}),
              "p › blob " + id.substr(1) + " › blob x");
}

TEST(JsonReport, WhatIsAbsentIsNull) {
    Report report = sample();
    report.targets[0].image.digest.clear();
    Finding& finding = report.targets[0].findings[0];
    finding.layer_index = -1;
    finding.line = 0;
    Program& program = report.targets[0].programs[0];
    program.version.clear();
    program.version_reason = "no version text in the file";
    const json target = json::parse(write_json(report))["targets"][0];
    EXPECT_TRUE(target["image"]["digest"].is_null());
    for (const char* name : {"layer_index", "line", "hidden_by", "public_fingerprint"}) {
        EXPECT_TRUE(target["findings"][0][name].is_null()) << name;
    }
    EXPECT_TRUE(target["programs"][0]["version"].is_null());
    EXPECT_EQ(target["programs"][0]["version_reason"], "no version text in the file");
}

TEST(JsonReport, UnusualMembersAreThereOnlyWhenTheySaySomething) {
    Report report = sample();
    const std::string plain = write_json(report);
    for (const char* name : {"blob_mismatch", "path_base64", "\"secret\"", "state_reason",
                             "cancelled"}) {
        EXPECT_FALSE(has(plain, name)) << name;
    }
    report.cancelled = true;
    report.targets[0].findings[0].blob_mismatch = true;
    report.targets[0].findings[0].clear_text = "in the clear";
    report.targets[0].findings[0].path = "caf\xE9";
    const json written = json::parse(write_json(report));
    const json& finding = written["targets"][0]["findings"][0];
    EXPECT_EQ(written["cancelled"], true);
    EXPECT_EQ(finding["blob_mismatch"], true);
    EXPECT_EQ(finding["secret"], "in the clear");
    EXPECT_EQ(finding["path"], "caf\xEF\xBF\xBD");
    EXPECT_EQ(evidence::decode_base64(finding["path_base64"].get<std::string>()), "caf\xE9");
}

TEST(JsonReport, EmptyListsAndObjectsAreWellFormed) {
    EXPECT_EQ(json::parse(write_json(Report{}))["targets"], json::array());
    EXPECT_EQ(write_jsonl(Report{}), "");
}

TEST(JsonLines, EveryLineSaysWhatItIsAndOfWhichImage) {
    std::string types;
    for (const std::string& line : lines_of(write_jsonl(sample()))) {
        const json object = json::parse(line);
        types += object["type"].get<std::string>() + " ";
        EXPECT_EQ(object["target"], "image.tar");
        EXPECT_EQ(object["platform"], "linux/amd64");
        EXPECT_EQ(object["image"], sample().targets[0].image.digest);
    }
    EXPECT_EQ(types, "target layer layer layer finding program summary ");
}

TEST(JsonLines, TheSummaryIsLastAndHasTheCoverage) {
    Report report = sample();
    report.cancelled = true;
    const json summary = json::parse(lines_of(write_jsonl(report)).back());
    EXPECT_EQ(summary["coverage"]["files"], 30);
    EXPECT_EQ(summary["findings"], 1);
    EXPECT_EQ(summary["cancelled"], true);
}

TEST(JsonString, AnyBytesGiveAValidStringThatSaysWhetherItIsExact) {
    std::mt19937 random(7);
    for (int round = 0; round < 5'000; ++round) {
        std::string bytes;
        const std::size_t length = random() % 12;
        for (std::size_t i = 0; i < length; ++i) bytes += static_cast<char>(random() % 256);
        bool lossy = false;
        const json parsed = json::parse(json_string(bytes, &lossy), nullptr, false);
        ASSERT_TRUE(parsed.is_string());
        ASSERT_EQ(parsed.get<std::string>() == bytes, !lossy);
    }
}

TEST(JsonString, ControlsAndMarksAreEscapedSoThatATerminalIsSafe) {
    EXPECT_EQ(json_string("a\"b\\c\n\x1B"), R"("a\"b\\c\n\u001b")");
    EXPECT_EQ(json_string("\xE2\x80\xAE"), R"("\u202e")");
    EXPECT_EQ(json_string("\xF3\xA0\x81\x81"), R"("\udb40\udc41")");
    EXPECT_EQ(json_string("grün"), "\"grün\"");
}

TEST(Printable, TerminalsGetNoControlsNoEscapesAndNoMarks) {
    EXPECT_EQ(printable("a\x1B[31mb"), "a\\x1B[31mb");
    EXPECT_EQ(printable("a\nb\tc\x7F"), "a\\x0Ab\\x09c\\x7F");
    EXPECT_EQ(printable("\xC2\x9B"), "\\u{9B}") << "a C1 control starts a sequence, too";
    EXPECT_EQ(printable("x\xE2\x80\xAEy\xE2\x81\xA6"), "x\\u{202E}y\\u{2066}");
    EXPECT_EQ(printable("caf\xE9"), "caf\\xE9");
    EXPECT_EQ(printable("\xE2\x82"), "\\xE2\\x82");
    EXPECT_EQ(printable("\xC0\xAF\xED\xA0\x80"), "\\xC0\\xAF\\xED\\xA0\\x80");
    EXPECT_EQ(printable("grün 漢字 🙂"), "grün 漢字 🙂");
}

TEST(Text, WidthsAreColumnsNotBytes) {
    EXPECT_EQ(report::columns("grün"), 4U);
    EXPECT_EQ(report::columns("漢字"), 4U);
    EXPECT_EQ(report::columns("e\xCC\x81"), 1U);
    EXPECT_EQ(report::cut_end("grüner Baum", 6), "grüne…");
    EXPECT_EQ(report::cut_middle("usr/lib/very/long/name.txt", 15), "usr/…g/name.txt");
    for (std::size_t width = 0; width < 12; ++width) {
        EXPECT_LE(report::columns(report::cut_middle("漢字漢字漢字", width)), width);
        EXPECT_LE(report::columns(report::cut_end("漢字漢字漢字", width)), width);
    }
}

TEST(Text, NumbersAreReadable) {
    EXPECT_EQ(report::grouped(1), "1");
    EXPECT_EQ(report::grouped(12'345), "12 345");
    EXPECT_EQ(report::grouped(1'000'000), "1 000 000");
    EXPECT_EQ(report::counted(1, "file"), "1 file");
    EXPECT_EQ(report::sized(999), "999 B");
    EXPECT_EQ(report::sized(1'234'567), "1.2 MB");
    EXPECT_EQ(report::sized(999'999'999), "1.0 GB");
    EXPECT_EQ(report::sized(~std::uint64_t{0}), "18 EB");
    EXPECT_EQ(report::index_list({0, 2, 3, 4, 5, 7, 8}), "0, 2–5, 7, 8");
}

TEST(Text, ABuildStepIsShownAsItsAuthorWroteIt) {
    EXPECT_EQ(report::build_step("/bin/sh -c #(nop)  CMD [\"bash\"]"), "CMD [\"bash\"]");
    EXPECT_EQ(report::build_step("/bin/sh -c apt-get update"), "apt-get update");
    EXPECT_EQ(report::build_step("RUN /bin/sh -c a && \\\n    b # buildkit"), "a && b");
    EXPECT_EQ(report::build_step("RUN |2 A=1 B=2 /bin/sh -c make # buildkit"), "make");
    EXPECT_EQ(report::build_step("COPY . /app # buildkit"), "COPY . /app");
    EXPECT_EQ(report::build_step(""), "");
}

TEST(Table, GroupsFindingsAndProgramsByLayerWithTheBuildStep) {
    const std::string table = write_table(sample(), {});
    EXPECT_TRUE(has(table, "layer 0  aaaaaaaaaaaa  2.0 MB  make step0"));
    EXPECT_TRUE(has(table, "shell  bash 5.2.15  usr/bin/bash"));
    EXPECT_TRUE(has(table, "layer 1  bbbbbbbbbbbb  2.0 MB  make step1"));
    EXPECT_TRUE(has(table, "critical  Some token · tok_****"));
    EXPECT_TRUE(has(table, "app/.env:3 · well formed"));
    EXPECT_TRUE(has(table, "layer 2  nothing found in 10 files, 2.0 MB"));
    EXPECT_TRUE(has(table, "1 secret"));
    EXPECT_TRUE(has(table, "secrets found; every byte was read"));
}

TEST(Table, SaysPlainlyThatNothingWasFound) {
    const std::string table = write_table(clean(), {});
    EXPECT_TRUE(has(table, "no secrets found in 12 345 files, 340 MB"));
    EXPECT_TRUE(has(table, "complete and clean: every byte was read"));
}

TEST(Table, SaysWhatWasNotCoveredAndWhy) {
    Report report = clean();
    TargetReport& target = report.targets[0];
    target.layers[2].state = LayerState::partial;
    for (int i = 0; i < 30; ++i) {
        target.layers[2].gaps.push_back({"f" + std::to_string(i) + ".zip", "encrypted", 1000});
    }
    target.coverage.complete = false;
    target.coverage.gaps = 30;
    const std::string table = write_table(report, {});
    EXPECT_TRUE(has(table, "f0.zip · encrypted · 1.0 kB"));
    EXPECT_TRUE(has(table, "and 10 more"));
    EXPECT_FALSE(has(table, "f20.zip"));
    EXPECT_TRUE(has(table, "incomplete: 1 of 3 layers was not read in full"));
    EXPECT_FALSE(has(table, "clean"));
}

TEST(Table, IsNeverGreenOnAScanThatStoppedOrHadNoTarget) {
    Report report = clean();
    report.cancelled = true;
    EXPECT_TRUE(has(write_table(report, {}), "incomplete: stopped before the end"));
    EXPECT_TRUE(has(write_table(Report{}, {}), "incomplete: nothing was scanned"));
}

TEST(Table, TellsWhichLayerHidASecret) {
    Report report = sample();
    report.targets[0].findings[0].visibility = Visibility::deleted;
    report.targets[0].findings[0].hidden_by = 2;
    const std::string table = write_table(report, {});
    EXPECT_TRUE(has(table, "deleted by layer 2"));
    EXPECT_TRUE(has(table, "1 no longer visible, still in its layer"));
}

TEST(Table, MetadataComesFirst) {
    Report report = sample();
    Finding env = finding_in(-1);
    env.source = Source::env;
    env.path = "config.Env[2]";
    env.line = 1;
    report.targets[0].findings.push_back(env);
    const std::string table = write_table(report, {});
    EXPECT_LT(table.find("config.Env[2] · "), table.find("layer 0"));
}

TEST(Table, ManyOfAKindInOneFileAreCounted) {
    Report report = sample();
    for (std::uint64_t line = 0; line < 9'999; ++line) {
        report.targets[0].findings.push_back(finding_in(1));
        report.targets[0].findings.back().line = 10 + line;
    }
    const std::string table = write_table(report, {});
    EXPECT_TRUE(has(table, "and 9 997 more of these in the same file"));
    EXPECT_LT(lines_of(table).size(), 40U);
}

TEST(Table, ColoursOnlyWhenAsked) {
    EXPECT_FALSE(has(write_table(sample(), {false, 100}), "\x1B"));
    EXPECT_TRUE(has(write_table(sample(), {true, 100}), "\x1B[1;31mcritical\x1B[0m"));
}

TEST(Table, StaysWithinTheTerminalAndSendsItNothingFromTheImage) {
    const std::string hostile = "a\x1B]0;title\x07/漢字\xE2\x80\xAE\xFF " + std::string(300, 'x');
    Report report = sample();
    TargetReport& target = report.targets[0];
    target.target = hostile;
    target.image.names = {hostile, hostile};
    target.image.platform = target.image.created = target.image.kind = hostile;
    target.notes = {hostile};
    target.gaps = {{hostile, hostile, 7}};
    target.layers[0].state_reason = target.layers[0].created_by = hostile;
    target.layers[0].state = LayerState::failed;
    target.layers[1].digest = hostile;
    Finding& finding = target.findings[0];
    finding.title = finding.redacted = finding.path = finding.evidence_detail = hostile;
    finding.inner_path = {hostile, hostile};
    Program& program = target.programs[0];
    program.program = program.version = program.path = program.program_class = hostile;
    target.coverage.complete = false;
    for (const unsigned width : {0U, 40U, 57U, 80U, 100U, 211U}) {
        for (const std::string& line : lines_of(write_table(report, {false, width}))) {
            EXPECT_LE(report::columns(line), std::max(width, 40U)) << line;
            EXPECT_EQ(printable(line), line);
        }
    }
}

TEST(Stats, ShowsThroughputAStageAndThePeak) {
    Stats stats;
    stats.bytes = 2'000'000'000;
    stats.decode_ns = 1'000'000'000;
    stats.peak_rss_bytes = 212'000'000;
    stats.gzip_decoder = "isa-l";
    const std::string text = report::write_stats(stats);
    EXPECT_TRUE(has(text, "2.00 GB/s"));
    EXPECT_TRUE(has(text, "212 MB"));
    EXPECT_TRUE(has(text, "isa-l"));
}

// A decimal address has no dot that is escaped, and no renderer needs one.
TEST(Markdown, PlainTextHasNoLink) {
    EXPECT_EQ(report::markdown_plain("see http://16843009/c"), "see http:\\//16843009/c");
    EXPECT_EQ(report::markdown_plain("a/b//c"), "a/b//c");
}

}  // namespace
