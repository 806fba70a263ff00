// Why not libarchive here: it tells a member's contents, not where they start,
// and the offset has to be exact behind PAX headers, GNU long names and sparse
// maps alike. This walk knows headers only, in the few hundred lines of this
// file and tar_header.cpp, and is fuzzed.
//
// Tools disagree about archives that break the rules, and what they disagree
// about can hide an image from a scanner: a name that is there twice, data
// behind a header that should have none, members after the end marker, global
// PAX headers that rename what follows. Go's archive/tar, which docker,
// containerd and skopeo read with, sets the rule here, and each such case is a
// gap, so that the target counts as incomplete.
#include "scanner/source/archive_index.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <utility>

#include "scanner/layer/layer_result.hpp"
#include "scanner/source/digest.hpp"
#include "scanner/source/tar_header.hpp"

namespace stratascan::source {

namespace {

constexpr std::uint64_t max_extra_bytes = std::uint64_t{1} << 20;  ///< of a PAX or long-name body
constexpr std::uint64_t max_end_bytes = std::uint64_t{1} << 20;    ///< of zeros looked through
constexpr std::size_t max_name_bytes = 256;  ///< twice what image tools write
constexpr std::size_t max_gaps = 100;
constexpr int max_links = 16;

std::uint64_t padded(std::uint64_t bytes) noexcept {
    return (bytes + tar_block_bytes - 1) / tar_block_bytes * tar_block_bytes;
}

std::string_view without_suffix(std::string_view name, std::string_view suffix) noexcept {
    if (name.ends_with(suffix)) name.remove_suffix(suffix.size());
    return name;
}

/// Types that have no data, whatever their size field says.
bool has_no_data(char type) noexcept { return type >= '1' && type <= '6'; }

}  // namespace

NameKind classify_name(std::string_view name) noexcept {
    if (name.empty()) return NameKind::root;
    if (name == "oci-layout" || name == "repositories") return NameKind::marker;
    if (name == "index.json" || name == "manifest.json") return NameKind::document;
    if (name == "blobs") return NameKind::folder;
    if (name.starts_with("blobs/sha256") || name.starts_with("blobs/sha512")) {
        return NameKind::marker;
    }
    constexpr std::string_view prefix = "sha256:";
    if (name.starts_with(prefix)) name.remove_prefix(prefix.size());
    std::string_view stem = name.substr(0, name.find('/'));
    if (stem.size() == name.size()) {
        for (const std::string_view suffix : {".json", ".gz", ".tar"}) {
            stem = without_suffix(stem, suffix);
        }
    }
    return is_sha256_hex(stem) ? NameKind::marker : NameKind::other;
}

std::string resolve_link(std::string_view name, std::string_view target, bool symbolic) {
    if (!symbolic || target.starts_with('/')) return layer::normalise_path(target);
    const std::size_t slash = name.rfind('/');
    const std::string_view folder =
        slash == std::string_view::npos ? std::string_view() : name.substr(0, slash);
    return layer::normalise_path(std::string(folder) + '/' + std::string(target));
}

/// The pass over the headers of one archive.
class ArchiveWalk {
public:
    ArchiveWalk(const ArchiveIndex::ReadAt& read_at, std::uint64_t size,
                const ArchiveIndex::Limits& limits)
        : read_at_(read_at), size_(size), limits_(limits), buffer_(buffer_bytes) {}

    Result<ArchiveIndex> run();

private:
    enum class Step { go_on, stop };
    using Block = std::array<std::byte, tar_block_bytes>;
    static constexpr std::size_t buffer_bytes = std::size_t{16} << 10;

    Result<bool> load(std::uint64_t offset, Block& block);
    Result<std::string> load_body(std::uint64_t bytes);
    Result<Step> step();
    Result<Step> pass_end_marker();
    Result<Step> take_header(const TarHeader& header);
    Result<Step> take_extra(const TarHeader& header);
    Result<Step> take_member(const TarHeader& header);
    Result<Step> skip_sparse_map(bool extended);
    Result<bool> has_data_after_all(std::uint64_t bytes);
    void keep(std::string name, ArchiveMember member);
    void gap(std::string path, std::string reason, std::uint64_t bytes);
    [[nodiscard]] std::uint64_t left() const noexcept { return size_ - at_; }

    const ArchiveIndex::ReadAt& read_at_;
    std::uint64_t size_;
    ArchiveIndex::Limits limits_;
    ArchiveIndex index_;
    std::uint64_t at_ = 0;  ///< of the next block
    std::uint64_t headers_ = 0;
    PaxRecords pax_;         ///< for the member that follows
    std::optional<std::string> long_name_, long_link_;

