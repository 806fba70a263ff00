#include "scanner/report/gate_phrases.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "scanner/policy/date.hpp"
#include "scanner/report/report_writer.hpp"
#include "scanner/report/text.hpp"

namespace stratascan::report {

using policy::CheckResult;
using policy::Item;
using policy::Outcome;

const policy::TargetVerdict* verdict_of(const policy::GateReport* gate,
                                        const TargetReport& target) {
    if (gate == nullptr) return nullptr;
    const auto found =
        std::find_if(gate->targets.begin(), gate->targets.end(),
                     [&](const policy::TargetVerdict& one) { return one.report == &target; });
    return found == gate->targets.end() ? nullptr : &*found;
}

std::string references_of(const CheckResult& result, bool with_section) {
    std::string text = with_section ? result.check.section : std::string();
    const auto add = [&text](std::string_view what, const std::vector<std::string>& list) {
        if (list.empty()) return;
        if (!text.empty()) text += " · ";
        text += fmt::format("{} {}", what, listed(list, ", "));
    };
    add("NIST", result.check.info.nist);
    add("CIS", result.check.info.cis);
    add("BSI", result.check.info.bsi);
    return text;
}

std::string place_of(const Item& item) {
    std::string text = place_in(item.path, item.inner_path);
    if (item.line > 0 && item.layer_index >= 0) text += fmt::format(":{}", item.line);
    return text;
}

std::string set_aside(const Item& item, const policy::GateReport& gate) {
    if (item.suppressed_by >= 0) {
        const auto& by = gate.suppressions[static_cast<std::size_t>(item.suppressed_by)];
        return fmt::format("suppressed until {} by {}: {} ({})", policy::written_date(by.until),
                           by.owner, by.reason, by.where);
    }
    if (item.of_base) return "of the base";
    if (item.in_baseline) return "in the baseline";
    return item.allowed;
}

std::string item_line(const Item& item, const policy::GateReport& gate) {
    std::string line = printable(item.text);
    const auto add = [&line](const std::string& part) {
        if (!part.empty()) line += (line.empty() ? "" : " · ") + part;
    };
    add(place_of(item));
    if (item.layer_index >= 0) add(fmt::format("layer {}", item.layer_index));
    if (item.layer_index >= 0) add(build_step(item.created_by));
    const std::string aside = set_aside(item, gate);
    if (!aside.empty()) line += " (" + printable(aside) + ")";
    return line;
}

std::vector<ItemGroup> groups_of(const CheckResult& result, const policy::GateReport& gate) {
    std::vector<ItemGroup> groups;
    for (const Item& item : result.answer.items) {
        if (!item.counts) continue;
        std::string aside = item.open() ? std::string() : set_aside(item, gate);
        auto place = std::find_if(groups.begin(), groups.end(),
                                  [&](const ItemGroup& one) { return one.aside == aside; });
        if (place == groups.end()) place = groups.insert(groups.end(), {std::move(aside), {}});
        place->items.push_back(&item);
    }
    std::stable_partition(groups.begin(), groups.end(),
                          [](const ItemGroup& one) { return one.aside.empty(); });
    return groups;
}

std::string_view weight_of(const CheckResult& result) {
    if (result.fails) return "fails";
    if (result.blocks) return "not known";
    if (result.answer.outcome != Outcome::fail) return to_string(result.answer.outcome);
    const auto& items = result.answer.items;
    const bool open = result.answer.left_out > 0 ||
                      std::any_of(items.begin(), items.end(),
                                  [](const Item& item) { return item.open(); });
    return open ? "told" : "set aside";
}

std::vector<std::string> reasons_of(const policy::PolicyVerdict& verdict,
                                    const TargetReport& report) {
    std::vector<std::string> reasons;
    for (const CheckResult& result : verdict.results) {
        if (result.fails) reasons.push_back(result.check.info.reason);
    }
    for (const CheckResult& result : verdict.results) {
        if (!result.blocks) continue;
        reasons.push_back(fmt::format("Not known: {} ({})", result.check.info.title,
                                      printable(result.answer.reason)));
    }
    if (report.image.kind == "unread") {
        reasons.push_back("It was not read: " + printable(verdict.incomplete));
    } else if (!verdict.incomplete.empty()) {
        reasons.push_back("Not everything was read: " + counted(report.coverage.gaps, "gap"));
    }
    return reasons;
}

std::vector<AnswerGroup> answered(const policy::PolicyVerdict& verdict, Outcome outcome) {
    std::vector<AnswerGroup> groups;
    for (const CheckResult& result : verdict.results) {
        if (result.answer.outcome != outcome) continue;
        std::string reason =
            outcome == Outcome::pass ? std::string() : printable(result.answer.reason);
        auto same = std::find_if(groups.begin(), groups.end(), [&](const AnswerGroup& one) {
            return one.reason == reason;
        });
        if (same == groups.end()) same = groups.insert(groups.end(), {{}, std::move(reason)});
        same->checks.push_back(result.check.info.id);
    }
    return groups;
}

std::string app_name(const policy::ManifestVerdict& manifest) {
    return manifest.app.empty() ? "without an id" : manifest.app;
}

std::string_view eligibility(const policy::ManifestVerdict& manifest) {
    if (!manifest.reasons.empty()) return "is not eligible";
    return manifest.doubts.empty() ? "is eligible" : "can't be judged";
}

}  // namespace stratascan::report
