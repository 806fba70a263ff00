#include "scanner/nested/class_file.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>
#include <vector>

#include "scanner/nested/field_reader.hpp"
#include "scanner/nested/secret_signs.hpp"

namespace stratascan::nested {

namespace {

using namespace std::string_view_literals;

// Annotations in annotations; a compiler makes a few.
constexpr unsigned deepest_annotation = 16;
// Strings that are passed to one call, and variables that are followed.
constexpr std::size_t most_passed = 64, most_followed = 32;

// 4.4: the kinds of constants, and the bytes behind their kind.
enum Tag : std::uint8_t { no_tag = 0, utf8 = 1, wide_integer = 5, wide_real = 6, string_tag = 8 };
constexpr std::array<std::uint8_t, 21> tag_bytes = {0, 2, 0, 4, 4, 8, 8, 2, 2, 4, 4,
                                                    4, 4, 0, 0, 3, 2, 4, 4, 2, 2};

struct Constant {
    std::uint8_t tag = no_tag;
    std::uint16_t first = 0, second = 0;
    std::string_view text;
};

// Opcodes (6.5).
enum Opcode : std::uint8_t {
    nop = 0, ldc = 18, ldc_w = 19, ldc2_w = 20, aload = 25, aload_0 = 42, aload_3 = 45,
    astore = 58, astore_0 = 75, astore_3 = 78, dup = 89, iinc = 132, tableswitch = 170,
    lookupswitch = 171, putstatic = 179, putfield = 181, invokevirtual = 182,
    invokeinterface = 185, checkcast = 192, wide = 196,
};

// The bytes behind an opcode; those of the switches and of wide are counted apart.
constexpr std::array<std::uint8_t, 256> operand_bytes = [] {
    std::array<std::uint8_t, 256> made{};
    const auto set = [&](unsigned first, unsigned last, std::uint8_t bytes) {
        for (unsigned opcode = first; opcode <= last; ++opcode) made[opcode] = bytes;
    };
    set(16, 16, 1), set(17, 17, 2), set(18, 18, 1), set(19, 20, 2), set(21, 25, 1);
    set(54, 58, 1), set(132, 132, 2), set(153, 168, 2), set(169, 169, 1), set(178, 184, 2);
    set(185, 186, 4), set(187, 187, 2), set(188, 188, 1), set(189, 189, 2), set(192, 193, 2);
    set(197, 197, 3), set(198, 199, 2), set(200, 201, 4);
    return made;
}();

// 4.4.7: a zero is two bytes, and what is beyond 16 bits two halves of three bytes each.
void write_plain(std::string_view text, std::string& out) {
    const auto at = [&](std::size_t i) -> unsigned {
        return i < text.size() ? static_cast<unsigned char>(text[i]) : 0U;
    };
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (at(i) == 0xc0 && at(i + 1) == 0x80) {
            out += '\0';
            ++i;
        } else if (at(i) == 0xed && (at(i + 1) & 0xf0U) == 0xa0 && at(i + 3) == 0xed &&
                   (at(i + 4) & 0xf0U) == 0xb0 && i + 5 < text.size()) {
            const unsigned code = 0x10000 + ((at(i + 1) & 0x0fU) << 16U) +
                                  ((at(i + 2) & 0x3fU) << 10U) + ((at(i + 4) & 0x0fU) << 6U) +
                                  (at(i + 5) & 0x3fU);
            out += static_cast<char>(0xf0U | code >> 18U);
            out += static_cast<char>(0x80U | (code >> 12U & 0x3fU));
            out += static_cast<char>(0x80U | (code >> 6U & 0x3fU));
            out += static_cast<char>(0x80U | (code & 0x3fU));
            i += 5;
        } else {
            out += text[i];
        }
    }
}

// What gives the same string in another form.
bool passes_string_on(std::string_view method) {
    static constexpr std::array names = {"toCharArray"sv, "getBytes"sv, "trim"sv, "intern"sv,
                                         "toString"sv, "strip"sv};
    return std::ranges::find(names, method) != names.end();
}

// JDBC's, and constructors as PasswordAuthentication and UsernamePasswordCredentials.
bool takes_user_and_password(std::string_view method, std::size_t arguments) {
    return (arguments == 3 && method == "getConnection") ||
           (arguments == 2 && method.find("Password") != method.npos && method.front() >= 'A' &&
            method.front() <= 'Z');
}

// What Kotlin's and Scala's compilers keep for themselves.
bool is_compilers_own(std::string_view annotation) {
    return annotation == "Lkotlin/Metadata;" || annotation.starts_with("Lscala/reflect/");
}

class ClassFile {
public:
    ClassFile(std::string_view file, std::uint64_t memory)
        : file_(file), in_(file), lines_(file, memory) {}

