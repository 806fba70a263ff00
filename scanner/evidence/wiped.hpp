// A buffer for key material that leaves nothing behind: its bytes are
// overwritten before its memory is given back.
#pragma once

#include <openssl/crypto.h>

#include <string>
#include <string_view>
#include <utility>

namespace stratascan::evidence {

class Wiped {
public:
    Wiped() = default;
    explicit Wiped(std::string bytes) noexcept : bytes_(std::move(bytes)) {}
    Wiped(const Wiped&) = delete;
    Wiped& operator=(const Wiped&) = delete;
    Wiped(Wiped&& other) noexcept : bytes_(std::move(other.bytes_)) { other.wipe(); }
    Wiped& operator=(Wiped&& other) noexcept {
        if (this != &other) {
            wipe();
            bytes_ = std::move(other.bytes_);
            other.wipe();
        }
        return *this;
    }
    ~Wiped() { wipe(); }

    /// Takes up to `size` bytes from now on without moving, so that no copy is
    /// left where they stood before.
    void reserve(std::size_t size) { bytes_.reserve(size); }
    void push_back(char c) { bytes_.push_back(c); }
    [[nodiscard]] std::string_view view() const noexcept { return bytes_; }
    [[nodiscard]] bool empty() const noexcept { return bytes_.empty(); }

private:
    void wipe() noexcept {
        if (!bytes_.empty()) OPENSSL_cleanse(bytes_.data(), bytes_.size());
        bytes_.clear();
    }

    std::string bytes_;
};

}  // namespace stratascan::evidence
