// A member that few objects have: as std::optional is used, and no larger than a pointer where
// there is none. Reports hold many findings, of which most have none of their rare members.
#pragma once

#include <memory>
#include <optional>
#include <utility>

namespace stratascan {

/// A value or nothing; copies are deep. As an optional's, its value must not be asked for where
/// there is none.
template <typename T>
class Rare {
public:
    Rare() noexcept = default;
    Rare(std::nullopt_t) noexcept {}
    Rare(T value) : value_(std::make_unique<T>(std::move(value))) {}
    Rare(std::optional<T> value) {
        if (value) value_ = std::make_unique<T>(*std::move(value));
    }
    Rare(const Rare& other) : value_(other.value_ ? std::make_unique<T>(*other.value_) : nullptr) {}
    Rare(Rare&&) noexcept = default;
    Rare& operator=(const Rare& other) {
        if (this != &other) value_ = Rare(other).value_;
        return *this;
    }
    Rare& operator=(Rare&&) noexcept = default;
    ~Rare() = default;

    [[nodiscard]] bool has_value() const noexcept { return value_ != nullptr; }
    [[nodiscard]] explicit operator bool() const noexcept { return has_value(); }
    [[nodiscard]] T& operator*() noexcept { return *value_; }
    [[nodiscard]] const T& operator*() const noexcept { return *value_; }
    [[nodiscard]] T* operator->() noexcept { return value_.get(); }
    [[nodiscard]] const T* operator->() const noexcept { return value_.get(); }
    void reset() noexcept { value_.reset(); }
    template <typename... Args>
    T& emplace(Args&&... args) {
        value_ = std::make_unique<T>(T{std::forward<Args>(args)...});
        return *value_;
    }

private:
    std::unique_ptr<T> value_;
};

}  // namespace stratascan
