#include "scanner/layer/member_digests.hpp"

#include <algorithm>
#include <array>

namespace stratascan::layer {

// A build of OpenSSL may refuse MD5; then no file has a digest.
MemberDigests::MemberDigests()
    : md5_(EVP_MD_fetch(nullptr, "MD5", nullptr)), sha1_(EVP_MD_fetch(nullptr, "SHA1", nullptr)),
      sha256_(EVP_MD_fetch(nullptr, "SHA256", nullptr)), md5_state_(EVP_MD_CTX_new()),
      sha1_state_(EVP_MD_CTX_new()), sha256_state_(EVP_MD_CTX_new()) {}

void MemberDigests::keep(Window&& window, Keeping keeping) {
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
    while (!kept_.empty() && kept_.front().last < ordinal) kept_.pop_front();
    auto newest = std::ranges::count(kept_, Keeping::newest, &Kept::keeping);
    for (; static_cast<std::size_t>(newest) > windows_kept; --newest) {
        kept_.erase(std::ranges::find(kept_, Keeping::newest, &Kept::keeping));
    }
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

std::uint64_t MemberDigests::end(std::uint32_t ordinal) const noexcept {
    std::uint64_t end = 0;
    for (const Kept& kept : kept_) {
        for (const Piece& piece : kept.pieces) {
            if (piece.member != ordinal) continue;
            end = std::max(end, piece.file_offset + (piece.end - piece.begin));
        }
    }
    return end;
}

std::optional<std::string> MemberDigests::read(std::uint32_t ordinal, std::uint64_t offset,
                                               std::size_t size) const {
    std::string bytes;
    bool ended = false;  // nothing behind it has passed
    for (const Kept& kept : kept_) {
        for (const Piece& piece : kept.pieces) {
            if (piece.member != ordinal) continue;
            const std::uint64_t at = offset + bytes.size();
            const std::uint64_t end = piece.file_offset + (piece.end - piece.begin);
            ended = true;
            if (bytes.size() >= size || at < piece.file_offset || at >= end) continue;
            const std::uint64_t skipped = at - piece.file_offset;
            const std::uint64_t part = std::min<std::uint64_t>(size - bytes.size(), end - at);
            bytes.append(kept.slab->payload() + (piece.begin - kept.begin) + skipped,
                         static_cast<std::size_t>(part));
        }
    }
    if (!ended || bytes.empty()) return std::nullopt;
    return bytes;
}

}  // namespace stratascan::layer
