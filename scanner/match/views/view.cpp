#include "scanner/match/views/view.hpp"

#include <algorithm>
#include <array>
#include <cstring>

#include "scanner/match/views/digits.hpp"

namespace stratascan::views {

namespace {

// Decoded bytes between two waypoints, at least.
constexpr std::size_t waypoint_bytes = 64;

unsigned bits_of(Encoding encoding) noexcept { return encoding == Encoding::base64 ? 6 : 4; }

// Four characters' bits, each where it belongs in the three bytes that they make.
using Quarters = std::array<std::array<std::uint32_t, 256>, 4>;
constexpr Quarters quarters = [] {
    Quarters tables{};
    for (std::size_t c = 0; c < 256; ++c) {
        const std::uint32_t value = base64_values[c];
        tables[0][c] = value << 2;
        tables[1][c] = (value >> 4) | ((value & 15U) << 12);
        tables[2][c] = ((value >> 2) << 8) | ((value & 3U) << 22);
        tables[3][c] = value << 16;
    }
    return tables;
}();

// Characters in, bytes out, wherever lines break.
class RunDecoder {
public:
    RunDecoder(Encoding encoding, char* out) noexcept
        : values_(encoding == Encoding::base64 ? base64_values : hex_values),
          bits_(bits_of(encoding)), out_(out) {}

    // Writes up to three bytes more than belong to it.
    void decode(std::string_view characters) noexcept {
        const auto* at = reinterpret_cast<const unsigned char*>(characters.data());
        const unsigned char* const end = at + characters.size();
        while (held_ != 0 && at < end) take(*at++);
        if (bits_ == 6) {
            for (; end - at >= 4; at += 4, out_ += 3) {
                const std::uint32_t three = quarters[0][at[0]] | quarters[1][at[1]] |
                                            quarters[2][at[2]] | quarters[3][at[3]];
                std::memcpy(out_, &three, sizeof three);
            }
        } else {
            for (; end - at >= 2; at += 2) {
                *out_++ = static_cast<char>(hex_values[at[0]] << 4 | hex_values[at[1]]);
            }
        }
        while (at < end) take(*at++);
    }

private:
    void take(unsigned char c) noexcept {
        group_ = (group_ << bits_) | values_[c];
        held_ += bits_;
        if (held_ < 8) return;
        held_ -= 8;
        *out_++ = static_cast<char>((group_ >> held_) & 0xff);
    }

