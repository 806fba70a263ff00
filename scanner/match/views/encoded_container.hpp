// Containers that are written in base64 or hex: by what a stretch of such characters is
// known to begin one, and how its bytes are read on from there, over as many windows as
// it takes. Of almost every stretch the first characters say that it is none.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "scanner/match/views/marks.hpp"

namespace stratascan::views {

/// Characters that are enough to tell.
inline constexpr std::size_t container_sight = 24;

/// How the bytes of a container are written: the outermost first. A Kubernetes Secret of
/// Helm's has base64 twice.
struct ContainerWriting {
    Encoding outer = Encoding::base64;
    bool twice = false;  ///< in base64 once more, inside
};

/// Whether what begins with these characters is a container when it is decoded. Magic
/// bytes alone are asked for; whoever opens it looks at more of them.
[[nodiscard]] std::optional<ContainerWriting> container_at(Encoding encoding,
                                                           std::string_view characters) noexcept;

/// Reads what is written from its first character on, cut anywhere. Lines that are broken
/// as PEM, YAML, JSON and source code break them go on.
class ContainerReader {
public:
    explicit ContainerReader(ContainerWriting writing) : writing_(writing) {}

    /// Appends the bytes that the characters make to `bytes`, and gives how many of the
    /// characters were used: fewer than all of them where the stretch has ended.
    std::size_t read(std::string_view characters, std::string& bytes);
    [[nodiscard]] bool ended() const noexcept { return ended_; }

private:
    [[nodiscard]] bool goes_on(char c);
    void take(unsigned value, std::string& bytes);
    void take_inner(unsigned char c, std::string& bytes);

    ContainerWriting writing_;
    std::uint32_t group_ = 0, inner_group_ = 0;
    unsigned held_ = 0, inner_held_ = 0;
    std::size_t line_ = 0;       // characters of the line so far
    std::size_t between_ = 0;    // bytes since the line ended
    bool broken_ = false;        // a break was among them
    bool escape_ = false;        // the last of them was a backslash
    bool plus_ = false;          // or a plus
    bool ended_ = false, inner_ended_ = false;
};

}  // namespace stratascan::views
