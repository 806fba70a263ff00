// One of the containers, or members, that are open at once; see nest.hpp.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "scanner/layer/decoder.hpp"
#include "scanner/layer/inner_place.hpp"
#include "scanner/nested/archive_parser.hpp"
#include "scanner/nested/recognise.hpp"
#include "scanner/nested/zip_search.hpp"

namespace stratascan::nested {

inline constexpr std::size_t decoder_buffer = 64 << 10;

struct Level {
    /// What its bytes turned out to be.
    enum class Kind : std::uint8_t { unknown, leaf, decoder, archive };
    /// What may begin directly in it without being one more level of nesting: an
    /// archive in its compression is one container to everybody, and so is a
    /// package that is a header in front of a compressed archive.
    enum class Wraps : std::uint8_t { nothing, archives, everything };

    Kind kind = Kind::unknown;
    Wraps wraps = Wraps::nothing;
    Format format = Format::none;
    std::shared_ptr<const layer::InnerPlace> place;  ///< null: the layer's file itself
    unsigned depth = 0;        ///< containers round it
    unsigned inner_depth = 0;  ///< round what is in it
    /// Decoders that its bytes came through. 0: they stand in the layer as they
    /// are, and are scanned there.
    std::uint32_t stream = 0;
    std::uint32_t member = 0;   ///< its ordinal in the stream that shows it
    std::uint64_t offset = 0;   ///< of what arrives next
    bool packed = false;        ///< a member as its archive packs it
    bool hidden = false;        ///< shown already, as a part of the level outside
    bool in_zlib = false;       ///< what a zlib stream of no archive holds

    std::string head;               ///< its first bytes, until they tell what it is
    std::string_view input, behind; ///< what it was given and has not used
    bool last = false;              ///< nothing comes behind that

    std::unique_ptr<layer::Decoder> decoder;
    std::string left;              ///< what the decoder could not use alone
    std::unique_ptr<char[]> out;   ///< what the decoder made; the level above uses it up
    std::uint64_t made = 0;
    std::uint64_t believed_past = 1;  ///< bytes made that prove it to be what it seems
    bool ended = false;            ///< the decoder
    bool end_open = false;         ///< only the decoder knows where the member ends
    std::unique_ptr<ArchiveParser> parser;
    ZipSearch zips;           ///< behind what it is
    bool seeks_zip = false;   ///< it is no container, or its decoder is done
    bool has_behind = false;  ///< one was found
    std::unique_ptr<std::string> ref_text;  ///< of a file that may say what HEAD is in git
    std::uint64_t members = 0;
    std::shared_ptr<const layer::InnerPlace> newest;  ///< of its members

    std::string gap;               ///< why its bytes from some place on are not read
    std::uint64_t gap_bytes = 0;
    std::shared_ptr<const layer::InnerPlace> gap_place;  ///< where, if not in this level

    /// Its members are made of its bytes, which are shown as they stand, too.
    [[nodiscard]] bool shows_itself() const {
        return parser && (parser->makes_contents() || opens_behind());
    }
    /// Its one member is a part of itself, behind something else.
    [[nodiscard]] bool opens_behind() const noexcept {
        return has_behind || may_have_appended(format);
    }
    /// Nothing comes behind `input`.
    [[nodiscard]] bool input_is_last() const noexcept { return last && behind.empty(); }

    /// One step of the decoder, with what it left before in front of the input.
    [[nodiscard]] Result<layer::Step> decode(std::span<char>& to);

    /// Looks for a zip file in what has come, and makes itself an archive where one begins.
    /// Otherwise all that has come is used.
    [[nodiscard]] bool begins_zip();
    /// Bytes of an archive that are no member's. What a tar has behind it is damage by itself.
    void see_aside(std::string_view bytes) {
        if (format == Format::zip || format == Format::tar) return;
        while (!bytes.empty()) static_cast<void>(zips.find(bytes));
    }
};

}  // namespace stratascan::nested
