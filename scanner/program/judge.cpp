// What a file is, once all of it has passed.
//
// An identity literal proves a program only where the kernel would load it: a
// debug section, a DWARF producer text or bytes appended to a file are no code.
// And it proves one program: a file that carries the identities of many is a
// scanner, a rule file or a help index, so all of them are only mentioned.
#include <algorithm>
#include <optional>
#include <span>
#include <utility>

#include <fmt/format.h>

#include "scanner/program/applets.hpp"
#include "scanner/program/identify.hpp"
#include "scanner/program/program_index.hpp"
#include "scanner/program/version.hpp"

namespace stratascan::program {
namespace {

constexpr std::uint32_t kept_per_literal = 32;
constexpr std::size_t programs_in_one_file = 8;
constexpr std::size_t longest_evidence = 80;
constexpr std::size_t most_evidence = 8;
constexpr std::uint32_t setuid_bit = 04000, setgid_bit = 02000;

constexpr std::uint16_t et_exec = 2;
constexpr std::uint16_t et_dyn = 3;

using LiteralFlags = std::vector<bool>;

bool all_of(const LiteralNumbers& literals, const LiteralFlags& present) {
    return std::ranges::all_of(literals, [&](std::uint32_t n) { return present[n]; });
}

bool any_of(const LiteralNumbers& literals, const LiteralFlags& present) {
    return std::ranges::any_of(literals, [&](std::uint32_t n) { return present[n]; });
}

/// `literal "…"`, at most 80 characters in all, with control bytes escaped.
std::string evidence_of(std::string_view literal) {
    constexpr std::size_t room = longest_evidence - std::string_view(R"(literal "...")").size();
    std::string text;
    bool cut = false;
    for (const char c : literal) {
        const bool printable = c >= ' ' && c <= '~';
        const std::string piece =
            printable ? std::string(1, c)
                      : fmt::format("\\x{:02x}", static_cast<unsigned char>(c));
        cut = text.size() + piece.size() > room;
        if (cut) break;
        text += piece;
    }
    return fmt::format("literal \"{}{}\"", text, cut ? "..." : "");
}

std::string_view basename_of(std::string_view path) {
    while (path.ends_with('/')) path.remove_suffix(1);
    const std::size_t slash = path.rfind('/');
    return slash == std::string_view::npos ? path : path.substr(slash + 1);
}

bool known_by(const ProgramRule& rule, const std::vector<std::string>& applets,
              std::string_view name) {
    if (name == rule.id) return true;
    // A multi-call program goes by the name of each of its applets.
    if (std::ranges::find(applets, name) != applets.end()) return true;
    return std::ranges::any_of(rule.names,
                               [&](const std::string& glob) { return name_matches(glob, name); });
}

bool is_static(const ElfFacts& elf) {
    return !elf.has_interpreter && !elf.is_library() && (!elf.has_dynamic || elf.is_pie);
}

/// Facts of the file that every program found in it shares.
Program of_file(const ElfFacts& elf, std::string_view path, std::uint32_t mode) {
    Program program;
    program.path = path;
    program.is_static = is_static(elf);
    program.packed = elf.packed;
    program.setuid = (mode & setuid_bit) != 0;
    program.setgid = (mode & setgid_bit) != 0;
    program.binary = elf.binary;
    return program;
}

Program of_rule(Program program, const ProgramRule& rule) {
    program.program = rule.id;
    program.title = rule.title;
    program.program_class = rule.program_class;
    program.runs_commands = rule.runs_commands;
    program.packed = program.packed || rule.program_class == "packed";
    return program;
}

Program hidden_by_packer(Program program) {
    program.program = "packed";
    program.title = "Packed executable";
    program.program_class = "packed";
    program.version_reason = "a packer hides the program";
    program.evidence.emplace_back("packer mark \"UPX!\"");
    return program;
}

/// What one file showed of one rule.
class RuleView {
public:
    RuleView(const RuleIndex& index, const LiteralFlags& present,
             std::span<const Observation> loaded)
        : index_(index), present_(present), loaded_(loaded) {}

    [[nodiscard]] bool holds() const {
        return std::ranges::any_of(index_.identity,
                                   [&](const auto& set) { return all_of(set, present_); }) &&
               !any_of(index_.unless, present_);
    }

    [[nodiscard]] bool embedded() const { return any_of(index_.embedded_when, present_); }

