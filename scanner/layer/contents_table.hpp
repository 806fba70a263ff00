// Tables of contents, by which a runtime mounts a layer that it has not pulled yet. eStargz
// (containerd/stargz-snapshotter, docs/estargz.md) keeps its own as the tar's last member,
// `stargz.index.json`, and zstd:chunked (containers/storage, docs/containers-storage-
// zstd-chunked.md) in a skippable frame. Both are JSON of one shape:
//
//     {"version": 1, "entries": [{"name", "type", "size", "linkName", "mode", "uid", …}]}
//
// Runtimes read them by Go's encoding/json, to which names of members are the same in either
// case, and of two the later one counts.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

namespace stratascan::layer {

inline constexpr std::string_view estargz_table_name = "stargz.index.json";

/// That of a quarter million files has less, and containers/storage took no larger one for long.
inline constexpr std::size_t contents_table_limit = std::size_t{64} << 20;

/// What is said of one member of the tar; texts as they stand in the table.
struct TableEntry {
    std::string name, link;
    std::string type;  ///< "reg", "dir", "symlink", "hardlink", "char", "block", "fifo", "chunk"
    std::uint64_t size = 0;
    std::uint32_t mode = 0, uid = 0;
};

/// What a text turned out to be.
struct TableReading {
    bool is_table = false;     ///< it has a list of entries
    bool is_whole = false;     ///< the text is JSON as far as its first value goes, and that ends
    bool is_strict = true;     ///< no reader can understand it otherwise by a name that it repeats
    bool is_too_long = false;  ///< a text or a number in it has more than 1 MiB; it was not read
};

/// Tells every entry of a table, in order. Any text may be given, however deep.
TableReading read_contents_table(std::string_view text,
                                 const std::function<void(TableEntry&)>& tell);

/// Gathers the text of what may be a table while it passes, and drops it when it is none.
class TableText {
public:
    /// The next bytes.
    void add(std::string_view bytes);

    /// Whether it may still be one; what else follows is not kept.
    [[nodiscard]] bool may_be_table() const noexcept { return !is_none_; }
    /// It has more bytes than `contents_table_limit`; those behind it are not kept.
    [[nodiscard]] bool is_cut() const noexcept { return is_cut_; }
    [[nodiscard]] const std::string& text() const noexcept { return text_; }

private:
    void look();

    std::string text_;
    bool is_none_ = false, is_cut_ = false, looked_ = false;
};

}  // namespace stratascan::layer
