#include "scanner/nested/pyc.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>
#include <vector>

#include "scanner/nested/bytes.hpp"
#include "scanner/nested/marshal.hpp"
#include "scanner/nested/pyc_instructions.hpp"
#include "scanner/nested/secret_signs.hpp"

namespace stratascan::nested {

namespace {

// A display of constants in source has as many elements as this at most in one instruction
// since 3.9; older ones may have more, whose beginning is then read without names.
constexpr std::size_t most_on_stack = 4096;
constexpr std::size_t most_unpacked = 64;
constexpr std::size_t most_defaults = 255;
// Code objects may share their instructions: so many times the file's bytes are read.
constexpr std::uint64_t most_read = 4;

struct Version {
    unsigned minor;
    std::uint16_t magic;
    std::size_t header;
};

// The magic numbers of the releases (Lib/importlib/_bootstrap_external.py); since 3.7 the header
// has a word of flags (PEP 552).
constexpr std::array<Version, newest_minor - oldest_minor + 1> versions = {
    {{6, 3379, 12}, {7, 3394, 16}, {8, 3413, 16}, {9, 3425, 16}, {10, 3439, 16}, {11, 3495, 16},
     {12, 3531, 16}, {13, 3571, 16}}};

std::optional<Version> version_of(std::string_view head) {
    if (head.size() < 17 || head.substr(2, 2) != "\r\n") return std::nullopt;
    const auto found = std::ranges::find(versions, little_endian(head, 0, 2), &Version::magic);
    if (found == versions.end() || (head[found->header] & 0x7f) != 'c') return std::nullopt;
    return *found;
}

// What an instruction pushed: a constant, or something that has a name, or neither.
struct Item {
    std::uint32_t constant = 0;
    std::string_view name{};
};

// One code object, instruction by instruction as they stand. Jumps are not followed: behind one,
// and behind any instruction whose effect is not known, the stack is empty, which is what is not
// known of it.
class CodeWalk {
public:
    CodeWalk(MarshalReader& objects, ConstantLines& lines, const MarshalCode& code, unsigned minor)
        : objects_(objects), lines_(lines), code_(code), minor_(minor) {}

    void walk() {
        const Roles& roles = roles_of(minor_);
        const std::string_view bytes = code_.instructions;
        std::uint32_t longer = 0;
        for (std::size_t at = 0; at + 1 < bytes.size() && !lines_.full(); at += 2) {
            const Role role = roles[static_cast<unsigned char>(bytes[at])];
            const std::uint32_t argument = longer << 8U | static_cast<unsigned char>(bytes[at + 1]);
            longer = role == Role::longer ? argument : 0;
            if (role != Role::longer && role != Role::nothing) run(role, argument);
            if (stack_.size() > most_on_stack) stack_.clear();
        }
    }

private:
    void run(Role role, std::uint32_t n) {
        switch (role) {
            case Role::constant: push({element(code_.constants, n), {}}); break;
            case Role::name: push({0, name(n)}); break;
            // The lowest bits say what else is pushed, which is not counted here.
            case Role::global: push({0, name(minor_ >= 11 ? n >> 1U : n)}); break;
            case Role::attribute:
                pop();
                push({0, name(minor_ >= 12 ? n >> 1U : n)});
                break;
            case Role::variable: push({0, variable(n)}); break;
            case Role::two_variables:
                push({0, variable(n >> 4U)});
                push({0, variable(n & 15U)});
                break;
            case Role::cell: push({0, cell(n)}); break;
            case Role::other: push({}); break;
            case Role::store_name: store(name(n)); break;
            case Role::store_variable: store(variable(n)); break;
            case Role::store_and_load:
                store(variable(n >> 4U));
                push({0, variable(n & 15U)});
                break;
            case Role::store_two:
                store(variable(n >> 4U));
                store(variable(n & 15U));
                break;
            case Role::store_cell: store(cell(n)); break;
            case Role::store_attribute:
                pop();
                store(name(n));
                break;
            case Role::store_element: {
                const Item key = pop();
                pop();
                tell(pop(), text(key), Use::element);
                break;
            }
            case Role::unpack: unpack(n); break;
            case Role::make_map:
                for (std::uint32_t left = n; left > 0 && !stack_.empty(); --left) {
                    const Item value = pop();
                    tell(value, text(pop()), Use::element);
                }
                push({});
                break;
            case Role::map_add: {
                const Item newest = pop(), below = pop();
                const bool value_first = minor_ >= 8;
                tell(value_first ? newest : below, text(value_first ? below : newest),
                     Use::element);
                break;
            }
            case Role::make_keyed_map:
                tell_named(pop().constant, Use::element);
                push({});
                break;
            case Role::make_other: replace(n); break;
            case Role::call:
                if (names_ != 0) {
                    call_named(std::exchange(names_, 0), n);
                } else {
                    call(n);
                }
                break;
            case Role::call_named: call_named(pop().constant, n); break;
            case Role::call_names: names_ = element(code_.constants, n); break;
            case Role::make_function: make_function(n); break;
            case Role::function_part: {
                const Item function = pop();
                const Item part = pop();
                if (n == 1) tell_defaults(function.constant, part.constant);
                push(function);
                break;
            }
            case Role::compare: compare(); break;
            case Role::two_to_one: replace(2); break;
            case Role::one_to_one: replace(1); break;
            case Role::format: replace((n & 4U) != 0 ? 2 : 1); break;
            case Role::drop: pop(); break;
            case Role::copy: push(n <= 1 && !stack_.empty() ? stack_.back() : Item()); break;
            case Role::swap:
                if (n <= 2 && stack_.size() >= 2) {
                    std::swap(stack_.back(), stack_[stack_.size() - 2]);
                } else {
                    stack_.clear();
                }
                break;
            default: stack_.clear();
        }
    }

