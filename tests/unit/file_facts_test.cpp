// Facts of a layer's files: decoders, paths, first bytes, and whole layers.
#include "scanner/layer/file_facts.hpp"

#include "scanner/layer/bill_of_materials.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "scanner/layer/fact_spotter.hpp"
#include "tests/support/scanning.hpp"
#include "tests/support/tar_builder.hpp"

namespace {

using namespace stratascan;
using namespace std::string_literals;
using layer::DocumentKind;
using layer::FactKind;
using test::TarBuilder;

// As `setcap cap_net_raw=ep` and others write them (getfattr -e hex).
TEST(Capability, AsGetcapPrintsIt) {
    EXPECT_EQ(layer::decode_capability("\x01\0\0\x02\0\x20\0\0\0\0\0\0\0\0\0\0\0\0\0\0"s),
              "cap_net_raw=ep");
    EXPECT_EQ(layer::decode_capability("\0\0\0\x02\0\x24\0\0\0\0\0\0\0\0\0\0\0\0\0\0"s),
              "cap_net_bind_service,cap_net_raw=p");
    EXPECT_EQ(layer::decode_capability("\x01\0\0\x03\0\0\0\0\0\0\0\0\0\x01\0\0\0\0\0\0\xe8\x03\0\0"s),
              "cap_checkpoint_restore=ep");
    EXPECT_EQ(layer::decode_capability("\x01\0\0\x01\x01\0\0\0\x01\0\0\0"s), "cap_chown=eip");
    EXPECT_EQ(layer::decode_capability("\0\0\0\x02\x01\0\0\0\x02\0\0\0\0\0\0\0\0\0\0\0"s),
              "cap_chown=p cap_dac_override=i");
    for (const std::string& bad : {""s, "\x01\0\0\x02"s, std::string(20, '\0'), std::string(24, '\x02'),
                                   "\x01\0\0\x04\0\x20\0\0\0\0\0\0\0\0\0\0\0\0\0\0"s}) {
        EXPECT_FALSE(layer::decode_capability(bad));
    }
}

TEST(Documents, KeepNoHash) {
    using layer::kept_line;
    EXPECT_EQ(kept_line(DocumentKind::passwd, "a:$6$salt$hash:1:2:Name, room:/home/a:/bin/sh"),
              "a:set:1:2:/home/a:/bin/sh");
    EXPECT_EQ(kept_line(DocumentKind::passwd, "a:x:1:2:::"), "a:x:1:2::");
    EXPECT_EQ(kept_line(DocumentKind::passwd, "a::1:2"), "a::1:2::");
    EXPECT_EQ(kept_line(DocumentKind::shadow, "a:$y$j9T$hash:19000:0:::::"), "a:set");
    EXPECT_EQ(kept_line(DocumentKind::shadow, "a::19000:0:::::"), "a:");
    EXPECT_EQ(kept_line(DocumentKind::shadow, "a:!$6$hash:1"), "a:*");
    EXPECT_EQ(kept_line(DocumentKind::shadow, "a:*:1"), "a:*");
    EXPECT_EQ(kept_line(DocumentKind::group, "g:x:33:a,b"), "g:33");
    EXPECT_EQ(kept_line(DocumentKind::shells, "/bin/sh\r"), "/bin/sh");
    EXPECT_EQ(kept_line(DocumentKind::os_release, "ID=debian"), "ID=debian");
    for (const char* line : {"", "#x", "a:b", "a:x:root:0", ":x:1:2", "a:x:-1:2", "a:x:1:99999999999"}) {
        EXPECT_FALSE(kept_line(DocumentKind::passwd, line)) << line;
    }
    EXPECT_FALSE(kept_line(DocumentKind::os_release, "HOME_URL=https://x"));
    EXPECT_FALSE(kept_line(DocumentKind::passwd, std::string(100, 'n') + ":x:1:2:::"));
}

std::set<std::string> by_path(std::string_view path, std::uint64_t size = 10) {
    std::vector<layer::FileFact> facts;
    layer::path_facts(path, size, {}, facts);
    std::set<std::string> told;
    for (const auto& fact : facts) {
        told.insert(std::string(to_string(fact.kind)) + (fact.detail.empty() ? "" : " " + fact.detail));
    }
    return told;
}

TEST(PathFacts, Leftovers) {
    using Set = std::set<std::string>;
    EXPECT_EQ(by_path("app/.git/config"), Set{"version-control app/.git"});
    EXPECT_EQ(by_path(".git/HEAD"), Set{"version-control .git"});
    EXPECT_EQ(by_path("sub/.git"), Set{"version-control sub/.git"});
    EXPECT_EQ(by_path("a/.svn/wc.db"), Set{"version-control a/.svn"});
    EXPECT_EQ(by_path(".hg/requires"), Set{"version-control .hg"});
    EXPECT_EQ(by_path("app/.env"), Set{"environment-file"});
    EXPECT_EQ(by_path("app/.env.production"), Set{"environment-file"});
    EXPECT_EQ(by_path("app/.env.example"), Set());
    EXPECT_EQ(by_path("root/.aws/credentials"), Set{"credential-file root/.aws"});
    EXPECT_EQ(by_path("root/.bash_history"), Set{"history-file"});
    EXPECT_EQ(by_path("root/.bash_history", 0), Set()) << "an empty one tells nothing";
    EXPECT_EQ(by_path("app/Dockerfile"), Set{"build-file"});
    EXPECT_EQ(by_path("app/docker-compose.prod.yml"), Set{"build-file"});
    EXPECT_EQ(by_path("app/.DS_Store"), Set{"desktop-file"});
    EXPECT_EQ(by_path(".idea/x.xml"), Set{"editor-folder .idea"});
    EXPECT_EQ(by_path("infra/terraform.tfstate.backup"), Set{"terraform-state"});
    EXPECT_EQ(by_path("etc/ssh/ssh_host_ed25519_key"), Set{"host-key"});
    EXPECT_EQ(by_path("etc/ssh/ssh_host_ed25519_key.pub"), Set());
    EXPECT_EQ(by_path("var/lib/apt/lists/deb_Packages"), Set{"package-cache var/lib/apt/lists"});
    EXPECT_EQ(by_path("var/lib/apt/lists/lock"), Set());
    EXPECT_EQ(by_path("var/lib/dpkg/status"), Set{"package-database dpkg"});
    EXPECT_EQ(by_path("var/lib/dpkg/status.d/base"), Set{"package-database dpkg status.d"});
    EXPECT_EQ(by_path("var/log/nginx/access.log"), Set{"log-file"});
    EXPECT_EQ(by_path("usr/include/stdio.h"), Set{"header"});
    EXPECT_EQ(by_path("etc/apko.json"), Set{"image-mark apko"});
    EXPECT_EQ(by_path("var/lib/db/sbom/x.spdx.json").count("image-sbom"), 1U);
    EXPECT_EQ(by_path("git/config"), Set());
    EXPECT_EQ(by_path("a.git/config"), Set());
    EXPECT_EQ(by_path("usr/bin/bash"), Set());
}

std::string by_content(std::string_view path, std::string_view head) {
    std::vector<layer::FileFact> facts;
    layer::content_facts(path, head, {}, facts);
    std::string told;
    for (const auto& fact : facts) {
        (told += told.empty() ? "" : ", ") += std::string(to_string(fact.kind)) + " " + fact.detail;
    }
    return told;
}

TEST(ContentFacts, Magics) {
    EXPECT_EQ(by_content("x", "JAVA PROFILE 1.0.2\0...."s), "heap-dump Java");
    EXPECT_EQ(by_content("x", "\xd4\xc3\xb2\xa1\x02\0\x04\0"s), "packet-capture pcap");
    EXPECT_EQ(by_content("x", "\n\r\r\n\x1c\0\0\0\x4d\x3c\x2b\x1a"s), "packet-capture pcapng");
    EXPECT_EQ(by_content("x", "PGDMP\x01\x0e"), "database-dump pg_dump");
    EXPECT_EQ(by_content("x", "-- MySQL dump 10.13"), "database-dump mysqldump");
    EXPECT_EQ(by_content("x", "--\n-- PostgreSQL database dump\n"), "database-dump pg_dump");
    EXPECT_EQ(by_content("lib/x.a", "!<arch>\n/   "), "static-library ");
    EXPECT_EQ(by_content("x.deb", "!<arch>\ndebian-binary"), "");
    EXPECT_EQ(by_content("x", "plain text"), "");
}

TEST(ContentFacts, ScriptsThatInstallWhenTheyStart) {
    const auto script = [](std::string_view line) {
        return by_content("entrypoint.sh", "#!/bin/sh\nset -e\n" + std::string(line) + "\nexec app\n");
    };
    EXPECT_EQ(script("apt-get update && apt-get -y install curl"), "start-install apt-get install");
    EXPECT_EQ(script("apk add --no-cache x"), "start-install apk add");
    EXPECT_EQ(script("/usr/bin/pip install -r x.txt"), "start-install pip install");
    EXPECT_EQ(script("npm ci"), "start-install npm ci");
    EXPECT_EQ(script("curl -sSL https://x.example/i | sudo bash -s"),
              "start-install a download that is piped to a shell");
    EXPECT_EQ(script("# pip install x"), "");
    EXPECT_EQ(script("echo run pip install first"), "");
    EXPECT_EQ(script("pip list"), "");
    EXPECT_EQ(script("mypip install x"), "");
    EXPECT_EQ(script("curl -f https://x.example | jq ."), "");
    EXPECT_EQ(script("exec app --port $SERVER_PORT"), "proxy-setting SERVER_PORT");
    EXPECT_EQ(by_content("usr/share/doc/x.sh", "#!/bin/sh\napt-get install x\n"), "");
}

std::string elf(unsigned type, bool stack_runs, bool relro) {
    std::string head(64 + 3 * 56, '\0');
    head.replace(0, 6, "\x7f" "ELF\x02\x01");
    head[16] = static_cast<char>(type);
    head[32] = 64;  // program headers
    head[54] = 56;
    head[56] = 3;
    const auto put = [&](std::size_t at, std::uint32_t value) {
        for (std::size_t i = 0; i < 4; ++i) head[at + i] = static_cast<char>(value >> (8 * i));
    };
    put(64, 3);  // PT_INTERP
    put(64 + 56, 0x6474e551);
    put(64 + 56 + 4, stack_runs ? 7 : 6);
    if (relro) put(64 + 112, 0x6474e552);
    return head;
}

TEST(ContentFacts, ProtectionsOfExecutables) {
    EXPECT_EQ(by_content("bin/x", elf(3, false, true)), "");
    EXPECT_EQ(by_content("bin/x", elf(2, false, true)), "weak-binary not position independent");
    EXPECT_EQ(by_content("bin/x", elf(3, true, false)), "weak-binary executable stack, no RELRO");
    EXPECT_EQ(by_content("core", elf(4, false, false)), "core-dump ");
    EXPECT_EQ(by_content("x.o", elf(1, false, false)), "object-file ");
    for (std::size_t size = 4; size < 64 + 3 * 56; size += 7) {
        (void)by_content("x", elf(2, true, false).substr(0, size));
    }
    std::string endless = elf(2, true, false);
    endless[56] = endless[57] = '\xff';
    EXPECT_EQ(by_content("x", endless), "");
}

const char* const rules = R"([[rule]]
id = "t"
title = "t"
pattern = 'tok_[a-z0-9]{20}'
)";

