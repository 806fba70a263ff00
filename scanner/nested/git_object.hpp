// What git stores: four kinds of objects, each known by the hash of
// "KIND SIZE\0CONTENTS". gitformat-loose(5), gitformat-pack(5), and for SHA-256
// hash-function-transition in git's technical documentation.
#pragma once

#include <openssl/types.h>

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "scanner/nested/archive_parser.hpp"

namespace stratascan::nested {

class GitHistory;

/// The numbers are those of a pack's object headers.
enum class GitKind : std::uint8_t { none = 0, commit = 1, tree = 2, blob = 3, tag = 4 };
enum class GitHash : std::uint8_t { sha1, sha256 };

[[nodiscard]] std::string_view to_string(GitKind kind) noexcept;
[[nodiscard]] constexpr std::size_t bytes_of(GitHash hash) noexcept {
    return hash == GitHash::sha1 ? 20 : 32;
}

/// The id of an object; as bytes, 20 of SHA-1 or 32 of SHA-256.
struct GitId {
    std::array<char, 32> bytes{};
    std::uint8_t size = 0;

    [[nodiscard]] std::string_view view() const noexcept { return {bytes.data(), size}; }
    [[nodiscard]] static GitId of(std::string_view raw) noexcept;
};

[[nodiscard]] std::string to_hex(std::string_view raw);
/// The bytes of 40 or 64 lower-case hex digits; nothing for any other text.
[[nodiscard]] std::optional<GitId> id_from_hex(std::string_view hex) noexcept;

/// A hash as bytes come. One at a time.
class GitHasher {
public:
    explicit GitHasher(GitHash hash);
    /// Begins anew with what stands in front of an object's contents.
    void begin(GitKind kind, std::uint64_t size);
    void begin();
    void add(std::string_view bytes);
    [[nodiscard]] GitId finish();

private:
    struct Free {
        void operator()(EVP_MD_CTX* context) const noexcept;
    };
    std::unique_ptr<EVP_MD_CTX, Free> context_;
    GitHash hash_;
};

[[nodiscard]] GitId id_of(GitHasher& hasher, GitKind kind, std::string_view contents);

/// "KIND SIZE\0" in front of a loose object's contents.
struct LooseHeader {
    GitKind kind = GitKind::none;
    std::uint64_t contents = 0;
    std::size_t bytes = 0;  ///< of the header, the NUL included
};
[[nodiscard]] std::optional<LooseHeader> read_loose_header(std::string_view head) noexcept;

/// How an object is called in a way in: "blob 1a2b…", with all digits of the id.
[[nodiscard]] std::string object_step(GitKind kind, const GitId& id);

/// A loose object, inflated: one member, its contents. Objects up to `memory` bytes
/// are gathered and named by their hash, and history hears of them; others have
/// the id that the name of their file claims, `claimed`.
[[nodiscard]] std::unique_ptr<ArchiveParser> make_git_object_parser(
    GitHistory& history, std::uint32_t repository, GitHash hash, std::optional<GitId> claimed,
    std::uint64_t memory);

}  // namespace stratascan::nested
