#include "scanner/source/stream_store.hpp"

#include <fmt/core.h>

#include <utility>

namespace stratascan::source {

namespace {

constexpr int max_links = 16;
constexpr std::size_t max_items = 200'000;
constexpr std::size_t max_gaps = 100;

bool is_root_document(const std::string& name) noexcept {
    return name == "index.json" || name == "manifest.json";
}

}  // namespace

void StreamStore::add_gap(Gap gap) {
    if (gaps_.size() < max_gaps) gaps_.push_back(std::move(gap));
}

/// The documents that everything hangs from are kept whatever else there is.
bool StreamStore::has_room(const std::string& name, std::size_t bytes) const noexcept {
    if (bytes > max_document_bytes) return false;
    return is_root_document(name) || retained_bytes_ + bytes <= max_documents_bytes;
}

std::string StreamStore::new_key(const std::string& name) {
    const auto known = items_.find(name);
    if (known == items_.end() || known->second.form == Form::link) return name;
    return fmt::format("{}#{}", name, ++repeats_ + 1);
}

void StreamStore::put(const std::string& name, Item item) {
    const auto known = items_.find(name);
    if (known == items_.end() && items_.size() >= max_items) {
        add_gap({name, fmt::format("more than {} members; this one was left out", max_items), 0});
        return;
    }
    if (known == items_.end()) {
        items_.emplace(name, std::move(item));
        return;
    }
    add_gap({name, "ambiguous archive: this name is there twice, the last one counts", 0});
    const auto old = documents_.find(known->second.key);
    if (is_root_document(name) && old != documents_.end()) {
        retained_bytes_ -= old->second.size();
        documents_.erase(old);
    }
    known->second = std::move(item);
}

void StreamStore::keep_document(const std::string& name, std::string key, std::string bytes) {
    put(name, {Form::document, key, {}, static_cast<std::int64_t>(bytes.size())});
    retained_bytes_ += bytes.size();
    keys_.push_back(key);
    documents_.insert_or_assign(std::move(key), std::move(bytes));
}

void StreamStore::keep_blob(const std::string& name, std::string key, std::int64_t bytes) {
    keys_.push_back(key);
    put(name, {Form::blob, std::move(key), {}, bytes});
}

void StreamStore::keep_link(const std::string& name, std::string target) {
    put(name, {Form::link, {}, std::move(target), 0});
}

const StreamStore::Item* StreamStore::follow(const std::string& name) const {
    const std::string* at = &name;
    for (int hop = 0; hop < max_links; ++hop) {
        const auto item = items_.find(*at);
        if (item == items_.end()) return nullptr;
        if (item->second.form != Form::link) return &item->second;
        at = &item->second.link;
    }
    return nullptr;
}

Result<std::string> StreamStore::document(const std::string& name) const {
    const Item* const item = follow(name);
    if (item == nullptr) return fail(ErrorCode::not_found, "not in the archive", name);
    const std::string* const bytes = document_of_key(item->key);
    if (bytes == nullptr) {
        return fail(ErrorCode::over_limit, "too large, or not a JSON document", name);
    }
    return *bytes;
}

std::optional<BlobStore::Blob> StreamStore::find(const std::string& name) const {
    const Item* const item = follow(name);
    if (item == nullptr) return std::nullopt;
    return Blob{item->key, item->size};
}

std::vector<std::string> StreamStore::names() const {
    std::vector<std::string> names;
    for (const auto& [name, item] : items_) {
        if (item.form != Form::link) names.push_back(name);
    }
    return names;
}

const std::string* StreamStore::document_of_key(const std::string& key) const {
    const auto found = documents_.find(key);
    return found == documents_.end() ? nullptr : &found->second;
}

}  // namespace stratascan::source
