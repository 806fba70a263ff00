// CPython's .pyc: a header, and the module's code object as the marshal module writes it, with
// those of its functions and classes in it. Read are those of the released versions 3.6 to
// 3.13, which differ in the fields of a code object (Python/marshal.c) and in the numbers of
// instructions (Lib/opcode.py). One of another version is a file like any other.
#pragma once

#include <cstdint>
#include <string_view>

#include "scanner/nested/constants.hpp"

namespace stratascan::nested {

/// Whether a file begins as one of the versions that are read.
[[nodiscard]] bool is_pyc(std::string_view head) noexcept;

/// What variables, attributes and elements are set to, named arguments and their defaults,
/// elements of dicts, arguments of calls, and all other strings and bytes. Of a file that is
/// damaged, those of code in front of the damage.
[[nodiscard]] ConstantText read_pyc_constants(std::string_view file, std::uint64_t memory);

}  // namespace stratascan::nested
