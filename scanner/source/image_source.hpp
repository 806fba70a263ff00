// What a target turns out to hold: images (a manifest, a config and an ordered
// list of layers each) and the blobs behind them. One class a kind of target;
// `open_target` tells them apart by content.
//
// Two ways of giving bytes. A seekable target (layout folder, uncompressed
// archive on disk, layer file) is asked for its images first and then for each
// layer's blob, in any order and from several threads. A stream (standard
// input, a compressed archive) can be read once only: it shows each blob as it
// passes, and knows its images at the end. Layers can be scanned as they pass
// because a layer's result never depends on the image.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "scanner/source/blob.hpp"
#include "scanner/source/decoded_stream.hpp"
#include "stratascan/error.hpp"
#include "stratascan/report.hpp"

namespace stratascan::source {

/// One layer of an image, as its manifest lists it. Digests are claims until
/// the bytes were hashed. Sizes come from outside: never allocate by them.
struct LayerRef {
    std::string key;         ///< names the blob in its source; equal keys are the same bytes
    std::string digest;      ///< "sha256:…"; empty where the format carries none (<id>/layer.tar)
    std::string diff_id;     ///< from config.rootfs.diff_ids; may be empty
    std::string media_type;  ///< a hint only
    std::int64_t size = -1;  ///< as claimed; -1: not claimed
    std::map<std::string, std::string> annotations;
    std::string created_by;  ///< where the format keeps it beside the layer, not in a history
    std::string name;        ///< of a stray: its member in the archive, its file in the layout
    /// Set when there is nothing to open: "blob is missing from the layout",
    /// "foreign layer, held elsewhere", "encrypted". The layer is then reported
    /// with `unavailable_state` and never counts as scanned.
    std::string unavailable;
    LayerState unavailable_state = LayerState::failed;
};

/// A text beside config and manifest that is scanned with them.
struct SideDocument {
    enum class Form : std::uint8_t {
        text,        ///< of any form: a version file, a manifest that no index lists
        index,       ///< an index, whose annotations its images have
        layer_json,  ///< docker's <id>/json: what was a layer's config before version 1.10
        container,   ///< of the compression round the archive: header fields, skippable frames
    };
    Form form = Form::text;
    std::string name;
    std::string bytes;
    int layer_index = -1;  ///< of the layer that it is about
};

/// One image of a target, for one platform. One that is a "stray" stands for
/// what the target holds beside its images: each member a layer of its own.
struct ImageRef {
    /// "image", "attestation", "artifact", "layer", "directory", "stray"
    std::string kind = "image";
    std::vector<std::string> names;      ///< tags and reference names, sorted, each once
    std::string digest;                  ///< of the manifest, computed from its bytes; may be empty
    std::string platform;                ///< "linux/amd64", "linux/arm64/v8"; "" unknown
    std::string config_digest;           ///< as the manifest claims
    std::string manifest;                ///< raw bytes; empty where the format has none
    std::string config;                  ///< raw bytes; empty where missing (then see gaps)
    std::map<std::string, std::string> annotations;  ///< of the descriptor in the index
    std::vector<LayerRef> layers;        ///< lowest first
    std::vector<SideDocument> documents; ///< on the first image: those of the whole target
    std::vector<Gap> gaps;               ///< what could not be read of manifest and config
    std::vector<std::string> notes;      ///< "manifest.json and index.json disagree: …"
    std::vector<std::string> listed_by;  ///< digests of the indexes that list it, nearest first
    /// Whether all that is attached to it is among the target's images: a registry was
    /// asked for it and answered. Files can't know what else a registry has.
    bool attachments_listed = false;
    /// Config, manifest and documents hold more secrets than are kept: none of their texts
    /// is to be told.
    bool has_more_secrets = false;
};

/// Called once for each blob of a stream that may be a layer. The reader dies
/// when the call returns; what was not read by then is skipped.
using BlobVisitor = std::function<Result<void>(const std::string& key, BlobReader& reader)>;

struct RepositoryPlace {
    std::string registry;  ///< "registry.example:5000"
    std::string name;      ///< "team/app"
};

class ImageSource {
public:
    virtual ~ImageSource() = default;

    /// True when the blobs pass once, in the order they have.
    [[nodiscard]] virtual bool is_stream() const noexcept { return false; }

    /// Streams only: shows every blob that may be a layer, then returns. Must
    /// be called before images().
    [[nodiscard]] virtual Result<void> stream(const BlobVisitor& visit);

    /// Every image that the target holds, in a fixed order: index order, nested
    /// indexes in place, attestations after the image they belong to, strays
    /// last. An Error only when nothing of the target could be understood.
    [[nodiscard]] virtual Result<std::vector<ImageRef>> images() = 0;

    /// Not for streams. Thread-safe.
    [[nodiscard]] virtual Result<std::unique_ptr<BlobReader>> open(const LayerRef& layer);

    /// Blobs come over a network: more of them are opened at once than there are
    /// threads, because most of them wait.
    [[nodiscard]] virtual bool is_remote() const noexcept { return false; }
    /// The registry and the repository in it; nothing for files. Blobs of a registry are
    /// what their digests say once their results are known: they are not fetched again.
    [[nodiscard]] virtual std::optional<RepositoryPlace> repository() const { return {}; }

    /// A root file system folder is no tar stream: its files are walked. Empty
    /// for every other kind; else the folder's path.
    [[nodiscard]] virtual std::string directory() const { return {}; }
};

struct Selection;

/// Targets that are no files. An interface because what speaks to a network stands
/// above this folder.
class RemoteTargets {
public:
    virtual ~RemoteTargets() = default;
    /// "registry.example/app:1"
    [[nodiscard]] virtual Result<std::unique_ptr<ImageSource>> registry_image(
        const std::string& name, Selection selection) = 0;
    /// An image of the container engine on this machine.
    [[nodiscard]] virtual Result<std::unique_ptr<ImageSource>> daemon_image(
        const std::string& name, Selection selection, const StreamLimits& limits) = 0;
};

/// Opens what `target` names: a path recognised by content, "-" for standard
/// input, a path behind a scheme ("oci:", "oci-archive:", "docker-archive:",
/// "layer:", "dir:"), or an image of a registry or an engine ("registry:",
/// "docker-daemon:"; text that is no path and looks like an image's name is one of
/// a registry), which `remote` opens. An OCI reference selects one image of a layout with
/// "oci:path:tag" or "oci:path@sha256:…". `platform` ("os/arch[/variant]", may
/// be empty) keeps the images of that platform and what belongs to them. `limits`
/// are those of the compression round a whole archive.
[[nodiscard]] Result<std::unique_ptr<ImageSource>> open_target(std::string_view target,
                                                               std::string_view platform,
                                                               const StreamLimits& limits = {},
                                                               RemoteTargets* remote = nullptr);

}  // namespace stratascan::source
