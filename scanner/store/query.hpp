// A question to the store, and the answer: in which images is it, or was it ever?
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "stratascan/report.hpp"

namespace stratascan::store {

/// What is asked for. All that is given must hold; a list asks for any of its elements.
struct Question {
    std::vector<std::string> secret_ids{};    ///< "hmac-sha256:…"
    std::vector<std::string> fingerprints{};  ///< "SHA256:…", or hex SHA-256 of the public half
    std::string account{};                    ///< of AWS, 12 digits
    std::string rule{};
    std::string program{};
    std::string version{};  ///< a range, see version_range.hpp; of programs
    std::string path{};     ///< a glob, see glob.hpp
    std::string sha256{};   ///< of a blob, a config, a manifest or a public key
    std::string image{};    ///< digest, "repository", "repository:tag"
    std::string layer{};    ///< digest of the blob
    std::size_t limit = 0;  ///< rows of the answer; 0: all
};

struct TagSpan {
    std::string tag;
    std::int64_t from = 0, until = 0;
    bool now = false;  ///< as of the last look
};

/// Whether the image can still be had.
enum class Pullable : std::uint8_t {
    at_last_look,  ///< it was there when its repository was last looked at
    gone,          ///< it was not
    not_known,     ///< it is no registry's, or its repository was not looked at as a whole
};

[[nodiscard]] std::string_view to_string(Pullable pullable) noexcept;

/// One place in one image of one repository.
struct Match {
    std::string registry, repository;
    std::vector<TagSpan> tags;  ///< in the order of time
    std::string digest;         ///< of the manifest
    std::string platform;
    std::string kind;           ///< "finding", "program", "layer", "image"
    std::string what;           ///< rule or program
    std::string version;        ///< of a program
    std::string layer;          ///< blob digest; empty: config or manifest
    int layer_index = -1;
    std::string path;
    std::vector<std::string> inner_path;
    std::uint64_t line = 0;
    std::string redacted, secret_id, fingerprint, evidence_detail;
    std::string source;
    std::optional<Severity> severity;
    std::optional<Visibility> visibility;  ///< nothing where it was not worked out
    int hidden_by = -1;
    std::string created_by;
    Pullable pullable = Pullable::not_known;
    std::int64_t first_seen = 0, last_seen = 0;
    std::optional<std::int64_t> gone_at;
};

struct Answer {
    std::vector<Match> matches;      ///< by registry, repository, digest, layer and path
    std::vector<std::string> notes;  ///< why there may be more than is told
    bool cut = false;                ///< the limit was reached
};

}  // namespace stratascan::store
