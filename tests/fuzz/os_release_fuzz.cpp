// os-release(5) of any bytes: what is told of it is a word that a report may repeat; and
// dates as configs and labels have them.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "scanner/image/os_release.hpp"
#include "scanner/policy/date.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace stratascan;
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    for (const char* key : {"ID", "VERSION_ID", ""}) {
        const std::string value = image::os_release_value(text, key);
        if (value.size() > size) __builtin_trap();
        const std::string word = image::os_release_word(text, key);
        if (word.size() > 64) __builtin_trap();
        for (const char c : word) {
            const bool plain = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' ||
                               c == '_' || c == '-';
            if (!plain) __builtin_trap();
        }
    }
    // A zone may lead out of the years that are written.
    constexpr std::int64_t first = -62'135'596'800, last = 253'402'300'799;
    const auto seconds = policy::read_date(text);
    if (seconds && *seconds >= first && *seconds <= last) {
        const std::string day = policy::written_date(*seconds);
        const auto again = policy::read_date(day);
        if (!again || *again > *seconds || *seconds - *again >= policy::seconds_a_day) {
            __builtin_trap();
        }
    }
    return 0;
}
