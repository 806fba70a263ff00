// What is left of an archive that passed: its documents, the names and sizes of
// its blobs, its links.
#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "scanner/source/blob_store.hpp"
#include "stratascan/report.hpp"

namespace stratascan::source {

class StreamStore final : public BlobStore {
public:
    Result<std::string> document(const std::string& name) const override;
    std::optional<Blob> find(const std::string& name) const override;
    std::vector<std::string> names() const override;
    const MemberNames& bare_names() const override { return bare_names_; }
    std::string_view place() const noexcept override { return "archive"; }

    /// Whether a document of `bytes` bytes may still be kept.
    [[nodiscard]] bool has_room(const std::string& name, std::size_t bytes) const noexcept;

    /// A name may pass twice: the later member takes it, as it does for tools
    /// that unpack the archive, and its blob gets a key of its own.
    [[nodiscard]] std::string new_key(const std::string& name);
    void keep_document(const std::string& name, std::string key, std::string bytes);
    void keep_blob(const std::string& name, std::string key, std::int64_t bytes);
    void keep_link(const std::string& name, std::string target);
    void keep_bare_name(const std::string& name, const std::string& link) {
        bare_names_.add(name, link);
    }

    /// The document behind a blob's key, or nullptr.
    [[nodiscard]] const std::string* document_of_key(const std::string& key) const;

    /// Keys of all that could be a layer, in the order in which they passed.
    [[nodiscard]] const std::vector<std::string>& keys() const noexcept { return keys_; }
    [[nodiscard]] const std::vector<Gap>& gaps() const noexcept { return gaps_; }
    void add_gap(Gap gap);

private:
    enum class Form { document, blob, link };
    struct Item {
        Form form = Form::blob;
        std::string key;   ///< of documents and blobs
        std::string link;  ///< of links
        std::int64_t size = -1;
    };

    [[nodiscard]] const Item* follow(const std::string& name) const;
    void put(const std::string& name, Item item);

    std::map<std::string, Item> items_;
    std::map<std::string, std::string> documents_;  ///< by key
    std::vector<std::string> keys_;
    MemberNames bare_names_;
    std::vector<Gap> gaps_;
    std::size_t retained_bytes_ = 0;
    std::size_t repeats_ = 0;
};

}  // namespace stratascan::source
