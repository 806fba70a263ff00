// What a transparency log said of a signature, kept beside it. Parsing only; whether the log
// said so is the policy's question (policy/transparency.hpp).
//   - In Sigstore bundles: verificationMaterial.tlogEntries (sigstore/protobuf-specs,
//     sigstore_rekor.proto, in its JSON form).
//   - With cosign's signatures: the annotation dev.sigstore.cosign/bundle (cosign,
//     specs/SIGNATURE_SPEC.md).
// An entry's body names the signature that it is about: the kinds hashedrekord, dsse and
// intoto of Rekor (sigstore/rekor, pkg/types), in the forms of its versions 1 and 2.
#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace stratascan::image {

/// That a leaf is in a tree of a given size (RFC 9162, 2.1.3), and the log's word for the
/// tree: a signed note (C2SP, tlog-checkpoint).
struct InclusionProof {
    std::uint64_t index = 0, tree_size = 0;
    std::string root;                 ///< 32 bytes
    std::vector<std::string> hashes;  ///< of 32 bytes each
    std::string checkpoint;
};

struct LogEntry {
    std::string body;                     ///< the leaf's bytes
    std::vector<std::string> signatures;  ///< raw bytes, that the body is about
    std::int64_t integrated_time = 0;     ///< seconds since 1970, as the log claims; 0: it does not
    std::int64_t log_index = -1;
    std::string log_id;   ///< hex SHA-256 of the log's public key
    std::string promise;  ///< raw signature over body, time, index and log; empty: none
    std::optional<InclusionProof> proof;
};

inline constexpr std::size_t most_log_entries = 8;
inline constexpr std::size_t most_proof_hashes = 64;

/// Of a bundle's verificationMaterial. What is damaged is left out.
[[nodiscard]] std::vector<LogEntry> read_log_entries(const nlohmann::json& material);

/// Of cosign's annotation.
[[nodiscard]] std::optional<LogEntry> read_cosign_entry(std::string_view annotation);

}  // namespace stratascan::image
