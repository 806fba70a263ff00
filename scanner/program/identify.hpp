// From literals seen in a file to the program that the file is.
//
// The same Hyperscan pass that looks for secrets reports every program literal.
// Two halves: observe() runs on any worker while the bytes are in sight and
// takes what only they can tell (the version near the literal, the applet table
// of a multi-call program); FileJudge runs in stream order, one file at a time,
// and decides once the whole file has passed.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "scanner/program/elf.hpp"
#include "scanner/program/elf_evidence.hpp"
#include "scanner/program/program_rule.hpp"
#include "stratascan/error.hpp"
#include "stratascan/report.hpp"

namespace stratascan::program {

/// A program's names for what it does. At most `most_names` are told of one literal.
struct NameList {
    std::vector<std::string> names;
    bool cut = false;  ///< there are more
};
inline constexpr std::size_t most_names = 1000;

struct Observation {
    std::uint32_t literal = 0;        ///< index into ProgramSet::literals()
    std::uint64_t offset = 0;         ///< of the literal in the file
    std::string version;              ///< found near it; may be empty
    std::uint64_t version_distance = 0;
    std::vector<std::string> applets;
    bool applets_cut = false;   ///< there are more than are told
    std::optional<GoBuild> go;  ///< where the literal is one of Go's own
};

/// A file, once all of it has passed.
struct JudgedFile {
    const std::optional<ElfFacts>& elf;
    std::string_view path;
    std::uint32_t mode = 0;            ///< permission bits
    std::string_view interpreter = {}; ///< of a script
    const FileBytes* bytes = nullptr;  ///< null: they are not to be had
};

class ProgramSet {
public:
    /// Checks every rule; an Error names the one at fault. `trusted` rules were
    /// built before: their version expressions are compiled only when needed.
    [[nodiscard]] static Result<std::shared_ptr<const ProgramSet>> build(
        std::vector<ProgramRule> rules, bool trusted = false);

    /// Every literal that the pass must report, each once; an index into it is
    /// the literal's number. 4 bytes or more each.
    [[nodiscard]] const std::vector<std::string>& literals() const noexcept;
    [[nodiscard]] const std::vector<ProgramRule>& rules() const noexcept;
    /// Whether each place of the literal tells of one applet, so that all of them count.
    [[nodiscard]] bool tells_an_applet(std::uint32_t literal) const noexcept;
    /// Whether it is one of a program whose applets are read from the bytes round its
    /// texts once all of the file has passed.
    [[nodiscard]] bool needs_bytes(std::uint32_t literal) const noexcept;
    /// Whether a rule is about scripts: then files that begin with "#!" are of interest.
    [[nodiscard]] bool has_scripts() const noexcept;
    /// The rule that a module of this name belongs to; null: nobody's.
    [[nodiscard]] const ProgramRule* rule_of_module(std::string_view name) const;

    /// What the bytes round a literal tell. `around` holds the file's bytes up
    /// to 16 KiB on either side (fewer at the file's ends), `at` is where the
    /// literal starts in it. Thread-safe, linear in around.size().
    [[nodiscard]] Observation observe(std::uint32_t literal, std::uint64_t file_offset,
                                      std::string_view around, std::size_t at) const;

    ProgramSet(const ProgramSet&) = delete;
    ProgramSet& operator=(const ProgramSet&) = delete;
    ~ProgramSet();

private:
    ProgramSet();
    friend class FileJudge;
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

/// Applets that were told one at a time, with where each was seen first.
struct SingleApplets {
    std::map<std::string, std::uint64_t> names;
    bool cut = false;  ///< there are more

    /// `seen` has one applet.
    void add(Observation&& seen);
};

/// Collects one file's observations and judges it. Not thread-safe.
class FileJudge {
public:
    explicit FileJudge(std::shared_ptr<const ProgramSet> set);

    /// Keeps a bounded number of observations of each literal. A literal seen
    /// more often than that counts as loaded wherever it was: decoys must not
    /// hide the one that matters.
    void add(Observation seen);

    /// The programs that the file is or embeds; empty for a file that is neither ELF
    /// nor a script. Leaves the judge empty for the next file.
    [[nodiscard]] std::vector<Program> judge(const JudgedFile& file);
    /// Whether a program of the file that was judged last has more applets than are told.
    [[nodiscard]] bool applets_cut() const noexcept { return applets_cut_; }
    [[nodiscard]] std::vector<Program> judge(const std::optional<ElfFacts>& elf,
                                             std::string_view path, std::uint32_t mode) {
        return judge({elf, path, mode});
    }

private:
    [[nodiscard]] std::vector<Program> judge_script(const JudgedFile& file,
                                                    std::span<const Observation> seen) const;

    std::shared_ptr<const ProgramSet> set_;
    std::vector<Observation> seen_;
    std::vector<std::uint32_t> counts_;  ///< by literal: how often it was added
    /// By literal.
    std::map<std::uint32_t, SingleApplets> single_applets_;
    bool applets_cut_ = false;
};

/// A program that is there as a module of the folder that `path` is in.
[[nodiscard]] Program program_of_module(const ProgramRule& rule, std::string_view module,
                                        std::string_view version);

/// The applets of a busybox whose table lies in `around`: the longest strictly
/// ascending run of NUL-separated names; empty when there is none of 30 or more.
[[nodiscard]] std::vector<std::string> busybox_applets(std::string_view around);

/// Names between spaces up to a NUL, as coreutils in one file lists them. Sorted.
[[nodiscard]] NameList listed_applets(std::string_view list);

/// Of each line that begins with a quote the names in quotes in front of " - ", up to a
/// NUL, as dropbearmulti lists them. Sorted.
[[nodiscard]] NameList quoted_applets(std::string_view text);

/// The name behind the last slash of `text`, at most one; empty where none is.
[[nodiscard]] std::vector<std::string> applet_before(std::string_view text);

/// The name up to the first slash of `text`, at most one; empty where none is.
[[nodiscard]] std::vector<std::string> applet_behind(std::string_view text);

}  // namespace stratascan::program