    ConstantText read() {
        in_.skip(8);
        if (!read_constants() || !may_have_secret()) return {};
        in_.skip(6);  // flags, the class and the one above it
        in_.skip(std::size_t{2} * in_.big(2));
        read_members();
        read_members();
        read_attributes(in_, {});
        std::vector<bool> told(constants_.size());
        for (const Constant& constant : constants_) {
            if (constant.tag != string_tag || constant.first >= told.size()) continue;
            if (told[constant.first]) continue;
            told[constant.first] = true;
            lines_.add(text(constant.first), {}, Use::alone);
        }
        return lines_.finish(write_plain);
    }

private:
    bool read_constants() {
        constants_.resize(in_.big(2));
        for (std::size_t i = 1; i < constants_.size() && in_.ok(); ++i) {
            Constant& one = constants_[i];
            one.tag = static_cast<std::uint8_t>(in_.big(1));
            const std::size_t bytes = one.tag < tag_bytes.size() ? tag_bytes[one.tag] : 0;
            if (bytes == 0) return false;
            one.first = static_cast<std::uint16_t>(in_.big(2));
            if (one.tag == utf8) {
                one.text = in_.take(one.first);
            } else if (bytes >= 4) {
                one.second = static_cast<std::uint16_t>(in_.big(2));
                in_.skip(bytes - 4);
            } else {
                in_.skip(bytes - 2);
            }
            if (one.tag == wide_integer || one.tag == wide_real) ++i;  // it takes two places
        }
        return in_.ok();
    }

    // Before the rest is read: of what is in the pool, strings are little, and in most files
    // none looks like a secret. Those in annotations are not told from names there.
    [[nodiscard]] bool may_have_secret() const {
        const auto may_be_annotated = [&](const Constant& one) {
            return one.text == "RuntimeVisibleAnnotations" ||
                   one.text == "RuntimeInvisibleAnnotations" || one.text == "AnnotationDefault";
        };
        const std::string_view pool = file_.substr(0, in_.at());
        bool strings = false, annotated = false;
        std::vector<bool> seen(constants_.size());  // many may be of one text
        for (const Constant& one : constants_) {
            annotated = annotated || may_be_annotated(one);
            if (one.tag != string_tag || one.first >= seen.size()) continue;
            strings = true;
            if (seen[one.first]) continue;
            seen[one.first] = true;
            if (may_be_secret(text(one.first))) return true;
        }
        return (annotated && may_hold_secret(pool)) || (strings && names_password(pool));
    }

    [[nodiscard]] const Constant& constant(std::size_t index) const {
        static constexpr Constant none;
        return index < constants_.size() ? constants_[index] : none;
    }
    [[nodiscard]] std::string_view text(std::size_t index) const { return constant(index).text; }
    [[nodiscard]] std::string_view string_at(std::size_t index) const {
        const Constant& one = constant(index);
        return one.tag == string_tag ? text(one.first) : std::string_view();
    }
    // Of a field or a method; a constructor's is its class.
    [[nodiscard]] std::string_view name_at(std::size_t index) const {
        const std::string_view name = text(constant(constant(index).second).first);
        if (name != "<init>") return name;
        const std::string_view of_class = text(constant(constant(index).first).first);
        return of_class.substr(of_class.find_last_of("/$") + 1);
    }

    // Fields, then methods.
    void read_members() {
        for (std::size_t left = in_.big(2); left > 0 && in_.ok(); --left) {
            in_.skip(2);
            const std::string_view name = text(in_.big(2));
            in_.skip(2);
            read_attributes(in_, name);
        }
    }

