// Objects as CPython's marshal module writes them (Python/marshal.c), as far as constants of
// code need them: strings, tuples and code objects; all else is passed over.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string_view>
#include <vector>

#include "scanner/nested/field_reader.hpp"

namespace stratascan::nested {

struct MarshalObject {
    enum class Kind : std::uint8_t { other, text, tuple, code };
    Kind kind = Kind::other;
    bool told = false;        ///< for whoever lists constants
    bool matters = false;     ///< the same: it or something in it may be a secret or name one
    bool judged = false;      ///< `matters` is known
    std::uint32_t first = 0;  ///< text: its place; tuple: that of its elements; code: its variables
    std::uint32_t size = 0;   ///< bytes, elements, arguments that may have defaults
};

/// Numbers are those of objects; what is not there is object 0, which is nothing.
struct MarshalCode {
    std::string_view instructions;
    std::uint32_t constants = 0, names = 0;
    std::uint32_t variables = 0;  ///< locals; since 3.11 cells as well
    std::uint32_t cells = 0;      ///< before 3.11: cells, and behind them
    std::uint32_t free = 0;       ///< what is free
};

class MarshalReader {
public:
    using TakeCode = std::function<void(std::uint32_t number, const MarshalCode&)>;

    /// `minor`: of Python 3. What code is complete is given to `take`, that inside first.
    MarshalReader(std::string_view file, std::size_t at, unsigned minor, std::uint64_t memory,
                  TakeCode take);

    /// Whether all was read.
    bool read();
    /// It ended for want of memory.
    [[nodiscard]] bool over_memory() const noexcept { return over_memory_; }

    [[nodiscard]] MarshalObject& object(std::uint32_t number) { return objects_[number]; }
    [[nodiscard]] std::string_view text(std::uint32_t number) const;
    /// Empty where it is no tuple.
    [[nodiscard]] std::span<const std::uint32_t> elements(std::uint32_t number) const;

private:
    std::uint32_t read_object(unsigned depth);
    std::uint32_t read_text(std::size_t size, std::uint32_t number);
    std::uint32_t read_tuple(std::size_t size, unsigned depth, std::uint32_t number);
    std::uint32_t read_code(unsigned depth, std::uint32_t number);
    std::uint32_t add();

    std::string_view file_;
    FieldReader in_;
    unsigned minor_;
    std::uint64_t memory_;
    TakeCode take_;
    bool over_memory_ = false;
    std::vector<MarshalObject> objects_;
    std::vector<std::uint32_t> elements_, open_, references_;
};

}  // namespace stratascan::nested
