#include "scanner/policy/checks/statement.hpp"

#include <algorithm>

#include "scanner/evidence/codec.hpp"
#include "scanner/image/document.hpp"
#include "scanner/image/envelope.hpp"

namespace stratascan::policy {

namespace {

using image::inside;
using image::member;
using image::string_member;
using nlohmann::json;

}  // namespace

std::optional<image::Document> document_in(const image::AttachedBlob& blob) {
    if (blob.bytes.empty() || blob.bytes.front() != '{') return std::nullopt;
    const auto envelope =
        blob.unproven ? std::nullopt
                      : image::read_envelope(blob.media_type, blob.bytes, blob.annotations);
    auto document = image::parse_document(envelope ? envelope->payload : blob.bytes);
    if (!document || document->repeated_keys || !document->root.is_object()) return std::nullopt;
    return std::move(*document);
}

std::string document_kind(const image::Attachment& attached, const image::AttachedBlob& blob,
                          std::initializer_list<std::string_view> words) {
    for (const std::string_view text :
         {std::string_view(blob.predicate_type), std::string_view(blob.media_type),
          std::string_view(attached.artifact_type)}) {
        for (const std::string_view word : words) {
            if (text.find(word) != text.npos) return std::string(text);
        }
    }
    return {};
}

std::vector<std::string> subjects_of(const image::Document& document) {
    std::vector<std::string> all;
    const json* const subjects = member(document.root, "subject");
    if (subjects == nullptr || !subjects->is_array()) return all;
    for (const json& subject : *subjects) {
        if (all.size() == image::most_subjects) break;
        const json* const digests = member(subject, "digest");
        if (digests == nullptr) continue;
        const std::string_view hex = string_member(*digests, "sha256");
        if (!hex.empty()) all.push_back("sha256:" + evidence::lowered(hex));
    }
    return all;
}

bool is_about(const image::Document& document, const Subject& subject) {
    const auto& ours = subject.facts.subjects;
    const std::vector<std::string> theirs = subjects_of(document);
    return theirs.empty() || ours.empty() ||
           std::ranges::any_of(theirs, [&](const std::string& one) {
               return std::ranges::find(ours, one) != ours.end();
           });
}

std::optional<BuildClaim> build_claim(const image::AttachedBlob& blob, const Subject& subject) {
    constexpr std::string_view start = "https://slsa.dev/provenance/";
    if (!blob.predicate_type.starts_with(start)) return std::nullopt;
    const auto document = document_in(blob);
    if (!document || !is_about(*document, subject)) return std::nullopt;
    const json* const predicate = member(document->root, "predicate");
    if (predicate == nullptr) return std::nullopt;
    BuildClaim claim;
    claim.version = blob.predicate_type.substr(start.size());
    claim.builder = evidence::printable(image::builder_of(document->root), 512);
    claim.told_builder = blob.told_builder.empty() ? claim.builder
                                                   : evidence::printable(blob.told_builder, 512);
    claim.whole = inside(*predicate, {"buildConfig"}) != nullptr ||
                  inside(*predicate, {"buildDefinition", "internalParameters", "buildConfig"}) !=
                      nullptr;
    return claim;
}

}  // namespace stratascan::policy
