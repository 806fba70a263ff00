#include "scanner/nested/pyc_instructions.hpp"

namespace stratascan::nested {

namespace {

constexpr unsigned versions = newest_minor - oldest_minor + 1;

struct Instruction {
    Role role;
    std::array<std::uint8_t, versions> numbers;  // 3.6 to 3.13; 0: there is none
};

// From each version's own opcode module.
constexpr Instruction instructions[] = {
    {Role::constant, {100, 100, 100, 100, 100, 100, 100, 83}},  // LOAD_CONST
    {Role::name, {101, 101, 101, 101, 101, 101, 101, 92}},  // LOAD_NAME
    {Role::global, {116, 116, 116, 116, 116, 116, 116, 91}},  // LOAD_GLOBAL
    {Role::variable, {124, 124, 124, 124, 124, 124, 124, 85}},  // LOAD_FAST
    {Role::variable, {0, 0, 0, 0, 0, 0, 127, 87}},  // LOAD_FAST_CHECK
    {Role::variable, {0, 0, 0, 0, 0, 0, 143, 86}},  // LOAD_FAST_AND_CLEAR
    {Role::two_variables, {0, 0, 0, 0, 0, 0, 0, 88}},  // LOAD_FAST_LOAD_FAST
    {Role::cell, {136, 136, 136, 136, 136, 137, 137, 84}},  // LOAD_DEREF
    {Role::cell, {148, 148, 148, 148, 148, 148, 0, 0}},  // LOAD_CLASSDEREF
    {Role::attribute, {106, 106, 106, 106, 106, 106, 106, 82}},  // LOAD_ATTR
    {Role::attribute, {0, 160, 160, 160, 160, 160, 0, 0}},  // LOAD_METHOD
    {Role::store_name, {90, 90, 90, 90, 90, 90, 90, 114}},  // STORE_NAME
    {Role::store_name, {97, 97, 97, 97, 97, 97, 97, 113}},  // STORE_GLOBAL
    {Role::store_variable, {125, 125, 125, 125, 125, 125, 125, 110}},  // STORE_FAST
    {Role::store_and_load, {0, 0, 0, 0, 0, 0, 0, 111}},  // STORE_FAST_LOAD_FAST
    {Role::store_two, {0, 0, 0, 0, 0, 0, 0, 112}},  // STORE_FAST_STORE_FAST
    {Role::store_cell, {137, 137, 137, 137, 137, 138, 138, 109}},  // STORE_DEREF
    {Role::store_attribute, {95, 95, 95, 95, 95, 95, 95, 108}},  // STORE_ATTR
    {Role::store_element, {60, 60, 60, 60, 60, 60, 60, 39}},  // STORE_SUBSCR
    {Role::unpack, {92, 92, 92, 92, 92, 92, 92, 117}},  // UNPACK_SEQUENCE
    {Role::make_map, {105, 105, 105, 105, 105, 105, 105, 48}},  // BUILD_MAP
    {Role::map_add, {147, 147, 147, 147, 147, 147, 147, 95}},  // MAP_ADD
    {Role::make_keyed_map, {156, 156, 156, 156, 156, 156, 156, 46}},  // BUILD_CONST_KEY_MAP
    {Role::make_other, {102, 102, 102, 102, 102, 102, 102, 52}},  // BUILD_TUPLE
    {Role::make_other, {103, 103, 103, 103, 103, 103, 103, 47}},  // BUILD_LIST
    {Role::make_other, {104, 104, 104, 104, 104, 104, 104, 49}},  // BUILD_SET
    {Role::make_other, {157, 157, 157, 157, 157, 157, 157, 51}},  // BUILD_STRING
    {Role::make_other, {133, 133, 133, 133, 133, 133, 133, 50}},  // BUILD_SLICE
    {Role::call, {0, 0, 0, 0, 0, 171, 171, 53}},  // CALL
    {Role::call, {131, 131, 131, 131, 131, 0, 0, 0}},  // CALL_FUNCTION
    {Role::call, {0, 161, 161, 161, 161, 0, 0, 0}},  // CALL_METHOD
    {Role::call_named, {141, 141, 141, 141, 141, 0, 0, 0}},  // CALL_FUNCTION_KW
    {Role::call_named, {0, 0, 0, 0, 0, 0, 0, 57}},  // CALL_KW
    {Role::call_names, {0, 0, 0, 0, 0, 172, 172, 0}},  // KW_NAMES
    {Role::make_function, {132, 132, 132, 132, 132, 132, 132, 26}},  // MAKE_FUNCTION
    {Role::function_part, {0, 0, 0, 0, 0, 0, 0, 106}},  // SET_FUNCTION_ATTRIBUTE
    {Role::two_to_one, {23, 23, 23, 23, 23, 0, 0, 0}},  // BINARY_ADD
    {Role::two_to_one, {64, 64, 64, 64, 64, 0, 0, 0}},  // BINARY_AND
    {Role::two_to_one, {26, 26, 26, 26, 26, 0, 0, 0}},  // BINARY_FLOOR_DIVIDE
    {Role::two_to_one, {62, 62, 62, 62, 62, 0, 0, 0}},  // BINARY_LSHIFT
    {Role::two_to_one, {16, 16, 16, 16, 16, 0, 0, 0}},  // BINARY_MATRIX_MULTIPLY
    {Role::two_to_one, {22, 22, 22, 22, 22, 0, 0, 0}},  // BINARY_MODULO
    {Role::two_to_one, {20, 20, 20, 20, 20, 0, 0, 0}},  // BINARY_MULTIPLY
    {Role::two_to_one, {0, 0, 0, 0, 0, 122, 122, 45}},  // BINARY_OP
    {Role::two_to_one, {66, 66, 66, 66, 66, 0, 0, 0}},  // BINARY_OR
    {Role::two_to_one, {19, 19, 19, 19, 19, 0, 0, 0}},  // BINARY_POWER
    {Role::two_to_one, {63, 63, 63, 63, 63, 0, 0, 0}},  // BINARY_RSHIFT
    {Role::two_to_one, {25, 25, 25, 25, 25, 25, 25, 5}},  // BINARY_SUBSCR
    {Role::two_to_one, {24, 24, 24, 24, 24, 0, 0, 0}},  // BINARY_SUBTRACT
    {Role::two_to_one, {27, 27, 27, 27, 27, 0, 0, 0}},  // BINARY_TRUE_DIVIDE
    {Role::two_to_one, {65, 65, 65, 65, 65, 0, 0, 0}},  // BINARY_XOR
    {Role::two_to_one, {0, 0, 0, 118, 118, 118, 118, 59}},  // CONTAINS_OP
    {Role::two_to_one, {55, 55, 55, 55, 55, 0, 0, 0}},  // INPLACE_ADD
    {Role::two_to_one, {77, 77, 77, 77, 77, 0, 0, 0}},  // INPLACE_AND
    {Role::two_to_one, {28, 28, 28, 28, 28, 0, 0, 0}},  // INPLACE_FLOOR_DIVIDE
    {Role::two_to_one, {75, 75, 75, 75, 75, 0, 0, 0}},  // INPLACE_LSHIFT
    {Role::two_to_one, {17, 17, 17, 17, 17, 0, 0, 0}},  // INPLACE_MATRIX_MULTIPLY
    {Role::two_to_one, {59, 59, 59, 59, 59, 0, 0, 0}},  // INPLACE_MODULO
    {Role::two_to_one, {57, 57, 57, 57, 57, 0, 0, 0}},  // INPLACE_MULTIPLY
    {Role::two_to_one, {79, 79, 79, 79, 79, 0, 0, 0}},  // INPLACE_OR
    {Role::two_to_one, {67, 67, 67, 67, 67, 0, 0, 0}},  // INPLACE_POWER
    {Role::two_to_one, {76, 76, 76, 76, 76, 0, 0, 0}},  // INPLACE_RSHIFT
    {Role::two_to_one, {56, 56, 56, 56, 56, 0, 0, 0}},  // INPLACE_SUBTRACT
    {Role::two_to_one, {29, 29, 29, 29, 29, 0, 0, 0}},  // INPLACE_TRUE_DIVIDE
    {Role::two_to_one, {78, 78, 78, 78, 78, 0, 0, 0}},  // INPLACE_XOR
    {Role::two_to_one, {0, 0, 0, 117, 117, 117, 117, 76}},  // IS_OP
    {Role::compare, {107, 107, 107, 107, 107, 107, 107, 58}},  // COMPARE_OP
    {Role::one_to_one, {11, 11, 11, 11, 11, 11, 11, 42}},  // UNARY_NEGATIVE
    {Role::one_to_one, {12, 12, 12, 12, 12, 12, 12, 43}},  // UNARY_NOT
    {Role::one_to_one, {15, 15, 15, 15, 15, 15, 15, 41}},  // UNARY_INVERT
    {Role::one_to_one, {10, 10, 10, 10, 10, 10, 0, 0}},  // UNARY_POSITIVE
    {Role::one_to_one, {0, 0, 0, 0, 0, 0, 0, 14}},  // FORMAT_SIMPLE
    {Role::one_to_one, {0, 0, 0, 0, 0, 0, 0, 60}},  // CONVERT_VALUE
    {Role::one_to_one, {0, 0, 0, 0, 0, 0, 0, 40}},  // TO_BOOL
    {Role::one_to_one, {68, 68, 68, 68, 68, 68, 68, 19}},  // GET_ITER
    {Role::other, {71, 71, 71, 71, 71, 71, 71, 24}},  // LOAD_BUILD_CLASS
    // In 3.13 the compiler has LOAD_FAST in its place.
    {Role::other, {135, 135, 135, 135, 135, 136, 136, 0}},  // LOAD_CLOSURE
    {Role::format, {155, 155, 155, 155, 155, 155, 155, 0}},  // FORMAT_VALUE
    {Role::two_to_one, {0, 0, 0, 0, 0, 0, 0, 15}},  // FORMAT_WITH_SPEC
    {Role::drop, {145, 145, 145, 145, 145, 145, 145, 80}},  // LIST_APPEND
    {Role::drop, {146, 146, 146, 146, 146, 146, 146, 105}},  // SET_ADD
    {Role::drop, {0, 0, 0, 162, 162, 162, 162, 81}},  // LIST_EXTEND
    {Role::drop, {0, 0, 0, 163, 163, 163, 163, 107}},  // SET_UPDATE
    {Role::drop, {1, 1, 1, 1, 1, 1, 1, 32}},  // POP_TOP
    {Role::drop, {0, 0, 0, 165, 165, 165, 165, 69}},  // DICT_UPDATE
    {Role::drop, {0, 0, 0, 164, 164, 164, 164, 68}},  // DICT_MERGE
    {Role::copy, {4, 4, 4, 4, 4, 0, 0, 0}},  // DUP_TOP
    {Role::copy, {0, 0, 0, 0, 0, 120, 120, 61}},  // COPY
    {Role::swap, {2, 2, 2, 2, 2, 0, 0, 0}},  // ROT_TWO
    {Role::swap, {0, 0, 0, 0, 0, 99, 99, 115}},  // SWAP
    {Role::longer, {144, 144, 144, 144, 144, 144, 144, 71}},  // EXTENDED_ARG
    {Role::nothing, {9, 9, 9, 9, 9, 9, 9, 30}},  // NOP
    {Role::nothing, {0, 0, 0, 0, 0, 151, 151, 149}},  // RESUME
    {Role::nothing, {0, 0, 0, 0, 0, 166, 0, 0}},  // PRECALL
    {Role::nothing, {0, 0, 0, 0, 0, 2, 2, 34}},  // PUSH_NULL
    {Role::nothing, {0, 0, 0, 0, 0, 135, 135, 94}},  // MAKE_CELL
    {Role::nothing, {0, 0, 0, 0, 0, 149, 149, 62}},  // COPY_FREE_VARS
};

constexpr std::array<Roles, versions> roles = [] {
    std::array<Roles, versions> made{};
    for (unsigned version = 0; version < versions; ++version) {
        for (const Instruction& one : instructions) {
            if (one.numbers[version] != 0) made[version][one.numbers[version]] = one.role;
        }
        // A cache of the one in front of it, since 3.11.
        made[version][0] = Role::nothing;
    }
    return made;
}();

}  // namespace

const Roles& roles_of(unsigned minor) noexcept { return roles[minor - oldest_minor]; }

}  // namespace stratascan::nested
