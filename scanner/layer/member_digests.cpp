#include "scanner/layer/member_digests.hpp"

#include <algorithm>
#include <array>

namespace stratascan::layer {

// A build of OpenSSL may refuse MD5; then no file has a digest.
MemberDigests::MemberDigests(std::size_t* budget)
    : budget_(budget), md5_(EVP_MD_fetch(nullptr, "MD5", nullptr)),
      sha1_(EVP_MD_fetch(nullptr, "SHA1", nullptr)),
      sha256_(EVP_MD_fetch(nullptr, "SHA256", nullptr)) {}

void MemberDigests::keep(Window&& window, Keeping keeping) {
    if (budget_ != nullptr) {
        if (*budget_ == 0 && kept_.empty()) return;
        if (*budget_ == 0) let_go(kept_.begin());
        --*budget_;
    }
    Kept kept;
    if (may_keep_longer()) kept.keeping = keeping;
    kept.slab = std::move(window.slab);
    kept.begin = window.begin;
    kept.end = window.end;
    for (const Piece& piece : window.pieces) {
        const std::uint64_t begin = std::max(piece.begin, window.begin);
        const std::uint64_t end = std::min(piece.end, window.end);
        if (begin >= end) continue;
        const std::uint32_t ordinal = window.members[piece.member].ordinal;
        kept.last = std::max(kept.last, ordinal);
        if (piece.kind != PieceKind::contents) continue;
        kept.pieces.push_back(
            {begin, end, piece.file_offset + (begin - piece.begin), ordinal, piece.kind});
    }
    kept_.push_back(std::move(kept));
}

void MemberDigests::keep_last_longer() {
    if (!kept_.empty() && may_keep_longer()) kept_.back().keeping = Keeping::longer;
}

bool MemberDigests::may_keep_longer() const {
    const auto longer = std::ranges::count(kept_, Keeping::longer, &Kept::keeping);
    return static_cast<std::size_t>(longer) < windows_kept_longer;
}

void MemberDigests::follow(std::uint32_t ordinal, bool needs_glibc) {
    if (follows_ && followed_.ordinal == ordinal) return;
    // The one before it may not be settled yet.
    if (follows_ && followed_.size > 0 && has_bytes(followed_.ordinal)) return;
    start(followed_, ordinal, needs_glibc);
    follows_ = true;
}

bool MemberDigests::has_bytes(std::uint32_t ordinal) const {
    return std::ranges::any_of(kept_, [&](const Kept& kept) {
        return std::ranges::find(kept.pieces, ordinal, &Piece::member) != kept.pieces.end();
    });
}

void MemberDigests::release(std::uint32_t ordinal) {
    while (!kept_.empty() && kept_.front().last < ordinal) let_go(kept_.begin());
    auto newest = std::ranges::count(kept_, Keeping::newest, &Kept::keeping);
    for (; static_cast<std::size_t>(newest) > windows_kept; --newest) {
        const auto oldest = std::ranges::find(kept_, Keeping::newest, &Kept::keeping);
        if (follows_) hash_until(*oldest);
        let_go(oldest);
    }
}

void MemberDigests::release_all() {
    while (!kept_.empty()) let_go(kept_.begin());
}

void MemberDigests::let_go(std::deque<Kept>::iterator at) {
    kept_.erase(at);
    if (budget_ != nullptr) ++*budget_;
}

// Windows that are kept for longer stand in front of it.
void MemberDigests::hash_until(const Kept& last) {
    for (const Kept& kept : kept_) {
        add(followed_, kept);
        if (&kept == &last) return;
    }
}

void MemberDigests::start(Hashing& hashing, std::uint32_t ordinal, bool needs_glibc) const {
    hashing.ordinal = ordinal;
    hashing.size = 0;
    const auto begin = [](Context& state, const Algorithm& algorithm) {
        if (!state) state.reset(EVP_MD_CTX_new());
        return state && algorithm &&
               EVP_DigestInit_ex2(state.get(), algorithm.get(), nullptr) == 1;
    };
    const bool all = !hints_.dpkg && !hints_.apk && !hints_.rpm;
    hashing.with_md5 = (all || hints_.dpkg) && begin(hashing.md5, md5_);
    hashing.with_sha1 = ((all && !needs_glibc) || hints_.apk) && begin(hashing.sha1, sha1_);
    hashing.with_sha256 = (all || hints_.rpm) && begin(hashing.sha256, sha256_);
    hashing.whole = hashing.with_md5 || hashing.with_sha1 || hashing.with_sha256;
}

void MemberDigests::add(Hashing& hashing, const Kept& kept) {
    for (const Piece& piece : kept.pieces) {
        if (piece.member != hashing.ordinal) continue;
        const auto size = static_cast<std::size_t>(piece.end - piece.begin);
        if (piece.file_offset + size <= hashing.size) continue;  // it was followed
        hashing.whole = hashing.whole && piece.file_offset == hashing.size;
        if (!hashing.whole) return;
        const char* const bytes = kept.slab->payload() + (piece.begin - kept.begin);
        const auto update = [&](bool with, const Context& state) {
            return !with || EVP_DigestUpdate(state.get(), bytes, size) == 1;
        };
        hashing.whole = update(hashing.with_md5, hashing.md5) &&
                        update(hashing.with_sha1, hashing.sha1) &&
                        update(hashing.with_sha256, hashing.sha256);
        hashing.size += size;
    }
}

std::optional<MemberDigest> MemberDigests::digest(std::uint32_t ordinal, bool needs_glibc) {
    const bool followed = follows_ && followed_.ordinal == ordinal;
    Hashing& hashing = followed ? followed_ : asked_;
    if (!followed) start(hashing, ordinal, needs_glibc);
    for (const Kept& kept : kept_) add(hashing, kept);
    if (!hashing.whole || hashing.size == 0) return std::nullopt;
    const auto finish = [](bool with, const Context& state) -> std::optional<FileDigest> {
        std::array<unsigned char, EVP_MAX_MD_SIZE> bytes{};
        if (!with || EVP_DigestFinal_ex(state.get(), bytes.data(), nullptr) != 1) {
            return std::nullopt;
        }
        FileDigest digest{};
        std::copy_n(bytes.begin(), digest.size(), digest.begin());
        return digest;
    };
    if (followed) follows_ = false;
    return MemberDigest{ordinal, finish(hashing.with_md5, hashing.md5),
                        finish(hashing.with_sha1, hashing.sha1),
                        finish(hashing.with_sha256, hashing.sha256)};
}

program::FileBytes MemberDigests::bytes(std::uint32_t ordinal) const {
    program::FileBytes bytes;
    for (const Kept& kept : kept_) {
        for (const Piece& piece : kept.pieces) {
            if (piece.member != ordinal) continue;
            bytes.parts.push_back({piece.file_offset,
                                   {kept.slab->payload() + (piece.begin - kept.begin),
                                    static_cast<std::size_t>(piece.end - piece.begin)}});
            bytes.size = bytes.parts.back().end();
        }
    }
    return bytes;
}

}  // namespace stratascan::layer
