// A layer's result cut into parts that are kept as rows. A part holds items of one kind,
// about a megabyte of them, packed. So a layer of eight million members is written and
// read without a second copy of it in memory, and a question about one finding reads
// one part and not the index of the layer's paths.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "scanner/image/facts.hpp"
#include "scanner/layer/layer_result.hpp"

namespace stratascan::store {

enum class PartKind : std::uint8_t {
    head,  ///< what there is one of
    findings,
    programs,
    gaps,
    path_entries,
    hardlinks,
    symlinks,
    certificates,
    digests,
    package_lists,
    packages,
    packaged_files,
    file_facts,
    documents,
};
inline constexpr PartKind last_part_kind = PartKind::documents;

struct Part {
    PartKind kind = PartKind::head;
    std::uint64_t first = 0;  ///< index of its first item among all of its kind
    std::string bytes;        ///< packed
};

/// Gives each part of `result` to `take`, in order of kind and place. False when `take`
/// said false or a part grew too large. `dropped`, which counts work and tells nothing of
/// the layer, is not kept.
[[nodiscard]] bool write_parts(const layer::LayerResult& result,
                               const std::function<bool(const Part&)>& take);

/// Makes a result of its parts again.
class PartReader {
public:
    /// Parts come in the order in which they were written. False when one is damaged or
    /// does not follow the one before.
    [[nodiscard]] bool add(PartKind kind, std::uint64_t first, std::string_view packed);

    /// Nothing when a part was damaged or is missing.
    [[nodiscard]] std::optional<layer::LayerResult> take();

private:
    layer::LayerResult result_;
    std::vector<std::uint64_t> counts_;  ///< of items by kind, as the head tells
    bool sound_ = true;
};

/// The findings, or programs, of one part.
[[nodiscard]] std::optional<std::vector<layer::LayerFinding>> read_findings(
    std::string_view packed);
[[nodiscard]] std::optional<std::vector<layer::LayerProgram>> read_programs(
    std::string_view packed);

/// Image facts without their findings; those are kept as parts of a layer of their own.
[[nodiscard]] std::string write_facts(const image::ImageFacts& facts);
[[nodiscard]] std::optional<image::ImageFacts> read_facts(std::string_view packed);

}  // namespace stratascan::store
