// A layout folder is oci-layout, index.json and blobs/<algorithm>/<hex> (image
// specification, image-layout.md). Blobs may be links into a folder that several
// layouts share, so links are followed; what they lead to must be a regular
// file. A path is only ever made of the folder and one of the two fixed names or
// a digest that parsed, never of text from a document.
#include "scanner/source/oci_layout.hpp"

#include <sys/stat.h>

#include <utility>

#include "scanner/source/digest.hpp"
#include "scanner/source/file_blob.hpp"
#include "scanner/source/image_set.hpp"
#include "scanner/source/json_document.hpp"
#include "scanner/source/sniff.hpp"

namespace stratascan::source {

namespace {

class FolderStore final : public BlobStore {
public:
    explicit FolderStore(std::string folder) : folder_(std::move(folder)) {}

    Result<std::string> document(const std::string& name) const override {
        if (!is_safe(name)) return fail(ErrorCode::not_found, "not in the layout", name);
        auto reader = open_file_blob(folder_ + '/' + name);
        if (!reader) return std::unexpected(reader.error());
        if ((*reader)->size() > static_cast<std::int64_t>(max_document_bytes)) {
            return fail(ErrorCode::over_limit, "too large for a JSON document", name);
        }
        return read_whole(**reader, max_document_bytes);
    }

    std::optional<Blob> find(const std::string& name) const override {
        struct stat status {};
        if (!is_safe(name) || ::stat((folder_ + '/' + name).c_str(), &status) != 0 ||
            !S_ISREG(status.st_mode)) {
            return std::nullopt;
        }
        return Blob{name, static_cast<std::int64_t>(status.st_size)};
    }

    std::string_view place() const noexcept override { return "layout"; }

    [[nodiscard]] Result<std::unique_ptr<BlobReader>> open(const std::string& name) const {
        if (!is_safe(name)) return fail(ErrorCode::not_found, "no blob of this layout", name);
        return open_file_blob(folder_ + '/' + name);
    }

private:
    static bool is_safe(const std::string& name) {
        return name == "index.json" || name == "oci-layout" ||
               digest_of_blob_name(name).has_value();
    }

    std::string folder_;
};

class OciLayout final : public ImageSource {
public:
    OciLayout(std::string folder, Selection selection)
        : store_(std::move(folder)), selection_(std::move(selection)) {}

    Result<std::vector<ImageRef>> images() override {
        auto images = resolve_images(store_, selection_);
        if (!images) return images;
        if (const std::string note = layout_note(); !note.empty()) {
            for (ImageRef& image : *images) image.notes.push_back(note);
        }
        return images;
    }

    Result<std::unique_ptr<BlobReader>> open(const LayerRef& layer) override {
        return store_.open(layer.key);
    }

private:
    [[nodiscard]] std::string layout_note() const {
        const auto marker = store_.document("oci-layout");
        if (!marker) return "the layout has no oci-layout file";
        const auto json = parse_json(*marker);
        const bool known = json && text_member(*json, "imageLayoutVersion") == "1.0.0";
        return known ? "" : "the layout is not of version 1.0.0";
    }

    FolderStore store_;
    Selection selection_;
};

}  // namespace

bool is_oci_layout(const std::string& folder) {
    const FolderStore store(folder);
    const auto marker = store.document("oci-layout");
    if (marker) {
        const auto json = parse_json(*marker);
        if (json && json->is_object()) return true;
    }
    const auto index = store.document("index.json");
    return index && is_index_document(*index);
}

Result<std::unique_ptr<ImageSource>> open_oci_layout(const std::string& folder,
                                                     Selection selection) {
    if (!FolderStore(folder).find("index.json")) {
        return fail(ErrorCode::malformed, "no OCI layout: it has no index.json", folder,
                    "dir: scans a folder as a root file system");
    }
    return std::make_unique<OciLayout>(folder, std::move(selection));
}

}  // namespace stratascan::source
