// Holds what tables of contents say of a layer against its tar. Who mounts by the table sees
// what that says, and who unpacks the tar sees the tar: where they disagree, what a scan tells
// of a path is true for one of them.
//
// A member is remembered by a number that a key of this process makes of its kind, size, link,
// mode and owner, so that millions of members take four bytes each, and nobody can make two
// that differ look the same. Contents are not held against the digests in the table, which
// would cost a SHA-256 of every file of every layer.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "scanner/layer/contents_table.hpp"
#include "scanner/layer/layer_result.hpp"
#include "scanner/layer/window.hpp"

namespace stratascan::layer {

/// Of a layer; an honest one has one.
inline constexpr std::size_t tables_a_layer = 4;

/// What stood beside the layer's files.
struct TablesBeside {
    std::vector<TableText> texts;
    std::size_t left_out = 0;     ///< over `tables_a_layer`
    bool estargz_footer = false;  ///< so a file of the name in the tar is a table
};

class ContentsCheck {
public:
    /// `path_bytes`: names in the tar that are longer were cut to that.
    explicit ContentsCheck(std::uint64_t path_bytes);

    /// Windows of the layer's own stream come in order; others are passed over.
    void add(const Window& window);

    /// Adds gaps where a table and `result.paths` disagree. `clean` cuts secrets out of names.
    void finish(const TablesBeside& beside, LayerResult& result,
                const std::function<std::string(std::string_view)>& clean);

private:
    struct Attributes {
        EntryKind kind = EntryKind::file;
        std::uint32_t mode = 0, uid = 0;
        std::uint64_t size = 0;
        std::string_view link;
    };
    class Comparison;

    [[nodiscard]] std::uint32_t number_of(const Attributes& one) const noexcept;
    void take_table(const Window& window);
    void hold(const TableText& text, LayerResult& result,
              const std::function<std::string(std::string_view)>& clean) const;

    std::uint64_t path_bytes_;
    std::uint64_t key_ = 0;
    std::vector<std::uint32_t> numbers_;  // by ordinal
    std::optional<std::uint32_t> table_;  // the ordinal of the newest member of the name
    std::size_t tables_ = 0;              // members of the name
    TableText text_;
};

}  // namespace stratascan::layer
