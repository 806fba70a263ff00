// What goes wrong between a registry and its client, each by a fault-producing
// proxy in front of a real registry: what can be read is read whole, and what
// can't is named.
#include <set>

#include "tests/e2e/servers.hpp"

namespace stratascan::e2e {
namespace {

class RegistryFault : public RegistryTest {
protected:
    RegistryFault() : built_(recipe("layers-of-a-megabyte")) {
        push(layout(built_), registry_.address(), "app:1");
    }

    /// Scans through a proxy with this fault.
    Ran through(const std::string& fault, std::vector<std::string> options = {},
                const std::string& count = "3") {
        proxy_.reset();
        log_ = folder() / (fault + ".log");
        proxy_.emplace(folder(), fault,
                       std::vector<std::string>{python(), tools() / "fault_proxy.py", "--upstream",
                                                registry_.address(), "--log", log_, "--fault",
                                                fault, "--count", count});
        options.insert(options.begin(), proxy_->address() + "/app:1");
        const Ran ran = scan(std::move(options));
        EXPECT_FALSE(ran.timed_out);
        return ran;
    }
    void expect_whole(const Ran& ran) {
        EXPECT_EQ(ran.exit, 1) << ran.err;
        EXPECT_EQ(findings_of(ran), findings_of(scan({layout(built_)})));
    }
    /// Every layer ended in `state`, for a reason in which `text` stands.
    static void expect_layers(const Ran& ran, const std::set<std::string>& states,
                              const std::string& text) {
        const json report = report_of(ran);
        ASSERT_TRUE(report.is_object()) << ran.err;
        for (const json& layer : report.at("targets").at(0).at("layers")) {
            EXPECT_TRUE(states.contains(layer.at("state"))) << layer.dump(1);
            EXPECT_NE(layer.dump().find(text), std::string::npos) << layer.dump(1);
        }
        EXPECT_FALSE(report.at("targets").at(0).at("coverage").at("complete").get<bool>());
    }
    [[nodiscard]] std::vector<json> blob_requests() const {
        std::vector<json> found;
        for (json& request : requests(log_)) {
            if (request.at("path").get<std::string>().find("/blobs/") != std::string::npos) {
                found.push_back(request);
            }
        }
        return found;
    }

