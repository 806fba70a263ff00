// Class files of the JVM (its specification, chapter 4): one pool of constants, and fields,
// methods and annotations that refer to it by numbers. What a string is for is in the code:
// an instruction that loads it, and one behind it that stores it or passes it on.
#pragma once

#include <cstdint>
#include <string_view>

#include "scanner/nested/constants.hpp"

namespace stratascan::nested {

/// Whether a file begins as a class file does; Mach-O's fat binaries have the same magic.
[[nodiscard]] bool is_class_file(std::string_view head) noexcept;

/// What fields are set to (where they are declared, too), local variables that the compiler
/// kept the names of, arguments of methods, pairs of strings that are passed together, elements
/// of annotations, and all other strings. Nothing where the constants are damaged; of code that
/// is damaged, what stands before that.
[[nodiscard]] ConstantText read_class_constants(std::string_view file, std::uint64_t memory);

}  // namespace stratascan::nested
