// Fields of files that compilers write, one behind the other.
#pragma once

#include <cstdint>
#include <string_view>

#include "scanner/nested/bytes.hpp"

namespace stratascan::nested {

/// From where the bytes end early, all are 0 and empty, and ok() is false.
class FieldReader {
public:
    explicit FieldReader(std::string_view bytes) : bytes_(bytes) {}

    [[nodiscard]] std::string_view take(std::size_t size) {
        if (size > bytes_.size() - at_) {
            fail();
            return {};
        }
        at_ += size;
        return bytes_.substr(at_ - size, size);
    }
    void skip(std::size_t size) { static_cast<void>(take(size)); }
    /// REQUIRES: size <= 4.
    [[nodiscard]] std::uint32_t big(std::size_t size) {
        const std::string_view part = take(size);
        return part.size() < size ? 0 : static_cast<std::uint32_t>(big_endian(part, 0, size));
    }
    /// REQUIRES: size <= 4.
    [[nodiscard]] std::uint32_t little(std::size_t size) {
        const std::string_view part = take(size);
        return part.size() < size ? 0 : static_cast<std::uint32_t>(little_endian(part, 0, size));
    }
    void fail() {
        ok_ = false;
        at_ = bytes_.size();
    }
    [[nodiscard]] bool ok() const noexcept { return ok_; }
    [[nodiscard]] bool at_end() const noexcept { return at_ == bytes_.size(); }
    [[nodiscard]] std::size_t at() const noexcept { return at_; }

private:
    std::string_view bytes_;
    std::size_t at_ = 0;
    bool ok_ = true;
};

}  // namespace stratascan::nested
