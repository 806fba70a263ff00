#include "scanner/image/attachments.hpp"

#include <algorithm>
#include <optional>

#include "scanner/image/document.hpp"
#include "scanner/image/envelope.hpp"
#include "scanner/source/digest.hpp"

namespace stratascan::image {

namespace {

using source::ImageRef;

std::string find(const std::map<std::string, std::string>& map, const std::string& key) {
    const auto at = map.find(key);
    return at == map.end() ? std::string() : at->second;
}

struct Tagged {
    std::string subject, tag;
};

// "registry.example/app:sha256-<hex>.sig" -> "sha256:<hex>"
std::optional<Tagged> by_tag(const std::vector<std::string>& names) {
    constexpr std::string_view start = "sha256-";
    constexpr std::size_t digits = 64;
    for (const std::string& name : names) {
        const std::string_view tag =
            std::string_view(name).substr(name.find_last_of(":/") + 1);
        if (!tag.starts_with(start) || tag.size() < start.size() + digits) continue;
        const std::string_view rest = tag.substr(start.size() + digits);
        if (!rest.empty() && rest != ".sig" && rest != ".att" && rest != ".sbom") continue;
        return Tagged{"sha256:" + std::string(tag.substr(start.size(), digits)),
                      std::string(tag)};
    }
    return std::nullopt;
}

std::string read_blob(source::BlobReader& reader, std::size_t limit) {
    std::string bytes;
    std::string part(64 << 10, '\0');
    for (;;) {
        const auto got = reader.read(std::as_writable_bytes(std::span(part)));
        if (!got) return {};
        if (*got == 0) return bytes;
        bytes.append(part, 0, *got);
        if (bytes.size() > limit) return {};
    }
}

// An in-toto statement names its predicate's type, in the open or in an envelope.
std::string predicate_in(const std::string& media_type, const std::string& bytes) {
    if (bytes.empty() || bytes.front() != '{') return {};
    if (const auto envelope = read_envelope(media_type, bytes)) return envelope->predicate_type;
    const auto document = parse_document(bytes);
    return document ? std::string(string_member(document->root, "predicateType")) : std::string();
}

class Finder {
public:
    using Open = std::function<std::unique_ptr<source::BlobReader>(const source::LayerRef&)>;

    explicit Finder(const Open& open) : open_(open) {}

    void see(const ImageRef& image) {
        Attachment attachment;
        attachment.digest = image.digest;
        if (!image.manifest.empty()) read_manifest(image.manifest, attachment);
        if (attachment.subject.empty()) {
            attachment.subject = find(image.annotations, "vnd.docker.reference.digest");
        }
        const auto tagged = by_tag(image.names);
        if (tagged && attachment.subject.empty()) attachment.subject = tagged->subject;
        if (tagged) attachment.tag = tagged->tag;
        // An image may name a subject, too; it is then an image all the same.
        if (attachment.subject.empty() || (image.kind == "image" && !tagged)) return;
        if (attachment.subject == image.digest) return;
        for (const source::LayerRef& layer : image.layers) {
            AttachedBlob blob{layer.digest, layer.media_type,
                              find(layer.annotations, "in-toto.io/predicate-type"),
                              layer.annotations, take(layer)};
            if (blob.predicate_type.empty()) {
                blob.predicate_type = find(layer.annotations, "predicateType");
            }
            if (blob.predicate_type.empty()) blob.predicate_type = predicate_in(blob.media_type, blob.bytes);
            if (blob.predicate_type.empty()) {
                blob.predicate_type = find(image.annotations, "dev.sigstore.bundle.predicateType");
            }
            attachment.blobs.push_back(std::move(blob));
        }
        found_.push_back(std::move(attachment));
    }

    std::vector<Attachment> take_all() { return std::move(found_); }

private:
    static void read_manifest(const std::string& bytes, Attachment& attachment) {
        const auto document = parse_document(bytes);
        if (!document) return;
        if (const auto* subject = member(document->root, "subject")) {
            attachment.subject = string_member(*subject, "digest");
        }
        attachment.artifact_type = string_member(document->root, "artifactType");
        const auto* config = member(document->root, "config");
        if (attachment.artifact_type.empty() && config != nullptr) {
            attachment.artifact_type = string_member(*config, "mediaType");
        }
    }

    std::string take(const source::LayerRef& layer) {
        const auto limit = std::min(attached_blob_limit, left_);
        if (!layer.unavailable.empty() || layer.size > static_cast<std::int64_t>(limit)) return {};
        const auto reader = open_(layer);
        std::string bytes = reader ? read_blob(*reader, limit) : std::string();
        const std::string algorithm = layer.digest.substr(0, layer.digest.find(':'));
        if (algorithm != "sha256" && algorithm != "sha512") return {};
        if (source::compute_digest(algorithm, bytes) != layer.digest) return {};
        left_ -= bytes.size();
        return bytes;
    }

    const Open& open_;
    std::size_t left_ = attached_bytes_limit;
    std::vector<Attachment> found_;
};

}  // namespace

std::string builder_of(const nlohmann::json& statement) {
    const auto* const predicate = member(statement, "predicate");
    if (predicate == nullptr) return {};
    std::string id;
    for (const auto* const builder : {inside(*predicate, {"runDetails", "builder"}),
                                      inside(*predicate, {"builder"})}) {
        if (builder != nullptr && id.empty()) id = string_member(*builder, "id");
    }
    return id;
}

std::string builder_in(const AttachedBlob& blob) {
    if (blob.bytes.empty() || blob.bytes.front() != '{') return {};
    const auto envelope = read_envelope(blob.media_type, blob.bytes, blob.annotations);
    const auto document = parse_document(envelope ? envelope->payload : blob.bytes);
    return document ? builder_of(document->root) : std::string();
}

std::vector<Attachment> find_attachments(
    const std::vector<ImageRef>& images,
    const std::function<std::unique_ptr<source::BlobReader>(const source::LayerRef&)>& open) {
    Finder finder(open);
    for (const ImageRef& image : images) finder.see(image);
    return finder.take_all();
}

}  // namespace stratascan::image
