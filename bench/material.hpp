// What the stages are measured on: tar streams of some megabytes, made from a
// seed, and the first megabytes of real layers where a folder of corpora is
// given. Text and machine code differ in everything that costs: how they
// compress, how often a rule's anchor stands in them, how many lines they have.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "scanner/layer/slab.hpp"
#include "scanner/layer/window.hpp"
#include "scanner/source/blob.hpp"

namespace stratascan::bench {

struct Material {
    std::string name;  ///< "text", "binary", "dense"; "made-text", … from a seed
    std::string tar;
    std::string gzip, zstd;  ///< the same, compressed as common tools do by default
};

/// Made from a seed, then real: what `corpora` (built by corpora.py; may be
/// empty) holds of text-8-gzip, binary-8-gzip and dense-1-gzip.
[[nodiscard]] std::vector<Material> make_materials(const std::string& corpora);

/// A blob in memory. Borrows the bytes.
class MemoryBlob final : public source::BlobReader {
public:
    explicit MemoryBlob(std::string_view bytes) : bytes_(bytes) {}
    Result<std::size_t> read(std::span<std::byte> out) override;
    std::int64_t size() const noexcept override { return static_cast<std::int64_t>(bytes_.size()); }

private:
    std::string_view bytes_;
};

/// A material's tar stream as windows, all of them at once.
class Windows {
public:
    explicit Windows(std::string_view tar);

    [[nodiscard]] std::vector<layer::Window>& all() noexcept { return windows_; }
    [[nodiscard]] std::uint64_t bytes() const noexcept { return bytes_; }

private:
    layer::SlabPool pool_;
    std::vector<layer::Window> windows_;  // behind the pool, to which its slabs return
    std::uint64_t bytes_ = 0;
};

// Each registers its stages' benchmarks. The material outlives them.
void register_layer_stages(const Material& material);
void register_match_stages(const Material& material);
void register_identity_stages();
void register_program_stages();
void register_report_stages();

}  // namespace stratascan::bench
