// What ELF files and scripts say of themselves. Files that real tools made are in the
// recipes `program-evidence`, `program-go-evidence`, `program-scripts`.
#include <gtest/gtest.h>
#include <zlib.h>

#include <string>

#include "scanner/program/elf_evidence.hpp"
#include "scanner/program/identify.hpp"
#include "scanner/program/script.hpp"

namespace stratascan::program {
namespace {

using namespace std::string_literals;

std::string note(std::string owner, std::uint32_t type, std::string text, bool big = false) {
    const auto number = [big](std::uint64_t value) {
        std::string bytes(4, '\0');
        for (std::size_t i = 0; i < 4; ++i) {
            bytes[big ? 3 - i : i] = static_cast<char>(value >> 8 * i);
        }
        return bytes;
    };
    owner += '\0';
    std::string bytes = number(owner.size()) + number(text.size()) + number(type);
    owner.resize((owner.size() + 3) / 4 * 4);
    text.resize((text.size() + 3) / 4 * 4);
    return bytes + owner + text;
}

TEST(Notes, TellTheBuildAndThePackageInBothByteOrders) {
    for (const bool big : {false, true}) {
        const std::string notes =
            note("GNU", 1, "abi ", big) + note("GNU", 3, "\x01\x02\xfe\xff", big) +
            note("FDO", 0xcafe1a7e,
                 R"({"type":"rpm","name":"curl","version":"8.1-2","osCpe":"x"})" + "\0"s, big);
        BinaryFacts facts;
        read_notes(notes, big, facts);
        EXPECT_EQ(facts.build_id, "0102feff");
        ASSERT_TRUE(facts.note);
        EXPECT_EQ(facts.note->name, "curl");
        EXPECT_EQ(facts.note->version, "8.1-2");
        for (std::size_t size = 0; size + 4 < notes.size(); ++size) {  // but for the padding
            BinaryFacts cut;
            read_notes(std::string_view(notes).substr(0, size), big, cut);
            EXPECT_FALSE(cut.note);
        }
    }
}

std::string deflated(const std::string& text) {
    std::string out(compressBound(text.size()), '\0');
    uLongf size = out.size();
    EXPECT_EQ(compress(reinterpret_cast<Bytef*>(out.data()), &size,
                       reinterpret_cast<const Bytef*>(text.data()), text.size()), Z_OK);
    out.resize(size);
    return out;
}

TEST(Crates, AreThoseInTheProgramAndNoBombIsInflated) {
    const std::string list = R"({"packages":[{"name":"b","version":"2"},{"name":"a","version":"1",
        "kind":"runtime"},{"name":"cc","version":"3","kind":"build"},{"name":7},"x"]})";
    EXPECT_EQ(read_crates(deflated(list)), (std::vector<std::string>{"a 1", "b 2"}));
    EXPECT_TRUE(read_crates(deflated(list).substr(0, 30)).empty());
    EXPECT_TRUE(read_crates("no zlib at all").empty());
    EXPECT_TRUE(read_crates(deflated(std::string(64 << 20, '['))).empty());
    EXPECT_TRUE(read_crates(deflated("[" + std::string(1000, ' ') + "]")).empty());
}

std::string go_text(const std::string& text) {
    std::string size;
    for (std::size_t left = text.size();; left >>= 7U) {
        size += static_cast<char>((left & 0x7fU) | (left > 0x7f ? 0x80U : 0U));
        if (left <= 0x7f) break;
    }
    return size + text;
}

TEST(GoBuild, AValueUnderALongNameIsKept) {
    GoBuild build;
    read_go_lines("build\t-ldflags=\"-X " + std::string(300, 'a') + "Version=1.2.3\"\n", build);
    ASSERT_EQ(build.linked.size(), 1U);
    EXPECT_TRUE(build.linked[0].ends_with("aVersion=1.2.3")) << build.linked[0];
}

TEST(GoBuild, IsReadAsFarAsItIsInSight) {
    const std::string lines =
        "path\texample.org/cmd/x\nmod\texample.org\tv1.2.3\th1:abc=\n"
        "dep\tother\tv9.9.9\nbuild\t-ldflags=\"-s -X main.version=4.5 -X 'main.appVersion=6' -X "
        "main.name=x\"\n"
        "build\tvcs.revision=0123abcd\n";
    std::string magic = std::string(go_build_magic) + "\x08\x02"s + std::string(16, '\0');
    magic += go_text("go1.22.3") + go_text(std::string(16, 's') + lines + std::string(16, 'e'));
    const GoBuild build = read_go_build(magic);
    EXPECT_EQ(build.go_version, "go1.22.3");
    EXPECT_EQ(build.main_package, "example.org/cmd/x");
    EXPECT_EQ(build.module_version, "v1.2.3");
    EXPECT_EQ(build.revision, "0123abcd");
    EXPECT_EQ(build.linked, (std::vector<std::string>{"main.version=4.5", "main.appVersion=6"}));
    for (std::size_t size = 0; size < magic.size(); ++size) {
        const GoBuild cut = read_go_build(std::string_view(magic).substr(0, size));
        EXPECT_TRUE(cut.module_version.empty() || cut.module_version == "v1.2.3") << size;
    }
    magic[15] = 0;  // with pointers, as before Go 1.18
    EXPECT_EQ(read_go_build(magic).go_version, "");
}

