// A digest names a blob and proves it: "sha256:" and 64 lower-case hex digits.
// Digests arrive from outside and become part of a path in a layout folder, so
// only one that parsed here may name a blob; "sha256:../../etc/shadow" does not.
#pragma once

#include <string>
#include <string_view>

#include "stratascan/error.hpp"

namespace stratascan::source {

/// A digest whose algorithm is known and whose value has that algorithm's form.
struct Digest {
    std::string algorithm;  ///< "sha256" or "sha512"
    std::string hex;        ///< lower case

    [[nodiscard]] std::string text() const { return algorithm + ':' + hex; }

    /// Where an OCI layout keeps the blob: "blobs/sha256/<hex>".
    [[nodiscard]] std::string blob_name() const { return "blobs/" + algorithm + '/' + hex; }
};

/// `malformed` when it is no digest at all, `unsupported` when it is one by an
/// algorithm that is not read. Neither error repeats the text.
[[nodiscard]] Result<Digest> parse_digest(std::string_view text);

/// The digest that a blob's name in a layout claims; an error for other names.
[[nodiscard]] Result<Digest> digest_of_blob_name(std::string_view name);

/// The digest of `bytes`. REQUIRES: `algorithm` came out of parse_digest.
[[nodiscard]] std::string compute_digest(std::string_view algorithm, std::string_view bytes);

/// True for a run of exactly 64 lower-case hex digits: what image tools name
/// the folders and files of a docker archive by.
[[nodiscard]] bool is_sha256_hex(std::string_view text) noexcept;

}  // namespace stratascan::source
