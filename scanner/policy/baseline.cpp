#include "scanner/policy/baseline.hpp"

#include <fmt/format.h>

#include <array>
#include <istream>
#include <nlohmann/json.hpp>
#include <optional>
#include <span>
#include <streambuf>
#include <vector>

#include "scanner/policy/verdict.hpp"
#include "scanner/source/file_blob.hpp"
#include "scanner/text_file.hpp"

namespace stratascan::policy {

namespace {

constexpr std::uint64_t largest_report = std::uint64_t{512} << 20;
constexpr std::size_t deepest = 64;
// Far above those of a report of ours; a text is held until it ends, and those that make an
// identity until their object does.
constexpr std::size_t longest_text = 1 << 20;
constexpr std::size_t longest_kept = 64 << 10;
// Each is held until the gate ends, in some 130 bytes.
constexpr std::size_t most_identities = 1'000'000;
constexpr std::size_t identity_length = 32;

// A report part by part. What stands between two marks of JSON may be as long as `longest_text`:
// the parser keeps it.
class ReportBytes final : public std::streambuf {
public:
    explicit ReportBytes(source::BlobReader& blob) : blob_(blob) {}

    /// Why it ended before its end.
    [[nodiscard]] const std::optional<Error>& trouble() const noexcept { return trouble_; }

protected:
    int_type underflow() override {
        if (trouble_) return traits_type::eof();
        const auto got = blob_.read(std::as_writable_bytes(std::span(part_)));
        if (!got) {
            trouble_ = got.error();
        } else if (*got > 0 && !follow({part_.data(), *got})) {
            trouble_ = Error{ErrorCode::over_limit, "it has a text of more than 1 MiB", {}, {}};
        }
        if (trouble_ || *got == 0) return traits_type::eof();
        setg(part_.data(), part_.data(), part_.data() + *got);
        return traits_type::to_int_type(part_.front());
    }

private:
    bool follow(std::string_view bytes) noexcept {
        for (const char c : bytes) {
            const bool mark = in_text_ ? c == '"' && !escaped_
                                       : std::string_view("\"{}[]:,").contains(c);
            escaped_ = in_text_ && c == '\\' && !escaped_;
            if (mark && c == '"') in_text_ = !in_text_;
            length_ = mark ? 0 : length_ + 1;
            if (length_ > longest_text) return false;
        }
        return true;
    }

    source::BlobReader& blob_;
    std::array<char, 64 << 10> part_{};
    std::optional<Error> trouble_;
    std::size_t length_ = 0;
    bool in_text_ = false, escaped_ = false;
};

// Reads a report without keeping it: of each object only the members that make an
// identity. No tree is built, so a report of any size or depth costs what it says.
class IdentityReader final : public nlohmann::json_sax<nlohmann::json> {
public:
    std::set<std::string> identities, set_aside;  ///< by items of checks
    std::set<std::string> found;                  ///< by findings and programs
    bool is_report = false;
    std::string too_much;  ///< why it was not read to its end; may be empty

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
        std::string* const into = key_ == "identity"    ? &members.identity
                                  : key_ == "rule"      ? &members.rule
                                  : key_ == "secret_id" ? &members.secret
                                  : key_ == "program"   ? &members.program
                                  : key_ == "path"      ? &members.path
                                                        : nullptr;
        if (into == nullptr) return true;
        if (value.size() > longest_kept) {
            too_much = fmt::format("it has a `{}` of more than 64 KiB", key_);
            return false;
        }
        *into = std::move(value);
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
            if (members.identity.size() != identity_length) return true;  // none of ours
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
        if (identities.size() + set_aside.size() + found.size() <= most_identities) return true;
        too_much = fmt::format("it has more than {} findings and programs", most_identities);
        return false;
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

Result<std::set<std::string>> read_report(source::BlobReader& blob, const std::string& name) {
    constexpr const char* hint = "give a report that --format json wrote";
    ReportBytes bytes(blob);
    std::istream stream(&bytes);
    IdentityReader reader;
    const bool sound = nlohmann::json::sax_parse(stream, &reader);
    if (bytes.trouble() || !reader.too_much.empty()) {
        const Error error = bytes.trouble().value_or(
            Error{ErrorCode::over_limit, std::move(reader.too_much), {}, {}});
        return fail(error.code, "the baseline: " + error.what, name, hint);
    }
    if (!sound) return fail(ErrorCode::malformed, "the baseline is no JSON", name, hint);
    if (!reader.is_report) {
        return fail(ErrorCode::malformed, "the baseline is no report of ours", name, hint);
    }
    for (const std::string& set_aside : reader.set_aside) reader.found.erase(set_aside);
    reader.identities.merge(reader.found);
    return std::move(reader.identities);
}

}  // namespace

Result<std::set<std::string>> read_baseline(std::string_view report, const std::string& name) {
    return read_report(*source::open_memory_blob(std::string(report)), name);
}

Result<std::set<std::string>> load_baseline(const std::string& path) {
    if (auto sound = check_given_file(path, "baseline"); !sound) {
        return std::unexpected(sound.error());
    }
    const auto file = source::open_file_blob(path);
    if (!file) return std::unexpected(file.error());
    if (std::cmp_greater((*file)->size(), largest_report)) {
        return fail(ErrorCode::over_limit, "the baseline may have 512 MiB", path);
    }
    return read_report(**file, path);
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