    const DigitValues& values_;
    unsigned bits_, held_ = 0;
    std::uint32_t group_ = 0;
    char* out_;
};

}  // namespace

void ViewStore::clear() noexcept {
    bytes_.clear();
    views_.clear();
    segments_.clear();
    waypoints_.clear();
}

bool ViewStore::add_run(std::string_view text, const Stretches& stretches, const Stretch& stretch,
                        std::size_t first_character, std::size_t source) {
    const std::span<const Segment> lines(stretches.segments.data() + stretch.first_segment,
                                         stretch.segments);
    View view;
    view.encoding = stretch.encoding;
    view.source = source;
    view.text = {stretch.begin, stretch.end};
    view.first_character = first_character;
    view.begin = bytes_.size();
    const std::size_t size =
        (stretch.characters - first_character) * bits_of(stretch.encoding) / 8;
    if (size == 0) return false;
    view.end = view.begin + size;
    constexpr std::size_t written_over = 4;
    bytes_.resize(view.end + written_over);
    RunDecoder decoder(stretch.encoding, bytes_.data() + view.begin);
    for (std::size_t i = 0; i < lines.size(); ++i) {
        const std::size_t end =
            i + 1 < lines.size() ? lines[i + 1].before : stretch.characters;
        const std::size_t from = std::max(lines[i].before, first_character);
        if (from >= end) continue;
        decoder.decode(text.substr(lines[i].begin + (from - lines[i].before), end - from));
    }
    bytes_.resize(view.end);
    view.first_segment = segments_.size();
    view.segments = lines.size();
    segments_.insert(segments_.end(), lines.begin(), lines.end());
    views_.push_back(view);
    return true;
}

void ViewStore::drop_last() noexcept {
    const View& last = views_.back();
    bytes_.resize(last.begin);
    segments_.resize(last.first_segment);
    views_.pop_back();
}

void ViewStore::add(std::string_view text, const Stretch& stretch, std::size_t source) {
    View view;
    view.encoding = stretch.encoding;
    view.source = source;
    view.text = {stretch.begin, stretch.end};
    view.order = stretch.order;
    view.begin = bytes_.size();
    const std::string_view encoded = text.substr(stretch.begin, stretch.end - stretch.begin);
    if (stretch.encoding == Encoding::utf16) {
        decode_utf16(encoded);
    } else {
        decode_marks(encoded, view);
    }
    view.end = bytes_.size();
    views_.push_back(view);
}

void ViewStore::decode_utf16(std::string_view text) {
    for (std::size_t i = 0; i < text.size(); i += 2) bytes_ += text[i];
}

void ViewStore::decode_marks(std::string_view text, View& view) {
    const char mark = mark_of(view.encoding);
    view.first_waypoint = waypoints_.size();
    waypoints_.push_back({0, 0});
    std::size_t at = 0;
    while (at < text.size()) {
        const std::size_t next = std::min(text.find(mark, at), text.size());
        bytes_.append(text, at, next - at);
        at = next;
        if (at == text.size()) break;
        if (const std::size_t plain = plain_marks_at(view.encoding, text, at); plain > 0) {
            bytes_.append(text, at, plain);
            at += plain;
            continue;
        }
        const Unit unit = unit_at(view.encoding, text, at);
        if (unit.encoded == 0) {
            bytes_ += text[at++];
            continue;
        }
        bytes_.append(unit.bytes.data(), unit.decoded);
        at += unit.encoded;
        const std::size_t decoded = bytes_.size() - view.begin;
        if (decoded >= waypoints_.back().decoded + waypoint_bytes) {
            waypoints_.push_back(
                {static_cast<std::uint32_t>(decoded), static_cast<std::uint32_t>(at)});
        }
    }
    view.waypoints = waypoints_.size() - view.first_waypoint;
}

std::size_t ViewStore::place_of_character(const View& view,
                                          std::size_t character) const noexcept {
    const Segment* const first = segments_.data() + view.first_segment;
    const Segment* const found = std::upper_bound(
        first, first + view.segments, character,
        [](std::size_t wanted, const Segment& line) { return wanted < line.before; });
    const Segment& line = *(found - 1);  // the first one has none before it
    return line.begin + (character - line.before);
}

// From the waypoint in front of it the text is read again: few bytes, for few
// places are asked for.
Places ViewStore::unit_of(const View& view, std::string_view text, std::size_t decoded) const {
    const std::string_view encoded = text.substr(view.text.begin, view.text.end - view.text.begin);
    const Waypoint* const first = waypoints_.data() + view.first_waypoint;
    const Waypoint* const found = std::upper_bound(
        first, first + view.waypoints, decoded,
        [](std::size_t wanted, const Waypoint& point) { return wanted < point.decoded; });
    std::size_t made = (found - 1)->decoded, at = (found - 1)->encoded;
    while (at < encoded.size()) {
        const std::size_t next = std::min(encoded.find(mark_of(view.encoding), at), encoded.size());
        if (decoded < made + (next - at)) break;
        made += next - at;
        at = next;
        if (at == encoded.size()) break;
        if (const std::size_t plain = plain_marks_at(view.encoding, encoded, at); plain > 0) {
            if (decoded < made + plain) break;
            made += plain;
            at += plain;
            continue;
        }
        const Unit unit = unit_at(view.encoding, encoded, at);
        const std::size_t makes = unit.encoded == 0 ? 1 : unit.decoded;
        const std::size_t takes = unit.encoded == 0 ? 1 : unit.encoded;
        if (decoded < made + makes) return {view.text.begin + at, view.text.begin + at + takes};
        made += makes;
        at += takes;
    }
    const std::size_t place = view.text.begin + at + (decoded - made);
    return {place, place + 1};
}

Places ViewStore::encoded(const View& view, std::string_view text, Places decoded) const {
    const std::size_t last = decoded.end - 1;
    switch (view.encoding) {
        case Encoding::utf16:
            return {view.text.begin + 2 * decoded.begin, view.text.begin + 2 * last + 2};
        case Encoding::base64:
        case Encoding::hex: {
            const unsigned bits = bits_of(view.encoding);
            const std::size_t first_character = view.first_character + decoded.begin * 8 / bits;
            const std::size_t end_character =
                view.first_character + (decoded.end * 8 + bits - 1) / bits;
            return {place_of_character(view, first_character),
                    place_of_character(view, end_character - 1) + 1};
        }
        default:
            return {unit_of(view, text, decoded.begin).begin, unit_of(view, text, last).end};
    }
}

}  // namespace stratascan::views
