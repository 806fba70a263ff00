// What a run of bytes is, told from its start.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

#include "scanner/layer/decoder.hpp"
#include "scanner/source/blob_store.hpp"

namespace stratascan::source {

/// As much of a target's start as is ever looked at to tell what it is.
inline constexpr std::size_t sniff_bytes = std::size_t{1} << 20;

/// Of one of the compressed formats that are read, by its magic bytes.
[[nodiscard]] bool is_compressed(std::span<const std::byte> start) noexcept;

/// Its first byte that is no white space opens a JSON object or list.
[[nodiscard]] bool looks_like_json(std::span<const std::byte> start) noexcept;

/// Names that layers have in docker archives, whatever is in them.
[[nodiscard]] bool is_layer_name(std::string_view name) noexcept;

/// Whether a member of an archive or layout, by its name and first bytes, is
/// read as a text: JSON, or docker's VERSION.
[[nodiscard]] bool is_text_member(std::string_view name,
                                  std::span<const std::byte> start) noexcept;

/// index.json: an object with a list of manifests.
[[nodiscard]] bool is_index_document(std::string_view bytes);

/// manifest.json: a list that has the shape of docker's.
[[nodiscard]] bool is_manifest_document(std::string_view bytes);

/// What is wrong with the document of that name, index.json or manifest.json; empty where it is
/// one. What it holds is not told.
[[nodiscard]] std::string problem_of(const BlobStore& store, const std::string& name);

/// Whether a stream that starts with `start` (the first sniff_bytes, or all of
/// it) is an image archive. What is not, is a layer; so is what needs more than
/// `memory` to be decoded, and the layer's result then says so.
[[nodiscard]] bool starts_image_archive(std::span<const std::byte> start,
                                        const layer::DecoderMemory& memory = {});

}  // namespace stratascan::source