    void push(Item item) { stack_.push_back(item); }
    Item pop() {
        if (stack_.empty()) return {};
        const Item item = stack_.back();
        stack_.pop_back();
        return item;
    }
    void pop_some(std::size_t count) {
        stack_.resize(stack_.size() - std::min(count, stack_.size()));
    }
    void replace(std::size_t count) {
        pop_some(count);
        push({});
    }

    [[nodiscard]] std::uint32_t element(std::uint32_t tuple, std::size_t index) const {
        const auto elements = objects_.elements(tuple);
        return index < elements.size() ? elements[index] : 0;
    }
    [[nodiscard]] std::string_view name(std::size_t index) const {
        return objects_.text(element(code_.names, index));
    }
    [[nodiscard]] std::string_view variable(std::size_t index) const {
        return objects_.text(element(code_.variables, index));
    }
    [[nodiscard]] std::string_view cell(std::size_t index) const {
        if (minor_ >= 11) return variable(index);
        const std::size_t cells = objects_.elements(code_.cells).size();
        return objects_.text(index < cells ? element(code_.cells, index)
                                           : element(code_.free, index - cells));
    }
    [[nodiscard]] std::string_view text(const Item& item) const {
        return objects_.text(item.constant);
    }

    void tell(const Item& value, std::string_view name, Use use) {
        lines_.add(text(value), name, use);
    }
    void store(std::string_view name) { tell(pop(), name, Use::assigned); }

    void unpack(std::uint32_t n) {
        const Item sequence = pop();
        if (n > most_unpacked) {
            stack_.clear();
            return;
        }
        for (std::uint32_t left = n; left > 0; --left) {
            push({element(sequence.constant, left - 1), {}});
        }
    }

    // The newest values, by the names in a tuple, the last of which is that of the newest.
    void tell_named(std::uint32_t names, Use use) {
        const auto elements = objects_.elements(names);
        for (std::size_t left = elements.size(); left > 0 && !stack_.empty(); --left) {
            tell(pop(), objects_.text(elements[left - 1]), use);
        }
    }

    void call_named(std::uint32_t names, std::uint32_t n) {
        const std::size_t named = objects_.elements(names).size();
        tell_named(names, Use::assigned);
        call(n < named ? 0 : n - static_cast<std::uint32_t>(named));
    }

    // Two strings that stand beside each other are a name and a value, as often as not.
    void call(std::uint32_t n) {
        const std::size_t count = std::min<std::size_t>(n, stack_.size());
        const std::size_t begin = stack_.size() - count;
        const std::string_view called =
            begin > 0 && count == n ? stack_[begin - 1].name : std::string_view();
        for (std::size_t at = begin; at < stack_.size(); ++at) {
            const std::string_view value = text(stack_[at]);
            if (value.empty()) continue;
            if (at + 1 < stack_.size() && !text(stack_[at + 1]).empty()) {
                tell(stack_[at + 1], value, Use::element);
                ++at;
            } else {
                tell(stack_[at], called, Use::argument);
            }
        }
        replace(count + 1);
    }

