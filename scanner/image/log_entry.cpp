#include "scanner/image/log_entry.hpp"

#include <charconv>

#include "scanner/evidence/codec.hpp"
#include "scanner/image/document.hpp"

namespace stratascan::image {

namespace {

using nlohmann::json;

constexpr std::size_t hash_bytes = 32;

// Protocol buffers write 64-bit numbers as strings; others write numbers.
std::optional<std::int64_t> number_member(const json& object, const char* key) {
    const json* const value = member(object, key);
    if (value == nullptr) return std::nullopt;
    if (value->is_number_integer()) return value->get<std::int64_t>();
    if (!value->is_string()) return std::nullopt;
    const auto& text = value->get_ref<const std::string&>();
    std::int64_t number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
    return number;
}

std::string base64_of(const json& object, const char* key) {
    return evidence::decode_base64(string_member(object, key)).value_or(std::string());
}

/// The signatures that an entry's body is about.
std::vector<std::string> signatures_in(const std::string& body) {
    std::vector<std::string> all;
    const auto document = parse_document(body);
    if (!document || document->repeated_keys) return all;
    const auto take = [&](const json& object, const char* key, bool twice) {
        std::string bytes = base64_of(object, key);
        if (twice) bytes = evidence::decode_base64(bytes).value_or(std::string());
        if (!bytes.empty() && all.size() < 16) all.push_back(std::move(bytes));
    };
    const auto take_all = [&](const json* list, const char* key, bool twice) {
        if (list == nullptr || !list->is_array()) return;
        for (const json& one : *list) take(one, key, twice);
    };
    const json& root = document->root;
    const std::string_view kind = string_member(root, "kind");
    if (kind == "hashedrekord") {
        for (const json* const one : {inside(root, {"spec", "signature"}),
                                      inside(root, {"spec", "hashedRekordV002", "signature"})}) {
            if (one != nullptr) take(*one, "content", false);
        }
    } else if (kind == "dsse") {
        take_all(inside(root, {"spec", "signatures"}), "signature", false);
        take_all(inside(root, {"spec", "dsseV002", "signatures"}), "content", false);
    } else if (kind == "intoto") {
        // The envelope's own base64 is encoded once more there.
        take_all(inside(root, {"spec", "content", "envelope", "signatures"}), "sig", true);
    }
    return all;
}

void read_proof(const json& entry, LogEntry& read) {
    const json* const given = member(entry, "inclusionProof");
    if (given == nullptr) return;
    InclusionProof proof;
    const auto index = number_member(*given, "logIndex");
    const auto size = number_member(*given, "treeSize");
    const json* const hashes = member(*given, "hashes");
    if (!index || !size || *index < 0 || *size <= *index) return;
    proof.index = static_cast<std::uint64_t>(*index);
    proof.tree_size = static_cast<std::uint64_t>(*size);
    proof.root = base64_of(*given, "rootHash");
    if (proof.root.size() != hash_bytes) return;
    // A tree of one leaf needs none.
    if (hashes != nullptr && hashes->is_array()) {
        if (hashes->size() > most_proof_hashes) return;
        for (const json& one : *hashes) {
            const auto hash = one.is_string()
                                  ? evidence::decode_base64(one.get_ref<const std::string&>())
                                  : std::nullopt;
            if (!hash || hash->size() != hash_bytes) return;
            proof.hashes.push_back(*hash);
        }
    }
    if (const json* const checkpoint = member(*given, "checkpoint")) {
        proof.checkpoint = string_member(*checkpoint, "envelope");
    }
    read.proof = std::move(proof);
}

}  // namespace

std::vector<LogEntry> read_log_entries(const json& material) {
    std::vector<LogEntry> all;
    const json* const entries = member(material, "tlogEntries");
    if (entries == nullptr || !entries->is_array()) return all;
    for (const json& entry : *entries) {
        if (all.size() == most_log_entries) break;
        LogEntry read;
        read.body = base64_of(entry, "canonicalizedBody");
        if (read.body.empty()) continue;
        read.signatures = signatures_in(read.body);
        read.integrated_time = number_member(entry, "integratedTime").value_or(0);
        read.log_index = number_member(entry, "logIndex").value_or(-1);
        if (const json* const log = member(entry, "logId")) {
            read.log_id = evidence::hex(base64_of(*log, "keyId"));
        }
        if (const json* const promise = member(entry, "inclusionPromise")) {
            read.promise = base64_of(*promise, "signedEntryTimestamp");
        }
        read_proof(entry, read);
        all.push_back(std::move(read));
    }
    return all;
}

std::optional<LogEntry> read_cosign_entry(std::string_view annotation) {
    const auto document = parse_document(annotation);
    if (!document || document->repeated_keys) return std::nullopt;
    const json* const payload = member(document->root, "Payload");
    if (payload == nullptr) return std::nullopt;
    LogEntry read;
    read.body = base64_of(*payload, "body");
    if (read.body.empty()) return std::nullopt;
    read.signatures = signatures_in(read.body);
    read.integrated_time = number_member(*payload, "integratedTime").value_or(0);
    read.log_index = number_member(*payload, "logIndex").value_or(-1);
    read.log_id = evidence::lowered(string_member(*payload, "logID"));
    read.promise = base64_of(document->root, "SignedEntryTimestamp");
    return read;
}

}  // namespace stratascan::image
