// What CPython's instructions do, as far as it says what a constant is for.
#pragma once

#include <array>
#include <cstdint>

namespace stratascan::nested {

/// `n` is the instruction's argument.
enum class Role : std::uint8_t {
    unknown,         ///< nothing is known of the stack behind it
    nothing,
    longer,          ///< the next argument's higher bits
    constant,        ///< pushes constant n
    name, global, variable, two_variables, cell,  ///< push what has a name
    attribute,       ///< takes an object, pushes what it has under a name
    other,           ///< pushes something
    store_name, store_variable, store_and_load, store_two, store_cell,
    store_attribute, store_element,
    unpack,          ///< takes a sequence, pushes its n elements
    make_map,        ///< takes n keys and their values
    map_add,         ///< takes a key and its value, of a dict below them
    make_keyed_map,  ///< takes n values and a tuple of their keys
    make_other,      ///< takes n, pushes one
    call,            ///< takes n arguments and what is called
    call_named,      ///< the names of the last of them are a tuple behind them
    call_names,      ///< constant n is that tuple
    make_function, function_part,
    format,          ///< takes a value, and how it is written where n has bit 2; pushes one
    compare, two_to_one, one_to_one, drop, copy, swap,
};

inline constexpr unsigned oldest_minor = 6, newest_minor = 13;  ///< of Python 3

using Roles = std::array<Role, 256>;
/// REQUIRES: oldest_minor <= minor <= newest_minor.
[[nodiscard]] const Roles& roles_of(unsigned minor) noexcept;

}  // namespace stratascan::nested
