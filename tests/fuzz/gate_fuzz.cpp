// What a gate is asked about, of any bytes: an image's config and manifest, its lists of users,
// and a statement that is attached to it, under every check of the catalogue. Pieces are
// cut at NUL pairs: config, manifest, statement, then lists, each behind a byte that picks which.
//
// Every check has an answer with its reason; one that fails shows what it rests on, within its
// bounds. What a store keeps of the config is the same when it was kept and restored, and no
// value of a variable is in it.
#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "scanner/image/document.hpp"
#include "scanner/image/facts.hpp"
#include "scanner/image/kept_config.hpp"
#include "tests/support/policy_subject.hpp"

namespace {

using namespace stratascan;

constexpr std::string_view planted = "value-of-a-variable-9d1f";

void check_kept(const source::ImageRef& image) {
    const std::string kept = image::kept_config(image, {});
    if (kept.empty()) return;
    source::ImageRef restored;
    restored.kind = image.kind;
    image::restore_config(kept, restored);
    if (image::kept_config(restored, {}) != kept) __builtin_trap();

    // With a variable of ours, where the config has variables.
    auto document = image::parse_document(image.config);
    if (!document || !document->root.is_object()) return;
    auto& container = document->root["config"];
    if (!container.is_object()) return;
    container["Env"] = {"TOKEN=" + std::string(planted)};
    source::ImageRef other = image;
    other.config = document->root.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
    if (image::kept_config(other, {}).find("TOKEN=" + std::string(planted)) != std::string::npos) {
        __builtin_trap();
    }
}

image::Attachment attached(std::string statement, std::size_t choice) {
    static constexpr std::array types = {
        "https://slsa.dev/provenance/v1", "https://slsa.dev/provenance/v0.2",
        "https://spdx.dev/Document", "https://cyclonedx.org/bom", "https://openvex.dev/ns", ""};
    static constexpr std::array media = {"application/vnd.in-toto+json",
                                         "application/vnd.dsse.envelope.v1+json",
                                         "application/vnd.dev.sigstore.bundle.v0.3+json"};
    image::AttachedBlob blob;
    blob.predicate_type = types[choice % types.size()];
    blob.media_type = media[choice % media.size()];
    blob.bytes = std::move(statement);
    image::Attachment attachment;
    attachment.blobs.push_back(std::move(blob));
    return attachment;
}

void ask_all(const test::MadeUpImage& image) {
    for (const policy::CheckInfo& info : policy::catalogue()) {
        if (policy::function_of(info.id) == nullptr) continue;
        const policy::Answer answer = image.ask(info.id);
        if (answer.reason.empty() || answer.items.size() > policy::items_told) __builtin_trap();
        if (answer.outcome == policy::Outcome::fail && answer.items.empty()) __builtin_trap();
        if (answer.outcome == policy::Outcome::undecidable) __builtin_trap();
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    std::string_view rest(reinterpret_cast<const char*>(data), size);
    const auto next = [&rest] {
        const std::size_t end = std::min(rest.find(std::string_view("\0\0", 2)), rest.size());
        std::string piece(rest.substr(0, end));
        rest.remove_prefix(std::min(rest.size(), end + 2));
        return piece;
    };
    source::ImageRef image;
    image.kind = "image";
    image.config = next();
    image.manifest = next();
    image.layers.resize(3);
    check_kept(image);

    test::MadeUpImage made;
    made.facts = *image::gather_facts(image, {}, {}, {});
    made.report.image.names = {"app:1"};
    for (auto& [name, value] : made.facts.labels) {
        if (made.report.image.names.size() < 3) made.report.image.names.push_back(value);
    }
    if (std::string statement = next(); !statement.empty()) {
        made.facts.attachments.push_back(attached(std::move(statement), size));
    }
    for (int count = 0; !rest.empty() && count < 5; ++count) {
        const std::string list = next();
        if (list.empty()) continue;
        constexpr unsigned kinds = 5;
        const auto kind = static_cast<layer::DocumentKind>(static_cast<unsigned char>(list[0]) % kinds);
        made.document(kind, "etc/list", std::string_view(list).substr(1));
    }
    ask_all(made);
    return 0;
}