std::string told(const layer::LayerResult& result) {
    std::string text;
    for (const layer::FileFact& fact : result.file_facts.facts) {
        text += std::string(to_string(fact.kind)) + " " + fact.path + " " + fact.detail + "\n";
    }
    return text;
}

TEST(LayerFacts, ModesOwnersAndAttributes) {
    test::TestEngine engine(rules);
    TarBuilder tar;
    tar.file("usr/bin/su", "x", 04755).file("usr/bin/wall", "x", 02755).file("a/lock", "x", 02644);
    tar.file("srv/open", "x", 0666);
    tar.add({.name = "tmp/", .type = '5', .mode = 01777});
    tar.add({.name = "srv/all/", .type = '5', .mode = 0777});
    tar.add({.name = "dev/sda", .type = '4', .mode = 0600});
    tar.add({.name = "dev/pipe", .type = '6', .mode = 0600});
    tar.add({.name = "bin/ping", .content = "x",
             .pax = {{"SCHILY.xattr.security.capability",
                      "\x01\0\0\x02\0\x20\0\0\0\0\0\0\0\0\0\0\0\0\0\0"s}}});
    tar.symlink("link", "target");
    const auto result = engine.scan(tar.finish());
    EXPECT_EQ(told(result),
              "setuid usr/bin/su \nsetgid usr/bin/wall \nworld-writable-file srv/open \n"
              "world-writable-folder srv/all \ndevice dev/sda \n"
              "capability bin/ping cap_net_raw=ep\n");
}

