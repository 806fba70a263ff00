// What of a layer's files is left under the layers above. The cases are the
// image specification's rules for changesets, one test a rule; then random
// images are checked against a reference that builds the tree member by member.
#include "scanner/image/visibility.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <optional>
#include <random>
#include <set>

#include "scanner/image/path_parts.hpp"

namespace {

using stratascan::Visibility;
using stratascan::image::Hiding;
using stratascan::image::Overlay;
using stratascan::layer::EntryKind;
using stratascan::layer::hash_path;
using stratascan::layer::PathEntry;
using stratascan::layer::PathIndex;

struct Member {
    EntryKind kind = EntryKind::file;
    std::string path;
    std::string target;
};
using Layer = std::vector<Member>;

Member file(std::string path) { return {EntryKind::file, std::move(path), {}}; }
Member folder(std::string path) { return {EntryKind::directory, std::move(path), {}}; }
Member whiteout(std::string path) { return {EntryKind::whiteout, std::move(path), {}}; }
Member opaque(std::string path) { return {EntryKind::opaque, std::move(path), {}}; }
Member hardlink(std::string path, std::string target) {
    return {EntryKind::hardlink, std::move(path), std::move(target)};
}
Member symlink(std::string path, std::string target) {
    return {EntryKind::symlink, std::move(path), std::move(target)};
}

PathIndex index_of(const Layer& layer) {
    PathIndex index;
    for (std::uint32_t ordinal = 0; ordinal < layer.size(); ++ordinal) {
        const Member& member = layer[ordinal];
        index.entries.push_back({hash_path(member.path), ordinal, member.kind});
        if (member.kind == EntryKind::hardlink) {
            index.hardlinks.push_back({member.path, member.target, ordinal});
        }
        if (member.kind == EntryKind::symlink) {
            index.symlinks.push_back({member.path, member.target, ordinal});
        }
    }
    std::sort(index.entries.begin(), index.entries.end(),
              [](const PathEntry& left, const PathEntry& right) {
                  return std::tie(left.path, left.ordinal) < std::tie(right.path, right.ordinal);
              });
    return index;
}

class Image {
public:
    explicit Image(const std::vector<Layer>& layers) : layers_(layers) {
        for (const Layer& layer : layers) indexes_.push_back(index_of(layer));
        std::vector<const PathIndex*> pointers;
        for (const PathIndex& index : indexes_) pointers.push_back(&index);
        overlay_.emplace(pointers);
    }

    Hiding hiding(int layer, std::uint32_t ordinal) {
        return overlay_->hiding({layer, ordinal}, member(layer, ordinal).path);
    }
    std::vector<std::string> aliases(int layer, std::uint32_t ordinal) {
        return overlay_->aliases({layer, ordinal}, member(layer, ordinal).path);
    }
    bool exhausted() const { return overlay_->exhausted(); }

private:
    const Member& member(int layer, std::uint32_t ordinal) const {
        return layers_[static_cast<std::size_t>(layer)][ordinal];
    }

