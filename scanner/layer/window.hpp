// A window is a run of the uncompressed stream that one worker scans in one go:
// a slab's payload, with the tail of what came before in front of it.
//
// The whole tar stream is scanned, not only the files in it: one call of the
// engine covers a slab with hundreds of small files, and headers, extended
// attributes, padding and what lies behind the end marker are covered by
// construction. Which file a hit belongs to is looked up afterwards in `pieces`.
//
// Every place in the stream is owned by exactly one window. A window owns the
// places from `margin` bytes before its payload to `margin` bytes before its end
// (the last one: to its end). So whoever judges a place has at least `margin`
// bytes behind it and `slab_headroom - margin` before it, wherever slabs end:
// the outcome is that of one look at the whole file.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "scanner/layer/inner_place.hpp"
#include "scanner/layer/layer_result.hpp"
#include "scanner/layer/slab.hpp"
#include "stratascan/error.hpp"

namespace stratascan::layer {

/// Bytes behind and before each place that are always in sight. The widest rule
/// and the widest neighbourhood fit in it.
inline constexpr std::size_t margin = 16 << 10;
static_assert(slab_headroom >= 2 * margin);

/// A member of the archive, as far as a window needs it.
struct Member {
    std::uint32_t ordinal = 0;
    EntryKind kind = EntryKind::file;
    std::uint32_t mode = 0;
    std::uint32_t uid = 0;
    std::uint64_t size = 0;   ///< of its contents, as the header claims
    std::int64_t mtime = 0;   ///< seconds since 1970
    bool fresh = false;      ///< this window is the first that shows it
    bool after_end = false;  ///< behind the end marker, where container runtimes do not look
    bool program = false;  ///< begins like an ELF file or a script, or is not in sight yet
    bool packed = false;   ///< may hold strings with nothing between them
    bool whiteout_payload = false;  ///< a whiteout marker that has contents
    std::string path;        ///< normalised; a whiteout's is the path that it hides
    std::string link;        ///< target of a link, resolved
    std::string capability;  ///< value of the attribute security.capability
    PathHash hash;           ///< filled in by the worker
    /// Where it stands, if inside a container; `path` is empty then.
    std::shared_ptr<const InnerPlace> inner;
};

enum class PieceKind : std::uint8_t { contents, header, raw };

/// A run of the stream that belongs to one member. Pieces are in stream order
/// and do not overlap; what lies between them belongs to nobody.
struct Piece {
    std::uint64_t begin = 0, end = 0;  ///< positions in the stream
    std::uint64_t file_offset = 0;     ///< of `begin` in the member; contents only
    std::uint32_t member = 0;          ///< index into Window::members
    PieceKind kind = PieceKind::contents;
};

struct Window {
    SlabRef slab;
    /// 0: the layer's own stream. Others hold what is inside containers: what has
    /// passed through so many decoders.
    std::uint32_t stream = 0;
    std::uint64_t sequence = 0;
    std::uint64_t begin = 0, end = 0;  ///< stream positions of the payload
    std::uint32_t context = 0;         ///< bytes in sight before `begin`
    bool last = false;
    std::vector<Member> members;
    std::vector<Piece> pieces;

    /// The stream from begin - context to end.
    [[nodiscard]] std::string_view bytes() const noexcept {
        return {slab->payload() - context, context + static_cast<std::size_t>(end - begin)};
    }
    [[nodiscard]] std::uint64_t sight_begin() const noexcept { return begin - context; }
    [[nodiscard]] std::uint64_t own_begin() const noexcept {
        return begin > margin ? begin - margin : 0;
    }
    [[nodiscard]] std::uint64_t own_end() const noexcept {
        if (last) return end;
        return end > margin ? end - margin : 0;
    }
};

/// Where windows come from: a tar stream, or the files of a folder. Used by one
/// thread at a time.
class WindowSource {
public:
    virtual ~WindowSource() = default;

    /// The next window, or nothing at the end. An Error ends the layer; what was
    /// given before stays true.
    [[nodiscard]] virtual Result<std::optional<Window>> next() = 0;
};

}  // namespace stratascan::layer
