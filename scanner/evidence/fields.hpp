// Big-endian numbers and fields that stand one behind the other, up to where they are seen.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace stratascan::evidence {

/// Fields of which each says where the next begins. Once one is cut off, all that follow are
/// zero and empty.
class Fields {
public:
    explicit Fields(std::string_view bytes) noexcept : bytes_(bytes) {}

    [[nodiscard]] std::uint64_t number(std::size_t size) noexcept {
        std::uint64_t value = 0;
        if (!skip(size)) return 0;
        for (std::size_t i = at_ - size; i < at_; ++i) {
            value = (value << 8) | static_cast<unsigned char>(bytes_[i]);
        }
        return value;
    }
    bool skip(std::uint64_t size) noexcept {
        if (cut_ || size > bytes_.size() - at_) {
            cut_ = true;
            return false;
        }
        at_ += static_cast<std::size_t>(size);
        return true;
    }
    /// Whether something was asked for that is not there.
    [[nodiscard]] bool cut() const noexcept { return cut_; }
    [[nodiscard]] std::size_t at() const noexcept { return at_; }

private:
    std::string_view bytes_;
    std::size_t at_ = 0;
    bool cut_ = false;
};

}  // namespace stratascan::evidence
