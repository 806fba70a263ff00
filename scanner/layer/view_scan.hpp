// Findings in what texts hold in encoded form: base64, hex, percent-encoding,
// escapes, entities and UTF-16, and each of them within each, two levels deep.
//
// What is found at a place is a function of the text within `view_sight` bytes of
// it, and that is always in the sight of the window that owns the place. A view
// shows no second look more than that, so that one that began further away would
// have shown the same. See stretch.hpp for how a stretch is told to begin.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "scanner/layer/hit_finder.hpp"
#include "scanner/layer/window.hpp"
#include "scanner/match/second_look.hpp"
#include "scanner/match/views/encoded_container.hpp"
#include "scanner/match/views/stretch.hpp"
#include "scanner/match/views/view.hpp"

namespace stratascan::layer {

inline constexpr std::size_t view_sight = margin - views::stretch_sight;

/// A text that belongs together, and the places in it that are asked about.
struct ViewedText {
    std::string_view bytes;
    std::size_t own_begin = 0, own_end = 0;  ///< as hits' ends are owned
    std::uint64_t offset = 0;                ///< of its first byte in the file
    std::uint32_t number = 0;                ///< for the caller to know it by
    std::string_view path{};                 ///< of its file; empty where it is of none
    views::Hints hints{};                    ///< of `bytes`
};

/// A finding in a view: its places, and the finding's length, are those of the
/// encoded bytes in the text.
struct ViewMatch {
    std::uint32_t text = 0;  ///< ViewedText::number
    match::Match match;
};

/// A candidate in a view that became no finding, by its encoded bytes in the text. Text that
/// is dense with them has thousands of a kilobyte, so this is small.
struct ViewDrop {
    std::uint32_t text = 0;  ///< ViewedText::number
    std::uint32_t rule = 0;
    std::size_t begin = 0, end = 0;
    std::string_view reason;
};

/// The same as a reader is shown it.
struct ViewDropped {
    ViewMatch candidate;
    std::string_view reason;
    std::string detail;
};

/// What is written there, in base64 or hex, begins like a container.
struct ViewContainer {
    std::uint32_t text = 0;  ///< ViewedText::number
    std::size_t place = 0;   ///< of the first character, which the text owns
    views::ContainerWriting writing;
};

/// Not thread-safe; one a thread. All must outlive it.
class ViewScanner {
public:
    /// `tell_dropped`: what was dropped is to be shown, and not just counted.
    ViewScanner(const match::RuleSet& rules, HitFinder& finder, const match::SecondLook& second_look,
                bool tell_dropped)
        : rules_(rules), hit_finder_(finder), second_look_(second_look),
          tell_dropped_(tell_dropped) {}

    /// Takes a text, which must stay where it is until finish().
    [[nodiscard]] Result<void> add(const ViewedText& text, std::vector<ViewMatch>& matches);
    /// Looks at what was taken and not looked at yet.
    [[nodiscard]] Result<void> finish(std::vector<ViewMatch>& matches);
    /// How often a text's views were held against a rule; after finish().
    [[nodiscard]] std::uint64_t looks(std::size_t number) const noexcept {
        return number < looks_.size() ? looks_[number] : 0;
    }
    /// What was dropped since forget().
    [[nodiscard]] const std::vector<ViewDrop>& dropped() const noexcept { return drops_; }
    [[nodiscard]] std::vector<ViewDropped>& told_dropped() noexcept { return told_; }
    /// The containers seen since, in the texts as they stand: no view is too long for them.
    [[nodiscard]] const std::vector<ViewContainer>& containers() const noexcept {
        return containers_;
    }
    void forget() noexcept {
        drops_.clear();
        told_.clear();
        containers_.clear();
    }

private:
    static constexpr std::size_t depth_limit = 2;

    // Views of one depth, with what is known of them from where they were found.
    struct Level {
        views::ViewStore store;
        views::Stretches stretches;
        views::StretchFinder stretch_finder;
        std::vector<match::Hit> hits;
        std::vector<std::size_t> edges;
    };
    // How far a hit's second look may see, as places in the file's text.
    struct Sight {
        std::size_t begin = 0, end = 0;
        bool counts = true;
    };

    void add_views(std::size_t depth, std::string_view text, const views::Hints& hints,
                   std::size_t source);
    void see_containers(const ViewedText& text, const views::Stretch& stretch);
    void add_runs(std::size_t depth, std::string_view text, const views::Stretch& stretch,
                  std::size_t source);
    [[nodiscard]] Result<void> flush(std::size_t depth, std::vector<ViewMatch>& matches);
    [[nodiscard]] Result<void> look_deeper(std::size_t depth, std::vector<ViewMatch>& matches);
    void look_at_hit(std::size_t depth, const views::View& view, const match::Hit& hit,
                     std::vector<ViewMatch>& matches);
    void drop(std::size_t depth, const views::View& view, std::size_t seen_begin,
              std::string_view bytes, const match::Dropped& one);
    [[nodiscard]] std::string_view outermost_name(std::size_t depth, const views::View& view) const;
    [[nodiscard]] views::Places place_of(std::size_t depth, const views::View& view,
                                         views::Places found, std::string_view outermost) const;
    [[nodiscard]] ViewMatch placed(std::size_t depth, const views::View& view,
                                   views::Places found, match::Match match) const;

    [[nodiscard]] const ViewedText& text_of(std::size_t depth, const views::View& view) const;
    [[nodiscard]] std::string_view source_of(std::size_t depth, const views::View& view) const;
    [[nodiscard]] std::size_t file_place(std::size_t depth, const views::View& view,
                                         std::size_t place) const;
    [[nodiscard]] views::Places encoded(std::size_t depth, const views::View& view,
                                        views::Places decoded) const;
    void narrow(std::size_t depth, const views::View& view, std::size_t end, Sight& sight) const;
    [[nodiscard]] views::Places seen_of(std::size_t depth, const views::View& view,
                                        const Sight& sight) const;
    [[nodiscard]] std::string_view name_of(std::size_t depth, const views::View& view) const;

    const match::RuleSet& rules_;
    HitFinder& hit_finder_;
    const match::SecondLook& second_look_;
    bool tell_dropped_;
    std::vector<ViewedText> texts_;
    std::array<Level, depth_limit> levels_;
    views::HintPlaces hints_;  // of the view that is looked into
    std::vector<match::Match> found_;
    std::vector<match::Dropped> dropped_;
    std::vector<ViewDrop> drops_;
    std::vector<ViewDropped> told_;
    std::vector<ViewContainer> containers_;
    std::vector<std::uint64_t> looks_;  // by the text's number
};

}  // namespace stratascan::layer