    std::vector<Layer> layers_;
    std::vector<PathIndex> indexes_;
    std::optional<Overlay> overlay_;
};

/// "visible", "deleted by 2", "overwritten by 1": of the first member of layer 0.
std::string fate(const std::vector<Layer>& layers, std::uint32_t ordinal = 0) {
    const Hiding hiding = Image(layers).hiding(0, ordinal);
    if (!hiding.any()) return "visible";
    return std::string(to_string(hiding.how)) + " by " + std::to_string(hiding.layer);
}

using Names = std::vector<std::string>;

TEST(Visibility, AFileThatNothingTouchesIsVisible) {
    EXPECT_EQ(fate({{file("a/x")}}), "visible");
    EXPECT_EQ(fate({{file("a/x")}, {folder("a"), file("a/y")}, {}}), "visible");
}

TEST(Visibility, TheLowestLayerThatHidesAFileCounts) {
    EXPECT_EQ(fate({{file("x")}, {}, {file("x")}, {whiteout("x")}}), "overwritten by 2");
    EXPECT_EQ(fate({{file("x")}, {whiteout("x")}, {file("x")}}), "deleted by 1");
}

TEST(Visibility, EveryKindOfEntryReplacesAFile) {
    EXPECT_EQ(fate({{file("x")}, {folder("x")}}), "overwritten by 1");
    EXPECT_EQ(fate({{file("x")}, {symlink("x", "y")}}), "overwritten by 1");
    EXPECT_EQ(fate({{file("x")}, {hardlink("x", "y")}}), "overwritten by 1");
    EXPECT_EQ(fate({{file("x")}, {{EntryKind::other, "x", {}}}}), "overwritten by 1");
}

TEST(Visibility, AWhiteoutHidesItsPathAndAllUnderIt) {
    EXPECT_EQ(fate({{file("a/b/x")}, {whiteout("a/b/x")}}), "deleted by 1");
    EXPECT_EQ(fate({{file("a/b/x")}, {whiteout("a")}}), "deleted by 1");
    EXPECT_EQ(fate({{file("a/b/x")}, {whiteout("a/b/y")}}), "visible");
    EXPECT_EQ(fate({{file("ab/x")}, {whiteout("a")}}), "visible");
}

TEST(Visibility, WhiteoutsNeverActOnTheirOwnLayer) {
    EXPECT_EQ(fate({{file("a/x"), whiteout("a/x"), whiteout("a"), opaque("a"), opaque("")}}),
              "visible");
}

TEST(Visibility, AnOpaqueMarkerHidesWhatLowerLayersHoldInItsFolder) {
    EXPECT_EQ(fate({{file("a/b/x")}, {opaque("a")}}), "deleted by 1");
    EXPECT_EQ(fate({{file("a/b/x")}, {opaque("")}}), "deleted by 1");
    EXPECT_EQ(fate({{file("a/x")}, {opaque("a/x")}}), "visible");
}

TEST(Visibility, AFileThatIsWrittenAnewUnderAnOpaqueMarkerIsOverwritten) {
    EXPECT_EQ(fate({{file("a/x")}, {opaque("a"), file("a/x")}}), "overwritten by 1");
    EXPECT_EQ(fate({{file("a/x")}, {whiteout("a"), folder("a"), file("a/x")}}),
              "overwritten by 1");
}

TEST(Visibility, ANonDirectoryInThePlaceOfAFolderHidesWhatWasUnderIt) {
    EXPECT_EQ(fate({{file("a/b/x")}, {file("a")}}), "overwritten by 1");
    EXPECT_EQ(fate({{file("a/b/x")}, {symlink("a/b", "c")}}), "overwritten by 1");
    EXPECT_EQ(fate({{file("a/b/x")}, {folder("a")}}), "visible");
}

TEST(Visibility, ALaterMemberOfTheSameLayerOverwrites) {
    EXPECT_EQ(fate({{file("x"), file("y"), file("x")}}), "overwritten by 0");
    EXPECT_EQ(fate({{file("x"), file("y"), file("x")}}, 2), "visible");
    EXPECT_EQ(fate({{file("a/x"), file("a")}}), "overwritten by 0");
    EXPECT_EQ(fate({{file("a"), file("a/x")}}, 1), "visible");
}

TEST(Visibility, AHardLinkKeepsTheBytesVisible) {
    const std::vector<Layer> layers = {{file("x"), hardlink("y", "x")}, {whiteout("x")}};
    EXPECT_EQ(fate(layers), "visible");
    EXPECT_EQ(Image(layers).aliases(0, 0), Names{"y"});
}

TEST(Visibility, ChainsOfHardLinksAreFollowedThroughLayers) {
    EXPECT_EQ(fate({{file("x")},
                    {hardlink("y", "x")},
                    {whiteout("x")},
                    {hardlink("z", "y")},
                    {whiteout("y")}}),
              "visible");
}

TEST(Visibility, TheBytesAreGoneWithTheLastName) {
    EXPECT_EQ(fate({{file("x"), hardlink("y", "x")}, {whiteout("x")}, {file("y")}}),
              "overwritten by 2");
}

TEST(Visibility, AHardLinkMadeAfterAFileWasReplacedIsToTheNewBytes) {
    EXPECT_EQ(fate({{file("x")}, {file("x")}, {hardlink("y", "x")}}), "overwritten by 1");
    EXPECT_EQ(fate({{file("x"), file("x"), hardlink("y", "x")}}), "overwritten by 0");
    EXPECT_EQ(fate({{file("x"), hardlink("y", "x"), file("x")}}), "visible");
}

TEST(Visibility, AWhiteoutWrittenThroughAFolderLinkCounts) {
    EXPECT_EQ(fate({{file("usr/bin/sh"), symlink("bin", "usr/bin")}, {whiteout("bin/sh")}}),
              "deleted by 1");
    EXPECT_EQ(fate({{file("usr/bin/sh"), symlink("bin", "usr/bin")}, {file("bin/sh")}}),
              "overwritten by 1");
    EXPECT_EQ(fate({{file("usr/bin/sh"), symlink("bin", "usr/bin")}, {opaque("bin")}}),
              "deleted by 1");
}

TEST(Visibility, ChangesToTheLinkItselfLeaveTheFileAlone) {
    EXPECT_EQ(fate({{file("usr/bin/sh"), symlink("bin", "usr/bin")}, {whiteout("bin")}}),
              "visible");
    EXPECT_EQ(fate({{file("usr/bin/sh"), symlink("bin", "usr/bin")}, {file("bin")}}), "visible");
}

TEST(Visibility, AFolderLinkThatWasRemovedBelowDoesNotCount) {
    EXPECT_EQ(fate({{file("usr/bin/sh"), symlink("bin", "usr/bin")},
                    {whiteout("bin")},
                    {folder("bin"), file("bin/sh")}}),
              "visible");
}

TEST(Visibility, AFileWrittenThroughALinkIsFollowedToItsRealPlace) {
    const std::vector<Layer> layers = {
        {symlink("bin", "usr/bin"), folder("usr/bin")}, {file("bin/sh")}, {whiteout("usr/bin/sh")}};
    Image image(layers);
    EXPECT_EQ(image.hiding(1, 0).layer, 2);
    EXPECT_EQ(image.hiding(1, 0).how, Visibility::deleted);
}

TEST(Visibility, LinksInLoopsEnd) {
    const std::vector<Layer> layers = {
        {symlink("a", "b"), symlink("b", "a"), symlink("c", ""), symlink("d", "d/d")},
        {file("a/x"), file("c/x"), file("d/x"), file("x")},
        {whiteout("b/x"), whiteout("c/c/c/x")}};
    Image image(layers);
    for (std::uint32_t ordinal = 0; ordinal < 4; ++ordinal) (void)image.hiding(1, ordinal);
    EXPECT_FALSE(image.exhausted());
    EXPECT_EQ(image.hiding(1, 3).layer, 2) << "through the link to the root";
}

TEST(Visibility, SymbolicLinksToAFileAreItsAliases) {
    const std::vector<Layer> layers = {
        {file("usr/bin/mawk"), symlink("bin", "usr/bin"), symlink("etc/alternatives/awk",
                                                                  "bin/mawk")},
        {symlink("usr/bin/awk", "etc/alternatives/awk"), symlink("usr/bin/gone", "bin/mawk")},
        {whiteout("bin/gone")}};
    EXPECT_EQ(Image(layers).aliases(0, 0), (Names{"etc/alternatives/awk", "usr/bin/awk"}));
}

TEST(Visibility, ALayerWhoseMembersAreNotAllKnownIsNamed) {
    PathIndex whole;
    PathIndex cut;
    cut.truncated = true;
    const Overlay overlay({&whole, &cut, &whole, nullptr});
    EXPECT_EQ(overlay.unknown_above(0), 1);
    EXPECT_EQ(overlay.unknown_above(1), 3);
    EXPECT_EQ(overlay.unknown_above(3), -1);
}

TEST(Visibility, MillionsOfMembersAreNoTrouble) {
    Layer lower{file("dir/secret")};
    Layer upper;
    for (int i = 0; i < 300'000; ++i) upper.push_back(file("dir/f" + std::to_string(i)));
    upper.push_back(whiteout("dir/secret"));
    EXPECT_EQ(fate({lower, upper}), "deleted by 1");
}

TEST(Visibility, ADeepPathUnderManyLinksIsBounded) {
    std::string deep = "a";
    while (deep.size() < 3900) deep += "/a";
    std::vector<Layer> layers = {{file(deep)}};
    for (int i = 0; i < 20; ++i) {
        Layer links;
        for (int n = 0; n < 100; ++n) {
            links.push_back(symlink("l" + std::to_string(i) + "_" + std::to_string(n), "a"));
        }
        layers.push_back(links);
    }
    layers.push_back({whiteout("l0_0/a")});
    EXPECT_EQ(fate(layers), "deleted by 21");
}

/// The tree as a runtime would build it, member by member: slow and plain.
class Tree {
public:
    using Content = std::pair<int, std::uint32_t>;

    explicit Tree(bool backwards = false) : backwards_(backwards) {}

    /// Returns the members that could be applied.
    Layer apply(int layer, const Layer& members) {
        std::vector<bool> applied(members.size(), true);
        for (std::size_t turn = 0; turn < members.size(); ++turn) {
            const std::size_t i = backwards_ ? members.size() - 1 - turn : turn;
            const Member& member = members[i];
            const auto parent = resolve_parent(member);
            applied[i] = parent.has_value();
            if (!parent) continue;
            if (member.kind == EntryKind::whiteout) {
                remove(stratascan::image::joined(*parent,
                                                 stratascan::image::base_of(member.path)));
            } else if (member.kind == EntryKind::opaque && 
                       !(nodes_.contains(member.path) &&
                         nodes_.at(member.path).kind == EntryKind::symlink &&
                         renewed(member.path, members))) {
                empty(*parent);
            }
        }
        for (std::uint32_t i = 0; i < members.size(); ++i) {
            const auto last = static_cast<std::uint32_t>(members.size() - 1);
            const std::uint32_t ordinal = backwards_ ? last - i : i;
            applied[ordinal] = applied[ordinal] && add(layer, ordinal, members[ordinal]);
        }
        Layer accepted;
        for (std::size_t i = 0; i < members.size(); ++i) {
            if (applied[i]) accepted.push_back(members[i]);
        }
        return accepted;
    }

    std::set<Content> contents() const {
        std::set<Content> all;
        for (const auto& [path, node] : nodes_) {
            if (node.kind == EntryKind::file) all.insert(node.content);
        }
        return all;
    }

private:
    struct Node {
        EntryKind kind = EntryKind::directory;
        Content content{-1, 0};
        std::string target;
    };

    std::optional<std::string> resolve_parent(const Member& member) const {
        if (member.kind == EntryKind::opaque) return resolve(member.path);
        return resolve(std::string(stratascan::image::folder_of(member.path)));
    }

    /// Follows symbolic links in every part; nothing if a part is a file or a loop.
    std::optional<std::string> resolve(std::string path) const {
        for (int hops = 0; hops < 20; ++hops) {
            bool moved = false;
            for (const std::size_t end : stratascan::image::prefix_ends(path)) {
                const auto node = nodes_.find(path.substr(0, end));
                if (end == 0 || node == nodes_.end()) continue;
                if (node->second.kind == EntryKind::file) return std::nullopt;
                if (node->second.kind != EntryKind::symlink) continue;
                path = stratascan::image::joined(
                    node->second.target, end < path.size() ? path.substr(end + 1) : "");
                moved = true;
                break;
            }
            if (!moved) return path;
        }
        return std::nullopt;
    }

    /// An opaque folder that the layer itself puts in the place of a link.
    static bool renewed(const std::string& path, const Layer& members) {
        return std::any_of(members.begin(), members.end(), [&path](const Member& member) {
            return member.path == path && member.kind == EntryKind::directory;
        });
    }

    void empty(const std::string& folder) {
        std::erase_if(nodes_, [&folder](const auto& item) {
            return folder.empty() || item.first.starts_with(folder + "/");
        });
    }
    void remove(const std::string& path) {
        nodes_.erase(path);
        empty(path);
    }

    bool add(int layer, std::uint32_t ordinal, const Member& member) {
        if (member.kind == EntryKind::whiteout || member.kind == EntryKind::opaque) return true;
        const auto parent = resolve_parent(member);
        if (!parent) return false;
        const std::string path =
            stratascan::image::joined(*parent, stratascan::image::base_of(member.path));
        Node made{member.kind, {layer, ordinal}, member.target};
        if (member.kind == EntryKind::hardlink) {
            const auto folder =
                resolve(std::string(stratascan::image::folder_of(member.target)));
            if (!folder) return false;
            const auto old = nodes_.find(
                stratascan::image::joined(*folder, stratascan::image::base_of(member.target)));
            const bool within = old != nodes_.end() && (old->first + "/").starts_with(path + "/");
            if (old == nodes_.end() || within || old->second.kind != EntryKind::file) return false;
            made = old->second;
        }
        for (const std::size_t end : stratascan::image::prefix_ends(*parent)) {
            if (end != 0) nodes_.try_emplace(parent->substr(0, end));
        }
        const auto old = nodes_.find(path);
        const bool merges = old != nodes_.end() && old->second.kind == EntryKind::directory &&
                            made.kind == EntryKind::directory;
        if (merges) return true;
        remove(path);
        nodes_[path] = made;
        return true;
    }

    bool backwards_;
    std::map<std::string, Node> nodes_;
};

class RandomImage {
public:
    explicit RandomImage(unsigned seed) : random_(seed) {}

    std::vector<Layer> make(bool symlinks) {
        std::vector<Layer> layers(2 + pick(4));
        for (std::size_t i = 0; i < layers.size(); ++i) {
            const bool links_only = symlinks && i % 2 == 0 && i + 1 < layers.size();
            const std::size_t members = 1 + pick(links_only ? 2 : 7);
            for (std::size_t n = 0; n < members; ++n) {
                layers[i].push_back(links_only ? folder_link() : member());
            }
        }
        return layers;
    }

private:
    std::size_t pick(std::size_t limit) { return random_() % limit; }
    std::string name() { return std::string(1, static_cast<char>('a' + pick(3))); }
    std::string folder_path() { return pick(3) == 0 ? name() + "/" + name() : name(); }
    std::string path() { return folder_path() + (pick(4) == 0 ? "" : "/" + name()); }

    /// Leads neither into itself nor to a folder that holds it.
    Member folder_link() {
        std::string path = folder_path();
        std::string target = folder_path();
        const bool nested = (path + "/").starts_with(target + "/") ||
                            (target + "/").starts_with(path + "/");
        return symlink(std::move(path), nested ? "z" : std::move(target));
    }

    Member member() {
        switch (pick(9)) {
            case 0: return whiteout(path());
            case 1: return opaque(folder_path());
            case 2: return folder(folder_path());
            case 3:
            case 4: {
                const std::string target = path();
                const std::string link = path();
                const bool within = (target + "/").starts_with(link + "/");
                return hardlink(link, within ? "z/z" : target);
            }
            default: return file(path());
        }
    }

    std::mt19937 random_;
};

std::string described(const std::vector<Layer>& layers) {
    std::string text;
    for (std::size_t i = 0; i < layers.size(); ++i) {
        text += "layer " + std::to_string(i) + ":\n";
        for (const Member& member : layers[i]) {
            text += "  " + std::to_string(static_cast<int>(member.kind)) + " " + member.path +
                    (member.target.empty() ? "" : " -> " + member.target) + "\n";
        }
    }
    return text;
}

/// Without the members that no runtime could apply.
std::vector<Layer> applicable(const std::vector<Layer>& layers) {
    std::vector<Layer> accepted;
    Tree tree;
    for (const Layer& layer : layers) accepted.push_back(tree.apply(0, layer));
    return accepted;
}

/// Whether a layer names a path twice, or takes one away and writes below it.
bool contradicts_itself(const Layer& layer) {
    std::set<std::string> seen;
    for (const Member& upper : layer) {
        if (!seen.insert(upper.path).second) return true;
        if (upper.kind == EntryKind::directory || upper.kind == EntryKind::opaque) continue;
        for (const Member& lower : layer) {
            if (lower.path.starts_with(upper.path + "/")) return true;
        }
    }
    return false;
}

/// Whether a folder stands where another layer has a link: members below either
/// come before or behind the change, and only their order tells.
bool turns_a_link_into_a_folder(const std::vector<Layer>& layers) {
    std::set<std::string> links;
    std::set<std::string> folders;
    for (const Layer& layer : layers) {
        for (const Member& member : layer) {
            if (member.kind == EntryKind::symlink) links.insert(member.path);
            if (member.kind == EntryKind::directory) folders.insert(member.path);
        }
    }
    return std::any_of(links.begin(), links.end(),
                       [&folders](const std::string& path) { return folders.contains(path); });
}

/// Whether each layer is the difference of two trees, as packers write it: then
/// the order of its members does not matter. (Where it does, in a layer that
/// passes through a link and replaces it too, links are not followed so far.)
bool is_difference(const std::vector<Layer>& layers) {
    if (std::any_of(layers.begin(), layers.end(), contradicts_itself)) return false;
    if (turns_a_link_into_a_folder(layers)) return false;
    Tree forwards;
    Tree backwards(true);
    for (std::size_t i = 0; i < layers.size(); ++i) {
        (void)forwards.apply(static_cast<int>(i), layers[i]);
        (void)backwards.apply(static_cast<int>(i), layers[i]);
        if (forwards.contents() != backwards.contents()) return false;
    }
    return true;
}

int mismatches(const std::vector<Layer>& made, std::string& example) {
    const std::vector<Layer> layers = applicable(made);
    Image image(layers);
    Tree tree;
    std::vector<std::set<Tree::Content>> states;
    for (std::size_t i = 0; i < layers.size(); ++i) {
        (void)tree.apply(static_cast<int>(i), layers[i]);
        states.push_back(tree.contents());
    }
    int count = 0;
    for (std::size_t i = 0; i < layers.size(); ++i) {
        for (std::uint32_t ordinal = 0; ordinal < layers[i].size(); ++ordinal) {
            if (layers[i][ordinal].kind != EntryKind::file) continue;
            int expected = -1;
            for (std::size_t state = layers.size(); state-- > i;) {
                if (!states[state].contains({static_cast<int>(i), ordinal})) {
                    expected = static_cast<int>(state);
                }
            }
            const int hidden = image.hiding(static_cast<int>(i), ordinal).layer;
            if (hidden == expected) continue;
            ++count;
            if (example.empty()) {
                example = described(layers) + "member " + std::to_string(ordinal) + " of layer " +
                          std::to_string(i) + ": " + std::to_string(hidden) + ", expected " +
                          std::to_string(expected);
            }
        }
    }
    return count;
}

TEST(Visibility, RandomImagesAgreeWithATreeBuiltMemberByMember) {
    int wrong = 0;
    std::string example;
    for (unsigned seed = 0; seed < 20'000; ++seed) {
        wrong += mismatches(RandomImage(seed).make(false), example);
    }
    EXPECT_EQ(wrong, 0) << example;
}

TEST(Visibility, RandomImagesWithFolderLinksAgreeToo) {
    int wrong = 0;
    int compared = 0;
    std::string example;
    for (unsigned seed = 0; seed < 20'000; ++seed) {
        const std::vector<Layer> layers = RandomImage(seed).make(true);
        if (!is_difference(applicable(layers))) continue;
        ++compared;
        wrong += mismatches(layers, example);
    }
    // What is left are layers that contradict themselves through rings of links.
    EXPECT_GT(compared, 5'000);
    EXPECT_LT(wrong, 10) << example;
}

}  // namespace