TEST(Script, NamesItsInterpreter) {
    EXPECT_EQ(script_interpreter("#!/usr/bin/python3.11 -E\n"), "python3.11");
    EXPECT_EQ(script_interpreter("#! /usr/bin/env node\r\n"), "node");
    EXPECT_EQ(script_interpreter("#!/usr/bin/env -S A=b python3 -E\n"), "python3");
    EXPECT_EQ(script_interpreter("#!/bin/sh"), "sh");
    EXPECT_EQ(script_interpreter("#!\n"), "");
    EXPECT_EQ(script_interpreter("#!/usr/bin/env\n"), "");
    EXPECT_EQ(script_interpreter("#/bin/sh"), "");
    EXPECT_EQ(script_interpreter("#!/" + std::string(5000, 'x')), "");
}

TEST(Module, IsKnownByItsPlaceAndItsText) {
    const std::string metadata =
        "Metadata-Version: 2.1\nName: Ansible_Core\nVersion: 2.14.18\n\nName: other\n";
    const auto python =
        read_module("usr/lib/python3/dist-packages/ansible_core-2.14.dist-info/METADATA", metadata);
    ASSERT_TRUE(python);
    EXPECT_EQ(python->name, "ansible-core");
    EXPECT_EQ(python->version, "2.14.18");
    EXPECT_TRUE(read_module("lib/meson-1.0.1.egg-info", metadata));
    EXPECT_FALSE(read_module("lib/meson-1.0.1/METADATA", metadata));
    EXPECT_FALSE(read_module("lib/pip-1.dist-info/METADATA", "Name: pip\nVersion: 1\n"));

    const std::string json = R"({"scripts": {"version": "0", "name": "x"}, "author": "a \" {",
        "name": "npm", "files": ["a", "b"], "version": "9.2.0"})";
    const auto node = read_module("usr/share/nodejs/npm/package.json", json);
    ASSERT_TRUE(node);
    EXPECT_EQ(node->version, "9.2.0");
    EXPECT_FALSE(read_module("app/node_modules/other/package.json", json));
    EXPECT_TRUE(read_module("lib/@pnpm/exe/package.json", R"({"name":"@pnpm/exe"})"));

    const auto ruby =
        read_module("all/specifications/bundler-2.3.15.gemspec", "Gem::Specification.new do |s|");
    ASSERT_TRUE(ruby);
    EXPECT_EQ(ruby->name, "bundler");
    EXPECT_EQ(ruby->version, "2.3.15");
}

TEST(Judge, KnowsScriptsAndNoElfFileForOne) {
    ProgramRule rule;
    rule.id = "tool";
    rule.program_class = "package-manager";
    rule.shebang = {"python#"};
    rule.identity = {{"from tool import main"}};
    rule.modules = {"tool"};
    const auto set = ProgramSet::build({rule});
    ASSERT_TRUE(set) << set.error().message();
    EXPECT_TRUE((*set)->has_scripts());
    ASSERT_NE((*set)->rule_of_module("tool"), nullptr);
    EXPECT_EQ((*set)->rule_of_module("other"), nullptr);
    const std::string text = "#!/usr/bin/python3\nfrom tool import main\n";
    const auto judged = [&](const std::optional<ElfFacts>& elf, std::string_view interpreter) {
        FileJudge judge(*set);
        judge.add((*set)->observe(0, 20, text, 20));
        return judge.judge({elf, "usr/bin/x", 06755, interpreter, nullptr});
    };
    const auto programs = judged(std::nullopt, "python3");
    ASSERT_EQ(programs.size(), 1U);
    EXPECT_TRUE(programs[0].is_script && programs[0].renamed && programs[0].setuid &&
                programs[0].setgid);
    EXPECT_TRUE(judged(std::nullopt, "perl").empty());
    EXPECT_TRUE(judged(std::nullopt, "").empty());
    ElfFacts elf;
    elf.type = 2;
    EXPECT_TRUE(judged(elf, "").empty());
}

TEST(Judge, NamesTheLibraryThatCarriesTheVersion) {
    ProgramRule rule;
    rule.id = "ruby";
    rule.program_class = "interpreter";
    rule.identity = {{"ruby_run_node"}};
    rule.version_from_library = "libruby-#.so.#";
    rule.runs_commands = true;
    const auto set = ProgramSet::build({rule});
    ASSERT_TRUE(set) << set.error().message();
    ElfFacts elf;
    elf.type = 2;
    elf.needed = {"libc.so.6", "libruby-3.1.so.3.1"};
    FileJudge judge(*set);
    judge.add((*set)->observe(0, 0, "ruby_run_node", 0));
    const auto programs = judge.judge(elf, "usr/bin/ruby", 0755);
    ASSERT_EQ(programs.size(), 1U);
    EXPECT_EQ(programs[0].version_library, "libruby-3.1.so.3.1");
    EXPECT_TRUE(programs[0].runs_commands);
}

}  // namespace
}  // namespace stratascan::program
