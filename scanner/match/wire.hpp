// A plain binary form for rules and databases that the build makes and the
// program carries: little endian numbers, texts behind their length. Reading is
// checked at every step and never allocates more than the bytes that are there.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace stratascan::match {

class WireWriter {
public:
    void number(std::uint64_t value) {
        for (int i = 0; i < 8; ++i) bytes_ += static_cast<char>((value >> (8 * i)) & 0xffU);
    }
    void text(std::string_view value) {
        number(value.size());
        bytes_ += value;
    }
    void texts(const std::vector<std::string>& values) {
        number(values.size());
        for (const std::string& value : values) text(value);
    }
    [[nodiscard]] const std::string& bytes() const noexcept { return bytes_; }

private:
    std::string bytes_;
};

/// Answers with zeros and empty texts once anything was out of bounds; ask ok()
/// at the end.
class WireReader {
public:
    explicit WireReader(std::string_view bytes) : bytes_(bytes) {}

    [[nodiscard]] std::uint64_t number() {
        if (bytes_.size() < 8) return static_cast<std::uint64_t>(spoil());
        std::uint64_t value = 0;
        for (int i = 0; i < 8; ++i) {
            value |= static_cast<std::uint64_t>(static_cast<unsigned char>(bytes_[
                         static_cast<std::size_t>(i)])) << (8 * i);
        }
        bytes_.remove_prefix(8);
        return value;
    }
    /// Points into the bytes that the reader was made with.
    [[nodiscard]] std::string_view view() {
        const std::uint64_t size = number();
        if (size > bytes_.size()) {
            spoil();
            return {};
        }
        const std::string_view value = bytes_.substr(0, size);
        bytes_.remove_prefix(size);
        return value;
    }
    [[nodiscard]] std::string text() { return std::string(view()); }
    [[nodiscard]] std::vector<std::string> texts() {
        std::vector<std::string> values;
        for (std::uint64_t left = count(); left > 0 && ok_; --left) values.push_back(text());
        return values;
    }
    /// A count of things of at least 8 bytes each.
    [[nodiscard]] std::uint64_t count() {
        const std::uint64_t value = number();
        if (value > bytes_.size() / 8) return static_cast<std::uint64_t>(spoil());
        return value;
    }
    [[nodiscard]] bool ok() const noexcept { return ok_; }
    /// What was not read yet.
    [[nodiscard]] std::string_view rest() const noexcept { return bytes_; }

private:
    int spoil() {
        ok_ = false;
        bytes_ = {};
        return 0;
    }
    std::string_view bytes_;
    bool ok_ = true;
};

}  // namespace stratascan::match
