// A disk that can't be read: what is behind the fault is told as not read, with the
// reason; what is beside it is found; and nothing of it is kept as if it were whole.
#include "tests/e2e/faults.hpp"

namespace stratascan::e2e {
namespace {

class ReadFaults : public testing::Test {
protected:
    void SetUp() override { SKIP_WITHOUT_FAULTS(); }
    static constexpr const char* reason = "Input/output error";
};

/// Layers by digest, of all images.
std::map<std::string, json> layers_of(const Ran& ran) {
    std::map<std::string, json> layers;
    const json ran_report = report_of(ran);
    for (const json& target : ran_report.at("targets")) {
        for (const json& layer : target.at("layers")) layers[layer.at("digest")] = layer;
    }
    return layers;
}

/// The findings that are not in this layer.
std::vector<std::string> findings_outside(const Ran& ran, const std::string& digest) {
    std::vector<std::string> found;
    const json ran_report = report_of(ran);
    for (const json& target : ran_report.at("targets")) {
        for (const json& finding : target.at("findings")) {
            const std::size_t index = finding.at("layer_index").is_number()
                                          ? finding.at("layer_index").get<std::size_t>()
                                          : target.at("layers").size();
            const bool inside = index < target.at("layers").size() &&
                                target.at("layers").at(index).at("digest") == digest;
            if (!inside) found.push_back(finding.at("rule").get<std::string>() + ' ' +
                                         finding.at("secret_id").get<std::string>());
        }
    }
    std::sort(found.begin(), found.end());
    return found;
}

TEST_F(ReadFaults, ALayerThatCanNotBeReadCostsNothingElse) {
    const Built built = recipe("blob-shared");
    const Ran whole = scan_faulty(built, {});
    ASSERT_EQ(whole.exit, 1) << whole.err;
    const auto layers = layers_of(whole);
    ASSERT_GT(layers.size(), 1U);
    for (const auto& [digest, layer] : layers) {
        for (const char* bytes : {"0", "64"}) {
            const Place place;
            const Ran ran = scan_faulty(
                built, {{"FAULT_READ", digest.substr(digest.find(':') + 1) + ":" + bytes}},
                {"--store", place.file()});
            const json broken = layers_of(ran).at(digest);
            EXPECT_TRUE(broken.at("state") == "failed" || broken.at("state") == "partial")
                << broken.at("state");
            EXPECT_TRUE(has(broken.dump(), reason)) << broken;
            EXPECT_EQ(findings_outside(ran, digest), findings_outside(whole, digest)) << digest;
            const json ran_report = report_of(ran);
            for (const json& target : ran_report.at("targets")) {
                const bool with_it = has(target.at("layers").dump(), digest);
                EXPECT_EQ(target.at("coverage").at("complete"), !with_it);
            }
            // What was kept of it stands for nothing: all is as if there had been no fault.
            const Ran again = scan_with(built, place, {"--stats"});
            EXPECT_EQ(findings_outside(again, ""), findings_outside(whole, ""));
            EXPECT_LT(layers_from_store(again), static_cast<int>(layers.size()));
            EXPECT_EQ(layers_of(again).at(digest), layers_of(whole).at(digest));
        }
    }
}

TEST_F(ReadFaults, NothingFoundAndNotAllReadIsExitCodeTwo) {
    const Built built = recipe("gzip-single-member");
    const auto layers = layers_of(scan_faulty(built, {}));
    ASSERT_EQ(layers.size(), 1U);
    const std::string hex = layers.begin()->first.substr(7);
    const Ran ran = scan_faulty(built, {{"FAULT_READ", hex + ":0"}});
    EXPECT_EQ(ran.exit, 2) << ran.out;
    EXPECT_TRUE(has(ran.out, reason)) << ran.out;
}

TEST_F(ReadFaults, AnArchiveThatBreaksOffAnywhereIsNeverComplete) {
    for (const char* const name : {"oci-archive", "oci-archive-gzip", "docker-archive-25"}) {
        const Built built = recipe(name);
        const Ran whole = scan_faulty(built, {});
        const std::string target = targets_of(built).front();
        const std::string file = fs::path(target).filename();
        const auto size = fs::file_size(target);
        for (const std::uintmax_t at : {std::uintmax_t{0}, std::uintmax_t{700}, size / 3, size / 2}) {
            const Ran ran = scan_faulty(built, {{"FAULT_READ", file + ":" + std::to_string(at)}});
            EXPECT_EQ(ran.signal, 0);
            if (ran.exit == 3) {
                EXPECT_TRUE(has(ran.err, reason)) << name << ' ' << at << ran.err;
                continue;
            }
            // It may have been read in other ways before; a whole report is right, too.
            if (ran.out == whole.out) continue;
            EXPECT_TRUE(has(ran.out, reason)) << name << ' ' << at << ran.out;
            EXPECT_TRUE(has(ran.out, "\"complete\": false") || has(ran.out, "\"complete\":false"));
        }
    }
}

TEST_F(ReadFaults, AFileOfAFolderIsAGap) {
    const TemporaryFolder folder;
    std::ofstream(folder.path() / "unlucky.txt") << std::string(5000, 'x');
    std::ofstream(folder.path() / "other.txt") << std::string(5000, 'y');
    const Ran ran = stratascan({"scan", "--no-store", "--format", "json", "dir:" + folder.path().string()},
                               with({{"FAULT_READ", "unlucky.txt:100"}}));
    EXPECT_EQ(ran.exit, 2) << ran.err;
    EXPECT_TRUE(has(ran.out, reason)) << ran.out;
    EXPECT_TRUE(has(ran.out, "unlucky.txt")) << ran.out;
    EXPECT_FALSE(has(ran.out, "other.txt")) << ran.out;
}

TEST_F(ReadFaults, FilesOfTheUsersAreNotTakenForTheirBeginning) {
    const Built built = recipe("gzip-single-member");
    const TemporaryFolder folder;
    const auto path = [&](const char* name) { return (folder.path() / name).string(); };
    std::ofstream(path("faulty.toml")) << "[[suppress]]\nrule = \"a\"\n# " << std::string(9000, 'x');
    std::ofstream(path("faulty.json")) << "{\"targets\": [" << std::string(9000, ' ') << "]}";
    std::ofstream(path("faulty.key")) << std::string(32, 'k');
    fs::permissions(path("faulty.key"), fs::perms::owner_read);
    const Faults faults = {{"FAULT_READ", "faulty.:8"}};
    const auto target = targets_of(built).front();
    for (const std::vector<std::string>& words : std::vector<std::vector<std::string>>{
             {"scan", "--no-store", "--rules", path("faulty.toml"), target},
             {"scan", "--no-store", "--suppressions", path("faulty.toml"), target},
             {"scan", "--no-store", "--key-file", path("faulty.key"), target},
             {"gate", "--no-store", "--policy", path("faulty.toml"), target},
             {"gate", "--no-store", "--baseline", path("faulty.json"), target},
             {"scan", "--no-store", "--authfile", path("faulty.json"), "registry:127.0.0.1:1/x"}}) {
        const Ran ran = stratascan(words, with(faults));
        EXPECT_EQ(ran.exit, 3) << words.at(2);
        // A key is read in one piece: eight bytes of it are too few.
        EXPECT_TRUE(has(ran.err, reason) || has(ran.err, "the key has 8 bytes")) << ran.err;
        EXPECT_TRUE(has(ran.err, "faulty.")) << "which file: " << ran.err;
    }
}

TEST_F(ReadFaults, AStoreThatCanNotBeReadCostsNoFinding) {
    const Built built = recipe("blob-shared");
    const Ran bare = scan_faulty(built, {});
    const Place place;
    ASSERT_EQ(scan_with(built, place).exit, 1);
    const std::string before = all_bytes(place);
    int told = 0;
    for (const char* at : {"0", "100", "5000", "20000", "60000"}) {
        const Ran ran = scan_faulty(built, {{"FAULT_READ", std::string("store.sqlite:") + at}},
                                    {"--store", place.file()});
        EXPECT_EQ(ran.exit, bare.exit);
        EXPECT_EQ(ran.out, bare.out) << at;
        told += has(ran.err, "store") ? 1 : 0;
    }
    EXPECT_GT(told, 0);
    EXPECT_TRUE(all_bytes(place) == before) << "what could not be read was written to";
    EXPECT_EQ(stratascan({"store", "check", "--store", place.file()}).out, "sound\n");
}

}  // namespace
}  // namespace stratascan::e2e
