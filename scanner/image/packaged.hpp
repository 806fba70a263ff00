// Whose files an image's files are, by the package lists that stand in it. A file is
// an unmodified part of a package when its contents have the digest that a list gives
// for its path. List and file must have been in one tree, the final one or one that a
// lower layer left: so a file that an upgrade replaced is still known by the list that
// the upgrade replaced with it.
//
// The mark is a help for filters and no proof. Whoever made the image wrote the lists,
// too, and MD5 can be forged by those who can write both of two files.
//
// Lists have the names from before `bin` became a link to `usr/bin`, or those from
// after it, or both. So a path is looked up under each name that such a link gives it.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "scanner/image/visibility.hpp"
#include "scanner/layer/layer_result.hpp"
#include "stratascan/report.hpp"

namespace stratascan::image {

class PackagedFiles {
public:
    /// Layers lowest first, nullptr where one is not known. All are borrowed.
    PackagedFiles(std::vector<const layer::LayerResult*> layers, Overlay& overlay);

    /// The package of the member at `at`, whose normalised path is `path` and which
    /// `hidden` hid. Of several, the first by list, the highest layer's first.
    [[nodiscard]] std::optional<Package> package_of(Position at, std::string_view path,
                                                    const Hiding& hidden);

    struct Owned {
        Ownership how = Ownership::unknown;
        std::optional<Owner> owner;
    };
    /// Whose the member is. A list that knows its contents counts before one that
    /// knows its path alone.
    [[nodiscard]] Owned owner_of(Position at, std::string_view path, const Hiding& hidden);

    /// Whether all that lists say of those files was looked at: there is a limit.
    [[nodiscard]] bool looked_at_all() const noexcept;

private:
    /// The layers in whose trees something is: from `from`, and below `to`.
    struct Span {
        int from = 0, to = 0;
        [[nodiscard]] bool meets(const Span& other) const noexcept;
    };
    struct PathForm {
        layer::PathKey key = 0;
        bool below_usr = false;
    };

    [[nodiscard]] const layer::MemberDigest* digest_of(Position at) const;
    [[nodiscard]] std::optional<Package> find_package(const layer::MemberDigest& digest,
                                                      layer::PathKey key, const Span& file);
    [[nodiscard]] Span span_of(int layer, std::uint32_t list);
    [[nodiscard]] std::vector<PathForm> forms_of(std::string_view path) const;
    [[nodiscard]] bool may_look() noexcept;
    [[nodiscard]] bool has_database(const Span& file);
    [[nodiscard]] bool find_database(const Span& file);
    [[nodiscard]] Owner describe(int layer, const layer::ListedPackage& package,
                                 const Span& file);

    std::vector<const layer::LayerResult*> layers_;
    Overlay& overlay_;
    std::map<std::pair<int, std::uint32_t>, Span> spans_;
    std::map<std::pair<int, int>, bool> databases_;  // by span
    std::uint64_t looks_ = 0;
    /// What was found before: a file may hold thousands of findings, and its path may be listed
    /// as often.
    std::map<std::pair<Position, layer::PathKey>, std::optional<Package>> found_;
    /// Links of folders near the root that give files other names: name, target.
    std::vector<std::pair<std::string, std::string>> folder_links_;
    /// Packages whose list tells their version, by name: layer and index.
    std::multimap<std::string_view, std::pair<int, std::uint32_t>> versions_;
};

/// The version that the software itself has: without epoch, revision of the package,
/// and what packagers add to say how they changed its archive. Empty when none is left.
[[nodiscard]] std::string upstream_version(const Owner& owner);

}  // namespace stratascan::image
