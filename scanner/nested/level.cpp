#include "scanner/nested/level.hpp"

namespace stratascan::nested {

namespace {

// More than any decoder looks ahead between the members of its format.
constexpr std::size_t look_ahead = 64;

}  // namespace

Result<layer::Step> Level::decode(std::span<char>& to) {
    if (left.empty()) {
        auto step = decoder->step(input, input_is_last(), to);
        if (step && *step == layer::Step::need_input && !input.empty()) {
            left = input.substr(0, 2 * look_ahead);
            input = {};
        }
        return step;
    }
    // `left` is a few bytes; they are put in front of a few more.
    const std::size_t before = left.size();
    const std::string joined = left + std::string(input.substr(0, look_ahead));
    const bool all = joined.size() == before + input.size();
    std::string_view rest = joined;
    auto step = decoder->step(rest, all && input_is_last(), to);
    const std::size_t used = joined.size() - rest.size();
    if (used >= before) {
        left.clear();
        input.remove_prefix(used - before);
    } else if (step && *step == layer::Step::need_input) {
        if (rest.size() > 2 * look_ahead) {
            return fail(ErrorCode::engine, "a decoder left input behind");
        }
        left = rest;
        input.remove_prefix(joined.size() - before);
    } else {
        left.erase(0, used);
    }
    return step;
}

bool Level::begins_zip() {
    if (!seeks_zip) {
        input = {};
        return false;
    }
    std::string_view before = left;
    auto header = zips.find(before);
    std::string rest(before);
    left.clear();
    if (!header) header = zips.find(input);
    if (!header) return false;
    kind = Kind::archive;
    has_behind = true;
    seeks_zip = false;
    parser = make_behind_parser(*header + rest);
    return true;
}

}  // namespace stratascan::nested
