// What a transparency log proved of a signature, as far as that can be told without asking
// the log: that it promised to take the entry and when (Rekor's signed entry timestamp: the
// log's signature over RFC 8785 JSON of body, integratedTime, logID and logIndex), and that
// the entry is in a tree whose head the log signed (RFC 9162, 2.1.3.2; C2SP tlog-checkpoint).
// Not told: that the log shows the same tree to everyone, which takes witnesses.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "scanner/image/log_entry.hpp"
#include "scanner/policy/known_log.hpp"

namespace stratascan::policy {

/// That a signature existed at a time.
struct Logged {
    std::optional<std::int64_t> at;  ///< seconds since 1970, by a promise that holds
    bool included = false;           ///< in a tree whose head the log signed
    std::string why_not;             ///< where neither holds
};

class LogKey : public KnownLog<LogKey> {
public:
    /// Of the entries that are about one of the signatures (raw bytes), what holds.
    [[nodiscard]] Logged prove(const std::vector<image::LogEntry>& entries,
                               const std::vector<std::string>& signatures) const;

private:
    friend class KnownLog<LogKey>;
    explicit LogKey(VerifyKey key) : KnownLog(std::move(key)) {}

    [[nodiscard]] bool promised(const image::LogEntry& entry) const;
    [[nodiscard]] bool in_signed_tree(const image::LogEntry& entry) const;
};

/// Whether the proof leads from the leaf's bytes to its root. No signature is looked at.
[[nodiscard]] bool leads_to_root(std::string_view leaf, const image::InclusionProof& proof);

}  // namespace stratascan::policy