    void compare() {
        const Item right = pop(), left = pop();
        tell(right, left.name, Use::assigned);
        tell(left, right.name, Use::assigned);
        push({});
    }

    // Before 3.13 all that belongs to a function is below its code, and before 3.11 its name is
    // behind that.
    void make_function(std::uint32_t parts) {
        if (minor_ <= 10) pop();
        const Item code = pop();
        if (minor_ <= 12) {
            for (const std::uint32_t part : {8U, 4U, 2U}) {
                if ((parts & part) != 0) pop();
            }
            if ((parts & 1U) != 0) tell_defaults(code.constant, pop().constant);
        }
        push(code);
    }

    // They are those of the last of the arguments that are known by their places.
    void tell_defaults(std::uint32_t code, std::uint32_t defaults) {
        const MarshalObject& function = objects_.object(code);
        if (function.kind != MarshalObject::Kind::code) return;
        const auto values = objects_.elements(defaults);
        if (values.size() > std::min<std::size_t>(function.size, most_defaults)) return;
        const std::size_t first = function.size - values.size();
        for (std::size_t i = 0; i < values.size(); ++i) {
            lines_.add(objects_.text(values[i]), objects_.text(element(function.first, first + i)),
                       Use::assigned);
        }
    }

    MarshalReader& objects_;
    ConstantLines& lines_;
    const MarshalCode& code_;
    unsigned minor_;
    std::vector<Item> stack_;
    std::uint32_t names_ = 0;  // of the call that comes
};

// Whether a constant may be a secret, or something may be a password's name; of a tuple or of
// code, whether that is so of anything in it. Most code has no such thing, and is not walked. A
// damaged tuple may hold itself, or be in others without end.
bool judge(MarshalReader& objects, std::uint32_t number, unsigned depth = 0) {
    constexpr unsigned deepest_judged = 32;
    if (depth > deepest_judged) return true;
    MarshalObject& one = objects.object(number);
    if (std::exchange(one.judged, true) || number == 0) return one.matters;
    bool matters = false;
    if (one.kind == MarshalObject::Kind::text) {
        const std::string_view text = objects.text(number);
        matters = may_be_secret(text) || (may_be_name(text) && names_password(text));
    }
    for (const std::uint32_t element : objects.elements(number)) {
        matters = judge(objects, element, depth + 1) || matters;
    }
    objects.object(number).matters = matters;
    return matters;
}

// All that is in a tuple of constants, each once; a damaged one may hold itself.
void tell_alone(MarshalReader& objects, ConstantLines& lines, std::uint32_t number) {
    std::vector<std::uint32_t> left = {number};
    while (!left.empty()) {
        const std::uint32_t one = left.back();
        left.pop_back();
        if (std::exchange(objects.object(one).told, true)) continue;
        lines.add(objects.text(one), {}, Use::alone);
        const auto elements = objects.elements(one);
        left.insert(left.end(), elements.rbegin(), elements.rend());
    }
}

}  // namespace

bool is_pyc(std::string_view head) noexcept { return version_of(head).has_value(); }

ConstantText read_pyc_constants(std::string_view file, std::uint64_t memory) {
    const auto version = version_of(file);
    if (!version || !may_hold_secret(file)) return {};
    ConstantLines lines(file, memory / 2);
    MarshalReader* reader = nullptr;
    std::uint64_t left = most_read * file.size();
    MarshalReader objects(file, version->header, version->minor, memory,
                          [&](std::uint32_t number, const MarshalCode& code) {
                              bool matters = false;
                              for (const std::uint32_t part :
                                   {code.constants, code.names, code.variables, code.cells,
                                    code.free}) {
                                  matters = judge(*reader, part) || matters;
                              }
                              reader->object(number).judged = true;
                              reader->object(number).matters = matters;
                              if (!matters) return;
                              if (code.instructions.size() <= left) {
                                  left -= code.instructions.size();
                                  CodeWalk(*reader, lines, code, version->minor).walk();
                              }
                              tell_alone(*reader, lines, code.constants);
                          });
    reader = &objects;
    static_cast<void>(objects.read());
    ConstantText made =
        lines.finish([](std::string_view value, std::string& out) { out += value; });
    if (objects.over_memory()) made.untold += file.size();
    return made;
}

}  // namespace stratascan::nested
