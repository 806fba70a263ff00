#include "scanner/policy/baseline.hpp"

#include <nlohmann/json.hpp>
#include <vector>

#include "scanner/policy/verdict.hpp"
#include "scanner/text_file.hpp"

namespace stratascan::policy {

namespace {

constexpr std::size_t largest_report = std::size_t{512} << 20;
constexpr std::size_t deepest = 64;

// Reads a report without keeping it: of each object only the members that make an
// identity. No tree is built, so a report of any size or depth costs what it says.
class IdentityReader final : public nlohmann::json_sax<nlohmann::json> {
public:
    std::set<std::string> identities, set_aside;  ///< by items of checks
    std::set<std::string> found;                  ///< by findings and programs
    bool is_report = false;

    bool null() override { return true; }
    bool boolean(bool value) override {
        if (stack_.empty()) return true;
        if (key_ == "counts") stack_.back().counts = value;
        if (key_ == "in_baseline") stack_.back().in_baseline = value;
        return true;
    }
    bool number_integer(number_integer_t) override { return true; }
    bool number_unsigned(number_unsigned_t) override { return true; }
    bool number_float(number_float_t, const string_t&) override { return true; }
    bool binary(binary_t&) override { return true; }

    bool string(string_t& value) override {
        if (stack_.empty()) return true;
        Members& members = stack_.back();
        if (stack_.size() == 1 && key_ == "schema") is_report = value == "stratascan/report/1";
        if (key_ == "identity") members.identity = std::move(value);
        else if (key_ == "rule") members.rule = std::move(value);
        else if (key_ == "secret_id") members.secret = std::move(value);
        else if (key_ == "program") members.program = std::move(value);
        else if (key_ == "path") members.path = std::move(value);
        return true;
    }

    bool key(string_t& name) override {
        key_ = name;
        return true;
    }
    bool start_object(std::size_t) override {
        const bool suppressed = key_ == "suppressed";
        if (suppressed && !stack_.empty()) stack_.back().suppressed = true;
        stack_.emplace_back();
        key_.clear();
        return stack_.size() <= deepest;
    }
    bool end_object() override {
        const Members members = std::move(stack_.back());
        stack_.pop_back();
        key_.clear();
        if (!members.identity.empty()) {
            // The same thing may count under one policy and be let pass by another.
            const bool accepted =
                !members.suppressed && (members.counts || members.in_baseline);
            (accepted ? identities : set_aside).insert(members.identity);
        } else if (members.suppressed) {
            return true;
        } else if (!members.secret.empty() && !members.rule.empty()) {
            found.insert(secret_identity(members.rule, members.secret));
        } else if (!members.program.empty()) {
            found.insert(program_identity(members.program, members.path));
        }
        return true;
    }
    bool start_array(std::size_t) override { return ++arrays_ <= deepest * deepest; }
    bool end_array() override {
        --arrays_;
        return true;
    }
    bool parse_error(std::size_t, const std::string&, const nlohmann::json::exception&) override {
        return false;
    }

private:
    struct Members {
        std::string identity, rule, secret, program, path;
        bool counts = true, in_baseline = false, suppressed = false;
    };
    std::vector<Members> stack_;
    std::string key_;
    std::size_t arrays_ = 0;
};

}  // namespace

Result<std::set<std::string>> read_baseline(std::string_view report, const std::string& name) {
    IdentityReader reader;
    if (!nlohmann::json::sax_parse(report, &reader)) {
        return fail(ErrorCode::malformed, "the baseline is no JSON", name,
                    "give a report that --format json wrote");
    }
    if (!reader.is_report) {
        return fail(ErrorCode::malformed, "the baseline is no report of ours", name,
                    "give a report that --format json wrote");
    }
    for (const std::string& identity : reader.found) {
        if (!reader.set_aside.contains(identity)) reader.identities.insert(identity);
    }
    return std::move(reader.identities);
}

Result<std::set<std::string>> load_baseline(const std::string& path) {
    const auto text = read_text_file(path, largest_report);
    if (!text) {
        switch (text.error().code) {
            case ErrorCode::not_found:
                return fail(ErrorCode::not_found, "there is no such baseline", path);
            case ErrorCode::over_limit:
                return fail(ErrorCode::over_limit, "a baseline may have 512 MiB", path);
            default: return fail(ErrorCode::unreadable, "the baseline: " + text.error().what, path);
        }
    }
    return read_baseline(*text, path);
}

std::set<std::string> identities_in(const GateReport& gate) {
    std::set<std::string> identities;
    for (const TargetVerdict& target : gate.targets) {
        for (const Finding& finding : target.report->findings) {
            identities.insert(secret_identity(finding.rule, finding.secret_id));
        }
        for (const Program& program : target.report->programs) {
            identities.insert(program_identity(program.program, program.path));
        }
        for (const PolicyVerdict& verdict : target.policies) {
            for (const CheckResult& result : verdict.results) {
                for (const Item& item : result.answer.items) {
                    if (item.counts) identities.insert(identity_of(result.check.info.id, item));
                }
            }
        }
    }
    return identities;
}

}  // namespace stratascan::policy
