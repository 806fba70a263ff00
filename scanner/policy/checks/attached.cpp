// Signatures, bills of materials, provenance and VEX. What is attached is told; whether
// it is true is another question, and only a signature's validity can be answered here,
// with the key of who should have signed.
#include <algorithm>
#include <functional>

#include "scanner/policy/checks/answers.hpp"
#include "scanner/policy/checks/checks.hpp"

namespace stratascan::policy {

namespace {

using image::AttachedBlob;
using image::Attachment;

bool has(std::string_view text, std::string_view part) { return text.find(part) != text.npos; }

// What is known of whether it is true.
std::string validity(const Subject& subject, const AttachedBlob& blob) {
    if (!subject.signature.asked) return "; its validity was not checked";
    return subject.signature.verified.contains(blob.digest)
               ? "; its signature holds under the key"
               : "; no signature of the key over it was verified";
}

// What a signature is by, or "". A bundle may hold a statement of something else.
std::string signature_kind(const Attachment& attached, const AttachedBlob& blob) {
    if (blob.media_type == "application/vnd.dev.cosign.simplesigning.v1+json") return "cosign";
    if (has(blob.media_type, "sigstore.bundle") || has(attached.artifact_type, "sigstore.bundle")) {
        const bool other =
            !blob.predicate_type.empty() && !has(blob.predicate_type, "/cosign/sign/");
        if (!other) return "a Sigstore bundle";
    }
    if (has(attached.artifact_type, "cncf.notary.signature")) return "Notary";
    return {};
}

// Of the given predicate types or media types; the first kind that fits.
std::string document_kind(const Attachment& attached, const AttachedBlob& blob,
                          std::initializer_list<std::string_view> words) {
    for (const std::string_view text :
         {std::string_view(blob.predicate_type), std::string_view(blob.media_type),
          std::string_view(attached.artifact_type)}) {
        for (const std::string_view word : words) {
            if (has(text, word)) return std::string(text);
        }
    }
    return {};
}

using KindOf = std::function<std::string(const Attachment&, const AttachedBlob&)>;

// Of the image's own, and of the indexes that list it here.
Answer about_attached(const Subject& subject, std::string_view what, const KindOf& kind_of) {
    if (subject.report.image.kind != "image") {
        return not_applicable("only images have attachments");
    }
    for (const Attachment& attached : subject.facts.attachments) {
        for (const AttachedBlob& blob : attached.blobs) {
            if (const std::string kind = kind_of(attached, blob); !kind.empty()) {
                return passed(std::string(what) + " is attached: " + kind + validity(subject, blob));
            }
        }
        const AttachedBlob none;
        if (const std::string kind = attached.blobs.empty() ? kind_of(attached, none) : "";
            !kind.empty()) {
            return passed(std::string(what) + " is attached: " + kind + validity(subject, none));
        }
    }
    if (subject.facts.attachments_complete) {
        return failed("the registry has none", {config_item("attached", "nothing")});
    }
    return unknown("nothing of the kind is kept with the image here; a registry may have it");
}

}  // namespace

Answer signed_image(const Subject& subject, const Settings&) {
    if (subject.signature.asked && subject.report.image.kind == "image") {
        if (subject.signature.holds) return passed(subject.signature.detail);
        return failed(subject.signature.detail, {config_item("attached", "no valid signature")});
    }
    return about_attached(subject, "a signature", signature_kind);
}

Answer sbom(const Subject& subject, const Settings&) {
    Answer answer =
        about_attached(subject, "a bill of materials", [](const auto& attached, const auto& blob) {
            // BuildKit's is "https://spdx.dev/Document"; cosign's may carry a version.
            return document_kind(attached, blob,
                                 {"spdx.dev/Document", "cyclonedx.org/bom", "spdx+json",
                                  "text/spdx", "vnd.cyclonedx", "vnd.syft"});
        });
    if (answer.outcome == Outcome::pass || answer.outcome == Outcome::not_applicable) return answer;
    for (const image::PlacedFact& fact : subject.facts.facts) {
        if (fact.kind != layer::FactKind::image_sbom || fact.visibility != Visibility::visible) {
            continue;
        }
        Answer inside = passed(
            "a bill of materials is among its files; its validity was not checked");
        Item item = file_item(fact, "a bill of materials, by its path");
        item.counts = false;
        inside.items.push_back(std::move(item));
        return inside;
    }
    return answer;
}

Answer provenance(const Subject& subject, const Settings&) {
    return about_attached(subject, "provenance", [](const auto& attached, const auto& blob) {
        return document_kind(attached, blob, {"slsa.dev/provenance/"});
    });
}

Answer vex(const Subject& subject, const Settings&) {
    return about_attached(subject, "a VEX document", [](const auto& attached, const auto& blob) {
        return document_kind(attached, blob, {"openvex", "cyclonedx.org/vex", "csaf"});
    });
}

Answer suppressions_justified(const Subject& subject, const Settings&) {
    if (!subject.suppressions.given) return not_applicable("nothing is suppressed");
    Answer answer;
    for (const std::string& expired : subject.suppressions.expired) {
        add(answer, config_item("suppressions", expired));
    }
    if (answer.items.empty()) return passed("every suppression is justified, owned and in force");
    answer.outcome = Outcome::fail;
    answer.reason = counted(answer.items.size(), "suppression has run out",
                            "suppressions have run out");
    return answer;
}

}  // namespace stratascan::policy
