// Layers on top of each other, of any members: files, folders, whiteouts, opaque markers, hard and
// symbolic links in every way, loops included. A layer ends at a 255; a member is a byte for its
// kind and how deep it stands, a byte for each step of its path, and, of a link, of its target.
//
// Every question has an answer within the bounds of the work, and the same one whatever was asked
// before. What hides a member comes behind it, and a name that leads to it is another one.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <tuple>
#include <vector>

#include "scanner/image/visibility.hpp"
#include "scanner/layer/whiteout.hpp"

namespace {

using namespace stratascan;
using layer::EntryKind;

constexpr std::size_t most_layers = 6, most_members = 24, most_names = 512;

struct Member {
    int layer = 0;
    std::uint32_t ordinal = 0;
    std::string path;
};

class Reader {
public:
    Reader(const std::uint8_t* data, std::size_t size) : at_(data), end_(data + size) {}
    [[nodiscard]] bool ended() const noexcept { return at_ == end_; }
    std::uint8_t byte() noexcept { return ended() ? std::uint8_t{0} : *at_++; }

    // Few names, so that paths meet.
    std::string path(unsigned depth) {
        std::string path;
        for (unsigned i = 0; i <= depth; ++i) {
            if (i > 0) path += '/';
            static constexpr const char* names[] = {"a", "b", "bin", "usr", "lib", ".wh.a", ".wh.bin",
                                                    ".wh..wh..opq"};
            path += names[byte() % std::size(names)];
        }
        return layer::normalise_path(path);
    }

private:
    const std::uint8_t *at_, *end_;
};

class Image {
public:
    void add_layer() {
        layers_.emplace_back();
        ordinal_ = 0;
    }
    [[nodiscard]] std::size_t count() const noexcept { return layers_.size(); }
    [[nodiscard]] bool full() const noexcept { return ordinal_ == most_members; }
    [[nodiscard]] const std::vector<Member>& members() const noexcept { return members_; }

    void add(std::uint8_t head, Reader& in) {
        static constexpr EntryKind kinds[] = {EntryKind::file, EntryKind::directory,
                                              EntryKind::symlink, EntryKind::hardlink};
        std::string path = in.path(head / 8U % 4U);
        EntryKind kind = kinds[head % 4U];
        const layer::Whiteout marker = layer::read_whiteout(path);
        if (kind == EntryKind::file && marker.kind != EntryKind::file) {
            kind = marker.kind;
            path = marker.path;
        }
        layer::PathIndex& index = layers_.back();
        index.entries.push_back({layer::hash_path(path), ordinal_, kind});
        if (kind == EntryKind::hardlink) index.hardlinks.push_back({path, in.path(1), ordinal_});
        if (kind == EntryKind::symlink) index.symlinks.push_back({path, in.path(2), ordinal_});
        if (kind == EntryKind::file) {
            members_.push_back({static_cast<int>(layers_.size()) - 1, ordinal_, path});
        }
        ++ordinal_;
    }

    [[nodiscard]] std::vector<const layer::PathIndex*> indexes() {
        std::vector<const layer::PathIndex*> all;
        for (layer::PathIndex& index : layers_) {
            std::ranges::sort(index.entries, {}, [](const layer::PathEntry& entry) {
                return std::tie(entry.path, entry.ordinal);
            });
            all.push_back(&index);
        }
        return all;
    }

private:
    std::vector<layer::PathIndex> layers_ = std::vector<layer::PathIndex>(1);
    std::vector<Member> members_;
    std::uint32_t ordinal_ = 0;
};

struct Answers {
    image::Hiding hiding;
    std::vector<std::string> names;
    std::vector<std::pair<std::string, int>> removed;
    bool operator==(const Answers& other) const {
        return hiding.layer == other.hiding.layer && hiding.ordinal == other.hiding.ordinal &&
               hiding.how == other.hiding.how && names == other.names && removed == other.removed;
    }
};

Answers ask(image::Overlay& overlay, const Member& member) {
    const image::Position at{member.layer, member.ordinal};
    Answers answers{overlay.hiding(at, member.path), overlay.aliases(at, member.path), {}};
    for (const RemovedAlias& alias : overlay.removed_aliases(at, member.path)) {
        answers.removed.emplace_back(alias.path, alias.hidden_by);
    }
    return answers;
}

void check(const Answers& answers, const Member& member, std::size_t layers) {
    const image::Hiding& hiding = answers.hiding;
    if (hiding.any()) {
        if (hiding.how == Visibility::visible) __builtin_trap();
        if (static_cast<std::size_t>(hiding.layer) >= layers) __builtin_trap();
        if (std::tie(hiding.layer, hiding.ordinal) <= std::tie(member.layer, member.ordinal)) {
            __builtin_trap();
        }
    }
    if (answers.names.size() > most_names || answers.removed.size() > most_names) __builtin_trap();
    if (!std::ranges::is_sorted(answers.names)) __builtin_trap();
    if (std::ranges::find(answers.names, member.path) != answers.names.end()) __builtin_trap();
    for (const auto& [path, hidden_by] : answers.removed) {
        if (hidden_by < 0 || static_cast<std::size_t>(hidden_by) >= layers) __builtin_trap();
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    Reader in(data, size);
    Image image;
    while (!in.ended()) {
        const std::uint8_t head = in.byte();
        if (head == 255) {
            if (image.count() == most_layers) break;
            image.add_layer();
        } else if (!image.full()) {
            image.add(head, in);
        }
    }
    image::Overlay overlay(image.indexes());
    std::vector<Answers> all;
    for (const Member& member : image.members()) {
        all.push_back(ask(overlay, member));
        check(all.back(), member, image.count());
    }
    image::Overlay backwards(image.indexes());
    for (std::size_t i = all.size(); i-- > 0;) {
        const Answers again = ask(backwards, image.members()[i]);
        if (!overlay.exhausted() && !backwards.exhausted() && !(again == all[i])) __builtin_trap();
    }
    return 0;
}
