#include "scanner/store/scan_store.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

#include "scanner/source/digest.hpp"
#include "scanner/source/target.hpp"
#include "scanner/store/sqlite_store.hpp"

namespace stratascan::store {

namespace {

// Where a file lies, whatever folder the user stands in.
std::string absolute(const std::string& target) {
    if (target == "-") return target;
    const source::TargetName name = source::parse_target(target);
    std::error_code error;
    const std::filesystem::path path = std::filesystem::absolute(name.rest, error);
    return error ? target : path.lexically_normal().string();
}

/// "1.0" of "registry.example/team/app:1.0"; empty where the name has no tag.
std::string tag_in(const source::RepositoryPlace& place, std::string_view name) {
    const std::string before = place.registry + '/' + place.name + ':';
    if (!name.starts_with(before) || name.find('@') != std::string_view::npos) return {};
    return std::string(name.substr(before.size()));
}

std::string identity_of(const ScanStore::Scanned& scanned) {
    const source::ImageRef& image = scanned.image;
    if (!image.digest.empty()) return image.digest;
    if (!image.config_digest.empty()) return image.config_digest;
    std::string all = image.kind;
    for (std::size_t i = 0; i < image.layers.size(); ++i) {
        const layer::LayerResult* result = i < scanned.layers.size() ? scanned.layers[i] : nullptr;
        all += '\n' + (result != nullptr ? result->digest : image.layers[i].digest) + ' ' +
               scanned.facts.layers[i].name;
    }
    return source::compute_digest("sha256", all);
}

}  // namespace

bool may_stand_for_blob(const layer::LayerResult& result) {
    return !result.digest.empty() &&
           (result.state == LayerState::complete || result.state == LayerState::partial);
}

Ruleset with_memory(const Ruleset& ruleset, std::uint64_t memory_bytes) {
    Ruleset with = ruleset;
    with.hash += fmt::format(" memory {}", memory_bytes);
    return with;
}

ManifestRecord manifest_of(const ScanStore::Scanned& scanned) {
    const source::ImageRef& image = scanned.image;
    ManifestRecord manifest;
    manifest.digest = identity_of(scanned);
    manifest.kind = image.kind;
    manifest.config_digest = image.config_digest;
    manifest.platform = scanned.facts.info.platform;
    manifest.created = scanned.facts.info.created;
    manifest.bytes = static_cast<std::int64_t>(image.manifest.size());
    manifest.media_type = scanned.facts.media_type;
    manifest.artifact_type = scanned.facts.artifact_type;
    manifest.subject = scanned.facts.subject;
    // Secrets that were found may stand in it.
    if (scanned.facts.findings.empty()) manifest.raw = image.manifest;
    for (std::size_t i = 0; i < image.layers.size(); ++i) {
        const layer::LayerResult* result = i < scanned.layers.size() ? scanned.layers[i] : nullptr;
        std::string digest = image.layers[i].digest;
        if (digest.empty() && result != nullptr) digest = result->digest;
        manifest.layers.push_back({digest, scanned.facts.layers[i].media_type, image.layers[i].size});
    }
    return manifest;
}

ScanStore::ScanStore(std::string path, Ruleset ruleset, std::uint64_t memory_bytes)
    : path_(std::move(path)), ruleset_(std::move(ruleset)),
      with_memory_(with_memory(ruleset_, memory_bytes)) {}

Store* ScanStore::opened() {
    const std::scoped_lock lock(mutex_);
    if (!tried_ && !path_.empty()) {
        tried_ = true;
        auto opened = Store::open(path_, true);
        if (opened) {
            store_ = std::move(*opened);
        } else {
            failed_ = true;
            notes_.push_back("the scan goes on without a store: " + opened.error().message());
        }
        const auto keys = store_ ? store_->keys() : Result<std::vector<std::string>>();
        if (keys && !keys->empty() &&
            std::find(keys->begin(), keys->end(), ruleset_.hmac_key) == keys->end()) {
            notes_.push_back(fmt::format(
                "{}: the store was made under another key, so its layers are scanned again",
                path_));
        }
    }
    return failed_ ? nullptr : store_.get();
}

void ScanStore::give_up(const Error& error) {
    const std::scoped_lock lock(mutex_);
    if (failed_) return;
    failed_ = true;
    notes_.push_back("not all was kept in the store: " + error.message());
}

std::optional<layer::LayerResult> ScanStore::known(const std::string& digest) {
    Store* const store = opened();
    if (store == nullptr || digest.empty()) return std::nullopt;
    for (const Ruleset* ruleset : {&ruleset_, &with_memory_}) {
        auto kept = store->layer(digest, *ruleset);
        if (!kept) {
            give_up(kept.error());
            return std::nullopt;
        }
        if (!*kept) continue;
        const std::scoped_lock lock(mutex_);
        ids_.insert_or_assign(digest, (*kept)->id);
        return std::move((*kept)->result);
    }
    return std::nullopt;
}

void ScanStore::keep(const layer::LayerResult& result, bool of_stream) {
    if (!may_stand_for_blob(result) || (result.over_decoder_memory && of_stream)) return;
    Store* const store = opened();
    if (store == nullptr) return;
    const auto id = store->put_layer(
        result, result.over_decoder_memory ? with_memory_ : ruleset_, true);
    if (!id) {
        give_up(id.error());
        return;
    }
    const std::scoped_lock lock(mutex_);
    ids_.insert_or_assign(result.digest, *id);
}

std::vector<std::optional<LayerId>> ScanStore::ids_of(const Scanned& scanned, Store& store) {
    std::vector<std::optional<LayerId>> ids;
    for (const layer::LayerResult* result : scanned.layers) {
        ids.emplace_back();
        if (result == nullptr) continue;
        const auto kept = may_stand_for_blob(*result) ? ids_.find(result->digest) : ids_.end();
        if (kept != ids_.end()) {
            ids.back() = kept->second;
            continue;
        }
        const auto put = store.put_layer(*result, ruleset_, false);
        if (put) ids.back() = *put;
        else give_up(put.error());
    }
    return ids;
}

void ScanStore::record(const std::string& target, const source::ImageSource& source,
                       const std::vector<Scanned>& images, bool whole) {
    Store* const store = opened();
    if (store == nullptr) return;
    const auto must = [this](const auto& done) {
        if (!done) give_up(done.error());
        return done.has_value();
    };
    const Time now = current_time();
    const auto place = source.repository();
    const RepositoryName name =
        place ? RepositoryName{place->registry, place->name, target}
              : RepositoryName{"", absolute(target), target};
    const auto repository =
        store->begin_repository(name, now, place ? Look::glance : Look::whole);
    if (!must(repository)) return;
    std::map<std::string, int> tags;
    for (const Scanned& scanned : images) {
        for (const std::string& given : scanned.facts.info.names) ++tags[given];
    }
    int position = 0;
    for (const Scanned& scanned : images) {
        ImageRecord record;
        record.manifest = manifest_of(scanned);
        record.position = place ? 0 : position++;
        record.ruleset = ruleset_;
        record.facts = scanned.facts;
        record.layers = ids_of(scanned, *store);
        record.hidden = scanned.hidden;
        record.complete = scanned.complete;
        record.config = scanned.config;
        record.attached = scanned.attached;
        if (failed_ || !must(store->record_image(*repository, record, now))) return;
        for (const std::string& given : scanned.facts.info.names) {
            const std::string tag = place ? tag_in(*place, given) : given;
            // A tag that leads to an index leads to none of its images.
            if (tag.empty() || (place && (!whole || tags[given] > 1))) continue;
            if (!must(store->observe_tag(*repository, tag, record.manifest.digest, now))) return;
        }
    }
    if (place) return;
    // What came through a pipe says nothing of what came before.
    const bool all = whole && target != "-";
    must(store->finish_repository(*repository, all ? LookState::whole : LookState::partial,
                                  all ? "" : "not all of it was asked for", now));
}

}  // namespace stratascan::store
