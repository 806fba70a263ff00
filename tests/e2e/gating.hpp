// Images that umoci makes, the gate on them, and what it said of a check.
#pragma once

#include "tests/e2e/run.hpp"

namespace stratascan::e2e {

/// Days from today as "2026-12-31".
inline std::string day(int from_today) {
    return run({.words = {"date", "-u", "-d", std::to_string(from_today) + " days", "+%Y-%m-%d"}})
        .out.substr(0, 10);
}

/// A layout that umoci fills.
class Layout {
public:
    Layout() { umoci({"init", "--layout", path()}); umoci({"new", "--image", tag("app")}); }

    Layout& config(std::vector<std::string> options) {
        options.insert(options.begin(), {"config", "--image", tag("app"), "--created",
                                         day(-3) + "T00:00:00Z"});
        umoci(options);
        return *this;
    }
    /// A layer of the folder's contents.
    Layout& insert(const fs::path& from, const std::string& to = "/") {
        umoci({"insert", "--rootless", "--image", tag("app"), from.string(), to});
        return *this;
    }
    Layout& remove(const std::string& path) {
        umoci({"insert", "--rootless", "--image", tag("app"), "--whiteout", path});
        return *this;
    }
    Layout& name(const std::string& other) {
        umoci({"tag", "--image", tag("app"), other});
        return *this;
    }
    [[nodiscard]] std::string path() const { return (folder_.path() / "layout").string(); }
    [[nodiscard]] std::string target(const std::string& name = "app") const {
        return "oci:" + path() + ":" + name;
    }
    /// A folder of files to insert.
    fs::path files(const std::string& name,
                   const std::map<std::string, std::pair<std::string, int>>& all) {
        const fs::path root = folder_.path() / name;
        for (const auto& [file, content] : all) {
            fs::create_directories((root / file).parent_path());
            std::ofstream(root / file, std::ios::binary) << content.first;
            fs::permissions(root / file, static_cast<fs::perms>(content.second));
        }
        return root;
    }
    [[nodiscard]] const fs::path& folder() const { return folder_.path(); }

private:
    [[nodiscard]] std::string tag(const std::string& name) const { return path() + ":" + name; }
    static void umoci(std::vector<std::string> words) {
        words.insert(words.begin(), "umoci");
        const Ran ran = run({.words = std::move(words)});
        ASSERT_EQ(ran.exit, 0) << ran.err;
    }

    TemporaryFolder folder_;
};

inline Ran gate(const std::string& target, std::vector<std::string> options, const fs::path& in = ".") {
    options.insert(options.begin(), {"gate", target, "--quiet"});
    return stratascan(std::move(options), {.words = {}, .directory = in});
}

inline json verdict_of(const std::string& target, std::vector<std::string> options,
                const fs::path& in = ".") {
    options.insert(options.end(), {"--format", "json"});
    return report_of(gate(target, std::move(options), in));
}

/// The check's result in the first policy of the first image.
inline json check_of(const json& report, const std::string& id) {
    for (const json& target : report.at("targets")) {
        for (const json& check : target.at("gate").at("policies").at(0).at("checks")) {
            if (check.at("check") == id) return check;
        }
    }
    return {};
}

inline std::string outcome(const json& report, const std::string& id) {
    return check_of(report, id).value("outcome", "not there");
}

inline const std::vector<std::string> good = {"--config.user", "1000:1000", "--config.entrypoint",
                                       "/app"};

inline void add_application(Layout& layout) {
    layout.insert(layout.files("app", {{"app", {"no program, a text", 0755}},
                                       {"etc/passwd", {"app:x:1000:1000::/:/none\n", 0644}}}));
}

/// A private key that OpenSSH makes: a secret that no one could take for an example.
inline std::string private_key(const fs::path& folder) {
    const fs::path file = folder / "key";
    fs::remove(file);
    const Ran ran = run({.words = {"ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", file}});
    EXPECT_EQ(ran.exit, 0) << ran.err;
    return read_file(file);
}

/// An image with nearly everything that is asked not to be there.
inline void add_faults(Layout& layout) {
    const std::string busybox = read_file("/bin/busybox");
    layout.config({"--config.user", "0:0", "--config.entrypoint", "/bin/sh",
                   "--config.entrypoint", "-c", "--config.entrypoint", "/start.sh",
                   "--config.exposedports", "22/tcp", "--config.volume", "/etc"});
    layout.insert(layout.files(
        "faults",
        {{"bin/renamed", {busybox, 04755}},
         {"start.sh", {"#!/bin/sh\napt-get update\napt-get install -y curl\n", 0755}},
         {"etc/passwd", {"root:x:0:0::/root:/bin/sh\ntoor:x:0:0::/:/bin/sh\n", 0644}},
         {"etc/shadow", {"root::19000:0:99999:7:::\n", 0640}},
         {"app/.git/HEAD", {"ref: refs/heads/main\n", 0644}},
         {"app/.env", {"MODE=production\n", 0644}},
         {"root/.bash_history", {"ls\n", 0600}},
         {"srv/open", {"x", 0666}},
         {"usr/include/stdio.h", {"#define X\n", 0644}},
         {"etc/ssh/ssh_host_ed25519_key", {private_key(layout.folder()), 0600}},
         {"root/.kube/config", {"apiVersion: v1\n", 0600}}}));
}

}  // namespace stratascan::e2e
