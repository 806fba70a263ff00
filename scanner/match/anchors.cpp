#include "scanner/match/anchors.hpp"

#include <fmt/format.h>
#include <re2/filtered_re2.h>
#include <re2/re2.h>

#include <algorithm>
#include <cctype>

#include "scanner/match/rule_limits.hpp"

namespace stratascan::match {

namespace {

std::string lower(std::string text) {
    for (char& c : text) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    return text;
}

// One pattern's tree of required strings.
class Requirements {
public:
    explicit Requirements(const std::string& pattern, std::size_t shortest)
        : filter_(static_cast<int>(shortest)) {
        re2::RE2::Options options;
        options.set_encoding(re2::RE2::Options::EncodingLatin1);
        options.set_log_errors(false);
        int id = 0;
        valid_ = filter_.Add(pattern, options, &id) == re2::RE2::NoError;
        if (valid_) filter_.Compile(&atoms_);
    }

    [[nodiscard]] bool valid() const { return valid_; }
    [[nodiscard]] const std::vector<std::string>& atoms() const { return atoms_; }

    // Whether a text can match that holds every atom but those with one of
    // `literals` (lower case) in them. A pattern without atoms passes always.
    [[nodiscard]] bool matches_without(const std::vector<std::string>& literals) const {
        if (atoms_.empty()) return true;
        std::vector<int> present;
        for (std::size_t i = 0; i < atoms_.size(); ++i) {
            const bool holds_one =
                std::any_of(literals.begin(), literals.end(), [&](const std::string& literal) {
                    return atoms_[i].find(literal) != std::string::npos;
                });
            if (!holds_one) present.push_back(static_cast<int>(i));
        }
        std::vector<int> potentials;
        filter_.AllPotentials(present, &potentials);
        return !potentials.empty();
    }

private:
    re2::FilteredRE2 filter_;
    std::vector<std::string> atoms_;
    bool valid_ = false;
};

std::vector<std::string> fewest(const Requirements& requirements) {
    std::vector<std::string> atoms = requirements.atoms();
    std::sort(atoms.begin(), atoms.end(), [](const auto& a, const auto& b) {
        return a.size() != b.size() ? a.size() > b.size() : a < b;
    });
    for (const std::string& atom : atoms) {
        if (!requirements.matches_without({atom})) return {atom};
    }
    // An alternation: every branch must bring its own. Shortest ones go first,
    // as long as the rest suffices.
    for (std::size_t i = atoms.size(); i-- > 0;) {
        std::vector<std::string> rest = atoms;
        rest.erase(rest.begin() + static_cast<std::ptrdiff_t>(i));
        if (!requirements.matches_without(rest)) atoms = std::move(rest);
    }
    return atoms;
}

// Atoms come in lower case. Where the pattern spells the atom out and does not
// ignore case, its own spelling is the narrower anchor.
bool take_spelling(const std::string& pattern, std::string& atom) {
    if (pattern.find("(?i") != std::string::npos) return false;
    std::string plain;
    for (std::size_t i = 0; i < pattern.size(); ++i) {
        const bool escape = pattern[i] == '\\' && i + 1 < pattern.size() &&
                            std::ispunct(static_cast<unsigned char>(pattern[i + 1])) != 0;
        if (escape) ++i;
        plain += pattern[i];
    }
    const std::size_t at = lower(plain).find(atom);
    if (at == std::string::npos) return false;
    const std::string spelling = plain.substr(at, atom.size());
    if (lower(plain).find(atom, at + 1) != std::string::npos &&
        plain.find(spelling, at + 1) == std::string::npos) {
        return false;
    }
    atom = spelling;
    return true;
}

}  // namespace

Result<Anchors> derive_anchors(const std::string& pattern) {
    const Requirements requirements(pattern, shortest_anchor);
    if (!requirements.valid()) {
        return fail(ErrorCode::invalid_argument, "the pattern is no RE2 expression");
    }
    if (requirements.atoms().empty() || requirements.matches_without(requirements.atoms())) {
        return fail(ErrorCode::invalid_argument,
                    "no literal of 4 bytes or more is required by the pattern", {},
                    "give the pattern a fixed prefix, or write a `gate`, or `anchors` and `reach`");
    }
    if (requirements.atoms().size() > most_derived_anchors) {
        return fail(ErrorCode::over_limit,
                    fmt::format("the pattern has {} literals of which one may be required; {} is "
                                "the most",
                                requirements.atoms().size(), most_derived_anchors),
                    {}, "name `anchors`, write a `gate`, or make several rules of it");
    }
    Anchors anchors{fewest(requirements), false};
    for (std::string& literal : anchors.literals) {
        if (!take_spelling(pattern, literal)) anchors.nocase = true;
    }
    if (anchors.nocase) {
        for (std::string& literal : anchors.literals) literal = lower(literal);
    }
    return anchors;
}

}  // namespace stratascan::match
