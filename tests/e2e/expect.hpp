// Holds a report against what a recipe says must be in it (fixtures/fixture.py
// describes the form): everything expected is there, once, and nothing else.
#pragma once

#include <string>
#include <vector>

#include "tests/e2e/run.hpp"

namespace stratascan::e2e {

/// A number that stands for "none" may be written as null.
inline bool is_none(const json& wanted) {
    return wanted.is_number_integer() && wanted.get<int>() <= 0;
}

inline bool agrees(const json& value, const json& wanted) {
    if (value == wanted) return true;
    if (value.is_null()) return is_none(wanted);
    if (!wanted.is_array() || value.is_array()) return false;
    for (const json& choice : wanted) {
        if (value == choice) return true;
    }
    return false;
}

/// Every member named in `wanted` agrees with that of `object`.
inline bool has_members(const json& object, const json& wanted) {
    for (const auto& [name, value] : wanted.items()) {
        if (!agrees(object.value(name, json()), value)) return false;
    }
    return true;
}

/// The members of all images of a report in one list, each with its image's index.
inline std::vector<json> gather(const json& report, const char* member) {
    std::vector<json> all;
    int image = 0;
    for (const json& target : report.at("targets")) {
        for (json each : target.value(member, json::array())) {
            each["image"] = image;
            all.push_back(std::move(each));
        }
        ++image;
    }
    return all;
}

/// Takes each wanted object off the list, and complains of those not there. What
/// stays is what nobody asked for. The report's order mostly is that of the
/// expectation, so the search goes on where it last ended.
inline std::vector<json> take(const std::vector<json>& all, const json& wanted, const char* what) {
    std::vector<bool> used(all.size());
    std::size_t at = 0;
    std::size_t missing = 0;
    for (const json& want : wanted) {
        bool found = false;
        for (std::size_t tried = 0; tried < all.size() && !found; ++tried) {
            at = (at + 1) % all.size();
            found = !used[at] && has_members(all[at], want);
        }
        if (found) used[at] = true;
        else if (++missing <= 5) ADD_FAILURE() << "no such " << what << ": " << want.dump();
    }
    if (missing > 5) ADD_FAILURE() << "and " << missing - 5 << " more are missing";
    std::vector<json> left;
    for (std::size_t index = 0; index < all.size(); ++index) {
        if (!used[index]) left.push_back(all[index]);
    }
    return left;
}

inline void check_findings(const json& expect, const json& report) {
    std::size_t shown = 0;
    for (const json& other : take(gather(report, "findings"), expect.at("findings"), "finding")) {
        if (expect.at("open") || other.at("confidence") == "low" || ++shown > 5) continue;
        ADD_FAILURE() << "a finding that nobody planted: " << other.dump();
    }
}

inline void check_programs(const json& expect, const json& report) {
    for (const json& other : take(gather(report, "programs"), expect.at("programs"), "program")) {
        if (expect.at("open") || other.at("role") != "is") continue;
        ADD_FAILURE() << "a program that is not there: " << other.dump();
    }
}

inline void check_images(const json& expect, const json& report) {
    const json& wanted = expect.at("images");
    if (wanted.empty()) return;
    const json& targets = report.at("targets");
    ASSERT_EQ(targets.size(), wanted.size());
    for (std::size_t image = 0; image < wanted.size(); ++image) {
        json description = wanted.at(image);
        const json states = description.at("layers");
        description.erase("layers");
        EXPECT_TRUE(has_members(targets.at(image).at("image"), description))
            << targets.at(image).at("image").dump() << " is not " << description.dump();
        const json& layers = targets.at(image).at("layers");
        ASSERT_EQ(layers.size(), states.size()) << "layers of image " << image;
        for (std::size_t index = 0; index < states.size(); ++index) {
            EXPECT_EQ(layers.at(index).at("index"), index);
            EXPECT_TRUE(agrees(layers.at(index).at("state"), states.at(index)))
                << "layer " << index << " is " << layers.at(index).dump() << ", not "
                << states.at(index).dump();
        }
    }
}

inline void check_gaps(const json& expect, const json& report) {
    std::multimap<std::string, json> gaps;
    const auto keep = [&](const json& gap) { gaps.emplace(gap.value("path", ""), gap); };
    for (const json& gap : gather(report, "gaps")) keep(gap);
    for (const json& layer : gather(report, "layers")) {
        for (const json& gap : layer.value("gaps", json::array())) keep(gap);
    }
    for (json wanted : expect.at("gaps")) {
        const std::string reason = wanted.at("reason");
        wanted.erase("reason");
        const bool anywhere = !wanted.contains("path");
        const std::string path = wanted.value("path", "");
        const auto first = anywhere ? gaps.begin() : gaps.lower_bound(path);
        const auto last = anywhere ? gaps.end() : gaps.upper_bound(path);
        const bool found = std::any_of(first, last, [&](const auto& gap) {
            return has_members(gap.second, wanted) &&
                   gap.second.value("reason", "").find(reason) != std::string::npos;
        });
        EXPECT_TRUE(found) << "no gap " << wanted.dump() << " because of '" << reason << "' in "
                           << json(gaps).dump().substr(0, 5000);
    }
}

inline void check_coverage(const json& expect, const json& report) {
    if (!expect.at("complete").is_boolean()) return;
    bool complete = true;
    for (const json& target : report.at("targets")) {
        complete = complete && target.at("coverage").value("complete", false);
    }
    EXPECT_EQ(complete, expect.at("complete").get<bool>())
        << report.at("targets").dump().substr(0, 2000);
}

/// Where there is no report there is an error: what and where in a line of its own, and
/// nothing of the attacker's as it is.
inline void check_error(const json& expect, const Ran& ran) {
    constexpr std::size_t most_in_a_line = 4096, most_at_all = 1 << 20;
    EXPECT_EQ(ran.out, "") << "an error and a report";
    EXPECT_LE(ran.err.size(), most_at_all);
    std::istringstream lines(ran.err);
    std::size_t told = 0;
    for (std::string line; std::getline(lines, line);) {
        EXPECT_LE(line.size(), most_in_a_line) << line.substr(0, 200);
        const bool raw = std::any_of(line.begin(), line.end(), [](unsigned char c) {
            return c < 0x20 || c == 0x7f;
        });
        EXPECT_FALSE(raw) << "control characters: " << json(line.substr(0, 200)).dump();
        // "stratascan: where: what"
        const std::size_t where = line.find(": ");
        if (line.starts_with("stratascan: ") && line.find(": ", where + 2) != line.npos) ++told;
    }
    EXPECT_GE(told, 1U) << ran.err;
    EXPECT_NE(ran.err.find(expect.at("error").get<std::string>()), std::string::npos) << ran.err;
    for (const std::string secret : expect.at("planted")) {
        EXPECT_EQ(ran.err.find(secret), std::string::npos) << "a planted secret is in the error";
    }
}

/// Everything at once, for a scan with `--format json`.
inline void check_report(const json& expect, const Ran& ran) {
    ASSERT_FALSE(ran.timed_out);
    ASSERT_EQ(ran.signal, 0) << ran.err;
    if (!expect.at("exit").is_null()) {
        EXPECT_TRUE(agrees(json(ran.exit), expect.at("exit")))
            << "exit code " << ran.exit << ", not " << expect.at("exit").dump() << "\n" << ran.err;
    }
    if (ran.exit == 3) return check_error(expect, ran);
    const json report = report_of(ran);
    ASSERT_TRUE(report.is_object()) << ran.out.substr(0, 400) << ran.err;
    EXPECT_EQ(report.value("schema", ""), "stratascan/report/1");
    check_images(expect, report);
    check_coverage(expect, report);
    check_findings(expect, report);
    check_programs(expect, report);
    check_gaps(expect, report);
}

}  // namespace stratascan::e2e
