#include "scanner/nested/marshal.hpp"

#include <utility>

namespace stratascan::nested {

namespace {

// CPython takes 2,000; its compiler, a hundred of functions in functions.
constexpr unsigned deepest = 500;
constexpr unsigned may_be_referred_to = 0x80;

}  // namespace

MarshalReader::MarshalReader(std::string_view file, std::size_t at, unsigned minor,
                             std::uint64_t memory, TakeCode take)
    : file_(file), in_(file), minor_(minor), memory_(memory), take_(std::move(take)) {
    in_.skip(at);
    objects_.emplace_back();
}

bool MarshalReader::read() {
    static_cast<void>(read_object(0));
    return in_.ok();
}

std::string_view MarshalReader::text(std::uint32_t number) const {
    const MarshalObject& one = objects_[number];
    return one.kind == MarshalObject::Kind::text ? file_.substr(one.first, one.size)
                                                 : std::string_view();
}

std::span<const std::uint32_t> MarshalReader::elements(std::uint32_t number) const {
    const MarshalObject& one = objects_[number];
    if (one.kind != MarshalObject::Kind::tuple) return {};
    return std::span(elements_).subspan(one.first, one.size);
}

std::uint32_t MarshalReader::add() {
    const std::uint64_t held = objects_.size() * sizeof(MarshalObject) +
                               (elements_.size() + open_.size() + references_.size()) * 4;
    // Vectors that grow have up to twice that.
    if (held > memory_ / 2) {
        over_memory_ = true;
        in_.fail();
        return 0;
    }
    objects_.emplace_back();
    return static_cast<std::uint32_t>(objects_.size() - 1);
}

// Numbers, and what has no contents, are object 0. A reference is to the objects with the flag,
// in the order in which they begin.
std::uint32_t MarshalReader::read_object(unsigned depth) {
    const std::uint32_t type = in_.big(1);
    if (!in_.ok()) return 0;
    const auto kind = static_cast<char>(type & ~may_be_referred_to);
    const bool simple = std::string_view("NFTS.0r").contains(kind);
    const bool kept = !simple && (type & may_be_referred_to) != 0;
    const std::size_t reference = references_.size();
    if (kept) references_.push_back(0);
    std::uint32_t made = 0;
    switch (kind) {
        case 'N': case 'F': case 'T': case 'S': case '.': case '0': break;
        case 'r': {
            const std::uint32_t at = in_.little(4);
            if (at >= references_.size()) {
                in_.fail();
                return 0;
            }
            return references_[at];
        }
        case 'i': in_.skip(4); break;
        case 'I': case 'g': in_.skip(8); break;
        case 'y': in_.skip(16); break;
        case 'f': in_.skip(in_.big(1)); break;
        case 'x':
            in_.skip(in_.big(1));
            in_.skip(in_.big(1));
            break;
        case 'l': {
            const std::int64_t digits = static_cast<std::int32_t>(in_.little(4));
            in_.skip(2 * static_cast<std::size_t>(digits < 0 ? -digits : digits));
            break;
        }
        case 's': case 't': case 'u': case 'a': case 'A':
            made = read_text(in_.little(4), add());
            break;
        case 'z': case 'Z': made = read_text(in_.big(1), add()); break;
        case '(': case ')': case '[': case '<': case '>': case 'c': {
            const std::uint32_t number = add();
            if (kept) references_[reference] = number;
            if (!in_.ok()) return 0;
            if (depth == deepest) {
                in_.fail();
            } else if (kind == 'c') {
                made = read_code(depth, number);
            } else {
                made = read_tuple(kind == ')' ? in_.big(1) : in_.little(4), depth, number);
            }
            break;
        }
        default: in_.fail();  // a dict is no constant
    }
    if (kept) references_[reference] = made;
    return made;
}

std::uint32_t MarshalReader::read_text(std::size_t size, std::uint32_t number) {
    const std::size_t at = in_.at();
    in_.skip(size);
    if (!in_.ok()) return 0;
    objects_[number] = {.kind = MarshalObject::Kind::text,
                        .first = static_cast<std::uint32_t>(at),
                        .size = static_cast<std::uint32_t>(size)};
    return number;
}

std::uint32_t MarshalReader::read_tuple(std::size_t size, unsigned depth, std::uint32_t number) {
    const std::size_t begin = open_.size();
    for (std::size_t left = size; left > 0 && in_.ok(); --left) {
        const std::uint32_t element = read_object(depth + 1);
        open_.push_back(element);
        if (open_.size() * 4 > memory_ / 2) {
            over_memory_ = true;
            in_.fail();
        }
    }
    if (!in_.ok()) return 0;
    objects_[number] = {.kind = MarshalObject::Kind::tuple,
                        .first = static_cast<std::uint32_t>(elements_.size()),
                        .size = static_cast<std::uint32_t>(size)};
    const auto first = open_.begin() + static_cast<std::ptrdiff_t>(begin);
    elements_.insert(elements_.end(), first, open_.end());
    open_.resize(begin);
    return number;
}

// The fields of a code object: 3.8 has a number more, of arguments that have no names; 3.11 has
// all that is local in one tuple.
std::uint32_t MarshalReader::read_code(unsigned depth, std::uint32_t number) {
    const std::uint32_t arguments = in_.little(4);
    in_.skip(minor_ <= 7 ? 16U : minor_ <= 10 ? 20U : 16U);
    MarshalCode code;
    code.instructions = text(read_object(depth + 1));
    code.constants = read_object(depth + 1);
    code.names = read_object(depth + 1);
    code.variables = read_object(depth + 1);
    if (minor_ <= 10) {
        code.free = read_object(depth + 1);
        code.cells = read_object(depth + 1);
    } else {
        static_cast<void>(read_object(depth + 1));  // what kinds those are
    }
    const int names = minor_ <= 10 ? 2 : 3;
    for (int i = 0; i < names; ++i) static_cast<void>(read_object(depth + 1));
    in_.skip(4);
    const int tables = minor_ <= 10 ? 1 : 2;
    for (int i = 0; i < tables; ++i) static_cast<void>(read_object(depth + 1));
    if (!in_.ok()) return 0;
    objects_[number] = {
        .kind = MarshalObject::Kind::code, .first = code.variables, .size = arguments};
    take_(number, code);
    return number;
}

}  // namespace stratascan::nested
