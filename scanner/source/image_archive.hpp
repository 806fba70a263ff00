// An image archive on disk that is not compressed: OCI, docker, or both at once.
#pragma once

#include <memory>

#include "scanner/source/archive_index.hpp"
#include "scanner/source/candidate.hpp"
#include "scanner/source/file_blob.hpp"
#include "scanner/source/image_source.hpp"

namespace stratascan::source {

/// Indexes the members of an uncompressed tar file.
[[nodiscard]] Result<ArchiveIndex> index_file(const FileHandle& file);

/// Which documents of images the archive has. Read from their content: a file
/// system may hold files of the same names.
struct ArchiveDocuments {
    bool index = false;     ///< index.json
    bool manifest = false;  ///< docker's manifest.json
    bool legacy_layers = false;  ///< neither, but <id>/json and <id>/layer.tar
    std::string index_problem, manifest_problem;  ///< why it has none; empty where it has one
    [[nodiscard]] bool any() const noexcept { return index || manifest || legacy_layers; }
};
[[nodiscard]] ArchiveDocuments find_documents(const std::shared_ptr<const FileHandle>& handle,
                                              const ArchiveIndex& index);

[[nodiscard]] std::unique_ptr<ImageSource> open_image_archive(
    std::shared_ptr<const FileHandle> file, ArchiveIndex index, Selection selection);

}  // namespace stratascan::source
