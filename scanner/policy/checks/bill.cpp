#include "scanner/policy/checks/bill.hpp"

#include "scanner/image/document.hpp"
#include "scanner/policy/checks/statement.hpp"

namespace stratascan::policy {

std::string bill_kind(const image::Attachment& attached, const image::AttachedBlob& blob) {
    // BuildKit's is "https://spdx.dev/Document"; cosign's may carry a version.
    return document_kind(attached, blob, {"spdx.dev/Document", "cyclonedx.org/bom", "spdx+json",
                                          "text/spdx", "vnd.cyclonedx", "vnd.syft"});
}

std::vector<Bill> bills_of(const Subject& subject) {
    std::vector<Bill> bills;
    for (const image::Attachment& attached : subject.facts.attachments) {
        for (const image::AttachedBlob& blob : attached.blobs) {
            if (bill_kind(attached, blob).empty()) continue;
            const auto document = document_in(blob);
            if (!document || !is_about(*document, subject)) continue;
            const auto* const predicate = image::member(document->root, "predicate");
            const auto& root = predicate != nullptr ? *predicate : document->root;
            if (auto listed = layer::read_bill(root.dump())) {
                bills.push_back({"an attached bill of materials", std::move(*listed)});
            }
        }
    }
    for (const image::PlacedDocument& document : subject.facts.documents) {
        if (document.kind != layer::DocumentKind::bill || document.text.empty()) continue;
        bills.push_back({"the bill of materials " + document.path,
                         layer::bill_of_lines(document.text)});
        bills.back().listed.cut = document.cut;
    }
    return bills;
}

}  // namespace stratascan::policy
