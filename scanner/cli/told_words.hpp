// What errors, notes and reports repeat of the files that are given beside targets: policies,
// suppressions, rules, tables of bases, manifests. A stranger may have written them, so a secret
// may stand wherever they have a word, and a word may be as long as its file.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "scanner/sandbox/sandbox.hpp"
#include "stratascan/error.hpp"

namespace stratascan::cli {

/// Looks through texts with the rules that the program carries, which are loaded when the first
/// text comes, inside of the sandbox. Not thread-safe.
class ToldWords {
public:
    /// `sandbox` must outlive it.
    explicit ToldWords(Sandbox& sandbox);
    ~ToldWords();
    ToldWords(const ToldWords&) = delete;
    ToldWords& operator=(const ToldWords&) = delete;

    /// What is found in them is redacted; a text that can't be looked at becomes "".
    void clean(const std::vector<std::string*>& texts);
    /// The same of one. REQUIRES: inside of the sandbox.
    [[nodiscard]] std::string cleaned(std::string_view text);

    /// As Error::message(), without secrets, and with long words cut.
    [[nodiscard]] std::string message(const Error& error);

private:
    struct Looking;
    void clean_inside(const std::vector<std::string*>& texts);
    [[nodiscard]] Looking* looking();

    Sandbox& sandbox_;
    std::unique_ptr<Looking> looking_;
};

/// complain(), of something that may repeat words of such a file; gives exit_failed.
int complain_of(const Error& error);
/// Those of a line each.
[[nodiscard]] std::vector<std::string> told(const std::vector<Error>& errors);

}  // namespace stratascan::cli
