// What a sweep is about: targets, globs, dates, and the books that say what is fetched.
#include <gtest/gtest.h>

#include <thread>

#include "scanner/sweep/ledger.hpp"
#include "scanner/sweep/planner.hpp"
#include "scanner/sweep/rate.hpp"
#include "scanner/sweep/scope.hpp"

namespace stratascan::sweep {
namespace {

TEST(SweepScope, Targets) {
    const auto host = parse_sweep_target("registry.example:5000/");
    ASSERT_TRUE(host);
    EXPECT_EQ(host->registry, "registry.example:5000");
    EXPECT_EQ(host->prefix, "");
    const auto part = parse_sweep_target("registry.example/team/app");
    ASSERT_TRUE(part);
    EXPECT_EQ(part->prefix, "team/app");
    EXPECT_TRUE(part->covers("team/app"));
    EXPECT_TRUE(part->covers("team/app/worker"));
    EXPECT_FALSE(part->covers("team/application"));
    EXPECT_FALSE(part->covers("team"));
    for (const char* text : {"", "http://registry.example", "registry.example/app:1",
                             "registry.example/APP", "registry.example/a//b", "registry.example/../x",
                             "registry.example/app@sha256:00"}) {
        EXPECT_FALSE(parse_sweep_target(text)) << text;
    }
}

TEST(SweepScope, OwnersOfServices) {
    const SweepTarget hub{"docker.io", "library/debian"};
    EXPECT_EQ(owner_of(hub, registry::Service::docker_hub), "library");
    EXPECT_EQ(owner_of(hub, registry::Service::catalog), "");
    const SweepTarget google{"europe-docker.pkg.dev", "project/images/app"};
    EXPECT_EQ(owner_of(google, registry::Service::artifact_registry), "project/images");
    const SweepTarget gitlab{"registry.gitlab.com", "group/sub"};
    EXPECT_EQ(owner_of(gitlab, registry::Service::gitlab), "group/sub");
}

TEST(SweepScope, Globs) {
    const Filter some({"team/*", "base"}, {"*-test"});
    EXPECT_TRUE(some.takes("team/app"));
    EXPECT_FALSE(some.takes("team/a/b"));
    EXPECT_TRUE(some.takes("any/where/base"));
    EXPECT_FALSE(some.takes("team/app-test"));
    const Filter all({}, {});
    EXPECT_TRUE(all.takes("x/y/z"));
}

TEST(SweepScope, Dates) {
    EXPECT_EQ(parse_time("2024-05-06T07:08:09Z"), 1714979289);
    EXPECT_EQ(parse_time("2024-05-06T07:08:09.123456789Z"), 1714979289);
    EXPECT_EQ(parse_time("2024-05-06T09:08:09+02:00"), 1714979289);
    for (const char* text : {"", "1970-01-01T00:00:00Z", "0001-01-01T00:00:00Z", "2024-13-01T00:00:00Z",
                             "2024-02-30T00:00:00Z", "yesterday", "2024-05-06T25:00:00Z",
                             "2024-05-06T07:08:09+", "2024-05-06"}) {
        EXPECT_FALSE(parse_time(text)) << text;
    }
}

TEST(SweepScope, NewestAndAge) {
    const std::vector<DatedTag> tags = {{"old", 100}, {"new", 300}, {"undated", {}}, {"mid", 200},
                                        {"also-mid", 200}};
    using Tags = std::vector<std::string>;
    EXPECT_EQ(choose_tags(tags, 0, {}), (Tags{"also-mid", "mid", "new", "old", "undated"}));
    EXPECT_EQ(choose_tags(tags, 2, {}), (Tags{"also-mid", "new", "undated"}));
    EXPECT_EQ(choose_tags(tags, 0, 200), (Tags{"also-mid", "mid", "new", "undated"}));
    EXPECT_EQ(choose_tags(tags, 1, 250), (Tags{"new", "undated"}));
}

TEST(SweepScope, Intervals) {
    EXPECT_EQ(parse_interval("90").value(), 90);
    EXPECT_EQ(parse_interval("15m").value(), 900);
    EXPECT_EQ(parse_interval("6h").value(), 21600);
    EXPECT_EQ(parse_interval("1d").value(), 86400);
    for (const char* text : {"", "h", "0", "-5", "1w", "1.5h", "99999999"}) {
        EXPECT_FALSE(parse_interval(text)) << text;
    }
}

TEST(SweepLedger, EachLayerOnceLargestFirst) {
    Ledger ledger;
    const auto one = ledger.add_repository({"r", "one"}, store::RepositoryId{1});
    const auto two = ledger.add_repository({"r", "two"}, store::RepositoryId{2});
    const auto a = ledger.add_root("sha256:a");
    const auto b = ledger.add_root("sha256:b");
    EXPECT_EQ(ledger.add_root("sha256:a"), a);
    EXPECT_TRUE(ledger.attach(a, one));
    EXPECT_TRUE(ledger.attach(b, two));
    EXPECT_FALSE(ledger.attach(b, two)) << "it is there";
    ledger.add_layers(a, one, {{"sha256:small", 10}, {"sha256:shared", 500}, {"sha256:small", 10}});
    ledger.add_layers(b, two, {{"sha256:shared", 500}, {"sha256:unknown", -1}});
    EXPECT_EQ(ledger.layers_wanted(), 3U);
    EXPECT_EQ(ledger.bytes_wanted(), 510U);
    ledger.begin_fetching();
    std::vector<std::string> order;
    std::vector<std::uint32_t> indices;
    while (const auto index = ledger.next_layer()) {
        order.push_back(ledger.layer(*index).digest);
        indices.push_back(*index);
    }
    EXPECT_EQ(order, (std::vector<std::string>{"sha256:shared", "sha256:small", "sha256:unknown"}));
    EXPECT_EQ(ledger.layer(indices[0]).repositories.size(), 2U);
    ledger.layer_done(indices[0]);
    ledger.layer_done(indices[1]);
    EXPECT_EQ(ledger.next_root(), a) << "all of its layers are there";
    ledger.layer_done(indices[2]);
    EXPECT_EQ(ledger.next_root(), b);
    ledger.root_done(a);
    ledger.root_done(b);
    EXPECT_EQ(ledger.next_root(), std::nullopt);
}

TEST(SweepLedger, WhoWaitsForARootIsWokenAtTheEnd) {
    Ledger ledger;
    const auto repository = ledger.add_repository({"r", "one"}, store::RepositoryId{1});
    const auto root = ledger.add_root("sha256:a");
    ledger.attach(root, repository);
    ledger.add_layers(root, repository, {{"sha256:layer", 1}});
    ledger.begin_fetching();
    std::optional<std::uint32_t> got = 0;
    {
        const std::jthread waiting([&] { got = ledger.next_root(); });
        ledger.stop();
    }
    EXPECT_EQ(got, std::nullopt);
}

TEST(SweepPlanner, ManifestsOfOtherPlatforms) {
    source::OciDocument index;
    const auto add = [&](const char* digest, const char* arch, const char* about) {
        source::Descriptor child;
        child.digest = digest;
        child.platform = {"linux", arch, ""};
        if (*about != '\0') child.annotations["vnd.docker.reference.digest"] = about;
        index.manifests.push_back(child);
    };
    add("d1", "amd64", "");
    add("d2", "arm64", "");
    add("d3", "unknown", "d1");
    add("d4", "unknown", "d2");
    EXPECT_TRUE(other_platforms(index, std::nullopt).empty());
    EXPECT_EQ(other_platforms(index, source::Platform{"linux", "arm64", ""}),
              (std::vector<std::string>{"d1", "d3"}));
}

/// Bytes that come in parts, and an error behind them where one is asked for.
class Parts final : public source::BlobReader {
public:
    Parts(std::size_t bytes, bool breaks) : left_(bytes), breaks_(breaks) {}
    Result<std::size_t> read(std::span<std::byte> out) override {
        if (left_ == 0 && breaks_) return fail(ErrorCode::unreachable, "it broke off");
        const std::size_t now = std::min(out.size(), left_);
        for (std::size_t i = 0; i < now; ++i) out[i] = static_cast<std::byte>(next_++);
        left_ -= now;
        return now;
    }
    std::int64_t size() const noexcept override { return -1; }

private:
    std::size_t left_;
    bool breaks_;
    unsigned next_ = 0;
};

TEST(SweepRate, ReadersGiveEveryByteInOrder) {
    for (const std::uint64_t rate : {std::uint64_t{0}, std::uint64_t{1} << 30}) {
        for (const std::size_t ahead : {std::size_t{0}, std::size_t{7}, std::size_t{4096}}) {
            for (const bool breaks : {false, true}) {
                Rate limit(rate);
                ErrorCode failure = ErrorCode::invalid_argument;
                MeteredReader reader(std::make_unique<Parts>(1000, breaks), limit, {}, failure);
                reader.read_ahead(ahead);
                std::vector<std::byte> buffer(64);
                unsigned expected = 0;
                bool failed = false;
                for (;;) {
                    const auto got = reader.read(buffer);
                    failed = !got;
                    if (!got || *got == 0) break;
                    for (std::size_t i = 0; i < *got; ++i) {
                        ASSERT_EQ(buffer[i], static_cast<std::byte>(expected++));
                    }
                }
                EXPECT_EQ(expected, 1000U);
                EXPECT_EQ(failed, breaks) << rate << ' ' << ahead;
                EXPECT_EQ(failure == ErrorCode::unreachable, breaks);
            }
        }
    }
}

TEST(SweepRate, StoppedReadersEnd) {
    std::stop_source stop;
    stop.request_stop();
    Rate limit(1);
    ErrorCode failure = ErrorCode::invalid_argument;
    MeteredReader reader(std::make_unique<Parts>(1000, false), limit, stop.get_token(), failure);
    std::vector<std::byte> buffer(64);
    EXPECT_FALSE(reader.read(buffer));
    EXPECT_EQ(failure, ErrorCode::cancelled);
}

}  // namespace
}  // namespace stratascan::sweep
