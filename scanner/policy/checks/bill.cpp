#include "scanner/policy/checks/bill.hpp"

#include "scanner/image/document.hpp"
#include "scanner/policy/checks/statement.hpp"

namespace stratascan::policy {

namespace {

using image::inside;
using image::member;
using image::string_member;
using nlohmann::json;

class BillReader {
public:
    void read(const json& document) {
        each(member(document, "packages"), [&](const json& one) { add_name(one); });
        each(member(document, "files"),
             [&](const json& one) { add_path(string_member(one, "fileName")); });
        read_components(member(document, "components"));
    }
    [[nodiscard]] Bill take() { return std::move(bill_); }

private:
    template <typename Visit>
    static void each(const json* list, Visit visit) {
        if (list == nullptr || !list->is_array()) return;
        for (const json& one : *list) visit(one);
    }
    // As deep as a document may be, which parse_document() bounds.
    void read_components(const json* list) {
        each(list, [&](const json& one) {
            if (string_member(one, "type") == "file") add_path(string_member(one, "name"));
            else add_name(one);
            each(inside(one, {"evidence", "occurrences"}),
                 [&](const json& place) { add_path(string_member(place, "location")); });
            read_components(member(one, "components"));
        });
    }
    void add_name(const json& one) {
        if (const auto name = string_member(one, "name"); !name.empty()) bill_.names.emplace(name);
    }
    void add_path(std::string_view path) {
        if (path.starts_with("./")) path.remove_prefix(2);
        else if (path.starts_with('/')) path.remove_prefix(1);
        if (!path.empty()) bill_.paths.emplace(path);
    }

    Bill bill_;
};

}  // namespace

std::string bill_kind(const image::Attachment& attached, const image::AttachedBlob& blob) {
    // BuildKit's is "https://spdx.dev/Document"; cosign's may carry a version.
    return document_kind(attached, blob, {"spdx.dev/Document", "cyclonedx.org/bom", "spdx+json",
                                          "text/spdx", "vnd.cyclonedx", "vnd.syft"});
}

Bill bill_of(const Subject& subject) {
    BillReader reader;
    for (const image::Attachment& attached : subject.facts.attachments) {
        for (const image::AttachedBlob& blob : attached.blobs) {
            if (bill_kind(attached, blob).empty()) continue;
            const auto document = document_in(blob);
            if (!document || !is_about(*document, subject)) continue;
            const json* const predicate = member(document->root, "predicate");
            reader.read(predicate != nullptr ? *predicate : document->root);
        }
    }
    return reader.take();
}

}  // namespace stratascan::policy
