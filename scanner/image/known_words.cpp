#include "scanner/image/known_words.hpp"

#include <map>
#include <string>
#include <string_view>

namespace stratascan::image {
namespace {

// Shorter values occur in honest text by chance.
constexpr std::size_t shortest = 6;

constexpr std::string_view around_words = " \t\r\n\"'`=;|&<>()\\";
constexpr std::string_view around_parts = " \t\r\n\"'`=;|&<>()\\:@/,";

using Known = std::map<std::string, std::string, std::less<>>;  // redacted forms by id

Known known_of(const std::vector<const layer::LayerResult*>& layers) {
    Known known;
    for (const layer::LayerResult* const layer : layers) {
        if (layer == nullptr) continue;
        for (const layer::LayerFinding& one : layer->findings) {
            if (one.finding.length < shortest) continue;
            known.emplace(one.finding.secret_id, one.finding.redacted);
        }
    }
    return known;
}

std::string without(std::string_view text, std::string_view delimiters, const Known& known,
                    const identity::SecretKey& key) {
    std::string clean;
    while (!text.empty()) {
        const std::size_t begin = text.find_first_not_of(delimiters);
        clean += text.substr(0, begin);
        if (begin == text.npos) break;
        text.remove_prefix(begin);
        const std::string_view word = text.substr(0, text.find_first_of(delimiters));
        const auto found = word.size() < shortest ? known.end() : known.find(key.name(word));
        clean += found == known.end() ? word : std::string_view(found->second);
        text.remove_prefix(word.size());
    }
    return clean;
}

}  // namespace

void hide_known_words(ImageFacts& facts, const std::vector<const layer::LayerResult*>& layers,
                      const identity::SecretKey& key) {
    const Known known = known_of(layers);
    if (known.empty()) return;
    std::map<std::string, std::string, std::less<>> steps;  // a step stands in many places
    const auto hide = [&](std::string& step) {
        if (step.empty()) return;
        auto [at, fresh] = steps.try_emplace(step);
        if (fresh) {
            at->second = without(without(step, around_words, known, key), around_parts, known, key);
        }
        step = at->second;
    };
    for (LayerFacts& layer : facts.layers) hide(layer.created_by);
    for (Finding& finding : facts.findings) hide(finding.created_by);
}

}  // namespace stratascan::image
