// Configs and manifests of any bytes: no crash, and no string of a document is
// left out of the texts that are scanned. What a layer's file holds as a secret is no
// word of a build step any more, and of a program's applets those are reachable that it has.
#include <algorithm>
#include <cctype>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "scanner/identity/secret_key.hpp"
#include "scanner/image/document.hpp"
#include "scanner/image/facts.hpp"
#include "scanner/image/join.hpp"
#include "scanner/image/known_words.hpp"
#include "scanner/image/programs.hpp"
#include "scanner/image/variable_users.hpp"

namespace {

using namespace stratascan;

bool anywhere(const std::vector<image::MetadataText>& texts, const std::string& wanted) {
    for (const image::MetadataText& text : texts) {
        if (text.text.find(wanted) != std::string::npos) return true;
    }
    return false;
}

/// Depth is bounded by parse_document. Embedded data comes decoded, and what is
/// in the rest comes escaped; neither is looked for.
void check_covered(const nlohmann::json& value, const std::vector<image::MetadataText>& texts) {
    if (value.is_structured()) {
        for (const auto& [key, element] : value.items()) {
            if (key != "data") check_covered(element, texts);
        }
        return;
    }
    if (!value.is_string()) return;
    const std::string& text = value.get_ref<const std::string&>();
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        if (byte < 0x20 || byte > 0x7e || c == '"' || c == '\\') return;
    }
    if (!anywhere(texts, text)) std::abort();
}

constexpr std::size_t long_enough = 16;  // to be known again among the words of a step

/// The first word of letters and digits that is long enough; empty: there is none.
std::string_view word_of(std::string_view text) {
    while (!text.empty()) {
        const std::string_view word = text.substr(0, text.find(' '));
        const bool plain = std::ranges::all_of(
            word, [](char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0; });
        if (plain && word.size() >= long_enough) return word;
        text.remove_prefix(std::min(text.size(), word.size() + 1));
    }
    return {};
}

void check_known_words(image::ImageFacts facts, const identity::SecretKey& key) {
    for (std::size_t number = 0; number < facts.layers.size(); ++number) {
        const std::string word(word_of(facts.layers[number].created_by));
        if (word.empty()) continue;
        layer::LayerResult layer;
        layer::LayerFinding& one = layer.findings.emplace_back();
        one.finding.secret_id = key.name(word);
        one.finding.length = static_cast<std::uint32_t>(word.size());
        one.finding.redacted = "***";
        image::hide_known_words(facts, {&layer, nullptr}, key);
        const std::string step = " " + facts.layers[number].created_by + " ";
        if (step.find(" " + word + " ") != step.npos) std::abort();
    }
}

void check_programs(const std::vector<std::string>& folders) {
    for (const std::string& folder : folders) {
        std::vector<Program> programs(1);
        programs[0].path = folder.empty() ? "box" : folder + "/box";
        programs[0].applets = {"ls", "sh"};
        programs[0].aliases = {folder.empty() ? "sh" : folder + "/sh", "elsewhere/than/there/ls"};
        image::complete_programs(programs, folders);
        const auto& reachable = programs[0].reachable;
        if (std::ranges::find(reachable, "sh") == reachable.end()) std::abort();
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string bytes(reinterpret_cast<const char*>(data), size);
    const std::size_t cut = bytes.find('\0');
    source::ImageRef image;
    image.config = bytes.substr(0, cut);
    if (cut != std::string::npos) image.manifest = bytes.substr(cut + 1);
    image.layers.resize(size % 5);

    std::vector<Gap> gaps;
    const auto texts = image::metadata_texts(image, gaps);
    for (const std::string& document : {image.config, image.manifest}) {
        if (document.empty()) continue;
        const auto parsed = image::parse_document(document);
        if (parsed && !parsed->repeated_keys) check_covered(parsed->root, texts);
    }
    std::vector<Finding> findings;
    for (const image::MetadataText& text : texts) {
        Finding finding;
        finding.source = text.source;
        finding.path = text.path;
        finding.offset = text.text.size() / 2;
        finding.length = size % 11;
        finding.layer_index = text.layer_index;
        findings.push_back(finding);
    }
    static const identity::SecretKey key = *identity::SecretKey::passing();
    image::name_users(findings, texts, key);
    const image::ImageFacts facts = image::describe(image, findings);
    check_programs(facts.program_folders);
    check_known_words(facts, key);
    (void)image::join("target", image, {}, std::move(findings), false);
    return 0;
}