TEST(LayerFacts, DocumentsAcrossWindows) {
    test::TestEngine engine(rules);
    // Documents that begin or lie across the ends of slabs, wherever these are.
    for (const std::size_t before : {std::size_t{0}, std::size_t{1048576 - 1024},
                                     std::size_t{1048576 - 1536}, std::size_t{1048576 - 512}}) {
        std::string passwd;
        for (int i = 0; i < 40; ++i) {
            passwd += "user" + std::to_string(i) + ":x:" + std::to_string(i) + ":0::/:/bin/sh\n";
        }
        TarBuilder tar;
        if (before > 0) tar.file("filler", std::string(before - 512, ' '));
        tar.file("./etc/passwd", passwd).file("etc/shadow", "root:$6$x$y:1:\nopen::1:\n");
        const auto result = engine.scan(tar.finish());
        ASSERT_EQ(result.file_facts.documents.size(), 2U) << before;
        const auto& kept = result.file_facts.documents[0];
        EXPECT_EQ(std::count(kept.text.begin(), kept.text.end(), '\n'), 40) << before;
        EXPECT_EQ(kept.path, "etc/passwd");
        EXPECT_EQ(result.file_facts.documents[1].text, "root:set\nopen:\n");
    }
}

TEST(LayerFacts, BillsOfMaterialsAcrossWindows) {
    test::TestEngine engine(rules);
    std::string bill = R"({"spdxVersion": "SPDX-2.3", "packages": [)";
    for (int i = 0; i < 30'000; ++i) {
        bill += R"({"name": "p)" + std::to_string(i) + R"(", "versionInfo": "1", "filesAnalyzed": false},)";
    }
    bill += R"({"name": "last"}]})";
    ASSERT_GT(bill.size(), std::size_t{1} << 20);
    TarBuilder tar;
    tar.file("var/lib/db/sbom/a.json", bill).file("opt/x.cdx.json", "no bill");
    tar.file("opt/huge.spdx.json", std::string(layer::bill_bytes_limit + 1, ' '));
    tar.file("etc/passwd", "a:x:1:1::/:/bin/sh\n");
    const auto result = engine.scan(tar.finish());
    ASSERT_EQ(result.file_facts.documents.size(), 4U);
    const auto& kept = result.file_facts.documents[0];
    EXPECT_EQ(kept.kind, DocumentKind::bill);
    EXPECT_FALSE(kept.cut);
    const auto read = layer::bill_of_lines(kept.text);
    EXPECT_EQ(read.names.size(), 30'001U);
    EXPECT_TRUE(read.lists("", "last"));
    EXPECT_EQ(result.file_facts.documents[1].text, "") << "called so, and none";
    EXPECT_FALSE(result.file_facts.documents[1].cut);
    EXPECT_TRUE(result.file_facts.documents[2].cut);
    EXPECT_EQ(result.file_facts.documents[3].text, "a:x:1:1:/:/bin/sh\n");
}

TEST(LayerFacts, HostsOfTheApplicationsOwnFiles) {
    test::TestEngine engine(rules);
    TarBuilder tar;
    tar.file("app/config.yaml", "# http://comment.example.de/\nurl: https://u:p@API.shop.de:8443/v1\n"
                                "doc: http://www.w3.org/1999/xhtml\nlocal: http://localhost:80\n");
    tar.file("app/main.js", "fetch('https://api.shop.de/x'); fetch(`https://${host}/`)\n");
    tar.file("app/node_modules/x/index.js", "fetch('https://of-a-module.de/')\n");
    tar.file("usr/lib/python3/x.py", "'https://of-a-package.de'\n");
    tar.file("app/data.bin", "https://not-a-settings-file.de/\n");
    tar.file("app/run", "#!/bin/sh\ncurl https://0123456789abcdefghijklmnopqrstuvwxyz.hooks.de/\n");
    tar.file("app/long.json", "{\"a\": \"http://first.de/\"}" + std::string(20'000, ' '));
    for (int i = 0; i < 10; ++i) tar.file("app/c" + std::to_string(i) + ".ini", "a=http://often.de\n");
    const auto result = engine.scan(tar.finish());
    std::vector<std::string> hosts;
    for (const layer::FileFact& fact : result.file_facts.facts) {
        if (fact.kind == FactKind::named_host) hosts.push_back(fact.path + " " + fact.detail);
    }
    EXPECT_EQ(hosts, (std::vector<std::string>{
                         "app/config.yaml api.shop.de", "app/main.js api.shop.de",
                         "app/run 0123....hooks.de", "app/long.json first.de",
                         "app/long.json " + std::string(layer::hosts_cut), "app/c0.ini often.de",
                         "app/c1.ini often.de", "app/c2.ini often.de", "app/c3.ini often.de"}));
}

TEST(LayerFacts, AreBoundedAndSayWhatIsNotTold) {
    test::TestEngine engine(rules);
    TarBuilder tar;
    for (std::size_t i = 0; i < layer::facts_a_kind + 5; ++i) {
        tar.file("s/f" + std::to_string(i), "", 04755);
    }
    std::string endless(3 << 20, 'x');
    tar.file("etc/passwd", endless);
    std::string many;
    for (int i = 0; i < 20'000; ++i) many += "u" + std::to_string(i) + ":x:1:1::/:/bin/sh\n";
    tar.file("etc/group", "").file("etc/passwd", many);
    const auto result = engine.scan(tar.finish());
    EXPECT_EQ(result.file_facts.facts.size(), layer::facts_a_kind);
    EXPECT_EQ(result.file_facts.untold.at(FactKind::setuid), 5U);
    for (const auto& document : result.file_facts.documents) {
        EXPECT_LE(document.text.size(), layer::document_text_limit);
        EXPECT_EQ(document.cut, document.path == "etc/passwd");
    }
}

TEST(LayerFacts, NothingBehindTheEndMarkerAndNoWhiteouts) {
    test::TestEngine engine(rules);
    TarBuilder tar;
    tar.file("a/.wh..git", "", 04777).raw(std::string(1024, '\0')).file("b", "x", 04755);
    EXPECT_EQ(told(engine.scan(tar.finish())), "");
}

TEST(LayerFacts, SecretsInNamesAreCutOut) {
    test::TestEngine engine(rules);
    const std::string secret = "tok_" + std::string(10, 'a') + std::string(10, '7');
    TarBuilder tar;
    tar.file(secret + "/.git/config", "x");
    const auto result = engine.scan(tar.finish());
    EXPECT_EQ(told(result).find(secret), std::string::npos) << told(result);
}

}  // namespace
