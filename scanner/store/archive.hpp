// Plain structs to bytes and back. Each struct's members are listed once, in a function
// `fields`, and both directions follow that list, so that they can't come apart.
//
// Bytes that are read come from a file that others may have damaged: every count is
// held against the bytes that are left, every enumeration against its values.
#pragma once

#include <array>
#include <concepts>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string>
#include <type_traits>
#include <vector>

#include "scanner/match/wire.hpp"
#include "stratascan/rare.hpp"

namespace stratascan::store {

template <typename T>
concept Number = std::integral<T>;

class Writer {
public:
    template <typename... T>
    void all(const T&... values) {
        (one(values), ...);
    }
    /// An enumeration whose last value is `last`.
    template <typename E>
    void choice(E value, E /*last*/) {
        wire_.number(static_cast<std::uint64_t>(value));
    }
    [[nodiscard]] const std::string& bytes() const noexcept { return wire_.bytes(); }

private:
    template <typename T>
    void one(const T& value) {
        if constexpr (Number<T>) {
            wire_.number(static_cast<std::uint64_t>(value));
        } else if constexpr (std::is_same_v<T, std::string>) {
            wire_.text(value);
        } else {
            several(value);
        }
    }
    template <typename T>
    void several(const std::vector<T>& values) {
        wire_.number(values.size());
        for (const T& value : values) one(value);
    }
    template <typename T>
    void several(const std::optional<T>& value) {
        wire_.number(value ? 1 : 0);
        if (value) one(*value);
    }
    template <typename T>
    void several(const Rare<T>& value) {
        wire_.number(value ? 1 : 0);
        if (value) one(*value);
    }
    template <std::size_t size>
    void several(const std::array<std::uint8_t, size>& bytes) {
        wire_.text({reinterpret_cast<const char*>(bytes.data()), bytes.size()});
    }
    // `fields` takes what it may write to, for the sake of the reader.
    template <typename T>
    void several(const T& value) {
        fields(*this, const_cast<T&>(value));
    }

    match::WireWriter wire_;
};

class Reader {
public:
    explicit Reader(std::string_view bytes) : wire_(bytes) {}

    template <typename... T>
    void all(T&... values) {
        (one(values), ...);
    }
    template <typename E>
    void choice(E& value, E last) {
        const std::uint64_t number = wire_.number();
        if (number > static_cast<std::uint64_t>(last)) {
            sound_ = false;
        } else {
            value = static_cast<E>(number);
        }
    }
    [[nodiscard]] bool ok() const noexcept { return sound_ && wire_.ok(); }
    [[nodiscard]] std::string_view rest() const noexcept { return wire_.rest(); }

private:
    template <typename T>
    void one(T& value) {
        if constexpr (Number<T>) {
            value = static_cast<T>(wire_.number());
        } else if constexpr (std::is_same_v<T, std::string>) {
            value = wire_.text();
        } else {
            several(value);
        }
    }
    template <typename T>
    void several(std::vector<T>& values) {
        for (std::uint64_t left = wire_.count(); left > 0 && ok(); --left) {
            one(values.emplace_back());
        }
    }
    template <typename T>
    void several(std::optional<T>& value) {
        if (wire_.number() == 0 || !ok()) return;
        one(value.emplace());
    }
    template <typename T>
    void several(Rare<T>& value) {
        if (wire_.number() == 0 || !ok()) return;
        one(value.emplace());
    }
    template <std::size_t size>
    void several(std::array<std::uint8_t, size>& bytes) {
        const std::string_view text = wire_.view();
        if (text.size() != size) {
            sound_ = false;
            return;
        }
        std::memcpy(bytes.data(), text.data(), size);
    }
    template <typename T>
    void several(T& value) {
        fields(*this, value);
    }

    match::WireReader wire_;
    bool sound_ = true;
};

}  // namespace stratascan::store