    /// The version nearest to its literal; of equals the first in the file.
    [[nodiscard]] const Observation* version() const {
        const Observation* best = nullptr;
        for (const Observation& seen : loaded_) {
            if (seen.version.empty() || !is_versioned(seen.literal)) continue;
            if (best == nullptr || std::pair(seen.version_distance, seen.offset) <
                                       std::pair(best->version_distance, best->offset)) {
                best = &seen;
            }
        }
        return best;
    }

    [[nodiscard]] std::vector<std::string> evidence(
        const std::vector<std::string>& literals) const {
        std::vector<std::string> texts;
        for (const LiteralNumbers& set : index_.identity) {
            if (!all_of(set, present_)) continue;
            for (const std::uint32_t literal : set) {
                std::string text = evidence_of(literals[literal]);
                if (std::ranges::find(texts, text) == texts.end()) texts.push_back(std::move(text));
            }
        }
        if (texts.size() > most_evidence) texts.resize(most_evidence);
        return texts;
    }

private:
    [[nodiscard]] bool is_versioned(std::uint32_t literal) const {
        return std::ranges::find(index_.versioned, literal) != index_.versioned.end();
    }

    const RuleIndex& index_;
    const LiteralFlags& present_;
    std::span<const Observation> loaded_;
};

/// A version as the rule's expression would have it: "v1.2.3" -> "1.2.3".
std::string plain_version(std::string_view text) {
    if (text.starts_with('v')) text.remove_prefix(1);
    const bool plain = !text.empty() && text[0] >= '0' && text[0] <= '9';
    return plain ? std::string(text) : std::string();
}

std::string version_of(const GoBuild& build) {
    std::string version = plain_version(build.module_version);
    if (!version.empty()) return version;
    for (const std::string& linked : build.linked) {
        version = plain_version(std::string_view(linked).substr(linked.find('=') + 1));
        if (!version.empty()) return version;
    }
    return {};
}

void set_version(Program& program, const ProgramRule& rule, std::string_view literal,
                 const Observation* seen) {
    if (seen != nullptr) {
        program.version = seen->version;
        program.version_source = literal.starts_with("path\t") ? "go-buildinfo" : "binary";
        return;
    }
    if (program.binary.go && program.role == Role::is) {
        program.version = version_of(*program.binary.go);
        program.version_source = "go-buildinfo";
    }
    if (!program.version.empty()) return;
    program.version_source.clear();
    program.version_reason = rule.version_reason.empty()
                                 ? "no version text near the identity literal"
                                 : rule.version_reason;
}

/// The needed library whose version the program's is; empty: none.
std::string library_of(const ProgramRule& rule, const ElfFacts& elf) {
    if (rule.version_from_library.empty()) return {};
    for (const std::string& needed : elf.needed) {
        if (name_matches(rule.version_from_library, needed)) return needed;
    }
    return {};
}

void add_evidence(std::vector<Program>& programs, const ElfFacts& elf, const FileBytes& file) {
    BinaryFacts facts = elf.binary;
    const SectionFacts sections = read_sections(elf, file, facts);
    for (Program& program : programs) {
        facts.go = program.binary.go;
        program.binary = facts;
        program.stripped = sections.stripped;
        program.sections_missing = sections.missing;
    }
}

/// More identities than one program can have make all of them mentions, save
/// in a multi-call program that shows its table.
void lower_crowd(std::vector<Program>& programs) {
    const bool multicall =
        std::ranges::any_of(programs, [](const Program& p) { return !p.applets.empty(); });
    if (multicall || programs.size() <= programs_in_one_file) return;
    for (Program& program : programs) {
        program.role = Role::mentions;
        program.renamed = false;
    }
}

}  // namespace

FileJudge::FileJudge(std::shared_ptr<const ProgramSet> set)
    : set_(std::move(set)), counts_(set_->literals().size()) {}

void FileJudge::add(Observation seen) {
    if (seen.literal >= counts_.size()) return;
    const LiteralUse& use = set_->impl_->uses[seen.literal];
    if ((use.applet_before || use.applet_behind) && !seen.applets.empty()) {
        single_applets_[seen.literal].add(std::move(seen));
        return;
    }
    if (counts_[seen.literal] <= kept_per_literal) ++counts_[seen.literal];
    if (counts_[seen.literal] <= kept_per_literal) seen_.push_back(std::move(seen));
}

std::vector<Program> FileJudge::judge(const JudgedFile& file) {
    const auto& [elf, path, mode, interpreter, bytes] = file;
    std::vector<Observation> loaded = std::exchange(seen_, {});
    std::vector<Program> programs;
    const auto single_applets = std::exchange(single_applets_, {});
    applets_cut_ = false;
    if (loaded.empty() && !(elf && elf->packed)) return programs;
    LiteralFlags overflowed(counts_.size());
    for (const Observation& seen : loaded) {
        overflowed[seen.literal] = counts_[seen.literal] > kept_per_literal;
    }
    for (const Observation& seen : loaded) counts_[seen.literal] = 0;
    if (!elf && !interpreter.empty()) return judge_script(file, loaded);
    // Object files and core dumps hold programs' texts, but nobody can start them.
    if (!elf || (elf->type != et_exec && elf->type != et_dyn)) return programs;

    std::erase_if(loaded, [&](const Observation& seen) {
        return !overflowed[seen.literal] && !elf->loaded(seen.offset);
    });
    LiteralFlags present(counts_.size());
    for (const Observation& seen : loaded) present[seen.literal] = true;

    Program shared = of_file(*elf, path, mode);
    for (const Observation& seen : loaded) {
        if (seen.go)
            merge(shared.binary.go ? *shared.binary.go : shared.binary.go.emplace(), *seen.go);
    }
    const ProgramSet::Impl& impl = *set_->impl_;
    for (std::size_t i = 0; i < impl.rules.size(); ++i) {
        if (!impl.rules[i].shebang.empty()) continue;
        const RuleView view(impl.indexes[i], present, loaded);
        if (!view.holds()) continue;
        const ProgramRule& rule = impl.rules[i];
        Program program = of_rule(shared, rule);
        program.role = elf->is_library() || view.embedded() ? Role::embeds : Role::is;
        if (!rule.multicall.empty()) {
            const bool cut =
                add_applets(program, rule, file, {loaded, single_applets, impl.literals});
            applets_cut_ = applets_cut_ || cut;
        }
        program.renamed =
            program.role == Role::is && !known_by(rule, program.applets, basename_of(path));
        program.evidence = view.evidence(impl.literals);
        const Observation* version = view.version();
        set_version(program, rule, version == nullptr ? "" : impl.literals[version->literal],
                    version);
        program.version_library = library_of(rule, *elf);
        programs.push_back(std::move(program));
    }
    lower_crowd(programs);
    if (programs.empty() && elf->packed) {
        programs.push_back(hidden_by_packer(of_file(*elf, path, mode)));
    }
    if (bytes != nullptr && !programs.empty()) add_evidence(programs, *elf, *bytes);
    return programs;
}

std::vector<Program> FileJudge::judge_script(const JudgedFile& file,
                                             std::span<const Observation> seen) const {
    const ProgramSet::Impl& impl = *set_->impl_;
    LiteralFlags present(counts_.size());
    for (const Observation& one : seen) present[one.literal] = true;
    std::vector<Program> programs;
    for (std::size_t i = 0; i < impl.rules.size(); ++i) {
        const ProgramRule& rule = impl.rules[i];
        const bool runs_it = std::ranges::any_of(rule.shebang, [&](const std::string& glob) {
            return name_matches(glob, file.interpreter);
        });
        const RuleView view(impl.indexes[i], present, seen);
        if (!runs_it || !view.holds()) continue;
        Program program = of_rule({}, rule);
        program.path = file.path;
        program.is_script = true;
        program.setuid = (file.mode & setuid_bit) != 0;
        program.setgid = (file.mode & setgid_bit) != 0;
        program.role = view.embedded() ? Role::embeds : Role::is;
        program.renamed = program.role == Role::is && !known_by(rule, {}, basename_of(file.path));
        program.evidence = view.evidence(impl.literals);
        program.evidence.push_back(fmt::format("script for {}", file.interpreter));
        const Observation* version = view.version();
        set_version(program, rule, "", version);
        if (version != nullptr) program.version_source = "script";
        programs.push_back(std::move(program));
    }
    lower_crowd(programs);
    return programs;
}

Program program_of_module(const ProgramRule& rule, std::string_view module,
                          std::string_view version) {
    Program program = of_rule({}, rule);
    program.is_script = true;
    program.version = version;
    if (version.empty()) {
        program.version_reason = "its module does not say";
    } else {
        program.version_source = "module";
    }
    program.evidence.push_back(fmt::format("module {}", module));
    return program;
}

}  // namespace stratascan::program
