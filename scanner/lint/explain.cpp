#include "scanner/lint/explain.hpp"

#include <algorithm>
#include <iterator>
#include <memory>
#include <tuple>
#include <utility>

#include "scanner/layer/layer_scan.hpp"
#include "scanner/lint/text_layer.hpp"

namespace stratascan::lint {

namespace {

layer::LayerResult scan(const Engine& engine, const identity::SecretKey& key,
                        std::string archive, bool show_secrets, layer::DroppedTold& told) {
    layer::WindowScanner scanner(
        *engine.rules, *engine.database, nullptr, key,
        {.secrets = true, .programs = false, .show_secrets = show_secrets, .tell_dropped = true});
    layer::SlabPool slabs(4);
    constexpr std::uint64_t inner_decoders = std::uint64_t{64} << 20;
    layer::LayerScanContext context{*engine.rules,
                                    [&scanner]() -> layer::WindowScanner& { return scanner; },
                                    slabs, 1, {}, layer::GzipEngine::fastest, {}, inner_decoders,
                                    nullptr, {}};
    context.told = &told;
    layer::LayerTimes times;
    return layer::scan_layer(std::make_unique<TextBlob>(std::move(archive)), "sha256", context,
                             times);
}

Explained explained(layer::LayerFinding found) {
    return {std::move(found.finding), found.containers, {}, {}};
}

// The file's own first, then what is in it in the order of the ways in.
void sort_by_place(std::vector<Explained>& candidates) {
    const auto way = [](const Explained& one) {
        const auto begin = one.finding.inner_path.begin();
        return std::pair(begin, begin + static_cast<std::ptrdiff_t>(one.containers));
    };
    const auto rest = [](const Explained& one) {
        const Finding& finding = one.finding;
        return std::tuple(finding.source, finding.offset, finding.length, !one.reason.empty(),
                          std::string_view(finding.rule), one.reason);
    };
    std::stable_sort(candidates.begin(), candidates.end(), [&](const auto& a, const auto& b) {
        const auto [a_begin, a_end] = way(a);
        const auto [b_begin, b_end] = way(b);
        const auto order = std::lexicographical_compare_three_way(a_begin, a_end, b_begin, b_end);
        return order != 0 ? order < 0 : rest(a) < rest(b);
    });
}

}  // namespace

Result<Explanation> explain(const Engine& engine, std::string_view text, std::string_view path,
                            bool show_secrets) {
    const auto key = identity::SecretKey::passing();
    if (!key) return std::unexpected(key.error());
    std::string archive;
    archive.reserve(text.size() + 8 * tar_block);
    append_file(archive, path.empty() ? "file" : path, text);
    archive.append(2 * tar_block, '\0');
    layer::DroppedTold told;
    layer::LayerResult result = scan(engine, *key, std::move(archive), show_secrets, told);
    if (result.files != 1) {
        return fail(ErrorCode::engine, "the file could not be scanned: " +
                                           (result.gaps.empty() ? result.state_reason
                                                                : result.gaps.front().reason));
    }
    Explanation explanation;
    for (layer::LayerFinding& found : result.findings) {
        explanation.candidates.push_back(explained(std::move(found)));
    }
    for (layer::DroppedCandidate& one : told.candidates) {
        explanation.candidates.push_back(explained(std::move(one.candidate)));
        explanation.candidates.back().reason = one.reason;
        explanation.candidates.back().detail = std::move(one.detail);
    }
    sort_by_place(explanation.candidates);
    explanation.untold = told.untold;
    explanation.gaps = std::move(result.gaps);
    return explanation;
}

}  // namespace stratascan::lint
