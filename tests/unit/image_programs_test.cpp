// What the programs of an image learn from each other and from their packages.
#include "scanner/image/programs.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "scanner/image/packaged.hpp"

namespace {

using namespace stratascan;
using image::complete_programs;

Program program(const std::string& id, const std::string& path, Role role = Role::is,
                const std::string& version = {}) {
    Program one;
    one.program = id;
    one.path = path;
    one.role = role;
    one.version = version;
    if (version.empty()) {
        one.version_reason = "it has none";
    } else {
        one.version_source = "binary";
    }
    return one;
}

Program of_package(const std::string& version, Ownership how) {
    Program one = program("dash", "bin/dash");
    one.ownership = how;
    one.owner = Owner{"dpkg", "dash", version, "amd64"};
    return one;
}

/// The first program's version, and where it is from.
std::string versioned(std::vector<Program> programs) {
    complete_programs(programs, {});
    const Program& first = programs.front();
    EXPECT_NE(first.version.empty(), first.version_reason.empty());
    return first.version + ' ' + first.version_source;
}

TEST(Programs, TakeTheVersionOfTheLibraryThatTheyNeed) {
    Program launcher = program("ruby", "usr/bin/ruby3.1");
    launcher.version_library = "libruby-3.1.so.3.1";
    Program library = program("ruby", "usr/lib/x/libruby-3.1.so.3.1.2", Role::embeds, "3.1.2");
    EXPECT_EQ(versioned({launcher, library}), " ");
    library.aliases = {"usr/lib/x/libruby-3.1.so.3.1"};
    EXPECT_EQ(versioned({launcher, library}), "3.1.2 library");
    Program other = library;
    EXPECT_EQ(versioned({launcher, library, other}), "3.1.2 library");
    other.version = "3.1.4";
    EXPECT_EQ(versioned({launcher, library, other}), " ");
    other = library;
    library.visibility = Visibility::deleted;
    EXPECT_EQ(versioned({launcher, library}), " ");
    other.program = "curl";
    EXPECT_EQ(versioned({launcher, other}), " ");
}

TEST(Programs, TakeTheVersionOfTheirModule) {
    Program script = program("pip", "usr/bin/pip");
    script.is_script = true;
    Program module = program("pip", "a/pip-1.dist-info/METADATA", Role::is, "23.1");
    module.version_source = "module";
    EXPECT_EQ(versioned({script, module}), "23.1 module");
    Program second = module;
    second.version = "24.0";
    EXPECT_EQ(versioned({script, module, second}), " ");
    script.is_script = false;
    EXPECT_EQ(versioned({script, module}), " ");
}

TEST(Programs, TakeTheVersionOfThePackageUnlessTheyDiffer) {
    EXPECT_EQ(versioned({of_package("0.5.12-2", Ownership::unmodified)}), "0.5.12 package");
    EXPECT_EQ(versioned({of_package("0.5.12-2", Ownership::unchecked)}), "0.5.12 package");
    EXPECT_EQ(versioned({of_package("0.5.12-2", Ownership::modified)}), " ");
    EXPECT_EQ(versioned({of_package("", Ownership::unmodified)}), " ");
    Program own = of_package("9-9", Ownership::unmodified);
    own.version = "1.0";
    own.version_reason.clear();
    own.version_source = "binary";
    EXPECT_EQ(versioned({own}), "1.0 binary");
    for (const auto change : {0, 1, 2}) {
        Program one = of_package("0.5.12-2", Ownership::unmodified);
        if (change == 0) one.role = Role::embeds;
        if (change == 1) one.inner_path = {"x"};
        if (change == 2) one.program_class = "packed";
        EXPECT_EQ(versioned({one}), " ") << change;
    }
    Program noted = of_package("0.5.12-2", Ownership::modified);
    noted.binary.note = PackageNote{"rpm", "dash", "1:0.6-3.fc40", "", ""};
    EXPECT_EQ(versioned({noted}), "0.6 package-note");
}

TEST(Programs, AnUpstreamVersionHasNothingOfThePackager) {
    const std::vector<std::pair<std::string, std::string>> cases = {
        {"5.2.15-2+b2", "5.2.15"},   {"1:9.2p1-2+deb12u10", "9.2p1"},
        {"2.4.4+dfsg-1", "2.4.4"},   {"3.1.7+really3.1.2-1", "3.1.2"},
        {"1.36.1-r5", "1.36.1"},     {"1:1.2.3-4.el9", "1.2.3"},
        {"9.2.0~ds1-1", "9.2.0"},    {"2022.83", "2022.83"},
        {"93u+m/1.0.4-2", "93u+m/1.0.4"}, {"", ""}, {":", ""}, {"-", ""}};
    for (const auto& [whole, upstream] : cases) {
        EXPECT_EQ(image::upstream_version({"dpkg", "x", whole, ""}), upstream) << whole;
    }
}

TEST(Programs, AppletsAreReachableOnTheImagesPath) {
    std::vector<Program> programs = {program("busybox", "bin/busybox")};
    programs[0].applets = {"ash", "nc", "sh", "vi", "wget"};
    programs[0].aliases = {"bin/sh", "opt/nc", "usr/bin/wget", "usr/local/bin/vi", "usr/bin/other"};
    const auto reachable = [&](std::string_view config) {
        std::vector<Program> copy = programs;
        complete_programs(copy, image::program_folders(config));
        return copy[0].reachable;
    };
    using Names = std::vector<std::string>;
    EXPECT_EQ(reachable(""), (Names{"sh", "vi", "wget"}));
    EXPECT_EQ(reachable(R"({"config":{"Env":["A=b","PATH=/opt::/usr/bin"]}})"),
              (Names{"nc", "sh", "wget"}));
    EXPECT_EQ(reachable(R"({"config":{"Env":["PATH="]}})"), Names{});
    EXPECT_EQ(reachable(R"({"config":{"Env":[7]}})"), (Names{"sh", "vi", "wget"}));
    programs[0].visibility = Visibility::deleted;
    EXPECT_EQ(reachable(""), Names{});
}

}  // namespace
