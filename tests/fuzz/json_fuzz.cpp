// JSON of any bytes: shapes, and names that an object has twice, against a parser that is
// told of every name as it is read.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "scanner/evidence/json.hpp"
#include "scanner/image/document.hpp"
#include "scanner/json/json_shape.hpp"
#include "scanner/source/json_document.hpp"
#include "scanner/source/json_repeats.hpp"

namespace {

using namespace stratascan;

/// Counts what there is, and sees repeated names.
class Reader : public nlohmann::json_sax<nlohmann::json> {
public:
    bool repeated = false;
    std::size_t deepest = 0, depth = 0;

    bool null() override { return true; }
    bool boolean(bool) override { return true; }
    bool number_integer(number_integer_t) override { return true; }
    bool number_unsigned(number_unsigned_t) override { return true; }
    bool number_float(number_float_t, const string_t&) override { return true; }
    bool string(string_t&) override { return true; }
    bool binary(binary_t&) override { return true; }
    bool start_object(std::size_t) override {
        names_.emplace_back();
        return enter();
    }
    bool key(string_t& name) override {
        if (!names_.back().insert(name).second) repeated = true;
        return true;
    }
    bool end_object() override {
        names_.pop_back();
        --depth;
        return true;
    }
    bool start_array(std::size_t) override { return enter(); }
    bool end_array() override {
        --depth;
        return true;
    }
    bool parse_error(std::size_t, const std::string&, const nlohmann::detail::exception&) override {
        return false;
    }

private:
    bool enter() {
        deepest = std::max(deepest, ++depth);
        return true;
    }
    std::vector<std::set<std::string>> names_;
};

void require(bool holds) {
    if (!holds) __builtin_trap();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    const auto repeated = source::repeated_name(text);
    const json::Shape shape = json::shape_of(text);
    const auto document = image::parse_document(text);
    const auto parsed = source::parse_json(text);
    static_cast<void>(evidence::json_object(text));
    // The parser takes a zero byte for the end, and what is behind it is read by some.
    if (text.find('\0') != text.npos) return 0;
    Reader reader;
    if (!nlohmann::json::sax_parse(text.begin(), text.end(), &reader)) {
        // Documents of images are read when they are not UTF-8, too; there it is no JSON.
        const bool ascii = std::ranges::all_of(text, [](char c) { return (c & 0x80) == 0; });
        require(!document && (!ascii || !parsed));
        return 0;
    }
    require(shape.depth == reader.deepest);
    if (reader.deepest > json::deepest) {
        require(!document && !parsed);
        return 0;
    }
    require(repeated.has_value() == reader.repeated);
    if (document) require(document->repeated_keys == reader.repeated);
    return 0;
}
