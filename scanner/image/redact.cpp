#include "scanner/image/redact.hpp"

#include <algorithm>
#include <map>

namespace stratascan::image {

namespace {

constexpr std::string_view withheld_text = "[withheld: holds a secret]";

// Shorter values occur in honest text by chance.
constexpr std::size_t shortest = 4;

// Bytes to look through for all secrets together, a text: some tenths of a second.
constexpr std::size_t work_limit = std::size_t{1} << 28;

void replace_all(std::string& text, const std::string& from, const std::string& to) {
    std::size_t at = text.find(from);
    if (at == std::string::npos) return;
    std::string replaced;
    std::size_t done = 0;
    for (; at != std::string::npos; at = text.find(from, done)) {
        replaced.append(text, done, at - done);
        replaced += to;
        done = at + from.size();
    }
    replaced.append(text, done);
    text = std::move(replaced);
}

}  // namespace

Redactor::Redactor(const std::vector<MetadataText>& texts, const std::vector<Finding>& found,
                   bool has_more)
    : withhold_all_(has_more) {
    std::map<std::pair<Source, std::string_view>, const MetadataText*> by_place;
    for (const MetadataText& text : texts) by_place[{text.source, text.path}] = &text;

    std::map<std::string, std::string> secrets;
    for (const Finding& finding : found) {
        const auto place = by_place.find({finding.source, finding.path});
        if (place == by_place.end()) {
            withhold_all_ = true;
            continue;
        }
        const MetadataText& text = *place->second;
        const bool within = finding.inner_path.empty() && finding.length >= shortest &&
                            finding.offset <= text.text.size() &&
                            finding.length <= text.text.size() - finding.offset;
        if (within) {
            secrets.emplace(text.text.substr(finding.offset, finding.length), finding.redacted);
        } else if (text.layer_index >= 0) {
            withheld_.push_back(text.layer_index);
        }
    }
    secrets_.assign(secrets.begin(), secrets.end());
    std::stable_sort(secrets_.begin(), secrets_.end(), [](const auto& left, const auto& right) {
        return left.first.size() > right.first.size();
    });
    std::sort(withheld_.begin(), withheld_.end());
}

std::string Redactor::clean(std::string_view text) const {
    if (text.empty()) return {};
    if (withhold_all_ || secrets_.size() > work_limit / text.size()) {
        return std::string(withheld_text);
    }
    std::string cleaned(text);
    for (const auto& [clear, redacted] : secrets_) replace_all(cleaned, clear, redacted);
    return cleaned;
}

std::string Redactor::clean_step(int layer_index, std::string_view step) const {
    const bool withheld =
        std::binary_search(withheld_.begin(), withheld_.end(), layer_index) && !step.empty();
    return withheld ? std::string(withheld_text) : clean(step);
}

}  // namespace stratascan::image
