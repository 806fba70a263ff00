#include "scanner/evidence/known_keys.hpp"

#include <cstddef>

extern "C" {
extern const char stratascan_known_keys_begin[];
extern const char stratascan_known_keys_end[];
}

namespace stratascan::evidence {

std::string_view known_key_list() noexcept {
    return {stratascan_known_keys_begin,
            static_cast<std::size_t>(stratascan_known_keys_end - stratascan_known_keys_begin)};
}

// By halves, each of whole lines.
std::string_view package_of_key(std::string_view list, std::string_view key) noexcept {
    if (key.empty()) return {};
    while (!list.empty()) {
        std::size_t begin = list.rfind('\n', list.size() / 2);
        begin = begin == list.npos ? 0 : begin + 1;
        const std::size_t stop = list.find('\n', begin);
        const std::string_view line = list.substr(begin, stop - begin);
        const std::size_t tab = line.find('\t');
        const std::string_view known = line.substr(0, tab);
        if (known == key) return tab == line.npos ? std::string_view() : line.substr(tab + 1);
        if (known < key) {
            if (stop == list.npos) return {};
            list.remove_prefix(stop + 1);
        } else {
            list = list.substr(0, begin);
        }
    }
    return {};
}

}  // namespace stratascan::evidence