    std::vector<std::byte> buffer_;
    std::uint64_t buffer_at_ = 0;
    std::size_t buffered_ = 0;
};

/// False where the archive ends before the block does.
Result<bool> ArchiveWalk::load(std::uint64_t offset, Block& block) {
    if (offset > size_ || size_ - offset < tar_block_bytes) return false;
    const bool inside = offset >= buffer_at_ && offset - buffer_at_ + tar_block_bytes <= buffered_;
    if (!inside) {
        const auto want =
            static_cast<std::size_t>(std::min<std::uint64_t>(buffer_bytes, size_ - offset));
        const auto got = read_at_(offset, std::span(buffer_).first(want));
        if (!got) return std::unexpected(got.error());
        buffer_at_ = offset;
        buffered_ = *got;
        if (buffered_ < tar_block_bytes) return false;
    }
    const auto start = static_cast<std::ptrdiff_t>(offset - buffer_at_);
    std::copy_n(buffer_.begin() + start, tar_block_bytes, block.begin());
    return true;
}

/// A body of at most max_extra_bytes at at_, which moves behind it.
Result<std::string> ArchiveWalk::load_body(std::uint64_t bytes) {
    std::string body(static_cast<std::size_t>(bytes), '\0');
    const auto got = read_at_(at_, std::as_writable_bytes(std::span(body)));
    if (!got) return std::unexpected(got.error());
    body.resize(*got);
    at_ = std::min(size_, at_ + padded(bytes));
    return body;
}

void ArchiveWalk::gap(std::string path, std::string reason, std::uint64_t bytes) {
    if (index_.gaps_.size() < max_gaps) {
        index_.gaps_.push_back(Gap{std::move(path), std::move(reason), bytes});
    }
}

Result<ArchiveIndex> ArchiveWalk::run() {
    while (true) {
        const auto next = step();
        if (!next) return std::unexpected(next.error());
        if (*next == Step::stop) return std::move(index_);
    }
}

Result<ArchiveWalk::Step> ArchiveWalk::step() {
    Block block{};
    const auto loaded = load(at_, block);
    if (!loaded) return std::unexpected(loaded.error());
    if (!*loaded) {
        if (at_ == 0) return fail(ErrorCode::malformed, "too short for a tar archive");
        if (left() > 0) gap("", "the archive ends inside a header", left());
        return Step::stop;
    }
    if (is_zero_block(block)) return pass_end_marker();
    auto header = parse_tar_header(block);
    if (!header) {
        if (at_ == 0) return fail(ErrorCode::malformed, "not a tar archive");
        gap("", "damaged archive: no tar header where one is due", left());
        return Step::stop;
    }
    // Headers that carry no member count too, or a chain of them has no end.
    if (++headers_ > 4 * limits_.members) {
        gap("", fmt::format("more than {} headers; the rest was not read", 4 * limits_.members),
            left());
        return Step::stop;
    }
    at_ += tar_block_bytes;
    return take_header(*std::move(header));
}

/// Zeros end an archive, but another archive may be appended behind them.
Result<ArchiveWalk::Step> ArchiveWalk::pass_end_marker() {
    const std::uint64_t start = at_;
    index_.has_end_ = true;
    Block block{};
    while (at_ - start < max_end_bytes) {
        const auto loaded = load(at_, block);
        if (!loaded) return std::unexpected(loaded.error());
        if (!*loaded) {
            if (left() > 0) gap("", "bytes after the archive's end marker", left());
            return Step::stop;
        }
        if (!is_zero_block(block)) {
            if (is_header_block(block)) return Step::go_on;
            break;
        }
        at_ += tar_block_bytes;
    }
    if (left() > 0) gap("", "bytes after the archive's end marker", left());
    return Step::stop;
}

Result<ArchiveWalk::Step> ArchiveWalk::take_header(const TarHeader& header) {
    switch (header.type) {
        case 'x':
        case 'X':
        case 'g':
        case 'L':
        case 'K': return take_extra(header);
        default: return take_member(header);
    }
}

/// A header whose data describes the member that follows.
Result<ArchiveWalk::Step> ArchiveWalk::take_extra(const TarHeader& header) {
    if (header.size > max_extra_bytes || header.size > left()) {
        gap("", "damaged archive: an extended header that is too large", left());
        return Step::stop;
    }
    auto body = load_body(header.size);
    if (!body) return std::unexpected(body.error());
    if (header.type == 'L' || header.type == 'K') {
        body->resize(std::min(body->size(), body->find('\0')));
        (header.type == 'L' ? long_name_ : long_link_) = *std::move(body);
        return Step::go_on;
    }
    PaxRecords records = parse_pax_records(*body);
    if (records.malformed) gap("", "damaged archive: a malformed PAX header", 0);
    if (header.type != 'g') {
        pax_ = std::move(records);
    } else if (records.path || records.link || records.size) {
        gap("", "ambiguous archive: a global PAX header that renames or resizes members", 0);
    }
    return Step::go_on;
}

/// The rest of an old GNU sparse map stands between the header and the data.
Result<ArchiveWalk::Step> ArchiveWalk::skip_sparse_map(bool extended) {
    Block block{};
    while (extended) {
        const auto loaded = load(at_, block);
        if (!loaded) return std::unexpected(loaded.error());
        if (!*loaded || ++headers_ > 4 * limits_.members) {
            gap("", "damaged archive: a sparse map without an end", left());
            return Step::stop;
        }
        at_ += tar_block_bytes;
        extended = block[504] != std::byte{0};
    }
    return Step::go_on;
}

/// A link or folder with a size: by the rules the size means nothing, but some
/// programs wrote data. It is there if the next header only comes behind it.
Result<bool> ArchiveWalk::has_data_after_all(std::uint64_t bytes) {
    if (bytes == 0 || bytes > left()) return false;
    Block block{};
    const auto next = load(at_, block);
    if (!next) return std::unexpected(next.error());
    if (!*next || is_header_block(block) || is_zero_block(block)) return false;
    const auto behind = load(at_ + padded(bytes), block);
    if (!behind) return std::unexpected(behind.error());
    return *behind && (is_header_block(block) || is_zero_block(block));
}

Result<ArchiveWalk::Step> ArchiveWalk::take_member(const TarHeader& header) {
    PaxRecords pax = std::exchange(pax_, {});
    if (pax.sparse_name) pax.path = pax.sparse_name;
    const std::string raw = pax.path.value_or(long_name_.value_or(header.name));
    const std::string link = pax.link.value_or(long_link_.value_or(header.link));
    long_name_.reset();
    long_link_.reset();
    const auto mapped = skip_sparse_map(header.has_extension);
    if (!mapped || *mapped == Step::stop) return mapped;

    std::uint64_t bytes = pax.size.value_or(header.size);
    const bool is_link = header.type == '1' || header.type == '2';
    const std::string name = layer::normalise_path(raw);
    if (has_no_data(header.type)) {
        const auto data = has_data_after_all(bytes);
        if (!data) return std::unexpected(data.error());
        if (*data) gap(name, "ambiguous archive: data behind a header that has none", bytes);
        if (!*data) bytes = 0;
    }
    const bool folder = header.type == '5' || (header.type == '\0' && raw.ends_with('/'));
    ++index_.members_;
    index_.has_end_ = false;
    const NameKind kind = classify_name(name);
    index_.has_marker_ =
        index_.has_marker_ || (kind != NameKind::other && kind != NameKind::root);
    index_.has_image_name_ = index_.has_image_name_ || kind == NameKind::marker;
    index_.has_other_name_ = index_.has_other_name_ || kind == NameKind::other;
    const std::string leads_to = is_link ? resolve_link(name, link, header.type == '2') : "";
    const bool bare = is_link || folder || has_no_data(header.type) || bytes == 0;
    if (bare || name.size() > max_name_bytes) index_.bare_names_.add(name, leads_to);
    if (is_link) {
        keep(name, {0, 0, true, leads_to, false});
    } else if (!folder && !has_no_data(header.type)) {
        keep(name, {at_, bytes, false, {}, pax.sparse || header.type == 'S'});
    }
    if (bytes > left()) {
        gap(name, "the archive ends inside this member", bytes - left());
        return Step::stop;
    }
    at_ = std::min(size_, at_ + padded(bytes));
    if (index_.members_ >= limits_.members) {
        gap("", fmt::format("more than {} members; the rest was not read", limits_.members),
            left());
        return Step::stop;
    }
    index_.gave_up_ = !index_.has_marker_ && index_.members_ >= limits_.undecided;
    return index_.gave_up_ ? Step::stop : Step::go_on;
}

void ArchiveWalk::keep(std::string name, ArchiveMember member) {
    if (name.size() > max_name_bytes) {
        gap("", fmt::format("a member whose name has more than {} bytes was not read",
                            max_name_bytes),
            member.size);
        return;
    }
    index_.has_sparse_ = index_.has_sparse_ || member.sparse;
    const auto known = index_.kept_.find(name);
    if (known != index_.kept_.end()) {
        gap(name, "ambiguous archive: this name is there twice, the last one was read",
            known->second.size);
        known->second = std::move(member);
        return;
    }
    if (index_.kept_.size() >= limits_.names) {
        gap(name, fmt::format("more than {} members of an image; this one was left out",
                              limits_.names),
            member.size);
        return;
    }
    index_.kept_.emplace(std::move(name), std::move(member));
}

Result<ArchiveIndex> ArchiveIndex::build(const ReadAt& read_at, std::uint64_t size,
                                         const Limits& limits) {
    return ArchiveWalk(read_at, size, limits).run();
}

const ArchiveMember* ArchiveIndex::find(std::string_view name, std::string* key) const {
    std::string at(name);
    for (int hop = 0; hop < max_links; ++hop) {
        const auto member = kept_.find(at);
        if (member == kept_.end()) return nullptr;
        if (!member->second.is_link) {
            if (key != nullptr) *key = at;
            return &member->second;
        }
        at = member->second.link;
    }
    return nullptr;
}

}  // namespace stratascan::source