    DockerRegistry registry_;
    Built built_;
    std::optional<Server> proxy_;
    fs::path log_;
};

TEST_F(RegistryFault, NothingGoesWrong) {
    expect_whole(through("none"));
    EXPECT_EQ(blob_requests().size(), 4U) << "three layers and a config, each once";
}

TEST_F(RegistryFault, LayersGoOnWhereTheyBrokeOff) {
    expect_whole(through("reset"));
    std::size_t resumed = 0;
    for (const json& request : blob_requests()) {
        resumed += request.at("range") == "" ? 0U : 1U;
    }
    EXPECT_GE(resumed, 9U) << "each layer takes four answers";
    expect_whole(through("short-body"));
}

TEST_F(RegistryFault, RegistryWithoutRanges) { expect_whole(through("no-ranges")); }

TEST_F(RegistryFault, BreaksWithoutProgressAreGivenUp) {
    const Ran ran = through("reset-at-once", {"--registry-tries", "2"});
    EXPECT_EQ(ran.exit, 2) << ran.err;
    expect_layers(ran, {"failed", "partial"}, "broke off");
    EXPECT_LT(blob_requests().size(), 20U);
}

TEST_F(RegistryFault, AnotherPartThanAskedForIsNotTaken) {
    const Ran ran = through("wrong-range", {"--registry-tries", "2"});
    EXPECT_NE(ran.exit, 0);
    expect_layers(ran, {"failed", "partial"}, "another part");
}

TEST_F(RegistryFault, BytesThatAreNotWhatTheirDigestSays) {
    const Ran ran = through("flipped-bit");
    expect_layers(ran, {"failed", "partial"}, "digest");
    EXPECT_NE(ran.exit, 0);
    const Ran manifest = through("wrong-manifest-digest");
    EXPECT_EQ(manifest.exit, 1) << "findings, and a gap";
    EXPECT_NE(manifest.out.find("Docker-Content-Digest"), std::string::npos);
    EXPECT_FALSE(report_of(manifest).at("targets").at(0).at("coverage").at("complete").get<bool>());
}

TEST_F(RegistryFault, BusyRegistryIsWaitedFor) {
    expect_whole(through("storm", {}, "4"));
    const Ran ran = through("storm-forever", {"--registry-tries", "2"});
    EXPECT_EQ(ran.exit, 3);
    EXPECT_NE(ran.err.find("429"), std::string::npos) << ran.err;
}

TEST_F(RegistryFault, TroubleThatPasses) { expect_whole(through("errors")); }

TEST_F(RegistryFault, SocketThatHangs) {
    expect_whole(through("hang", {"--registry-timeout", "1"}));
    const Ran ran = through("hang-forever", {"--registry-timeout", "1", "--registry-tries", "2"});
    EXPECT_TRUE(ran.exit == 1 || ran.exit == 2) << ran.err;
    expect_layers(ran, {"failed", "partial"}, "broke off");
}

// A byte now and then keeps no connection open: a layer would take as long as its sender likes.
TEST_F(RegistryFault, LayersThatTrickle) {
    const Ran ran = through("trickle", {"--registry-timeout", "1", "--registry-tries", "2"});
    EXPECT_TRUE(ran.exit == 1 || ran.exit == 2) << ran.err;
    expect_layers(ran, {"failed", "partial"}, "broke off");
}

TEST_F(RegistryFault, RedirectsDoNotCarryCredentials) {
    for (const char* fault : {"redirect-with-token", "redirect-expiring"}) {
        expect_whole(through(fault));
        const auto stored = requests(log_.string() + ".storage");
        EXPECT_GE(stored.size(), 3U);
        for (const json& request : stored) EXPECT_FALSE(request.at("authorized").get<bool>());
    }
    EXPECT_GE(blob_requests().size(), 12U) << "each part by a redirect of its own";
}

TEST_F(RegistryFault, RedirectsThatLeadNowhere) {
    const Ran loop = through("redirect-loop");
    EXPECT_EQ(loop.exit, 2) << loop.err;
    expect_layers(loop, {"failed"}, "redirects");
    const Ran inside = through("redirect-inside");
    EXPECT_EQ(inside.exit, 2) << inside.err;
    expect_layers(inside, {"failed"}, "another network");
}

TEST_F(RegistryFault, TokenServiceAtAPrivateAddress) {
    const Ran ran = through("realm-inside");
    EXPECT_EQ(ran.exit, 3);
    EXPECT_NE(ran.err.find("token service"), std::string::npos) << ran.err;
}

TEST_F(RegistryFault, TokensThatRunOut) {
    expect_whole(through("expiring-tokens"));
    std::size_t tokens = 0;
    for (const json& request : requests(log_)) {
        tokens += request.at("path").get<std::string>().starts_with("/token") ? 1U : 0U;
    }
    EXPECT_GE(tokens, 4U);
}

TEST_F(RegistryFault, TokenWithoutRightsIsNotAskedForForever) {
    const Ran ran = through("denied");
    EXPECT_EQ(ran.exit, 3);
    EXPECT_NE(ran.err.find("401"), std::string::npos) << ran.err;
    EXPECT_LT(requests(log_).size(), 10U);
    expect_whole(through("narrow-token"));
}

TEST_F(RegistryFault, ListsThatDoNotEnd) {
    expect_whole(through("endless-pages"));
    expect_whole(through("pages-elsewhere"));
}

TEST_F(RegistryFault, LengthsThatLie) {
    const Ran longer = through("too-long");
    EXPECT_EQ(longer.exit, 1) << "what is there was scanned";
    expect_layers(longer, {"failed", "partial"}, "longer");
    const Ran shorter = through("too-short", {"--registry-tries", "2"});
    expect_layers(shorter, {"failed", "partial"}, "");
}

TEST_F(RegistryFault, ManifestThatDoesNotEnd) {
    const Ran ran = through("endless-manifest");
    EXPECT_EQ(ran.exit, 3);
    EXPECT_NE(ran.err.find("larger"), std::string::npos) << ran.err;
}

TEST_F(RegistryFault, WarningsAreShownOnce) {
    const Ran ran = through("warning");
    EXPECT_EQ(ran.exit, 1);
    const std::size_t first = ran.err.find("this registry closes soon");
    ASSERT_NE(first, std::string::npos) << ran.err;
    EXPECT_EQ(ran.err.find("this registry closes soon", first + 1), std::string::npos);
}

TEST_F(RegistryFault, InterruptedScanEndsAtOnce) {
    proxy_.emplace(folder(), "hang-forever",
                   std::vector<std::string>{python(), tools() / "fault_proxy.py", "--upstream",
                                            registry_.address(), "--log", folder() / "h.log",
                                            "--fault", "hang-forever"});
    Command with = command();
    with.words = {program(), "scan", "--format", "json", proxy_->address() + "/app:1"};
    with.timeout_ms = 20'000;
    Running running(with);
    // The third layer's answer has begun once it was asked for.
    for (int tries = 0; tries < 500; ++tries) {
        if (read_file(folder() / "h.log").find("/blobs/") != std::string::npos) break;
        std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(300));
    running.interrupt();
    const Ran ran = running.finish();
    EXPECT_FALSE(ran.timed_out);
    EXPECT_EQ(ran.signal, 0);
}

}  // namespace
}  // namespace stratascan::e2e
