// Java class files and .pyc, written by their specifications: what a compiler of one version
// would not write, too.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "tests/support/parsing.hpp"

namespace stratascan::test {

inline std::string big(std::uint64_t value, unsigned bytes) {
    std::string text;
    while (bytes-- > 0) text += static_cast<char>(value >> (8 * bytes) & 0xffU);
    return text;
}

/// A pool of constants that grows as it is asked for numbers (JVM specification, 4.4).
class ClassWriter {
public:
    std::string utf8(std::string_view text) {
        return add('\1', big(text.size(), 2) + std::string(text));
    }
    std::string string(std::string_view text) { return add('\x08', utf8(text)); }
    /// A number that takes two places.
    void wide() {
        add('\5', std::string(8, '\1'));
        ++count_;
    }
    std::string field(std::string_view name) { return member('\x09', name); }
    std::string method(std::string_view name) { return member('\x0a', name); }

    std::string attribute(std::string_view name, const std::string& data) {
        return utf8(name) + big(data.size(), 4) + data;
    }
    /// A class with a constant field, a method, and annotations as the attribute has them.
    std::string file(std::string_view name, std::string_view value, std::string_view code,
                     const std::string& variables, const std::string& annotations) {
        const std::string fields = big(1, 2) + big(0x18, 2) + utf8(name) + utf8("S") + big(1, 2) +
                                   attribute("ConstantValue", string(value));
        const std::string table = attribute("LocalVariableTable", variables);
        const std::string body = big(4, 4) + big(code.size(), 4) + std::string(code) + big(0, 2) +
                                 big(1, 2) + table;
        const std::string methods = big(1, 2) + big(1, 2) + utf8("run") + utf8("()V") + big(1, 2) +
                                    attribute("Code", body);
        const std::string shown = attribute("RuntimeVisibleAnnotations", annotations);
        const std::string self = add('\7', utf8("a/C"));
        return "\xca\xfe\xba\xbe" + big(61, 4) + big(count_, 2) + pool_ + big(0x21, 2) + self +
               self + big(0, 2) + fields + methods + big(1, 2) + shown;
    }

private:
    std::string member(char tag, std::string_view name) {
        const std::string pair = add('\x0c', utf8(name) + utf8("()V"));
        return add(tag, add('\7', utf8("a/C")) + pair);
    }
    std::string add(char tag, const std::string& rest) {
        pool_ += tag + rest;
        return big(count_++, 2);
    }
    std::string pool_;
    std::size_t count_ = 1;
};

/// A class whose field has a value.
inline std::string class_of(std::string_view field, std::string_view value) {
    ClassWriter out;
    return out.file(field, value, "\xb1", big(0, 2), big(0, 2));
}

/// What a version of CPython calls things.
struct PycVersion {
    unsigned minor;
    std::uint64_t magic;
    unsigned char load_constant, store_name, keyed_map, named_call;  ///< 0: KW_NAMES and CALL
};

inline constexpr std::array<PycVersion, 8> pyc_versions = {
    {{6, 3379, 100, 90, 156, 141}, {7, 3394, 100, 90, 156, 141}, {8, 3413, 100, 90, 156, 141},
     {9, 3425, 100, 90, 156, 141}, {10, 3439, 100, 90, 156, 141}, {11, 3495, 100, 90, 156, 0},
     {12, 3531, 100, 90, 156, 0}, {13, 3571, 83, 114, 46, 57}}};

inline std::string marshalled(std::string_view text) {
    return 'z' + big(text.size(), 1) + std::string(text);
}

/// A module of these instructions, constants and names; tuples as marshal has them.
inline std::string pyc_of(const PycVersion& version, const std::string& code,
                          const std::string& constants, const std::string& names) {
    const bool old = version.minor <= 10;
    const unsigned numbers = version.minor >= 8 && old ? 6 : 5;
    const std::string none(")\0", 2), bytes("s\0\0\0\0", 5), word = marshalled("m");
    return little(version.magic, 2) + "\r\n" + std::string(version.minor == 6 ? 8 : 12, '\0') +
           '\xe3' + std::string(4 * numbers, '\0') + 's' + little(code.size(), 4) + code +
           constants + names + none + (old ? none + none : bytes) + word + word +
           (old ? "" : word) + little(1, 4) + bytes + (old ? "" : bytes);
}

/// `name = "value"` in a module.
inline std::string pyc_of(std::string_view name, std::string_view value) {
    return pyc_of(pyc_versions[5], std::string("d\0Z\0d\1S\0", 8),
                  ")\2" + marshalled(value) + 'N', ")\1\xda" + marshalled(name).substr(1));
}

}  // namespace stratascan::test
