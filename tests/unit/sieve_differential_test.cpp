// What the sieve promises: a scan with it gives exactly what one without it gives.
// The same streams are scanned both ways, and everything that is told is compared.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <fstream>
#include <iterator>
#include <set>

#include "tests/support/cut_stream.hpp"
#include "tests/support/shipped.hpp"

namespace stratascan::sieve {
namespace {

using layer::margin;
using layer::slab_payload;
using test::example_texts;
using test::Random;
using test::shipped;
using test::TarBuilder;

std::string told(const Finding& finding) {
    std::string line = test::listed(finding);
    line.back() = ' ';
    line += std::to_string(static_cast<int>(finding.severity)) + '/' +
            std::to_string(static_cast<int>(finding.confidence)) + '/' +
            std::to_string(static_cast<int>(finding.evidence)) + ' ' + finding.evidence_detail +
            ' ' + finding.secret_id.substr(0, 24) + '\n';
    return line;
}

std::string told(const layer::LayerResult& result) {
    std::string text;
    for (const auto& found : result.findings) text += told(found.finding);
    for (const auto& found : result.programs) {
        const Program& program = found.program;
        text += "program " + program.program + ' ' + program.version + ' ' + program.path + ' ' +
                std::to_string(static_cast<int>(program.role)) + ' ' +
                std::to_string(program.applets.size());
        for (const std::string& fact : program.evidence) text += " | " + fact;
        text += '\n';
    }
    for (const Gap& gap : result.gaps) text += "gap " + gap.path + ' ' + gap.reason + '\n';
    return text + std::to_string(result.members) + " members\n";
}

std::set<std::string_view> lines_of(std::string_view text) {
    std::set<std::string_view> lines;
    while (!text.empty()) {
        const std::size_t end = text.find('\n') + 1;
        lines.insert(text.substr(0, end));
        text.remove_prefix(end);
    }
    return lines;
}

// Lines of `text` that `other` has not.
std::string only_in(std::string_view text, std::string_view other) {
    const auto theirs = lines_of(other);
    std::string lines;
    for (const std::string_view line : lines_of(text)) {
        if (!theirs.contains(line)) lines += line;
    }
    return lines;
}

struct Seen {
    std::size_t findings = 0, programs = 0;
};

Seen expect_same(const std::string& blob, const std::string& what) {
    Options::Limits limits;
    limits.findings_a_file = 1'000'000;
    const layer::LayerResult with = shipped().sieving(true).scan(blob, limits);
    const layer::LayerResult without = shipped().sieving(false).scan(blob, limits);
    shipped().sieving(true);
    const std::string sieved = told(with), whole = told(without);
    EXPECT_EQ(only_in(whole, sieved), "") << "missed with the sieve, " << what;
    EXPECT_EQ(only_in(sieved, whole), "") << "seen with the sieve alone, " << what;
    EXPECT_EQ(sieved.size(), whole.size()) << what;
    return {without.findings.size(), without.programs.size()};
}

std::string bytes_of(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
}

// A run of what files are made of, most of it of no interest.
std::string piece(Random& random) {
    switch (random.number(0, 11)) {
        case 0:
        case 1: return example_texts().example(random);
        case 2: return example_texts().counter_example(random);
        case 3:
        case 4: return example_texts().near_miss(random);
        case 5: return random.bytes(random.number(0, 700));
        case 6: return std::string(random.number(0, 300), ' ');
        case 7: return std::string(random.number(1, 40), '"') + '\n';
        default: return random.text(random.number(0, 2500));
    }
}

std::string file_of_pieces(Random& random, std::size_t size) {
    static constexpr std::array joints = {"\n", "\n", " ", "", "\"", "=", "\r\n"};
    std::string text;
    while (text.size() < size) {
        text += piece(random);
        text += joints[random.number(0, joints.size() - 1)];
    }
    return text;
}

TEST(SieveDifferential, FilesOfPieces) {
    Seen sum;
    for (std::uint64_t seed = 1; seed <= 40; ++seed) {
        Random random(seed);
        TarBuilder tar;
        for (std::size_t i = 0, count = random.number(5, 60); i < count; ++i) {
            std::string text = file_of_pieces(random, random.number(0, 30) == 0
                                                          ? slab_payload + random.number(0, 9000)
                                                          : random.number(0, 24'000));
            // A secret as the file's last bytes, with nothing or padding behind it.
            if (random.number(0, 2) == 0) text += example_texts().example(random);
            if (random.number(0, 3) == 0) text.insert(0, (512 - text.size() % 512) % 512, '\n');
            while (random.number(0, 2) == 0 && text.ends_with('\n')) text.pop_back();
            tar.file("f" + std::to_string(i), text);
        }
        sum.findings += expect_same(tar.finish(), "seed " + std::to_string(seed)).findings;
        if (::testing::Test::HasFailure()) return;
    }
    EXPECT_GT(sum.findings, 3000U);
}

TEST(SieveDifferential, ManySmallFilesThatEndInTheMiddleOfSomething) {
    Seen sum;
    for (std::uint64_t seed = 1; seed <= 15; ++seed) {
        Random random(seed + 1000);
        TarBuilder tar;
        for (std::size_t i = 0; i < 900; ++i) {
            std::string text = random.text(random.number(0, 200)) + piece(random);
            if (random.number(0, 1) == 0) text.resize(random.number(0, text.size()));
            tar.file("d/" + std::to_string(i), text);
        }
        sum.findings += expect_same(tar.finish(), "seed " + std::to_string(seed)).findings;
        if (::testing::Test::HasFailure()) return;
    }
    EXPECT_GT(sum.findings, 1000U);
}

TEST(SieveDifferential, OneLongLine) {
    for (std::uint64_t seed = 1; seed <= 6; ++seed) {
        Random random(seed + 2000);
        std::string line;
        while (line.size() < slab_payload + 100'000) line += piece(random) + ',';
        std::replace(line.begin(), line.end(), '\n', ';');
        expect_same(TarBuilder().file("min.js", line).finish(), "seed " + std::to_string(seed));
    }
}

TEST(SieveDifferential, NothingButSecrets) {
    for (std::uint64_t seed = 1; seed <= 3; ++seed) {
        Random random(seed + 3000);
        std::string text;
        while (text.size() < 100'000) text += example_texts().example(random) + '\n';
        text += random.text(2 * slab_payload);
        for (const std::size_t end = text.size() + 150'000; text.size() < end;) {
            text += example_texts().near_miss(random) + '\n';
        }
        const Seen seen = expect_same(TarBuilder().file("all", text).finish(),
                                      "seed " + std::to_string(seed));
        EXPECT_GT(seen.findings, 1000U);
    }
}

TEST(SieveDifferential, Noise) {
    for (std::uint64_t seed = 1; seed <= 6; ++seed) {
        Random random(seed + 4000);
        std::string noise = random.bytes(slab_payload);
        std::string base64 = random.bytes(slab_payload);
        for (char& c : base64) {
            c = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
                [static_cast<unsigned char>(c) & 63U];
        }
        expect_same(TarBuilder().file("noise", noise).file("base64", base64).finish(), "noise");
        expect_same(noise.substr(0, 100'000), "no archive");
    }
}

// Windows so small that every byte of a text is once where one of them ends to
// own places, and once where its payload ends. Hits of several expressions may show
// one secret twice, in one window or in two.
std::string seen_in(const std::string& stream, const std::vector<test::StreamPart>& parts,
                    const std::vector<std::size_t>& cuts, bool sieving) {
    static layer::SlabPool slabs(4);
    std::set<std::string> lines;
    for (layer::Window& window : test::windows_of(stream, parts, cuts, slabs)) {
        const layer::WindowScan scan = shipped().sieving(sieving).scanner().scan(window);
        EXPECT_FALSE(scan.error.has_value());
        for (const layer::WindowFinding& found : scan.findings) lines.insert(told(found.finding));
    }
    std::string all;
    for (const std::string& line : lines) all += line;
    shipped().sieving(true);
    return all;
}

TEST(SieveDifferential, EveryExampleAcrossTheEndOfAWindow) {
    Random random(5);
    const std::string front = random.text(700), behind = random.text(margin + 200);
    std::set<std::string> missed;
    std::size_t seen = 0;
    for (const auto& compiled : test::shipped_engine().rules->rules()) {
        for (const std::string& one : compiled->rule().examples) {
            const std::string text = test::expanded(one, 7);
            const std::string stream = front + '\n' + text + '\n' + behind;
            const std::size_t step = 1 + text.size() / 90;
            for (std::size_t at = 0; at <= text.size() + 1; at += step) {
                const std::size_t place = front.size() + at;
                for (const std::size_t cut : {place + margin, place}) {
                    const std::vector<test::StreamPart> parts = {{0, stream.size()}};
                    const std::string whole = seen_in(stream, parts, {cut}, false);
                    seen += whole.empty() ? 0 : 1;
                    const std::string sieved = seen_in(stream, parts, {cut}, true);
                    if (whole != sieved) {
                        missed.insert(compiled->rule().id + ": " +
                                      std::to_string(only_in(whole, sieved).size()) + " missed, " +
                                      std::to_string(only_in(sieved, whole).size()) + " more");
                    }
                }
            }
        }
    }
    for (const std::string& what : missed) ADD_FAILURE() << what;
    EXPECT_GT(seen, 10'000U);
}

// A file's end is the text's end, whatever is behind it.
TEST(SieveDifferential, EveryExampleAtAFilesEnd) {
    Random random(6);
    std::set<std::string> missed;
    for (const auto& compiled : test::shipped_engine().rules->rules()) {
        for (const std::string& one : compiled->rule().examples) {
            const std::string text = test::expanded(one, 8);
            for (const char* behind : {"", "\n", "0", "a", "A", "_", "-", "=", "\"", "\xff"}) {
                for (std::size_t less = 0; less < std::min<std::size_t>(12, text.size()); ++less) {
                    const std::string file = "x\n" + text.substr(0, text.size() - less);
                    const std::string stream = file + behind + random.text(700);
                    const std::vector<test::StreamPart> parts = {{0, file.size()},
                                                                 {file.size(), stream.size()}};
                    for (const std::size_t size : {file.size(), stream.size()}) {
                        const std::string cut = stream.substr(0, size);
                        const std::vector<test::StreamPart> some(
                            parts.begin(), parts.begin() + (size == file.size() ? 1 : 2));
                        if (seen_in(cut, some, {}, false) != seen_in(cut, some, {}, true)) {
                            missed.insert(compiled->rule().id + " with " + std::to_string(less) +
                                          " bytes less");
                        }
                    }
                }
            }
        }
    }
    for (const std::string& what : missed) ADD_FAILURE() << what;
}

// An ELF file that is loaded as a whole, with every program's literals strewn in.
std::string elf_of(Random& random, std::size_t size) {
    std::string bytes(size, '\0');
    for (std::size_t at = 64 + 56; at < size; at += random.number(1, 5000)) {
        const std::string some = random.bytes(random.number(0, 60));
        bytes.replace(at, std::min(some.size(), size - at), some.substr(0, size - at));
    }
    const auto put = [&](std::size_t at, std::uint64_t value, std::size_t width) {
        for (std::size_t i = 0; i < width; ++i) {
            bytes[at + i] = static_cast<char>(value >> (8 * i) & 0xffU);
        }
    };
    bytes.replace(0, 7, "\x7f" "ELF\x02\x01\x01");
    put(16, 2, 2);           // e_type: executable
    put(18, 62, 2);          // e_machine: x86-64
    put(20, 1, 4);           // e_version
    put(32, 64, 8);          // e_phoff
    put(52, 64, 2);          // e_ehsize
    put(54, 56, 2);          // e_phentsize
    put(56, 1, 2);           // e_phnum
    put(64, 1, 4);           // p_type: to be loaded
    put(68, 5, 4);           // p_flags
    put(96, size, 8);        // p_filesz
    put(104, size, 8);       // p_memsz
    return bytes;
}

void plant_programs(std::string& bytes, Random& random) {
    for (const std::string& literal : shipped().rules().programs().literals()) {
        const std::size_t at = random.number(200, bytes.size() - 300);
        bytes.replace(at, literal.size() + 2, '\0' + literal + '\0');
    }
    // Some of them where windows end.
    for (const std::size_t edge : {slab_payload, slab_payload - margin, 2 * slab_payload}) {
        const auto& literals = shipped().rules().programs().literals();
        const std::string& literal = literals[random.number(0, literals.size() - 1)];
        if (edge + 600 > bytes.size()) continue;
        bytes.replace(edge - 512 - random.number(0, literal.size()), literal.size(), literal);
    }
}

TEST(SieveDifferential, ProgramsOfTheSystem) {
    TarBuilder tar;
    std::size_t files = 0;
    for (const char* path : {"/bin/sh", "/usr/bin/env", "/bin/bash", "/usr/bin/perl",
                             "/bin/busybox", "/usr/bin/git"}) {
        const std::string bytes = bytes_of(path);
        if (!bytes.starts_with("\x7f" "ELF")) continue;
        ++files;
        tar.file(path + 1, bytes, 0755);
        tar.file("copy/of" + std::to_string(files), "#" + bytes, 0755);
    }
    ASSERT_GT(files, 1U);
    EXPECT_GT(expect_same(tar.finish(), "programs").programs, 0U);
}

TEST(SieveDifferential, ProgramsAcrossWindows) {
    Seen sum;
    for (std::uint64_t seed = 1; seed <= 30; ++seed) {
        Random random(seed + 5000);
        std::string elf = elf_of(random, random.number(0, 1) == 0
                                             ? 2 * slab_payload + random.number(0, 800'000)
                                             : random.number(40'000, 900'000));
        plant_programs(elf, random);
        TarBuilder tar;
        tar.file("in-front", random.text(random.number(0, 100'000)));
        tar.file("bin/tool", elf, 0755);
        tar.file("no-elf", random.text(random.number(0, 2000)) + elf.substr(100, 50'000));
        tar.file("bin/other", elf.substr(0, random.number(1, elf.size())), 0755);
        sum.programs += expect_same(tar.finish(), "seed " + std::to_string(seed)).programs;
        if (::testing::Test::HasFailure()) return;
    }
    EXPECT_GT(sum.programs, 30U);
}

TEST(SieveDifferential, AnElfFileThatBeginsAcrossASlabsEnd) {
    Random random(9);
    for (std::size_t before = 0; before <= 6; ++before) {
        std::string elf = elf_of(random, 300'000);
        plant_programs(elf, random);
        // As bytes of a folder's files stand: no block, nothing between them.
        const std::string front(margin + 40'000 - before, 'x');
        const std::string stream = front + elf;
        const std::vector<test::StreamPart> parts = {{0, front.size()},
                                                     {front.size(), stream.size()}};
        static layer::SlabPool slabs(4);
        std::array<std::string, 2> seen;
        for (const bool sieving : {false, true}) {
            for (layer::Window& window :
                 test::windows_of(stream, parts, {margin + 40'000}, slabs)) {
                const auto scan = shipped().sieving(sieving).scanner().scan(window);
                for (const layer::Sighting& one : scan.sightings) {
                    seen[sieving] += std::to_string(one.seen.literal) + '@' +
                                     std::to_string(one.seen.offset) + ' ' + one.seen.version +
                                     '\n';
                }
            }
        }
        EXPECT_FALSE(seen[0].empty());
        EXPECT_EQ(only_in(seen[0], seen[1]), "") << before << " bytes before the end";
        EXPECT_EQ(seen[0].size(), seen[1].size());
    }
}

// That the sieve is in use at all: plain text hardly reaches the engine.
TEST(SieveDifferential, PlainTextHardlyReachesTheEngine) {
    Random random(11);
    TarBuilder tar;
    for (int i = 0; i < 40; ++i) tar.file("f" + std::to_string(i), random.text(100'000));
    const std::string blob = tar.finish();
    const layer::ScanCounters before = shipped().sieving(true).counters();
    static_cast<void>(shipped().scan(blob));
    const layer::ScanCounters after = shipped().counters();
    EXPECT_LT(after.engine_bytes - before.engine_bytes, blob.size() / 100);
    EXPECT_GT(after.sieved_bytes - before.sieved_bytes, blob.size() - blob.size() / 50);
    static_cast<void>(shipped().sieving(false).scan(blob));
    EXPECT_GE(shipped().counters().engine_bytes, blob.size());
    shipped().sieving(true);
}

}  // namespace
}  // namespace stratascan::sieve
