#include "scanner/policy/transparency.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "scanner/evidence/codec.hpp"

namespace stratascan::policy {

namespace {

bool is_about(const image::LogEntry& entry, const std::vector<std::string>& signatures) {
    return std::ranges::any_of(entry.signatures, [&](const std::string& one) {
        return std::ranges::find(signatures, one) != signatures.end();
    });
}

std::string node_hash(std::string_view left, std::string_view right) {
    std::string text = "\x01";
    text.append(left).append(right);
    return evidence::sha256(text);
}

// A signed note: its text, and the signatures below the blank line.
struct Note {
    std::string_view text, signatures;
};

std::optional<Note> read_note(std::string_view note) {
    const std::size_t blank = note.rfind("\n\n");
    if (blank == note.npos) return std::nullopt;
    return Note{note.substr(0, blank + 1), note.substr(blank + 2)};
}

std::string_view take_line(std::string_view& text) {
    const std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(line.size() + 1, text.size()));
    return line;
}

}  // namespace

bool leads_to_root(std::string_view leaf, const image::InclusionProof& proof) {
    if (proof.index >= proof.tree_size) return false;
    std::string hash = evidence::sha256(std::string(1, '\0').append(leaf));
    std::uint64_t first = proof.index, last = proof.tree_size - 1;
    for (const std::string& sibling : proof.hashes) {
        if (last == 0) return false;
        if (first % 2 == 1 || first == last) {
            hash = node_hash(sibling, hash);
            while (first % 2 == 0 && first != 0) {
                first /= 2;
                last /= 2;
            }
        } else {
            hash = node_hash(hash, sibling);
        }
        first /= 2;
        last /= 2;
    }
    return last == 0 && hash == proof.root;
}

bool LogKey::promised(const image::LogEntry& entry) const {
    if (entry.promise.empty() || entry.integrated_time <= 0) return false;
    // Members in the order of their names, no blanks: what RFC 8785 makes of them.
    const std::string message =
        fmt::format(R"({{"body":"{}","integratedTime":{},"logID":"{}","logIndex":{}}})",
                    evidence::encode_base64(entry.body), entry.integrated_time, entry.log_id,
                    entry.log_index);
    return key_.holds(message, entry.promise);
}

bool LogKey::in_signed_tree(const image::LogEntry& entry) const {
    if (!entry.proof || !leads_to_root(entry.body, *entry.proof)) return false;
    const auto note = read_note(entry.proof->checkpoint);
    if (!note) return false;
    std::string_view text = note->text;
    take_line(text);  // the log's name
    const bool same_tree = take_line(text) == std::to_string(entry.proof->tree_size) &&
                           evidence::decode_base64(take_line(text)) == entry.proof->root;
    if (!same_tree) return false;
    std::string_view lines = note->signatures;
    constexpr std::size_t hint_bytes = 4, most_lines = 32;
    for (std::size_t i = 0; i < most_lines && !lines.empty(); ++i) {
        const std::string_view line = take_line(lines);
        const auto bytes = evidence::decode_base64(line.substr(line.rfind(' ') + 1));
        if (!line.starts_with("\u2014 ") || !bytes || bytes->size() <= hint_bytes) continue;
        if (key_.holds(note->text, std::string_view(*bytes).substr(hint_bytes))) return true;
    }
    return false;
}

Logged LogKey::prove(const std::vector<image::LogEntry>& entries,
                     const std::vector<std::string>& signatures) const {
    Logged logged;
    bool about = false, known = false;
    for (const image::LogEntry& entry : entries) {
        if (!is_about(entry, signatures)) continue;
        about = true;
        // The second version of Rekor names its logs by another hash.
        known = known || entry.log_id == id_;
        if (entry.log_id == id_ && promised(entry)) {
            logged.at = logged.at ? std::min(*logged.at, entry.integrated_time)
                                  : entry.integrated_time;
        }
        logged.included = logged.included || in_signed_tree(entry);
    }
    if (logged.at || logged.included) return logged;
    logged.why_not = entries.empty() ? "no entry of a transparency log is kept with it"
                     : !about        ? "the log's entry is about another signature"
                     : !known        ? "the log's entry is of another log"
                                     : "the log's entry does not hold under the log's key";
    return logged;
}

}  // namespace stratascan::policy
