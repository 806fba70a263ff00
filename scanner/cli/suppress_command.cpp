// `suppress`: writes an entry into a suppression file.
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <string>

#include "scanner/cli/command.hpp"
#include "scanner/cli/told_words.hpp"
#include "scanner/policy/date.hpp"
#include "scanner/policy/suppression.hpp"
#include "scanner/source/file_blob.hpp"

namespace stratascan::cli {

namespace {

struct SuppressArguments {
    policy::Suppression entry;
    std::string until, file;
};

constexpr std::string_view secret_prefix = "hmac-sha256:";

// Appended in one write, so that two at once leave two entries; what a full disk cuts off is
// taken back, for half an entry would spoil those before it.
bool append(const std::string& file, const std::string& entry) {
    const source::UniqueFd out(
        ::open(file.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0666));
    struct stat before {};
    const bool opened = out.get() >= 0 && ::fstat(out.get(), &before) == 0;
    const std::string text =
        (opened && before.st_size > 0
             ? "\n"
             : "# What may pass for a while; see `stratascan suppress --help`.\n\n") +
        entry;
    const ssize_t done = opened ? ::write(out.get(), text.data(), text.size()) : -1;
    if (done == static_cast<ssize_t>(text.size())) return true;
    const int why = done < 0 ? errno : ENOSPC;
    std::string failed = file + ": the entry can't be written: " + source::system_message(why);
    if (done > 0 && ::ftruncate(out.get(), before.st_size) != 0) {
        failed += ", and half of it stands there";
    }
    complain(failed);
    if (opened && before.st_size == 0) ::unlink(file.c_str());
    return false;
}

int suppress(SuppressArguments& arguments) {
    const std::int64_t now = std::chrono::duration_cast<std::chrono::seconds>(
                                 std::chrono::system_clock::now().time_since_epoch())
                                 .count();
    policy::Suppression& entry = arguments.entry;
    if (!entry.secret.empty() && !entry.secret.starts_with(secret_prefix)) {
        return complain("an identity begins with hmac-sha256: (it is `secret_id` in the JSON "
                        "report); give anything else with --rule, --program, --path, --layer or "
                        "--check");
    }
    const auto until = arguments.until.size() == 10 ? policy::read_date(arguments.until)
                                                    : std::nullopt;
    if (!until) return complain("--until is no day (write 2027-01-31)");
    entry.until = *until + policy::seconds_a_day - 1;
    const std::string file =
        arguments.file.empty() ? std::string(policy::default_suppressions) : arguments.file;
    const auto text = policy::write_suppression(entry, now);
    if (!text) return complain(text.error().message());
    // An entry behind a broken one would never count.
    std::error_code error;
    if (std::filesystem::exists(file, error)) {
        const auto there = policy::load_suppressions(file, now);
        if (!there) return complain_of(there.error());
    }
    if (!append(file, *text)) return exit_failed;
    return write_output({}, file + ": added\n" + *text) ? exit_clean : exit_failed;
}

/// As tools for changes name who makes one.
std::string whoever_asks() {
    for (const char* const name : {"EMAIL", "GIT_AUTHOR_EMAIL", "LOGNAME", "USER"}) {
        const char* const value = std::getenv(name);
        if (value != nullptr && *value != '\0') return value;
    }
    return {};
}

}  // namespace

void add_suppress_command(CLI::App& app, int& code) {
    auto arguments = std::make_shared<SuppressArguments>();
    CLI::App* const command = app.add_subcommand(
        "suppress", "Write an entry that lets something pass for a while");
    command->footer("All that is given must match. The entry is told in every report; from the day\n"
                    "behind --until on it no longer counts.");
    policy::Suppression& entry = arguments->entry;
    command->add_option("id", entry.secret, "A secret's identity (`secret_id` in the JSON report)");
    command->add_option("--rule", entry.rule, "Findings of this rule");
    command->add_option("--program", entry.program, "This program");
    command->add_option("--path", entry.path, "Files of these paths; * and ** are patterns");
    command->add_option("--layer", entry.layer, "The layer of this digest");
    command->add_option("--check", entry.check, "This check of a policy");
    command->add_option("--reason", entry.reason, "Why it may pass")->required();
    entry.owner = whoever_asks();
    command->add_option("--owner", entry.owner,
                        "Who answers for it (default: $EMAIL, or the user's name)");
    command->add_option("--until", arguments->until, "The last day, at most a year away")
        ->required();
    command->add_option("--suppressions", arguments->file, "The file (default: .stratascan.toml)");
    command->callback([arguments, &code] { code = suppress(*arguments); });
}

}  // namespace stratascan::cli
