#include "scanner/layer/member_digests.hpp"

#include <algorithm>
#include <array>

namespace stratascan::layer {

// A build of OpenSSL may refuse MD5; then no file has a digest.
MemberDigests::MemberDigests(std::size_t* budget)
    : budget_(budget), md5_(EVP_MD_fetch(nullptr, "MD5", nullptr)),
      sha1_(EVP_MD_fetch(nullptr, "SHA1", nullptr)),
      sha256_(EVP_MD_fetch(nullptr, "SHA256", nullptr)), md5_state_(EVP_MD_CTX_new()),
      sha1_state_(EVP_MD_CTX_new()), sha256_state_(EVP_MD_CTX_new()) {}

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

void MemberDigests::release(std::uint32_t ordinal) {
    while (!kept_.empty() && kept_.front().last < ordinal) let_go(kept_.begin());
    auto newest = std::ranges::count(kept_, Keeping::newest, &Kept::keeping);
    for (; static_cast<std::size_t>(newest) > windows_kept; --newest) {
        let_go(std::ranges::find(kept_, Keeping::newest, &Kept::keeping));
    }
}

void MemberDigests::release_all() {
    while (!kept_.empty()) let_go(kept_.begin());
}

void MemberDigests::let_go(const std::deque<Kept>::const_iterator& at) {
    kept_.erase(at);
    if (budget_ != nullptr) ++*budget_;
}

void MemberDigests::start(bool needs_glibc) {
    hashed_ = 0;
    const auto begin = [](EVP_MD_CTX* state, const EVP_MD* algorithm) {
        return state != nullptr && algorithm != nullptr &&
               EVP_DigestInit_ex2(state, algorithm, nullptr) == 1;
    };
    const bool all = !hints_.dpkg && !hints_.apk && !hints_.rpm;
    with_md5_ = (all || hints_.dpkg) && begin(md5_state_.get(), md5_.get());
    with_sha1_ = ((all && !needs_glibc) || hints_.apk) && begin(sha1_state_.get(), sha1_.get());
    with_sha256_ = (all || hints_.rpm) && begin(sha256_state_.get(), sha256_.get());
    whole_ = with_md5_ || with_sha1_ || with_sha256_;
}

void MemberDigests::add(const Kept& kept, std::uint32_t ordinal) {
    for (const Piece& piece : kept.pieces) {
        if (piece.member != ordinal) continue;
        whole_ = whole_ && piece.file_offset == hashed_;
        if (!whole_) return;
        const char* const bytes = kept.slab->payload() + (piece.begin - kept.begin);
        const auto size = static_cast<std::size_t>(piece.end - piece.begin);
        const auto update = [&](bool with, EVP_MD_CTX* state) {
            return !with || EVP_DigestUpdate(state, bytes, size) == 1;
        };
        whole_ = update(with_md5_, md5_state_.get()) && update(with_sha1_, sha1_state_.get()) &&
                 update(with_sha256_, sha256_state_.get());
        hashed_ += size;
    }
}

std::optional<MemberDigest> MemberDigests::digest(std::uint32_t ordinal, bool needs_glibc) {
    start(needs_glibc);
    for (const Kept& kept : kept_) add(kept, ordinal);
    if (!whole_ || hashed_ == 0) return std::nullopt;
    const auto finish = [](bool with, EVP_MD_CTX* state) -> std::optional<FileDigest> {
        std::array<unsigned char, EVP_MAX_MD_SIZE> bytes{};
        if (!with || EVP_DigestFinal_ex(state, bytes.data(), nullptr) != 1) return std::nullopt;
        FileDigest digest{};
        std::copy_n(bytes.begin(), digest.size(), digest.begin());
        return digest;
    };
    return MemberDigest{ordinal, finish(with_md5_, md5_state_.get()),
                        finish(with_sha1_, sha1_state_.get()),
                        finish(with_sha256_, sha256_state_.get())};
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
