// Digests of those members that something was found in, and of no others.
//
// Package lists give MD5, SHA-1 or SHA-256, and hashing all that passes would halve the speed.
// Even of programs alone they cost more than the scan, so a layer that has shown files
// of one manager's before is spared the others' algorithms; and where no manager has been
// seen, a program of the GNU C library is spared apk's: whoever installs with apk rewrites
// etc/apk/world, which comes before all that is in usr.
//
// But what is found in a file is known only behind its end. So the slabs of the file
// that is open are kept until it is settled, at no cost but their memory, and the file is
// hashed then or never. One that is longer than what is kept has no digest, and is told
// as unchecked: to hash every long program while it passes, for what it may turn out to be,
// costs 18 % of the time of a layer that has a few (LLVM, compilers).
// Of a program whose commands stand in tables all over it, the parts with relocations and
// names are kept besides, however long it is (`Keeping::longer`).
// Members of containers are in no package, but their bytes are read, too: windows of
// theirs are kept as those of the layer itself, all streams of them sharing one budget.
// Rejected: a second pass over the layer, which costs its whole decoding again for
// every image that has a shell, and can't be had where a stream is read.
#pragma once

#include <openssl/evp.h>

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "scanner/layer/package_facts.hpp"
#include "scanner/layer/window.hpp"
#include "scanner/program/file_bytes.hpp"

namespace stratascan::layer {

/// Slabs that are kept for the file that is open.
inline constexpr std::size_t windows_kept = 8;
/// And of them those that are kept for longer than others.
inline constexpr std::size_t windows_kept_longer = 8;

/// Slabs that are kept at once for what is inside containers, in a whole layer.
inline constexpr std::size_t windows_kept_inside = 16;

/// How long a window's slab is kept: as one of the newest, or as long as its file is open.
enum class Keeping : std::uint8_t { newest, longer };

class MemberDigests {
public:
    /// `budget` counts down what is kept, if it is shared.
    explicit MemberDigests(std::size_t* budget = nullptr);

    /// What is known of the layer's package managers from here on.
    void expect(const ManagerHints& hints) { hints_ = hints; }

    /// Takes the window's slab and pieces over. Windows come in order. Where enough are
    /// kept for longer already, it is one of the newest.
    void keep(Window&& window, Keeping keeping = Keeping::newest);
    /// The window that came last is kept for longer after all, where not enough are.
    void keep_last_longer();

    /// The digest of a member whose last bytes are in the newest window or before it;
    /// nothing where its first bytes are gone, or where it has holes.
    [[nodiscard]] std::optional<MemberDigest> digest(std::uint32_t ordinal, bool needs_glibc);

    /// The member's bytes, as far as they have passed and are kept; until the next call
    /// that changes something.
    [[nodiscard]] program::FileBytes bytes(std::uint32_t ordinal) const;

    /// Lets go of what only members below `ordinal` stand in, and of what is too much.
    void release(std::uint32_t ordinal);
    /// Lets go of everything.
    void release_all();

private:
    struct Kept {
        SlabRef slab;
        std::uint64_t begin = 0, end = 0;
        std::vector<Piece> pieces;  // `member` is the ordinal; contents only
        std::uint32_t last = 0;     // ordinal of the last member with bytes in it
        Keeping keeping = Keeping::newest;
    };
    struct FreeContext {
        void operator()(EVP_MD_CTX* context) const noexcept { EVP_MD_CTX_free(context); }
    };
    struct FreeDigest {
        void operator()(EVP_MD* digest) const noexcept { EVP_MD_free(digest); }
    };
    using Context = std::unique_ptr<EVP_MD_CTX, FreeContext>;
    using Algorithm = std::unique_ptr<EVP_MD, FreeDigest>;

    [[nodiscard]] bool may_keep_longer() const;
    void start(bool needs_glibc);
    void add(const Kept& kept, std::uint32_t ordinal);
    void let_go(const std::deque<Kept>::const_iterator& at);

    ManagerHints hints_;
    std::deque<Kept> kept_;
    std::size_t* budget_;
    Algorithm md5_, sha1_, sha256_;
    Context md5_state_, sha1_state_, sha256_state_;
    // Of the member that is being hashed.
    std::uint64_t hashed_ = 0;
    bool with_md5_ = false, with_sha1_ = false, with_sha256_ = false;
    bool whole_ = false;  // none of its bytes is missing so far
};

}  // namespace stratascan::layer