    // 4.7: those of the class, of a field or of a method.
    void read_attributes(FieldReader& in, std::string_view name) {
        for (std::size_t left = in.big(2); left > 0 && in.ok(); --left) {
            const std::string_view kind = text(in.big(2));
            FieldReader inside(in.take(in.big(4)));
            if (kind == "Code") {
                read_code(inside);
            } else if (kind == "ConstantValue") {
                lines_.add(string_at(inside.big(2)), name, Use::assigned);
            } else if (kind == "RuntimeVisibleAnnotations" ||
                       kind == "RuntimeInvisibleAnnotations") {
                for (std::size_t more = inside.big(2); more > 0 && inside.ok(); --more) {
                    read_annotation(inside, 0);
                }
            } else if (kind == "AnnotationDefault") {
                read_element(inside, name, true, 0);
            }
        }
    }

    // 4.7.16
    void read_annotation(FieldReader& in, unsigned depth) {
        const bool told = !is_compilers_own(text(in.big(2)));
        for (std::size_t left = in.big(2); left > 0 && in.ok(); --left) {
            const std::string_view name = text(in.big(2));
            read_element(in, name, told, depth);
        }
    }

    void read_element(FieldReader& in, std::string_view name, bool told, unsigned depth) {
        const auto tag = static_cast<char>(in.big(1));
        if (tag == '@' || tag == '[') {
            if (depth == deepest_annotation) {
                in.fail();
            } else if (tag == '@') {
                read_annotation(in, depth + 1);
            } else {
                for (std::size_t left = in.big(2); left > 0 && in.ok(); --left) {
                    read_element(in, name, told, depth + 1);
                }
            }
            return;
        }
        const std::string_view value = text(in.big(2));
        if (tag == 's' && told) lines_.add(value, name, Use::assigned);
        if (tag == 'e') in.skip(2);
    }

    // 4.7.3
    void read_code(FieldReader& in) {
        in.skip(4);
        const std::string_view code = in.take(in.big(4));
        in.skip(std::size_t{8} * in.big(2));
        variables_.clear();
        for (std::size_t left = in.big(2); left > 0 && in.ok(); --left) {
            const std::string_view kind = text(in.big(2));
            const std::string_view inside = in.take(in.big(4));
            if (kind == "LocalVariableTable") read_variables(FieldReader(inside));
        }
        std::ranges::sort(variables_);
        walk(code);
    }

    // 4.7.13: by where a variable's value is first there, which is behind what stores it.
    void read_variables(FieldReader in) {
        for (std::size_t left = in.big(2); left > 0 && in.ok(); --left) {
            const std::uint32_t from = in.big(2);
            in.skip(2);
            const std::uint32_t name = in.big(2);
            in.skip(2);
            variables_.emplace_back(from << 16U | in.big(2), name);
        }
    }

    [[nodiscard]] std::string_view variable_at(std::size_t from, std::uint32_t slot) const {
        const std::pair<std::uint32_t, std::uint32_t> first(
            static_cast<std::uint32_t>(from << 16U) | slot, 0);
        const auto found = std::ranges::lower_bound(variables_, first);
        const bool is_there = found != variables_.end() && found->first == first.first;
        return is_there ? text(found->second) : std::string_view();
    }

    // Instruction by instruction, as they stand. What was loaded and has not been used is in
    // passed_; jumps are not followed.
    void walk(std::string_view code) {
        passed_.clear();
        followed_.clear();
        FieldReader in(code);
        while (!in.at_end() && in.ok() && !lines_.full()) {
            const std::uint32_t opcode = in.big(1);
            if (opcode == tableswitch || opcode == lookupswitch) {
                skip_switch(in, opcode == tableswitch);
                passed_.clear();
            } else if (opcode == wide) {
                const std::uint32_t widened = in.big(1);
                const std::uint32_t slot = in.big(2);
                use_variable(widened, slot, in.at());
                if (widened == iinc) in.skip(2);
            } else {
                const std::size_t bytes = operand_bytes[opcode];
                const std::uint32_t operand = in.big(std::min<std::size_t>(bytes, 2));
                in.skip(bytes - std::min<std::size_t>(bytes, 2));
                use(opcode, operand, in.at());
            }
        }
    }

