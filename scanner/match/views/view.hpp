// A view: an encoded stretch as it reads when it is decoded, and the way back
// from each of its bytes to those that it was made of.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "scanner/match/views/stretch.hpp"

namespace stratascan::views {

/// A run of bytes, by places.
struct Places {
    std::size_t begin = 0, end = 0;
};

/// A place in a view and the place in its text where the same unit begins.
struct Waypoint {
    std::uint32_t decoded = 0, encoded = 0;
};

struct View {
    Encoding encoding = Encoding::base64;
    std::size_t source = 0;          ///< which text, or which view, it is a view of
    std::size_t begin = 0, end = 0;  ///< in ViewStore::bytes
    Places text;                     ///< of the stretch, in the source
    std::size_t first_segment = 0, segments = 0;  ///< in ViewStore::segments
    std::size_t first_character = 0;              ///< of those of its stretch
    std::size_t first_waypoint = 0, waypoints = 0;
    ByteOrder order = ByteOrder::unknown;  ///< as in Stretch
    /// Its stretch begins so far away, or looks so, that only what is far behind
    /// its beginning counts; else what stands behind `start`, a place in the source.
    bool starts = true;
    std::size_t start = 0;
};

/// Views, one behind the other. Reading is bounded by the texts: no view has more
/// bytes than its text.
class ViewStore {
public:
    /// Decodes a stretch of base64 or hex from one of its characters on, unless
    /// those from there on make no byte.
    bool add_run(std::string_view text, const Stretches& stretches, const Stretch& stretch,
                 std::size_t first_character, std::size_t source);
    /// Takes back what add_run() just added.
    void drop_last() noexcept;
    /// Decodes any other stretch.
    void add(std::string_view text, const Stretch& stretch, std::size_t source);

    [[nodiscard]] std::string_view bytes_of(const View& view) const noexcept {
        return std::string_view(bytes_).substr(view.begin, view.end - view.begin);
    }
    /// What the bytes [begin, end) of a view, which are not none, are made of, as
    /// places in its text.
    [[nodiscard]] Places encoded(const View& view, std::string_view text, Places decoded) const;

    [[nodiscard]] std::string_view bytes() const noexcept { return bytes_; }
    [[nodiscard]] std::vector<View>& views() noexcept { return views_; }
    [[nodiscard]] const std::vector<View>& views() const noexcept { return views_; }
    void clear() noexcept;

private:
    void decode_utf16(std::string_view text);
    void decode_marks(std::string_view text, View& view);
    [[nodiscard]] std::size_t place_of_character(const View& view,
                                                 std::size_t character) const noexcept;
    [[nodiscard]] Places unit_of(const View& view, std::string_view text,
                                 std::size_t decoded) const;

    std::string bytes_;
    std::vector<View> views_;
    std::vector<Segment> segments_;
    std::vector<Waypoint> waypoints_;
};

}  // namespace stratascan::views
