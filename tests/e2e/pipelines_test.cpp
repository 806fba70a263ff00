// The examples of fixtures/pipelines: YAML that a real parser reads, scripts that a real shell
// runs, and the wrapper with the real skopeo against Debian's docker-registry.
#include <map>
#include <sstream>

#include "tests/e2e/gating.hpp"
#include "tests/e2e/servers.hpp"

namespace stratascan::e2e {
namespace {

fs::path pipelines() { return source() / "fixtures/pipelines"; }

/// The scripts of an example that ask the gate, as its own reader of the format finds them.
std::vector<std::string> scripts_of(const std::string& name) {
    const Ran ran = run({.words = {python(), "-W", "ignore", "-c", R"(
import json, re, sys, yaml
name = sys.argv[1]
text = open(name, encoding='utf-8').read()
found = []
def walk(value):
    if isinstance(value, dict):
        for inner in value.values(): walk(inner)
    elif isinstance(value, list):
        for inner in value: walk(inner)
    elif isinstance(value, str) and 'stratascan gate' in value:
        found.append(value)
if name.endswith('.yml'):
    for document in yaml.safe_load_all(text): walk(document)
else:
    found = [part for part in re.findall(r"'''(.*?)'''", text, re.S) if 'stratascan gate' in part]
print(json.dumps(found))
)", (pipelines() / name).string()}});
    EXPECT_EQ(ran.exit, 0) << ran.err;
    return json::parse(ran.out).get<std::vector<std::string>>();
}

class Pipelines : public RegistryTest {
protected:
    void SetUp() override {
        fs::create_directories(folder() / "bin");
        fs::create_symlink(program(), folder() / "bin/stratascan");
        std::ofstream(folder() / "secrets.toml") << "id = \"ours\"\n[checks.secrets-files]\n";
        std::ofstream(folder() / "key") << "a key of the tests, sixteen bytes or more";
        fs::permissions(folder() / "key", fs::perms::owner_read);
        fs::create_directories(folder() / "work");
    }

    Command with(std::vector<std::string> words) const {
        Command command = this->command();
        command.words = std::move(words);
        command.directory = folder() / "work";
        command.environment["PATH"] =
            (folder() / "bin").string() + ":" + setting("PATH", "/usr/bin:/bin");
        command.environment["STRATASCAN_GATE"] =
            "--quiet --no-store --policy " + (folder() / "secrets.toml").string();
        command.timeout_ms = 120'000;
        return command;
    }
    Ran script(const std::string& text, const std::string& image) const {
        Command command = with({"bash", "-eo", "pipefail", "-c", text});
        command.environment["IMAGE"] = image;
        command.environment["POLICY"] = (folder() / "secrets.toml").string();
        command.environment["STORE"] = (folder() / "work/.stratascan/store.sqlite").string();
        command.environment["STRATASCAN_KEY_FILE"] = (folder() / "key").string();
        command.environment["GITHUB_STEP_SUMMARY"] = (folder() / "work/summary").string();
        command.environment["RESULT"] = (folder() / "work/result").string();
        fs::create_directories(folder() / "work/.stratascan");
        return run(command);
    }
    Ran wrapper(std::vector<std::string> words) const {
        words.insert(words.begin(), (pipelines() / "gated-push").string());
        return run(with(std::move(words)));
    }
    [[nodiscard]] int tags_of(const std::string& name) const {
        Command command = with({"skopeo", "inspect", "--tls-verify=false", "docker://" + name});
        return run(command).exit;
    }
};

TEST_F(Pipelines, ScriptsOfEachExampleGiveTheGatesAnswer) {
    const Built bad = recipe("gzip-single-member"), good = recipe("program-busybox");
    const std::map<std::string, std::vector<std::string>> outputs = {
        {"github-actions.yml", {"gate.sarif", "gate.md", "summary"}},
        {"gitlab-ci.yml", {"gl-container-scanning-report.json", "gate.xml"}},
        {"Jenkinsfile", {"gate.xml", "gate.html"}},
        {"tekton.yml", {"result"}}};
    for (const auto& [name, files] : outputs) {
        const auto scripts = scripts_of(name);
        ASSERT_EQ(scripts.size(), 1U) << name;
        for (const std::string& file : files) fs::remove(folder() / "work" / file);
        const Ran fails = script(scripts[0], layout(bad));
        EXPECT_EQ(fails.exit, 1) << name << fails.out << fails.err;
        EXPECT_NE(fails.out.find("is not eligible under ours."), std::string::npos) << fails.out;
        for (const std::string& file : files) {
            EXPECT_GT(read_file(folder() / "work" / file).size(), 0U) << name << ' ' << file;
        }
        const Ran passes = script(scripts[0], layout(good));
        EXPECT_EQ(passes.exit, 0) << name << passes.out << passes.err;
        EXPECT_NE(passes.out.find("is eligible under ours."), std::string::npos) << passes.out;
    }
}

/// What README.md shows: by the comment in front of it, the lines of a block.
std::map<std::string, std::vector<std::string>> transcripts() {
    std::map<std::string, std::vector<std::string>> all;
    std::istringstream text(read_file(pipelines() / "README.md"));
    std::string line, name;
    bool inside = false;
    while (std::getline(text, line)) {
        if (line.starts_with("<!-- ")) name = line.substr(5, line.size() - 9);
        else if (line == "```" && (inside || !name.empty())) {
            if (inside) name.clear();
            inside = !inside;
        } else if (inside && line != "…") all[name].push_back(line);
    }
    return all;
}

void expect_lines(const std::string& name, const std::vector<std::string>& lines,
                  const std::string& text) {
    EXPECT_FALSE(lines.empty()) << name;
    for (const std::string& line : lines) {
        EXPECT_NE(('\n' + text + '\n').find('\n' + line + '\n'), std::string::npos)
            << name << ": " << line << "\nin\n" << text.substr(0, 3000);
    }
}

TEST_F(Pipelines, ReadmeShowsWhatTheyPrint) {
    const fs::path work = folder() / "work";
    const Built bad = recipe("gzip-single-member");
    const std::string layout_folder = layout(bad).substr(std::string("oci:").size());
    ASSERT_EQ(run({.words = {"tar", "-C", layout_folder.substr(0, layout_folder.rfind(':')), "-cf",
                             (work / "image.tar").string(), "."}}).exit, 0);
    const auto shown = transcripts();
    ASSERT_EQ(shown.size(), 7U);
    for (const char* name : {"github-actions.yml", "gitlab-ci.yml", "Jenkinsfile", "tekton.yml"}) {
        const auto scripts = scripts_of(name);
        ASSERT_EQ(scripts.size(), 1U);
        // All of it of the work folder's own image and policy, as the examples have them.
        const Ran ran = script(std::string("export POLICY=default\n") + scripts[0], "oci-archive:image.tar");
        EXPECT_EQ(ran.exit, 1) << name << ran.err;
        for (const auto& [of, lines] : shown) {
            const bool is_log = of == "log";
            if (!is_log && !of.starts_with(std::string(name) + ' ')) continue;
            const std::string text =
                is_log ? ran.out : read_file(work / of.substr(std::string(name).size() + 1));
            expect_lines(name, lines, text);
        }
    }
    // The wrapper: what fails needs no registry, and what passes is pushed.
    const auto push = [&](const std::string& source, const std::string& to) {
        return run([&] {
            Command command = with({(pipelines() / "gated-push").string(), "skopeo", "copy",
                                    "--insecure-policy", "--dest-tls-verify=false", source,
                                    "docker://" + to + "/team/app:1.2"});
            command.environment["STRATASCAN_GATE"] = "--no-store --policy default";
            return command;
        }());
    };
    const Ran fails = push("oci-archive:image.tar", "registry.example");
    EXPECT_EQ(fails.exit, 1);
    expect_lines("gated-push", shown.at("gated-push fails"), fails.out + fails.err);
    const DockerRegistry registry;
    Layout clean;
    clean.config(good);
    add_application(clean);
    const Ran passes = push(clean.target(), registry.address());
    EXPECT_EQ(passes.exit, 0) << passes.out << passes.err;
    expect_lines("gated-push", shown.at("gated-push passes"), passes.out + '\n' + passes.err);
}

TEST_F(Pipelines, WrapperPushesWhatPassesAndNothingElse) {
    const DockerRegistry registry;
    const Built bad = recipe("gzip-single-member"), good = recipe("program-busybox");
    const std::string there = registry.address() + "/team/";
    const auto copy = [&](const std::string& from, const std::string& to) {
        return wrapper({"skopeo", "--insecure-policy", "copy", "--quiet",
                        "--dest-tls-verify=false", from, "docker://" + there + to});
    };
    // Options may stand between "skopeo" and "copy"; the wrapper knows only what it can check.
    EXPECT_EQ(copy(layout(good), "any:1").exit, 3);
    const auto plain = [&](std::vector<std::string> words) {
        words.insert(words.begin(), {"skopeo", "copy", "--insecure-policy", "--quiet",
                                     "--src-tls-verify=false", "--dest-tls-verify=false"});
        return wrapper(std::move(words));
    };
    const Ran passed = plain({layout(good), "docker://" + there + "good:1"});
    EXPECT_EQ(passed.exit, 0) << passed.out << passed.err;
    EXPECT_EQ(tags_of(there + "good:1"), 0);
    const Ran failed = plain({layout(bad), "docker://" + there + "bad:1"});
    EXPECT_EQ(failed.exit, 1) << failed.out;
    EXPECT_NE(failed.err.find("Image has secrets in its files"), std::string::npos) << failed.err;
    EXPECT_NE(failed.err.find("not pushed"), std::string::npos) << failed.err;
    EXPECT_NE(tags_of(there + "bad:1"), 0);

    // From a registry what is copied is the digest that was judged; a folder of skopeo's own
    // form is copied first.
    push(layout(bad), registry.address(), "team/staged:bad");
    push(layout(good), registry.address(), "team/staged:good");
    EXPECT_EQ(plain({"docker://" + there + "staged:bad", "docker://" + there + "out:bad"}).exit, 1);
    const Ran staged = plain({"docker://" + there + "staged:good", "docker://" + there + "out:good"});
    EXPECT_EQ(staged.exit, 0) << staged.err;
    EXPECT_NE(tags_of(there + "out:bad"), 0);
    EXPECT_EQ(tags_of(there + "out:good"), 0);
    Command to_folder = with({"skopeo", "--insecure-policy", "copy", "--quiet", layout(bad),
                              "dir:" + (folder() / "skopeo-dir").string()});
    ASSERT_EQ(run(to_folder).exit, 0);
    EXPECT_EQ(plain({"dir:" + (folder() / "skopeo-dir").string(), "docker://" + there + "dir:1"}).exit,
              1);
    EXPECT_NE(tags_of(there + "dir:1"), 0);
}

TEST_F(Pipelines, WrapperOfDockerPushAsksTheEngine) {
    const Built bad = recipe("removed-with-build-step"), good = recipe("program-busybox");
    // A fake docker: it only says that it was asked to push.
    std::ofstream(folder() / "bin/docker") << "#!/bin/sh\necho \"$@\" >> \"$HOME/pushed\"\n";
    fs::permissions(folder() / "bin/docker", fs::perms::owner_all);
    std::ofstream(folder() / "secrets.toml", std::ios::app) << "[checks.secrets-deleted]\n";
    for (const auto& [built, wanted] : {std::pair(&bad, 1), std::pair(&good, 0)}) {
        const fs::path archive = folder() / ("image" + std::to_string(wanted) + ".tar");
        Command copy = with({"skopeo", "--insecure-policy", "copy", "--quiet", layout(*built),
                             "docker-archive:" + archive.string() + ":team/app:1"});
        ASSERT_EQ(run(copy).exit, 0);
        const fs::path socket = folder() / ("engine" + std::to_string(wanted) + ".sock");
        const Server engine(folder(), "engine" + std::to_string(wanted),
                            {python(), tools() / "engine_fake.py", "--socket", socket, "--archive",
                             archive, "--name", "team/app:1", "--log", folder() / "engine.log"});
        Command push = with({(pipelines() / "gated-push").string(), "docker", "push", "team/app:1"});
        push.environment["DOCKER_HOST"] = "unix://" + socket.string();
        const Ran ran = run(push);
        EXPECT_EQ(ran.exit, wanted) << ran.err;
        EXPECT_EQ(read_file(folder() / "pushed"), wanted == 0 ? "push team/app:1\n" : "");
    }
}

TEST_F(Pipelines, WrapperRefusesWhatItDoesNotKnow) {
    for (const std::vector<std::string>& words :
         std::vector<std::vector<std::string>>{{},
                                               {"docker", "push"},
                                               {"docker", "run", "x"},
                                               {"docker", "push", "--all-tags", "app"},
                                               {"skopeo", "copy", "only-one", "thing"}}) {
        const Ran ran = wrapper(words);
        EXPECT_EQ(ran.exit, 3) << ran.err;
        EXPECT_NE(ran.err.find("gated-push: "), std::string::npos);
    }
}

}  // namespace
}  // namespace stratascan::e2e
