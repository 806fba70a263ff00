// What a user names as the target of a sweep, dates as configs have them, names and
// globs. The first byte picks what the rest is taken for.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "scanner/source/oci_json.hpp"
#include "scanner/sweep/planner.hpp"
#include "scanner/sweep/scope.hpp"

using namespace stratascan;
using namespace stratascan::sweep;

namespace {

void check_target(std::string_view text) {
    const auto target = parse_sweep_target(text);
    if (!target) return;
    const auto again = parse_sweep_target(target->text());
    if (!again || again->text() != target->text()) std::abort();
    if (!target->covers(target->prefix.empty() ? "any" : target->prefix)) std::abort();
    for (int service = 0; service <= static_cast<int>(registry::Service::gitlab); ++service) {
        const std::string owner = owner_of(*target, static_cast<registry::Service>(service));
        if (!target->prefix.starts_with(owner)) std::abort();
    }
}

void check_tags(std::string_view text) {
    std::vector<DatedTag> tags;
    while (!text.empty()) {
        const std::string_view line = text.substr(0, text.find('\n'));
        tags.push_back({std::string(line), parse_time(line)});
        text.remove_prefix(std::min(text.size(), line.size() + 1));
    }
    std::size_t undated = 0;
    for (const DatedTag& tag : tags) undated += tag.created ? 0U : 1U;
    const auto chosen = choose_tags(tags, 2, 1'000'000'000);
    if (chosen.size() < undated || chosen.size() > undated + 2) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size == 0) return 0;
    const std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
    switch (data[0] % 5) {
        case 0: check_target(text); break;
        case 1: check_tags(text); break;
        case 2: (void)parse_interval(text); break;
        case 3: {
            const std::size_t line = text.find('\n');
            if (line == std::string_view::npos) break;
            const Filter filter({std::string(text.substr(0, line))}, {});
            (void)filter.takes(text.substr(line + 1));
            break;
        }
        default: {
            const auto index = source::parse_oci_document(text);
            if (!index) break;
            const auto others = other_platforms(*index, source::Platform{"linux", "arm64", ""});
            if (others.size() > index->manifests.size() * 2) std::abort();
        }
    }
    return 0;
}
