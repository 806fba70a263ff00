#include "scanner/registry/registry_source.hpp"

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <set>
#include <utility>

#include "scanner/source/digest.hpp"
#include "scanner/source/image_set.hpp"
#include "scanner/source/json_document.hpp"

namespace stratascan::registry {

namespace {

using nlohmann::json;
using source::BlobStore;
using source::Descriptor;
using source::ImageRef;

constexpr std::array<std::string_view, 4> accessory_ends = {"", ".sig", ".att", ".sbom"};
constexpr std::size_t max_listed_tags = 100'000;
constexpr std::size_t max_tag_pages = 100;
constexpr std::size_t max_subjects = 64;
// Of what is listed with an image: an index of more is not read, and of no more entries.
constexpr std::size_t max_listed_bytes = source::max_document_bytes - 64;
constexpr std::size_t max_listed = source::max_list_items - 1;

json descriptor_json(const std::string& media_type, const std::string& digest, std::size_t size) {
    return {{"mediaType", media_type}, {"digest", digest}, {"size", size}};
}

/// The documents of a repository, under the names of a layout. "index.json" is made
/// here: it lists the manifest that was asked for and what is about it.
class RepositoryStore final : public BlobStore {
public:
    explicit RepositoryStore(Client& client) : client_(client) {}

    void set_repository(const Repository& repository) { repository_ = repository; }

    void set_index(std::string index) { index_ = std::move(index); }
    void keep(const std::string& digest, std::string bytes) {
        manifests_[digest] = std::move(bytes);
    }

    Result<std::string> document(const std::string& name) const override {
        if (name == "index.json") return index_;
        const auto digest = source::digest_of_blob_name(name);
        if (!digest) return fail(ErrorCode::not_found, "not in the registry", name);
        return client_.small_blob(repository_, digest->text());
    }

    /// What an index lists is a manifest, or, in indexes of old build caches, a blob.
    Result<std::string> manifest(const std::string& name) const override {
        const auto digest = source::digest_of_blob_name(name);
        if (!digest) return fail(ErrorCode::not_found, "not in the registry", name);
        const auto kept = manifests_.find(digest->text());
        if (kept != manifests_.end()) return kept->second;
        auto manifest = client_.manifest({repository_, "", digest->text()});
        if (manifest) return std::move(manifest->bytes);
        if (manifest.error().code != ErrorCode::not_found) {
            return std::unexpected(manifest.error());
        }
        return document(name);
    }

    /// A registry says that it has a blob by giving it.
    std::optional<Blob> find(const std::string& name) const override { return Blob{name, -1}; }

    std::optional<Blob> find_foreign(const std::string& name,
                                     const std::vector<std::string>& urls) const override {
        const auto digest = source::digest_of_blob_name(name);
        if (!digest || !client_.can_fetch(repository_, digest->text(), urls)) return std::nullopt;
        return Blob{name, -1};
    }

    std::vector<std::string> names() const override { return {}; }
    std::string_view place() const noexcept override { return "registry"; }

private:
    Client& client_;
    Repository repository_;
    std::string index_;
    std::map<std::string, std::string> manifests_;
};

class RegistryImage final : public source::ImageSource {
public:
    RegistryImage(Client& client, Reference reference, std::vector<Place> places,
                  source::Selection selection)
        : client_(client), reference_(std::move(reference)), places_(std::move(places)),
          selection_(std::move(selection)), store_(client) {}

    Result<std::vector<ImageRef>> images() override;

    Result<std::unique_ptr<source::BlobReader>> open(const source::LayerRef& layer) override {
        const auto digest = source::digest_of_blob_name(layer.key);
        if (!digest) return fail(ErrorCode::not_found, "no blob of a registry", layer.key);
        return client_.open_blob(repository_, digest->text(), layer.size);
    }

    [[nodiscard]] bool is_remote() const noexcept override { return true; }

    [[nodiscard]] std::optional<source::RepositoryPlace> repository() const override {
        return source::RepositoryPlace{repository_.registry, repository_.name};
    }

private:
    [[nodiscard]] Result<Manifest> find_manifest();
    [[nodiscard]] std::vector<std::string> subjects(const Manifest& manifest) const;
    void add_referrers(const std::string& subject);
    [[nodiscard]] bool list_referrer(const std::string& subject, const Descriptor& descriptor);
    void add_tagged(const std::vector<std::string>& subjects);
    [[nodiscard]] bool add_accessory(const std::string& subject, const std::string& tag);
    [[nodiscard]] bool list(const json& descriptor);
    [[nodiscard]] bool is_whole(const ImageRef& image) const;
    void note(std::string reason) { source::add_gap(gaps_, "", std::move(reason)); }

