// A layout folder is oci-layout, index.json and blobs/<algorithm>/<hex> (image
// specification, image-layout.md). Blobs may be links into a folder that several
// layouts share, so links are followed; what they lead to must be a regular
// file, and where that is not in the layout it must be what its digest claims:
// whoever knows the digest knew the file, and no layout from elsewhere can have
// files of this machine scanned. A path is only ever made of the folder and one of the two fixed names, a
// digest that parsed, or a name that the folder itself was seen to have, never of
// text from a document.
#include "scanner/source/oci_layout.hpp"

#include <fmt/core.h>
#include <sys/stat.h>

#include <filesystem>
#include <set>
#include <utility>

#include "scanner/layer/blob_digest.hpp"
#include "scanner/source/digest.hpp"
#include "scanner/source/file_blob.hpp"
#include "scanner/source/image_set.hpp"
#include "scanner/source/json_document.hpp"
#include "scanner/source/sniff.hpp"

namespace stratascan::source {

namespace {

constexpr std::size_t max_files = 100'000;
constexpr int max_depth = 32;

class FolderStore final : public BlobStore {
public:
    explicit FolderStore(std::string folder) : folder_(std::move(folder)) {
        while (folder_.size() > 1 && folder_.ends_with('/')) folder_.pop_back();
    }

    Result<std::string> document(const std::string& name) const override {
        if (!is_safe(name)) return fail(ErrorCode::not_found, "not in the layout", name);
        auto reader = open(name);
        if (!reader) return std::unexpected(reader.error());
        if ((*reader)->size() > static_cast<std::int64_t>(max_document_bytes)) {
            return fail(ErrorCode::over_limit, "too large for a JSON document", name,
                        "a document of an image has at most 4 MiB");
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

    std::vector<std::string> names() const override;
    const MemberNames& bare_names() const override { return bare_names_; }

    std::string_view place() const noexcept override { return "layout"; }

    /// What names() could not list.
    [[nodiscard]] const std::vector<Gap>& gaps() const noexcept { return gaps_; }
    /// Whether names() left out blobs that lie in a folder of others.
    [[nodiscard]] bool is_shared() const noexcept { return shared_; }

    [[nodiscard]] Result<std::unique_ptr<BlobReader>> open(const std::string& name) const {
        if (!is_safe(name)) return fail(ErrorCode::not_found, "no blob of this layout", name);
        const std::string path = folder_ + '/' + name;
        auto file = FileHandle::open(path);
        if (!file) return std::unexpected(file.error());
        const std::uint64_t bytes = (*file)->size();
        if (const auto digest = digest_of_blob_name(name); digest && leads_out(path)) {
            const auto real = layer::digest_of(open_range_blob(*file, 0, bytes, path),
                                               digest->algorithm, nullptr);
            if (!real || *real != digest->text()) {
                return fail(ErrorCode::unreadable,
                            "a link out of the layout, to other bytes than its digest claims",
                            name);
            }
        }
        return open_range_blob(*std::move(file), 0, bytes, path);
    }

private:
    [[nodiscard]] bool is_safe(const std::string& name) const {
        return name == "index.json" || name == "oci-layout" ||
               digest_of_blob_name(name).has_value() || listed_.contains(name);
    }
    // Whether the path, links followed, is of no file below the folder.
    [[nodiscard]] bool leads_out(const std::string& path) const {
        std::error_code failed;
        const auto real = std::filesystem::canonical(path, failed);
        const auto root = std::filesystem::canonical(folder_, failed);
        if (failed) return true;
        const auto way = real.lexically_relative(root);
        return way.empty() || *way.begin() == "..";
    }
    void list(const std::filesystem::directory_entry& entry) const;

    std::string folder_;
    mutable std::set<std::string> listed_;
    mutable std::vector<Gap> gaps_;
    mutable MemberNames bare_names_;
    mutable bool shared_ = false;
};

/// One entry below the folder. Links are followed to blobs alone, where layouts
/// share them; a folder of blobs that is a link as a whole holds those of other
/// layouts, too, and those are no strays of this one.
void FolderStore::list(const std::filesystem::directory_entry& entry) const {
    namespace fs = std::filesystem;
    std::error_code failed;
    const std::string name = entry.path().lexically_relative(folder_).generic_string();
    const bool link = entry.is_symlink(failed);
    const bool file = entry.is_regular_file(failed);
    if (link || !file || entry.file_size(failed) == 0) {
        bare_names_.add(name, link ? fs::read_symlink(entry.path(), failed).string() : "");
    }
    if (link && entry.is_directory(failed)) {
        shared_ = true;
    } else if (file && (!link || digest_of_blob_name(name))) {
        if (listed_.size() < max_files) {
            listed_.insert(name);
        } else if (gaps_.empty()) {
            gaps_.push_back({"", fmt::format("more than {} files; the rest was not read",
                                             max_files), 0});
        }
    }
}

std::vector<std::string> FolderStore::names() const {
    namespace fs = std::filesystem;
    listed_.clear();
    gaps_.clear();
    bare_names_ = {};
    std::error_code failed;
    fs::recursive_directory_iterator entry(folder_, failed), end;
    while (!failed && entry != end && gaps_.empty()) {
        list(*entry);
        if (entry.depth() >= max_depth) {
            gaps_.push_back({"", fmt::format("folders nested deeper than {}; the rest was not read",
                                             max_depth), 0});
        }
        entry.increment(failed);
    }
    if (failed) gaps_.push_back({"", "the layout was not listed: " + failed.message(), 0});
    return {listed_.begin(), listed_.end()};
}

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
        for (const Gap& gap : store_.gaps()) images->front().gaps.push_back(gap);
        if (store_.is_shared()) {
            images->front().notes.emplace_back(
                "a folder of the layout is a link: only what images name was read of it");
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
