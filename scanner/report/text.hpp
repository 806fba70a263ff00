// Words, numbers and lines for people: what a table is made of. Widths are
// columns of a terminal, not bytes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace stratascan::report {

/// At most `width` columns; a cut shows as "…". `text` is printable.
[[nodiscard]] std::string cut_end(std::string_view text, std::size_t width);

/// The same, cut in the middle: of a path the first folders and the name say most.
[[nodiscard]] std::string cut_middle(std::string_view text, std::size_t width);

/// `text` with spaces behind it up to `width` columns.
[[nodiscard]] std::string padded(std::string_view text, std::size_t width);

/// "12 345"
[[nodiscard]] std::string grouped(std::uint64_t number);

/// "1 file", "12 345 files"
[[nodiscard]] std::string counted(std::uint64_t number, std::string_view noun);

/// "999 B", "1.2 MB", "340 MB"; powers of ten, as registries show sizes.
[[nodiscard]] std::string sized(std::uint64_t bytes);

/// The first twelve digits of a digest, without its algorithm.
[[nodiscard]] std::string short_digest(std::string_view digest);

/// A file and the way into it, printable: "app.jar › config/a.properties".
[[nodiscard]] std::string place_in(std::string_view path,
                                   const std::vector<std::string>& inner_path);

/// A build step as its author wrote it: without the shell and the marks that
/// builders put round it, on one line, printable, its beginning only.
[[nodiscard]] std::string build_step(std::string_view created_by);

/// "0, 2–5, 9"
[[nodiscard]] std::string index_list(const std::vector<int>& ascending);

[[nodiscard]] std::string listed(const std::vector<std::string>& texts,
                                 std::string_view separator);

enum class Tone : std::uint8_t { plain, strong, faint, critical, high, medium, low, good, warning };

struct Piece {
    std::string text;  ///< printable
    Tone tone = Tone::plain;
    bool sentence = false;  ///< broken between words where it does not fit, and not cut
};

/// Lines of at most `width` columns, coloured or not. Owns what was written.
class Canvas {
public:
    Canvas(std::size_t width, bool colour) : width_(width), colour_(colour) {}

    [[nodiscard]] std::size_t width() const noexcept { return width_; }

    void blank() { out_ += '\n'; }

    /// The pieces one behind the other, two spaces between them. The last one is
    /// cut at the edge.
    void line(std::size_t indent, const std::vector<Piece>& pieces);

    /// The pieces with " · " between them, going on in the next line where one
    /// does not fit. Empty ones are left out; one that is longer than a line is
    /// cut in the middle, or broken if it is a sentence.
    void flow(std::size_t indent, const std::vector<Piece>& pieces);

    /// A label of `column` columns, and the pieces flowing beside it.
    void labelled(std::size_t indent, const Piece& label, std::size_t column,
                  const std::vector<Piece>& pieces);

    [[nodiscard]] std::string take() { return std::move(out_); }

private:
    void put(const Piece& piece);
    void put_sentence(const Piece& piece, std::size_t indent, std::size_t& at);
    [[nodiscard]] std::size_t room(std::size_t indent) const noexcept {
        return width_ > indent + 8 ? width_ - indent : 8;
    }
    void flow_from(std::size_t at, std::size_t indent, const std::vector<Piece>& pieces);

    std::string out_;
    std::size_t width_;
    bool colour_;
};

}  // namespace stratascan::report
