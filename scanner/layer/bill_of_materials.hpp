// What a bill of materials lists: SPDX 2 as JSON and as tags (spdx.github.io/spdx-spec,
// packages[].name, files[].fileName; PackageName, FileName), SPDX 3 as JSON-LD (spec.spdx.org,
// software_Package and software_File in @graph), CycloneDX as JSON (cyclonedx.org,
// components[].name and evidence.occurrences[].location, components within components) and
// Syft's own JSON (artifacts[].name). CycloneDX in XML is told as such and not read.
//
// All of it is its author's claim. Names and paths are kept as numbers: enough to ask whether
// one is listed, and nothing that a store or a report could give away.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <string_view>

namespace stratascan::layer {

/// As large as a registry takes a manifest; the bill of a distribution has some 500 KB.
inline constexpr std::size_t bill_bytes_limit = std::size_t{4} << 20;

struct BillOfMaterials {
    std::string form;  ///< "SPDX-2.3", "CycloneDX 1.5", "SPDX 3", "CycloneDX in XML", "Syft"
    std::set<std::uint64_t> names;  ///< of components
    std::set<std::uint64_t> paths;  ///< of files
    bool cut = false;               ///< it lists more than was kept

    /// A program by its path where files are listed at all, else by its name.
    [[nodiscard]] bool lists(std::string_view path, std::string_view name) const;
};

/// Nothing where the text is none of these forms, is over `bill_bytes_limit` or nested deeper
/// than 64 levels. Memory grows with names and paths, and with no other part of the text.
[[nodiscard]] std::optional<BillOfMaterials> read_bill(std::string_view text);

/// As lines, for SmallDocument::text: the form, then "n" or "p" and 16 hex digits each, sorted;
/// at most `limit` bytes, and what does not fit sets `cut`.
[[nodiscard]] std::string written(BillOfMaterials& bill, std::size_t limit);

/// The other way round; lines of another form are passed over.
[[nodiscard]] BillOfMaterials bill_of_lines(std::string_view text);

}  // namespace stratascan::layer