    Client& client_;
    Reference reference_;
    std::vector<Place> places_;
    Repository repository_;  ///< of the place that has the image
    source::Selection selection_;
    RepositoryStore store_;
    std::set<std::string> listed_;
    std::string list_;  ///< what "index.json" lists, as JSON
    bool has_referrers_ = true;
    bool referrers_failed_ = false;  ///< not for want of the API
    bool by_digest_ = false;  ///< one manifest was asked for, whatever index lists it
    /// Subjects of which not all that is attached could be asked for.
    std::set<std::string> not_whole_;
    std::set<std::string> asked_;
    std::vector<Gap> gaps_;
};

/// The manifest and, of an index, its children: each may be signed for itself.
std::vector<std::string> RegistryImage::subjects(const Manifest& manifest) const {
    std::vector<std::string> digests = {manifest.digest};
    const auto document = source::parse_oci_document(manifest.bytes);
    if (!document) return digests;
    for (const Descriptor& child : document->manifests) {
        if (digests.size() == max_subjects) break;
        if (source::parse_digest(child.digest)) digests.push_back(child.digest);
    }
    return digests;
}

/// False, and that is noted, where there is no room for more. What a tree of the whole takes is
/// many times its bytes.
bool RegistryImage::list(const json& descriptor) {
    std::string text = descriptor.dump(-1, ' ', false, json::error_handler_t::replace);
    if (listed_.size() > max_listed || text.size() >= max_listed_bytes - list_.size()) {
        note("more is attached to the image than is read: the first " +
             std::to_string(listed_.size()) + " are");
        return false;
    }
    if (!list_.empty()) list_ += ',';
    list_ += text;
    return true;
}

bool RegistryImage::list_referrer(const std::string& subject, const Descriptor& descriptor) {
    if (!source::parse_digest(descriptor.digest) || listed_.contains(descriptor.digest)) return true;
    json made = {{"mediaType", descriptor.media_type},
                 {"digest", descriptor.digest},
                 {"annotations", descriptor.annotations}};
    if (descriptor.size >= 0) made["size"] = descriptor.size;
    if (!descriptor.artifact_type.empty()) made["artifactType"] = descriptor.artifact_type;
    made["annotations"]["vnd.docker.reference.digest"] = subject;
    if (!list(made)) return false;
    listed_.insert(descriptor.digest);
    return true;
}

void RegistryImage::add_referrers(const std::string& subject) {
    asked_.insert(subject);
    if (!has_referrers_) {
        if (referrers_failed_) not_whole_.insert(subject);
        return;
    }
    bool room = true;
    const auto found =
        client_.referrers(repository_, subject, [&](const std::vector<Descriptor>& page) {
            return room = std::ranges::all_of(page, [&](const Descriptor& descriptor) {
                       return list_referrer(subject, descriptor);
                   });
        });
    if (found && found->complete) return;
    has_referrers_ = found && room;
    if (!found && found.error().code == ErrorCode::unsupported) return;
    if (room) {
        note("what refers to the image was not read: " +
             (found ? found->reason : found.error().what));
    }
    referrers_failed_ = true;
    not_whole_.insert(subject);
}

/// False where the registry does not say whether it has the tag, or there is no room for it.
bool RegistryImage::add_accessory(const std::string& subject, const std::string& tag) {
    auto manifest = client_.manifest({repository_, tag, ""});
    if (!manifest) {
        if (manifest.error().code == ErrorCode::not_found) return true;
        note("tag " + tag + " was not read: " + manifest.error().what);
        return false;
    }
    if (listed_.contains(manifest->digest)) return true;
    json made = descriptor_json(manifest->media_type, manifest->digest, manifest->bytes.size());
    made["annotations"] = {{"vnd.docker.reference.digest", subject},
                           {"org.opencontainers.image.ref.name",
                            reference_.repository.text() + ':' + tag}};
    if (!list(made)) return false;
    listed_.insert(manifest->digest);
    store_.keep(manifest->digest, std::move(manifest->bytes));
    return true;
}

/// One list of tags tells of all accessories of all platforms. Where there is no
/// list, those of the image itself are asked for by name.
void RegistryImage::add_tagged(const std::vector<std::string>& subjects) {
    std::set<std::string> tags;
    std::size_t listed = 0;
    std::size_t pages = 0;
    const auto ended = client_.tags(repository_, [&](std::vector<std::string> page) {
        listed += page.size();
        for (std::string& tag : page) {
            if (is_accessory_tag(tag)) tags.insert(std::move(tag));
        }
        return listed < max_listed_tags && ++pages < max_tag_pages;
    });
    const bool known = ended && ended->complete;
    for (const std::string& subject : subjects) {
        for (const std::string& tag : accessory_tags(subject)) {
            const bool ask = tags.contains(tag) || (!known && subject == subjects.front());
            const bool told = ask ? add_accessory(subject, tag) : known;
            if (!told) not_whole_.insert(subject);
        }
    }
}

/// Whether all that is attached to the image, and to the indexes that list it here, was
/// asked for. An image that was named by its digest may have statements in an index that
/// nobody named.
bool RegistryImage::is_whole(const ImageRef& image) const {
    if (by_digest_ && image.listed_by.empty()) return false;
    const auto whole = [this](const std::string& digest) {
        return asked_.contains(digest) && !not_whole_.contains(digest);
    };
    return whole(image.digest) && std::ranges::all_of(image.listed_by, whole);
}

/// Mirrors may lack an image, or be down; what the last place says is the answer.
Result<Manifest> RegistryImage::find_manifest() {
    Result<Manifest> manifest = fail(ErrorCode::not_found, "no place to ask", reference_.text());
    for (const Place& place : places_) {
        repository_ = place.reference.repository;
        store_.set_repository(repository_);
        if (place.insecure) client_.allow_insecure(repository_.registry);
        manifest = client_.manifest(place.reference);
        if (manifest) break;
    }
    return manifest;
}

Result<std::vector<ImageRef>> RegistryImage::images() {
    auto manifest = find_manifest();
    if (!manifest) return std::unexpected(manifest.error());
    json top = descriptor_json(manifest->media_type, manifest->digest, manifest->bytes.size());
    top["annotations"] = {{"org.opencontainers.image.ref.name", reference_.text()}};
    (void)list(top);
    listed_.insert(manifest->digest);
    const std::vector<std::string> about = subjects(*manifest);
    for (const std::string& subject : about) add_referrers(subject);
    add_tagged(about);
    for (const std::string& problem : manifest->problems) note(problem);
    store_.keep(manifest->digest, std::move(manifest->bytes));
    store_.set_index(R"({"schemaVersion":2,"manifests":[)" + std::exchange(list_, {}) + "]}");
    auto images = source::resolve_images(store_, selection_);
    if (!images) {
        return fail(images.error().code, images.error().what, reference_.text(),
                    images.error().hint);
    }
    by_digest_ = !reference_.digest.empty();
    for (ImageRef& image : *images) image.attachments_listed = is_whole(image);
    for (Gap& gap : gaps_) images->front().gaps.push_back(std::move(gap));
    gaps_.clear();
    return images;
}

}  // namespace

std::vector<std::string> accessory_tags(std::string_view digest) {
    const auto parsed = source::parse_digest(digest);
    if (!parsed) return {};
    std::vector<std::string> tags;
    for (const std::string_view end : accessory_ends) {
        std::string tag = parsed->algorithm + '-' + parsed->hex + std::string(end);
        if (is_tag(tag)) tags.push_back(std::move(tag));
    }
    return tags;
}

bool is_accessory_tag(std::string_view tag) noexcept {
    constexpr std::string_view start = "sha256-";
    if (!tag.starts_with(start)) return false;
    const std::string_view rest = tag.substr(start.size());
    return source::is_sha256_hex(rest.substr(0, 64)) &&
           std::ranges::find(accessory_ends, rest.substr(std::min<std::size_t>(64, rest.size()))) !=
               accessory_ends.end();
}

std::unique_ptr<source::ImageSource> open_registry_image(Client& client, Reference reference,
                                                         std::vector<Place> places,
                                                         source::Selection selection) {
    return std::make_unique<RegistryImage>(client, std::move(reference), std::move(places),
                                           std::move(selection));
}

}  // namespace stratascan::registry