    void use(std::uint32_t opcode, std::uint32_t operand, std::size_t behind) {
        if (opcode == ldc || opcode == ldc_w) {
            if (const std::string_view loaded = string_at(operand); !loaded.empty()) pass(loaded);
        } else if (opcode == aload || opcode == astore) {
            use_variable(opcode, operand, behind);
        } else if (opcode >= aload_0 && opcode <= aload_3) {
            use_variable(aload, opcode - aload_0, behind);
        } else if (opcode >= astore_0 && opcode <= astore_3) {
            use_variable(astore, opcode - astore_0, behind);
        } else if (opcode == putstatic || opcode == putfield) {
            if (!passed_.empty()) {
                lines_.add(passed_.back(), name_at(operand), Use::assigned);
                passed_.pop_back();
            }
        } else if (opcode >= invokevirtual && opcode <= invokeinterface) {
            if (!passed_.empty()) call(name_at(operand));
        } else if (opcode == dup) {
            if (!passed_.empty()) pass(passed_.back());
        } else if (opcode > ldc2_w && opcode != checkcast) {
            passed_.clear();  // numbers are passed beside strings, as nothing
        }
    }

    void pass(std::string_view loaded) {
        if (passed_.size() == most_passed) passed_.clear();
        passed_.push_back(loaded);
    }

    void call(std::string_view method) {
        if (passes_string_on(method)) return;
        std::size_t at = passed_.size() % 2;
        if (at == 1) lines_.add(passed_.front(), method, Use::argument);
        if (takes_user_and_password(method, passed_.size())) {
            lines_.add(passed_[at], "user", Use::assigned);
            lines_.add(passed_[at + 1], "password", Use::assigned);
            at += 2;
        }
        for (; at + 1 < passed_.size(); at += 2) {
            lines_.add(passed_[at + 1], passed_[at], Use::element);
        }
        passed_.clear();
    }

    // What is loaded from a variable is what was stored there last.
    void use_variable(std::uint32_t opcode, std::uint32_t slot, std::size_t behind) {
        const auto known = std::ranges::find(followed_, slot, &Followed::slot);
        if (opcode == aload) {
            if (known == followed_.end()) {
                passed_.clear();
            } else {
                pass(known->value);
            }
            return;
        }
        if (opcode == astore && !passed_.empty()) {
            const std::string_view value = passed_.back();
            lines_.add(value, variable_at(behind, slot), Use::assigned);
            if (known != followed_.end()) {
                known->value = value;
            } else if (followed_.size() < most_followed) {
                followed_.push_back({slot, value});
            }
        } else if (opcode == astore && known != followed_.end()) {
            followed_.erase(known);
        }
        passed_.clear();
    }

    // Operands are aligned to four from the code's beginning.
    static void skip_switch(FieldReader& in, bool table) {
        in.skip((4 - in.at() % 4) % 4 + 4);
        if (table) {
            const std::int64_t low = static_cast<std::int32_t>(in.big(4));
            const std::int64_t high = static_cast<std::int32_t>(in.big(4));
            in.skip(high < low ? 0 : 4 * static_cast<std::size_t>(high - low + 1));
        } else {
            in.skip(std::size_t{8} * in.big(4));
        }
    }

    struct Followed {
        std::uint32_t slot;
        std::string_view value;
    };

    std::string_view file_;
    FieldReader in_;
    ConstantLines lines_;
    std::vector<Constant> constants_;
    // Of the method that is read: where it begins and its place, and its name.
    std::vector<std::pair<std::uint32_t, std::uint32_t>> variables_;
    std::vector<std::string_view> passed_;
    std::vector<Followed> followed_;
};

}  // namespace

bool is_class_file(std::string_view head) noexcept {
    // Versions begin at 45; a fat binary has the number of its machines there, a few.
    return head.size() >= 24 && head.starts_with("\xca\xfe\xba\xbe"sv) &&
           big_endian(head, 6, 2) >= 45 && big_endian(head, 6, 2) < 256 &&
           big_endian(head, 8, 2) > 1;
}

ConstantText read_class_constants(std::string_view file, std::uint64_t memory) {
    return ClassFile(file, memory).read();
}

}  // namespace stratascan::nested
