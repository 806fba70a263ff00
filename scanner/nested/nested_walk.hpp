// A layer's windows, and between them the windows of what is inside the containers
// that stand in them. Sits between the walk that makes the former, an archive's or
// a folder's, and the pipeline that scans both.
#pragma once

#include <optional>

#include "scanner/layer/slab.hpp"
#include "scanner/layer/window.hpp"
#include "scanner/nested/nest.hpp"
#include "scanner/nested/zip_search.hpp"

namespace stratascan::nested {

class NestedWalk final : public layer::WindowSource {
public:
    /// Both outlive the walk.
    NestedWalk(layer::WindowSource& outer, layer::SlabPool& pool, const NestLimits& limits)
        : outer_(outer), nest_(pool, limits) {}

    Result<std::optional<layer::Window>> next() override;

    /// What was seen inside; final after next() gave nothing.
    [[nodiscard]] const Nest& nest() const noexcept { return nest_; }

private:
    bool give_next();
    bool give_hole(std::uint64_t to);
    [[nodiscard]] bool search(const layer::Member& member, std::uint64_t offset,
                              std::string_view& bytes);
    void end_search();
    [[nodiscard]] bool may_be_container(const layer::Piece& piece, std::string_view bytes) const;

    layer::WindowSource& outer_;
    Nest nest_;
    std::optional<layer::Window> window_;  // whose pieces are being given to the nest
    std::size_t piece_ = 0;
    std::uint64_t zeros_given_ = 0;  // for holes of the file that is open
    // The file that is no container, in which a zip file may stand.
    ZipSearch zips_;
    std::optional<std::uint32_t> searched_;
    std::optional<layer::HostFile> in_directory_;  // the same, where it ends like one
    bool ended_ = false;     // the outer walk
    bool finished_ = false;  // the nest
};

}  // namespace stratascan::nested
