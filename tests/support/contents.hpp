// Tars and tables of contents that are held against each other.
#pragma once

#include <algorithm>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include "scanner/layer/contents_check.hpp"

namespace stratascan::test {

inline layer::Member file_named(std::string path) {
    layer::Member member;
    member.path = std::move(path);
    return member;
}

/// What a writer says of these members.
inline std::string honest_table(const std::vector<layer::Member>& members) {
    nlohmann::json entries = nlohmann::json::array();
    for (const layer::Member& member : members) {
        nlohmann::json entry = {{"name", member.path}, {"mode", member.mode}, {"uid", member.uid}};
        switch (member.kind) {
            case layer::EntryKind::directory: entry["type"] = "dir"; break;
            case layer::EntryKind::symlink: entry["type"] = "symlink"; break;
            case layer::EntryKind::hardlink: entry["type"] = "hardlink"; break;
            case layer::EntryKind::other: entry["type"] = "fifo"; break;
            default: entry["type"] = "reg"; break;
        }
        if (member.kind == layer::EntryKind::file) entry["size"] = member.size;
        if (member.kind == layer::EntryKind::symlink) entry["linkName"] = "/" + member.link;
        if (member.kind == layer::EntryKind::hardlink) entry["linkName"] = member.link;
        if (member.kind == layer::EntryKind::whiteout) {
            const std::size_t name = member.path.rfind('/') + 1;  // 0 where there is no slash
            entry["name"] = member.path.substr(0, name) + ".wh." + member.path.substr(name);
        }
        if (member.kind == layer::EntryKind::opaque) entry["name"] = member.path + "/.wh..wh..opq";
        entries.push_back(entry);
    }
    return nlohmann::json({{"version", 1}, {"entries", entries}}).dump();
}

inline layer::TableText table_text(std::string_view text, std::size_t piece = 1 << 20) {
    layer::TableText table;
    for (; !text.empty(); text.remove_prefix(std::min(piece, text.size()))) {
        table.add(text.substr(0, piece));
    }
    return table;
}

/// What is told of a table beside a tar of these members. Paths longer than 64 bytes were cut.
inline std::vector<Gap> gaps_of(std::vector<layer::Member> members, layer::TableText table) {
    constexpr std::uint64_t path_bytes = 64;
    layer::Window window;
    layer::LayerResult result;
    for (layer::Member& member : members) {
        layer::shorten_path(member.path, path_bytes);
        member.ordinal = static_cast<std::uint32_t>(window.members.size());
        member.fresh = true;
        result.paths.entries.push_back(
            {layer::hash_path(member.path), member.ordinal, member.kind});
        window.members.push_back(std::move(member));
    }
    std::ranges::sort(result.paths.entries, {}, [](const layer::PathEntry& entry) {
        return std::tuple(entry.path, entry.ordinal);
    });
    layer::ContentsCheck check(path_bytes);
    check.add(window);
    layer::TablesBeside beside;
    beside.texts.push_back(std::move(table));
    check.finish(beside, result, [](std::string_view name) { return std::string(name); });
    return result.gaps;
}

}  // namespace stratascan::test
