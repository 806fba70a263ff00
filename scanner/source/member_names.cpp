#include "scanner/source/member_names.hpp"

#include <algorithm>
#include <array>

namespace stratascan::source {

namespace {

constexpr std::array<std::string_view, 14> usual = {
    "",       ".",           "..",           "blobs",         "sha256",     "sha384", "sha512",
    "json",   "index.json",  "oci-layout",   "manifest.json", "repositories", "VERSION",
    "layer.tar"};
constexpr std::size_t shortest_id = 64;

// "<id>", "<id>.json", "<id>.tar".
bool is_of_an_id(std::string_view part) {
    const std::string_view id = part.substr(0, part.find_first_not_of("0123456789abcdef"));
    const std::string_view rest = part.substr(id.size());
    return id.size() >= shortest_id && (rest.empty() || rest == ".json" || rest == ".tar");
}

bool is_usual(std::string_view name) {
    while (true) {
        const std::string_view part = name.substr(0, name.find('/'));
        if (std::ranges::find(usual, part) == usual.end() && !is_of_an_id(part)) return false;
        if (part.size() == name.size()) return true;
        name.remove_prefix(part.size() + 1);
    }
}

}  // namespace

void MemberNames::add(std::string_view name, std::string_view link) {
    if (!is_usual(name)) keep(name);
    if (!is_usual(link)) keep(link);
}

void MemberNames::keep(std::string_view name) {
    if (name.size() + 1 > most_bytes - text_.size()) {
        left_out_ += name.size();
        return;
    }
    text_ += name;
    text_ += '\n';
}

}  // namespace stratascan::source
