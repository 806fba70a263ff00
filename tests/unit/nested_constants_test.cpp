// Constants of class files and .pyc: what code does with a string is told beside it, each once
// and with its own ends, whatever is damaged.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <string>
#include <string_view>

#include "scanner/nested/class_file.hpp"
#include "scanner/nested/pyc.hpp"
#include "scanner/nested/recognise.hpp"
#include "tests/support/blobs.hpp"
#include "tests/support/compiled_code.hpp"
#include "tests/support/image_builder.hpp"
#include "tests/support/parsing.hpp"
#include "tests/support/scanning.hpp"
#include "tests/support/tar_builder.hpp"

namespace stratascan::nested {
namespace {

constexpr std::uint64_t much = 16 << 20;

std::string class_text(std::string_view file) { return read_class_constants(file, much).text; }
std::string pyc_text(std::string_view file) { return read_pyc_constants(file, much).text; }

std::string many_uses() {
    test::ClassWriter out;
    out.wide();
    const std::string load = "\x13", put_static = "\xb3", put = "\xb5", call = "\xb6";
    std::string code = load + out.string("pass-word-1") + put_static + out.field("DB_PASSWORD");
    code += "\x2a" + load + out.string("pass-word-2") + put + out.field("passwd");
    code += load + out.string("key") + load + out.string("pass-word-3") + call + out.method("put");
    code += "\xc4\x84" + test::big(1, 4);  // wide iinc
    code += load + out.string("chars\xc0\x80\xed\xa0\xbd\xed\xb8\x80") + call +
            out.method("toCharArray") + call + out.method("setToken");
    code += '\xaa';  // tableswitch
    code += std::string((4 - code.size() % 4) % 4, '\0') + test::big(0, 4) + test::big(1, 4) +
            test::big(2, 4) + test::big(0, 8);
    code += load + out.string("pass-word-4") + '\x4c';
    const std::string variables = test::big(1, 2) + test::big(code.size(), 2) + test::big(9, 2) +
                                  out.utf8("local") + out.utf8("S") + test::big(1, 2);
    code += "\x2b" + call + out.method("setPassword");  // the same from its variable
    code += load + out.string("a") + load + out.string("ann") + load + out.string("pass-word-5") +
            "\xb8" + out.method("getConnection") + '\xb1';
    const std::string annotation = test::big(1, 2) + out.utf8("La/P;") + test::big(2, 2) +
                                   out.utf8("password") + 's' + out.utf8("pass-word-6") +
                                   out.utf8("more") + '[' + test::big(1, 2) + '@' +
                                   out.utf8("La/Q;") + test::big(1, 2) + out.utf8("value") + 's' +
                                   out.utf8("pass-word-7");
    out.string("nobody uses tst_a1b2c3d4e5f6");
    return out.file("NAME", "value", code, variables, annotation);
}

TEST(NestedClass, SaysWhatStringsAreFor) {
    const std::string file = many_uses(), chars = std::string("chars\0", 6) + "\xf0\x9f\x98\x80";
    EXPECT_EQ(recognise(file), Format::class_file);
    EXPECT_EQ(class_text(file),
              "NAME = \"value\"\nDB_PASSWORD = \"pass-word-1\"\npasswd = \"pass-word-2\"\n"
              "\"key\": \"pass-word-3\"\nsetToken(\"" + chars +
              "\")\nsetPassword(\"pass-word-4\")\ngetConnection(\"a\")\nuser = \"ann\"\n"
              "password = \"pass-word-5\"\npassword = \"pass-word-6\"\nvalue = \"pass-word-7\"\n"
              "nobody uses tst_a1b2c3d4e5f6\n");
}

TEST(NestedClass, HasNoTextWhereNoStringIsWorthIt) {
    EXPECT_EQ(class_text(test::class_of("NAME", "hello world")), "");
    EXPECT_EQ(class_text(test::class_of("PASSWORD", "with words")), "");
    EXPECT_EQ(class_text(test::class_of("PASSWORD", "hunter2")), "PASSWORD = \"hunter2\"\n");
    EXPECT_EQ(class_text(test::class_of("NAME", "a1b2c3d4e5f6a7b8")),
              "NAME = \"a1b2c3d4e5f6a7b8\"\n");
    EXPECT_EQ(class_text(test::class_of("NAME", "a1b2c3d4e5f6a7b")), "");
}

// What an option is called is no password.
TEST(NestedClass, TakesNoNameForItsValue) {
    for (const char* const name : {"FLAG_PASSWORD", "password", "aPassword"}) {
        EXPECT_EQ(class_text(test::class_of(name, "-password")), "") << name;
    }
    EXPECT_EQ(class_text(test::class_of("PASSWORD", "my-password")),
              "PASSWORD = \"my-password\"\n");
}

TEST(NestedClass, EndsWhateverIsDamaged) {
    const std::string file = many_uses();
    EXPECT_EQ(class_text(file.substr(0, 60)), "");
    test::Random random(3);
    for (int turn = 0; turn < 3000; ++turn) {
        std::string damaged = file;
        damaged[random.number(8, file.size() - 1)] = static_cast<char>(random.number(0, 255));
        ASSERT_LT(class_text(damaged).size(), 8 * file.size());
        const std::string cut = file.substr(0, random.number(0, file.size()));
        ASSERT_LT(class_text(cut).size(), 8 * file.size());
    }
}

// A slot that needs two bytes, and a number of eight behind the strings of a call.
TEST(NestedClass, FollowsWideInstructions) {
    test::ClassWriter out;
    const std::string load = "\x13";
    std::string code = load + out.string("pass-word-1") + "\xc4\x3a" + test::big(300, 2);
    const std::string variables = test::big(1, 2) + test::big(code.size(), 2) + test::big(9, 2) +
                                  out.utf8("password") + out.utf8("S") + test::big(300, 2);
    code += load + out.string("passwd") + load + out.string("pass-word-2") + "\x14" +
            test::big(1, 2) + "\xb6" + out.method("put");
    EXPECT_EQ(class_text(out.file("NAME", "value", code, variables, test::big(0, 2))),
              "NAME = \"value\"\npassword = \"pass-word-1\"\n\"passwd\": \"pass-word-2\"\n");
}

// A Mach-O file for several machines begins with the same bytes.
TEST(NestedClass, IsNoFatBinary) {
    const std::string fat = "\xca\xfe\xba\xbe" + test::big(2, 4) + test::big(0x01000007, 4);
    EXPECT_EQ(recognise(fat + std::string(600, '\0')), Format::none);
}

TEST(NestedPyc, IsReadInEachVersion) {
    for (const test::PycVersion& version : test::pyc_versions) {
        const auto load = static_cast<char>(version.load_constant);
        std::string code = {load, 0, static_cast<char>(version.store_name), 0, load, 1, load, 2};
        if (version.named_call == 0) {
            code.resize(code.size() - 2);
            code += {'\xac', 2, '\xab', 1};  // KW_NAMES, CALL
        } else {
            code += {static_cast<char>(version.named_call), 1};
        }
        code += {load, 3, load, 4, load, 5, static_cast<char>(version.keyed_map), 2};
        const std::string constants =
            ")\7" + test::marshalled("pass-word-1") + test::marshalled("pass-word-2") + ")\1" +
            test::marshalled("token") + "s" + test::little(11, 4) + "pass-word-3" +
            "\xda\x03" "ann" + ")\2" + test::marshalled("key") + test::marshalled("user") +
            test::marshalled("nobody uses tst_a1b2c3d4e5f6");
        const std::string file =
            test::pyc_of(version, code, constants, ")\1" + test::marshalled("PASSWORD"));
        EXPECT_EQ(recognise(file), Format::pyc) << version.minor;
        EXPECT_EQ(pyc_text(file),
                  "PASSWORD = \"pass-word-1\"\ntoken = \"pass-word-2\"\n\"user\": \"ann\"\n"
                  "\"key\": \"pass-word-3\"\nnobody uses tst_a1b2c3d4e5f6\n") << version.minor;
        for (std::size_t size = 0; size < file.size(); ++size) {
            EXPECT_LT(pyc_text(std::string_view(file).substr(0, size)).size(), 200U);
        }
    }
    const std::string next = std::string("\x2b\x0e\r\n", 4) + std::string(12, '\0') + "\xe3" +
                             std::string(500, '\0');
    EXPECT_EQ(recognise(next), Format::none);
}

std::string compiled(const std::string& source) {
    const test::TempDir folder;
    const std::string script = folder.write("m.py", source), file = folder.path("m.pyc");
    const std::string command = "python3 -c 'import py_compile, sys; "
                                "py_compile.compile(sys.argv[1], sys.argv[2], doraise=True)' '" +
                                script + "' '" + file + "'";
    if (std::system(command.c_str()) != 0) throw std::runtime_error("python3");
    std::ifstream stream(file, std::ios::binary);
    return {std::istreambuf_iterator<char>(stream), {}};
}

TEST(NestedPyc, SaysWhatStringsAreFor) {
    const std::string text = pyc_text(compiled(R"(
DB_PASS = "pass-word-17"
DB_HOST = "h"
import os
DB_PASSWORD = "pass-word-1"
a, passwd = "x", "pass-word-2"
os.environ["API_TOKEN"] = "pass-word-3"
settings = {"n": len("x"), "secret": "pass-word-4"}
class C:
    token = "pass-word-5"
    def __init__(self, user, password="pass-word-6", *, passwd="pass-word-7"):
        self.password = "pass-word-8"
        self.x.y.passwd = "pass-word-9"
        local = "pass-word-10"
        def inner():
            nonlocal local
            key = local = "pass-word-11"
        connect(user, host="h", password="pass-word-12")
        self.set_password("pass-word-13")
        if password == "pass-word-14": return
        os.environ.setdefault("PGPASSWORD", "pass-word-15")
        return password or b"pass-word-16"
class D(C):
    def __init__(self, host, password="pass-word-18"):
        super().__init__(host)
        connect(host="h", password="pass-word-19", options=["a", "b", "c"], title=f"{host!r:>9}")
    def g(self):
        secret = 0
        def inner():
            nonlocal secret
            secret = "pass-word-20"
large = {"k1": "1", "k2": "2", "k3": "3", "k4": "4", "k5": "5", "k6": "6", "k7": "7", "k8": "8",
         "k9": len("x"), "k10": "a", "k11": "b", "k12": "c", "k13": "d", "k14": "e", "k15": "f",
         "db_password": "pass-word-21", "k17": "g", "k18": "h"}
)"));
    for (const char* const line :
         {"DB_PASSWORD = \"pass-word-1\"", "passwd = \"pass-word-2\"",
          "\"API_TOKEN\": \"pass-word-3\"", "\"secret\": \"pass-word-4\"",
          "token = \"pass-word-5\"", "password = \"pass-word-6\"", "\"passwd\": \"pass-word-7\"",
          "password = \"pass-word-8\"", "passwd = \"pass-word-9\"", "local = \"pass-word-10\"",
          "key = \"pass-word-11\"", "host = \"h\"", "password = \"pass-word-12\"",
          "set_password(\"pass-word-13\")", "password = \"pass-word-14\"",
          "\"PGPASSWORD\": \"pass-word-15\"", "DB_PASS = \"pass-word-17\"",
          "password = \"pass-word-18\"", "password = \"pass-word-19\"",
          "secret = \"pass-word-20\"", "\"db_password\": \"pass-word-21\""}) {
        EXPECT_NE(('\n' + text).find('\n' + std::string(line) + '\n'), text.npos)
            << line << "\nin\n" << text;
    }
}

// Tuples in themselves, objects that are not there, and whatever else a changed byte makes.
TEST(NestedPyc, EndsWhateverIsDamaged) {
    const std::string file = compiled("a = ('x', ('y', 'pass-word-1'))\ndef f(a='b'):\n"
                                      "    return {'k': 'pass-word-2', 'v': a, 'password': 'c'}\n");
    test::Random random(4);
    for (int turn = 0; turn < 5000; ++turn) {
        std::string damaged = file;
        for (std::size_t i = random.number(1, 3); i > 0; --i) {
            damaged[random.number(16, file.size() - 1)] = static_cast<char>(random.number(0, 255));
        }
        ASSERT_LT(pyc_text(damaged).size(), 8 * file.size());
    }
    // Each tuple holds the one before it, which is written once.
    std::string chain = "(" + test::little(100'001, 4) + "\xa9\1N";
    for (std::uint64_t i = 0; i < 100'000; ++i) chain += "\xa9\1r" + test::little(i + 1, 4);
    EXPECT_EQ(pyc_text(test::pyc_of(test::pyc_versions[0], "", chain,
                                    ")\1" + test::marshalled("PASSWORD"))), "");
    std::string deep = file.substr(0, 16) + "\xe3" + std::string(20, '\0');
    for (int i = 0; i < 100'000; ++i) deep += "\xa9\1";
    EXPECT_EQ(pyc_text(deep), "");
}

// Code that gives one long string a name again and again.
TEST(NestedConstants, CostWhatTheFileIsLarge) {
    const test::PycVersion& version = test::pyc_versions[4];
    std::string code;
    for (int i = 0; i < 50'000; ++i) code += std::string("d\0Z\0", 4);
    const std::string value(1000, '-');
    const std::string constants =
        std::string(")\2s") + test::little(value.size(), 4) + value + test::marshalled("PASSWORD");
    const std::string file = test::pyc_of(version, code, constants, ")\1" + test::marshalled("pwd"));
    const ConstantText read = read_pyc_constants(file, much);
    EXPECT_LT(read.text.size(), file.size());
    EXPECT_GT(read.untold, 0U) << "that names were left out is said";
}

TEST(NestedConstants, OfFilesThatAreTooLargeAreLeftToPlainScanning) {
    const std::string value = "pass-word-" + std::string(40'000, 'x') + "a1b2c3d4e5f6a7b8";
    const std::string file = test::class_of("PASSWORD", value);
    for (const bool enough : {false, true}) {
        const auto parser = make_constants_parser(read_class_constants, "class file",
                                                  enough ? much : 4 * file.size() - 4);
        bool stuck = false;
        const test::Parsed parsed = test::parse(*parser, file, 1000, stuck);
        EXPECT_FALSE(stuck);
        EXPECT_EQ(parsed.members.size(), enough ? 1U : 0U);
        EXPECT_TRUE(parsed.damage.empty());
    }
}

constexpr const char* rules = R"toml(
[[rule]]
id = "token"
title = "Token"
pattern = '\b(?P<secret>tst_[A-Za-z0-9]{8,80})\b'

[[rule]]
id = "named"
title = "Password by its name"
pattern = 'password = "(?P<secret>[A-Za-z0-9_]{8,20})"'
)toml";

std::string found_in(const layer::LayerResult& result) {
    std::string found;
    for (const layer::LayerFinding& one : result.findings) {
        found += one.finding.rule + ' ' + one.finding.path;
        for (const std::string& step : one.finding.inner_path) found += '>' + step;
        found += ':' + std::to_string(one.finding.line) + ' ' +
                 std::to_string(one.finding.offset) + ' ' + std::to_string(one.finding.length) +
                 '\n';
    }
    return found;
}

// Its length in front of it is a letter for some, and what stands behind it for all of .pyc.
TEST(NestedConstants, AreFoundOnceWithTheirEnds) {
    test::TestEngine engine(rules);
    for (const std::size_t size : {30U, 50U, 70U, 80U}) {
        const std::string token = "tst_" + std::string(size - 20, 'x') + "a1b2c3d4e5f6a7b8";
        const std::string java = test::class_of("NAME", token);
        const std::string python = test::pyc_of("NAME", token);
        const std::string named = test::class_of("password", "hunter2hunter2");
        test::TarBuilder tar;
        tar.file("C.class", java).file("m.pyc", python);
        tar.file("n.pyc", test::pyc_of("password", "hunter2hunter2"));
        tar.file("a.jar", test::zip_entry("C.class", test::deflated(java), 8) +
                              test::zip_entry("D.class", named, 0) +
                              test::zip_entry("E.class", java, 0) +
                              test::zip_entry("m.pyc", python, 0) + test::zip_end());
        const layer::LayerResult result = engine.scan(tar.finish());
        const std::string place = ">constants:1 8 " + std::to_string(size) + '\n';
        EXPECT_EQ(found_in(result),
                  "token C.class" + place + "token m.pyc" + place +
                      "named n.pyc>constants:1 12 14\ntoken a.jar>C.class" + place +
                      "named a.jar>D.class>constants:1 12 14\ntoken a.jar>E.class" + place +
                      "token a.jar>m.pyc" + place);
        EXPECT_TRUE(result.gaps.empty());
        EXPECT_EQ(result.inner_members, 4U);
    }
}

// An archive may have a path twice: what the one's constants tell is not the other's.
TEST(NestedConstants, AreThoseOfOneOfTwoFilesOfAPath) {
    test::TestEngine engine(rules);
    const std::string one = "tst_a1b2c3d4e5f6a7b8", other = "tst_b8a7f6e5d4c3b2a1";
    const std::string whole = test::class_of("NAME", one), second = test::class_of("NAME", other);
    const std::string damaged = second.substr(0, second.find(other) + other.size() + 2);
    test::TarBuilder tar;
    tar.file("a.jar", test::zip_entry("C.class", whole, 0) +
                          test::zip_entry("C.class", damaged, 0) + test::zip_end());
    EXPECT_EQ(found_in(engine.scan(tar.finish())),
              "token a.jar>C.class:0 " + std::to_string(second.find(other)) +
                  " 20\ntoken a.jar>C.class>constants:1 8 20\n");
}

// What plain scanning finds in a file is found however it is cut or damaged.
TEST(NestedConstants, LoseNothingOfDamagedFiles) {
    test::TestEngine engine(rules);
    const std::string token = "tst_a1b2c3d4e5f6a7b8";
    const std::string java = test::class_of("NAME", token);
    const std::string python = test::pyc_of("NAME", "(" + token + ")");
    for (const std::string& file : {java, python}) {
        const std::size_t end = file.find(token) + token.size() + 2;
        test::TarBuilder tar;
        std::size_t files = 0;
        for (std::size_t size = end; size <= file.size(); ++size, ++files) {
            tar.file('f' + std::to_string(size), file.substr(0, size));
        }
        const layer::LayerResult result = engine.scan(tar.finish());
        EXPECT_EQ(result.findings.size(), files);
        EXPECT_TRUE(std::ranges::all_of(result.findings, [&](const layer::LayerFinding& one) {
            return one.finding.length == token.size();
        }));
        EXPECT_TRUE(result.gaps.empty());
    }
}

}  // namespace
}  // namespace stratascan::nested
