#include "scanner/policy/known_bases.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>

#include "scanner/policy/toml_reader.hpp"
#include "scanner/source/digest.hpp"

extern "C" {
extern const char stratascan_known_bases_begin[];
extern const char stratascan_known_bases_end[];
}

namespace stratascan::policy {

namespace {

// No image has more layers than overlayfs can stack.
constexpr std::size_t most_layers = 512;

// The part up to `end`, which is taken off `rest` with it.
std::string_view cut_off(std::string_view& rest, char end) {
    const std::string_view part = rest.substr(0, rest.find(end));
    rest.remove_prefix(std::min(part.size() + 1, rest.size()));
    return part;
}

bool read_digests(std::string_view list, std::vector<std::string>& digests) {
    while (!list.empty()) {
        const std::string_view one = cut_off(list, ',');
        if (!source::parse_digest(one) || digests.size() == most_layers) return false;
        digests.emplace_back(one);
    }
    return true;
}

// What is wrong with it, or "".
std::string_view read_line(std::string_view line, BaseImage& base) {
    const std::string_view name = cut_off(line, '\t');
    base.platform = cut_off(line, '\t');
    const std::string_view date = cut_off(line, '\t');
    if (name.empty() || base.platform.empty() || date.empty()) {
        return "a line is: name, platform, date, digests and perhaps diff IDs, with tabs";
    }
    base.names.emplace_back(name);
    if (!read_digests(cut_off(line, '\t'), base.layer_digests) || base.layer_digests.empty()) {
        return "the digests are no list of \"sha256:<hex>\" with commas";
    }
    if (!read_digests(line, base.diff_ids) ||
        (!base.diff_ids.empty() && base.diff_ids.size() != base.layer_digests.size())) {
        return "the diff IDs are no list of \"sha256:<hex>\", one a digest";
    }
    return {};
}

}  // namespace

Result<std::vector<BaseImage>> parse_known_bases(std::string_view text, const std::string& name) {
    std::vector<BaseImage> bases;
    for (std::size_t number = 1; !text.empty(); ++number) {
        std::string_view line = cut_off(text, '\n');
        if (line.ends_with('\r')) line.remove_suffix(1);
        if (line.empty() || line.front() == '#') continue;
        BaseImage base;
        if (const auto wrong = read_line(line, base); !wrong.empty()) {
            return fail(ErrorCode::malformed, std::string(wrong), fmt::format("{}:{}", name, number),
                        "patterns/known-bases.py writes such lines");
        }
        bases.push_back(std::move(base));
    }
    return bases;
}

Result<std::vector<BaseImage>> load_known_bases(const std::string& path) {
    const auto text = read_small_file(path, "table of base images");
    if (!text) return std::unexpected(text.error());
    return parse_known_bases(*text, path);
}

std::vector<std::string*> told_texts(std::vector<BaseImage>& bases) {
    std::vector<std::string*> texts;
    for (BaseImage& base : bases) {
        for (std::string& name : base.names) texts.push_back(&name);
    }
    return texts;
}

const std::vector<BaseImage>& known_bases() {
    static const std::vector<BaseImage> bases = [] {
        const std::string_view text(
            stratascan_known_bases_begin,
            static_cast<std::size_t>(stratascan_known_bases_end - stratascan_known_bases_begin));
        auto read = parse_known_bases(text, "known-bases.tsv");
        if (read) return std::move(*read);
        // The tests read the same file: this is a broken build, not a user's mistake.
        static_cast<void>(std::fprintf(stderr, "stratascan: %s\n", read.error().message().c_str()));
        std::abort();
    }();
    return bases;
}

}  // namespace stratascan::policy
