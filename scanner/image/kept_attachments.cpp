#include "scanner/image/kept_attachments.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "scanner/image/document.hpp"
#include "scanner/image/envelope.hpp"

namespace stratascan::image {

namespace {

using nlohmann::json;

constexpr std::size_t most_blobs = 1000;
constexpr std::size_t longest_text = 512;

// What stands for bytes that are no statement: any but none, and no JSON.
constexpr std::string_view other_bytes = "-";

// What checks ask of a statement (policy/checks/statement.cpp): its subjects, the builder's
// id, and whether the build's definition is there.
json reduced(const json& root, const std::string& told_builder) {
    json kept = json::object();
    if (const json* const subjects = member(root, "subject");
        subjects != nullptr && subjects->is_array()) {
        json list = json::array();
        for (const json& subject : *subjects) {
            if (list.size() == most_subjects) break;
            const json* const digests = member(subject, "digest");
            if (digests == nullptr) continue;
            const std::string_view hex = string_member(*digests, "sha256");
            if (!hex.empty()) list.push_back({{"digest", {{"sha256", hex.substr(0, 64)}}}});
        }
        kept["subject"] = std::move(list);
    }
    const json* const predicate = member(root, "predicate");
    if (predicate == nullptr) return kept;
    json claim = json::object();
    // A secret in it would be in the store.
    const auto builder = [&](const json& of) {
        const std::string_view id = told_builder.empty() ? string_member(of, "id") : told_builder;
        return json{{"id", id.substr(0, longest_text)}};
    };
    if (const json* const one = inside(*predicate, {"runDetails", "builder"})) {
        claim["runDetails"]["builder"] = builder(*one);
    }
    if (const json* const one = inside(*predicate, {"builder"})) claim["builder"] = builder(*one);
    if (inside(*predicate, {"buildConfig"}) != nullptr) claim["buildConfig"] = json::object();
    if (inside(*predicate, {"buildDefinition", "internalParameters", "buildConfig"}) != nullptr) {
        claim["buildDefinition"]["internalParameters"]["buildConfig"] = json::object();
    }
    kept["predicate"] = std::move(claim);
    return kept;
}

// Empty: the bytes are none, or are not JSON that can be told of.
json statement_of(std::string_view bytes, const std::string& told_builder) {
    if (bytes.empty() || bytes.front() != '{') return nullptr;
    const auto document = parse_document(bytes);
    if (!document || document->repeated_keys || !document->root.is_object()) return nullptr;
    return reduced(document->root, told_builder);
}

json kept_blob(const AttachedBlob& blob) {
    json kept = {{"digest", blob.digest},
                 {"media_type", blob.media_type},
                 {"predicate_type", blob.predicate_type}};
    const auto envelope = read_envelope(blob.media_type, blob.bytes, blob.annotations);
    kept["envelope"] = envelope.has_value() || blob.unproven;
    json statement = statement_of(envelope ? envelope->payload : blob.bytes, blob.told_builder);
    if (!statement.is_null()) kept["statement"] = std::move(statement);
    else if (!envelope && !blob.bytes.empty()) kept["other"] = true;
    return kept;
}

bool is_short(const Attachment& attached) {
    const auto fits = [](const std::string& text) { return text.size() <= longest_text; };
    return fits(attached.artifact_type) && fits(attached.tag) &&
           std::ranges::all_of(attached.blobs, [&](const AttachedBlob& blob) {
               return fits(blob.digest) && fits(blob.media_type) && fits(blob.predicate_type);
           });
}

std::string dumped(const json& value) {
    return value.dump(-1, ' ', false, json::error_handler_t::replace);
}

bool flag(const json& object, const char* name) {
    const json* const value = member(object, name);
    return value != nullptr && value->is_boolean() && value->get<bool>();
}

AttachedBlob restored_blob(const json& kept) {
    AttachedBlob blob;
    blob.digest = string_member(kept, "digest");
    blob.media_type = string_member(kept, "media_type");
    blob.predicate_type = string_member(kept, "predicate_type");
    blob.unproven = flag(kept, "envelope");
    if (const json* const statement = member(kept, "statement")) blob.bytes = dumped(*statement);
    else if (flag(kept, "other")) blob.bytes = other_bytes;
    return blob;
}

}  // namespace

std::string kept_attachments(const GateFacts& facts) {
    json list = json::array();
    std::size_t blobs = 0;
    for (const Attachment& attached : facts.attachments) {
        blobs += 1 + attached.blobs.size();
        if (blobs > most_blobs || !is_short(attached)) return {};
        json one = {{"subject", attached.subject},
                    {"digest", attached.digest},
                    {"artifact_type", attached.artifact_type},
                    {"tag", attached.tag},
                    {"blobs", json::array()}};
        for (const AttachedBlob& blob : attached.blobs) one["blobs"].push_back(kept_blob(blob));
        list.push_back(std::move(one));
    }
    return dumped({{"subjects", facts.subjects},
                   {"complete", facts.attachments_complete},
                   {"attachments", std::move(list)}});
}

std::optional<KeptAttachments> restore_attachments(std::string_view kept) {
    const auto document = parse_document(kept);
    const json* const list = document ? member(document->root, "attachments") : nullptr;
    const json* const subjects = document ? member(document->root, "subjects") : nullptr;
    if (list == nullptr || !list->is_array() || subjects == nullptr || !subjects->is_array()) {
        return std::nullopt;
    }
    KeptAttachments restored;
    restored.complete = flag(document->root, "complete");
    for (const json& subject : *subjects) {
        if (subject.is_string()) restored.subjects.push_back(subject.get<std::string>());
    }
    for (const json& one : *list) {
        Attachment& attached = restored.attachments.emplace_back();
        attached.subject = string_member(one, "subject");
        attached.digest = string_member(one, "digest");
        attached.artifact_type = string_member(one, "artifact_type");
        attached.tag = string_member(one, "tag");
        const json* const blobs = member(one, "blobs");
        if (blobs == nullptr || !blobs->is_array()) continue;
        for (const json& blob : *blobs) attached.blobs.push_back(restored_blob(blob));
    }
    return restored;
}

}  // namespace stratascan::image
