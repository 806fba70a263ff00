// What tests of sweeps share: the command, its summary, the store it leaves, and the
// requests that it made.
#pragma once

#include <set>

#include "tests/e2e/servers.hpp"

namespace stratascan::e2e {

class Sweep : public RegistryTest {
protected:
    [[nodiscard]] std::string store() const { return (folder() / "store.sqlite").string(); }

    [[nodiscard]] static Command with_key(Command command) {
        if (const fs::path key = home() / "registry-test-key"; !fs::exists(key)) {
            std::ofstream(key) << "a key of the tests, sixteen bytes or more";
            fs::permissions(key, fs::perms::owner_read);
        }
        return command;
    }
    [[nodiscard]] std::vector<std::string> words(const std::string& target,
                                                 std::vector<std::string> options,
                                                 const std::string& place = "") const {
        options.insert(options.begin(),
                       {"sweep", target, "--format", "json", "--store",
                        place.empty() ? store() : place, "--key-file",
                        (home() / "registry-test-key").string()});
        return options;
    }
    Ran sweep(const std::string& target, std::vector<std::string> options = {},
              const std::string& place = "") const {
        const Ran ran = stratascan(words(target, std::move(options), place), with_key(command()));
        EXPECT_FALSE(ran.timed_out);
        return ran;
    }
    Ran ask(std::vector<std::string> what) const {
        what.insert(what.end(), {"--store", store()});
        return stratascan(std::move(what), command());
    }
    /// The one row of a repository in the summary.
    static json row(const Ran& ran, const std::string& repository) {
        const json summary = json::parse(ran.out, nullptr, false);
        if (!summary.is_object()) {
            ADD_FAILURE() << ran.out << ran.err;
            return json::object();
        }
        for (const json& of : summary.at("repositories")) {
            if (of.at("repository") == repository) return of;
        }
        ADD_FAILURE() << "no row for " << repository << '\n' << ran.out;
        return json::object();
    }
    static json summary(const Ran& ran) { return json::parse(ran.out, nullptr, false); }

    /// Images that the tests make, into the registry; what there is.
    json fill(const std::string& registry, std::vector<std::string> options) const {
        return made_by("synthetic.py", registry, std::move(options));
    }
    json made_by(const std::string& script, const std::string& registry,
                 std::vector<std::string> options) const {
        Command with = command();
        with.words = {python(), tools() / script, "--registry", registry};
        with.words.insert(with.words.end(), options.begin(), options.end());
        const Ran ran = run(with);
        EXPECT_EQ(ran.exit, 0) << ran.err;
        return json::parse(ran.out, nullptr, false);
    }
    /// One image that a test makes up; its layers' digests and sizes.
    json put_image(const std::string& registry, std::vector<std::string> options) const {
        return made_by("put_image.py", registry, std::move(options));
    }
    /// The store without what differs from run to run: ids and times.
    [[nodiscard]] std::multiset<std::string> exported(const std::string& place) const {
        const Ran ran = stratascan({"store", "export", "--store", place}, command());
        EXPECT_EQ(ran.exit, 0) << ran.err;
        std::multiset<std::string> lines;
        std::map<std::int64_t, std::string> layers;
        std::istringstream text(ran.out);
        for (std::string line; std::getline(text, line);) {
            json of = json::parse(line, nullptr, false);
            if (of["kind"] == "layer") {
                layers[of.at("id").get<std::int64_t>()] = of.at("digest").dump();
            }
            if (of.contains("layer_id")) {
                of["layer_id"] = layers[of.at("layer_id").get<std::int64_t>()];
            }
            for (const char* varies : {"id", "ruleset", "first_seen", "last_seen", "scanned_at",
                                       "from", "until", "gone_at", "closed_at"}) {
                if (of.contains(varies) && !of.at(varies).is_null()) of[varies] = "*";
            }
            lines.insert(of.dump());
        }
        return lines;
    }
    /// A report of the store has its images in another order.
    static std::multiset<std::string> sorted(const json& list) {
        std::multiset<std::string> texts;
        for (const json& of : list) texts.insert(of.dump());
        return texts;
    }
    struct Counts {
        std::map<std::string, int> blobs;  ///< GET, by digest, configs as well
        int heads = 0, manifests = 0, all = 0;
        [[nodiscard]] int most() const {
            int most = 0;
            for (const auto& [digest, count] : blobs) most = std::max(most, count);
            return most;
        }
    };
    static Counts counts(const fs::path& log) {
        Counts counts;
        for (const json& request : requests(log)) {
            const std::string path = request.at("path");
            const bool get = request.at("method") == "GET";
            ++counts.all;
            if (path.find("/manifests/") != std::string::npos) {
                ++(get ? counts.manifests : counts.heads);
            } else if (get && path.find("/blobs/") != std::string::npos) {
                ++counts.blobs[path.substr(path.rfind('/') + 1)];
            }
        }
        return counts;
    }
    template <typename Registry>
    Server proxy(const Registry& registry, const std::string& fault,
                 const std::string& log) const {
        return {folder(), log,
                {python(), tools() / "fault_proxy.py", "--upstream", registry.address(), "--log",
                 folder() / log, "--fault", fault}};
    }
};

}  // namespace stratascan::e2e
