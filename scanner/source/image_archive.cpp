// OCI archives and docker archives are one class, because since Docker 25 one
// file is both. Names inside the archive are compared with the names that its
// documents give, and never touch the file system.
#include "scanner/source/image_archive.hpp"

#include <utility>

#include "scanner/layer/layer_result.hpp"
#include "scanner/source/image_set.hpp"
#include "scanner/source/legacy_archive.hpp"
#include "scanner/source/sniff.hpp"

namespace stratascan::source {

namespace {

Result<std::string> read_document(const FileHandle& file, const ArchiveIndex& index,
                                  const std::string& name) {
    const ArchiveMember* const member = index.find(name);
    if (member == nullptr) return fail(ErrorCode::not_found, "not in the archive", name);
    if (member->size > max_document_bytes) {
        return fail(ErrorCode::over_limit, "too large for a JSON document", name,
                    "a document of an image has at most 4 MiB");
    }
    std::string bytes(static_cast<std::size_t>(member->size), '\0');
    const auto got = file.read_at(member->offset, std::as_writable_bytes(std::span(bytes)));
    if (!got) return std::unexpected(got.error());
    if (*got < bytes.size()) return fail(ErrorCode::unreadable, "the archive ends in it", name);
    return bytes;
}

class ArchiveStore final : public BlobStore {
public:
    ArchiveStore(std::shared_ptr<const FileHandle> file, ArchiveIndex index)
        : file_(std::move(file)), index_(std::move(index)) {}

    Result<std::string> document(const std::string& name) const override {
        return read_document(*file_, index_, name);
    }

    std::optional<Blob> find(const std::string& name) const override {
        std::string key;
        const ArchiveMember* const member = index_.find(name, &key);
        if (member == nullptr) return std::nullopt;
        return Blob{std::move(key), static_cast<std::int64_t>(member->size)};
    }

    std::vector<std::string> names() const override {
        std::vector<std::string> names;
        for (const auto& [name, member] : index_.kept()) {
            if (!member.is_link) names.push_back(name);
        }
        return names;
    }

    const MemberNames& bare_names() const override { return index_.bare_names(); }

    std::string_view place() const noexcept override { return "archive"; }

    [[nodiscard]] Result<std::unique_ptr<BlobReader>> open(const std::string& key) const {
        const ArchiveMember* const member = index_.find(key);
        if (member == nullptr) {
            return fail(ErrorCode::not_found, "no blob of this archive", key);
        }
        return open_range_blob(file_, member->offset, member->size, file_->path() + ": " + key);
    }

    [[nodiscard]] const std::vector<Gap>& gaps() const noexcept { return index_.gaps(); }

private:
    std::shared_ptr<const FileHandle> file_;
    ArchiveIndex index_;
};

class ImageArchive final : public ImageSource {
public:
    ImageArchive(std::shared_ptr<const FileHandle> file, ArchiveIndex index, Selection selection)
        : store_(std::move(file), std::move(index)), selection_(std::move(selection)) {}

    Result<std::vector<ImageRef>> images() override {
        auto images = resolve_images(store_, selection_);
        if (!images) return images;
        for (ImageRef& image : *images) {
            for (const Gap& gap : store_.gaps()) image.gaps.push_back(gap);
        }
        return images;
    }

    Result<std::unique_ptr<BlobReader>> open(const LayerRef& layer) override {
        return store_.open(layer.key);
    }

private:
    ArchiveStore store_;
    Selection selection_;
};

}  // namespace

Result<ArchiveIndex> index_file(const FileHandle& file) {
    const auto read_at = [&file](std::uint64_t offset, std::span<std::byte> out) {
        return file.read_at(offset, out);
    };
    return ArchiveIndex::build(read_at, file.size(), {});
}

ArchiveDocuments find_documents(const std::shared_ptr<const FileHandle>& handle,
                                const ArchiveIndex& index) {
    const ArchiveStore store(handle, index);
    ArchiveDocuments found;
    found.index_problem = problem_of(store, "index.json");
    found.index = found.index_problem.empty();
    found.manifest_problem = problem_of(store, "manifest.json");
    found.manifest = found.manifest_problem.empty();
    if (!found.index && !found.manifest && index.has_marker()) {
        found.legacy_layers = has_legacy_layers(store);
    }
    return found;
}

std::unique_ptr<ImageSource> open_image_archive(std::shared_ptr<const FileHandle> file,
                                                ArchiveIndex index, Selection selection) {
    return std::make_unique<ImageArchive>(std::move(file), std::move(index),
                                          std::move(selection));
}

}  // namespace stratascan::source
