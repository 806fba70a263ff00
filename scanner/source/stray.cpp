// Texts go to an image because there nearly always are some: index.json itself,
// oci-layout, docker's `repositories` and per-layer JSON, manifests of images
// that were since replaced. A stray of its own for them would stand beside
// every image and say nothing.
#include "scanner/source/stray.hpp"

#include <map>
#include <span>
#include <utility>

#include "scanner/source/digest.hpp"
#include "scanner/source/sniff.hpp"

namespace stratascan::source {

namespace {

constexpr std::string_view names_document = "member names";

/// Where a text belongs.
struct Place {
    std::size_t image = 0;
    int layer = -1;
};

class Rest {
public:
    Rest(const BlobStore& store, std::vector<Candidate>& candidates)
        : store_(store), candidates_(candidates), bare_names_(store.bare_names()) {
        strays_.image.kind = "stray";
        for (std::size_t at = 0; at < candidates.size(); ++at) {
            const ImageRef& image = candidates[at].image;
            read_.insert(image.manifest);
            read_.insert(image.config);
            for (const SideDocument& document : image.documents) read_.insert(document.bytes);
            for (std::size_t i = 0; i < image.layers.size(); ++i) {
                layers_.emplace(image.layers[i].key, Place{at, static_cast<int>(i)});
            }
        }
    }

    void take(const std::string& name, const BlobStore::Blob& blob) {
        if (blob.size <= static_cast<std::int64_t>(max_document_bytes)) {
            auto bytes = store_.document(name);
            if (bytes && read_.contains(*bytes)) return;
            if (bytes && is_text_member(name, std::as_bytes(std::span(*bytes))) &&
                budget_.charge(bytes->size() + name.size() + sizeof(SideDocument))) {
                add_text(name, *std::move(bytes));
                return;
            }
        }
        add_stray(name, blob);
    }

    void finish() {
        add_member_names(candidates_.front().image, bare_names_);
        for (auto& [image, document] : texts_) {
            candidates_[image].image.documents.push_back(std::move(document));
        }
        if (strays_.image.layers.empty() && strays_.image.gaps.empty()) return;
        strays_.image.documents.push_back(
            {SideDocument::Form::text, std::string(names_document), std::move(names_), -1});
        candidates_.push_back(std::move(strays_));
    }

private:
    void add_text(const std::string& name, std::string bytes) {
        bare_names_.add(name);
        const Place place = place_of(name);
        SideDocument document{SideDocument::Form::text, name, std::move(bytes), place.layer};
        if (name.ends_with("/json")) {
            document.form = SideDocument::Form::layer_json;
        } else if (is_index_document(document.bytes)) {
            document.form = SideDocument::Form::index;
        }
        texts_.emplace_back(place.image, std::move(document));
    }

    /// docker's "<id>/json" and "<id>/VERSION" are about "<id>/layer.tar".
    [[nodiscard]] Place place_of(const std::string& name) const {
        const std::size_t slash = name.rfind('/');
        if (slash == std::string::npos) return {};
        const auto layer = store_.find(name.substr(0, slash) + "/layer.tar");
        if (!layer) return {};
        const auto place = layers_.find(layer->key);
        return place == layers_.end() ? Place{} : place->second;
    }

    void add_stray(const std::string& name, const BlobStore::Blob& blob) {
        LayerRef layer;
        layer.key = blob.key;
        layer.name = name;
        layer.size = blob.size;
        if (const auto digest = digest_of_blob_name(name)) layer.digest = digest->text();
        if (budget_.charge(name.size() + 1)) names_ += name + '\n';
        add_layer(strays_.image, std::move(layer), budget_);
    }

    const BlobStore& store_;
    std::vector<Candidate>& candidates_;
    MemberNames bare_names_;  ///< and those of texts
    Budget budget_{std::uint64_t{32} << 20};  ///< apart: images may have used up theirs
    std::set<std::string_view> read_;  ///< the documents that images carry
    std::map<std::string_view, Place> layers_;
    std::vector<std::pair<std::size_t, SideDocument>> texts_;
    Candidate strays_;
    std::string names_;  ///< of the strays, one a line
};

}  // namespace

void add_member_names(ImageRef& image, const MemberNames& names) {
    if (!names.text().empty()) {
        image.documents.push_back(
            {SideDocument::Form::text, std::string(names_document), names.text(), -1});
    }
    if (names.left_out() > 0) {
        image.gaps.push_back({"", std::string(MemberNames::left_out_reason), names.left_out()});
    }
}

std::optional<BlobStore::Blob> WatchedStore::find_foreign(
    const std::string& name, const std::vector<std::string>& urls) const {
    auto blob = store_.find_foreign(name, urls);
    if (blob) found_.insert(blob->key);
    return blob;
}

std::optional<BlobStore::Blob> WatchedStore::find(const std::string& name) const {
    auto blob = store_.find(name);
    if (blob) found_.insert(blob->key);
    return blob;
}

void account_for_rest(const WatchedStore& store, std::vector<Candidate>& candidates) {
    const std::vector<std::string> names = store.names();
    Rest rest(store.unwatched(), candidates);
    for (const std::string& name : names) {
        const auto blob = store.unwatched().find(name);
        if (blob && blob->size != 0 && !store.was_found(blob->key)) rest.take(name, *blob);
    }
    rest.finish();
}

}  // namespace stratascan::source
