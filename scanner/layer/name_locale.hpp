// The locale by which names of members are read.
#pragma once

#include <locale.h>

#include <cerrno>
#include <new>

namespace stratascan::layer {

// libarchive converts names through the locale of the calling thread. In the C
// locale a PAX path with any non-ASCII byte has no name at all; in C.UTF-8 it
// comes through as it stands.
class NameLocale {
public:
    NameLocale() { ::uselocale(utf8()); }
    ~NameLocale() { ::uselocale(LC_GLOBAL_LOCALE); }
    NameLocale(const NameLocale&) = delete;
    NameLocale& operator=(const NameLocale&) = delete;

    static locale_t utf8() {
        // Without memory for it now there may be some for the next layer.
        static const locale_t locale = [] {
            const locale_t made = ::newlocale(LC_CTYPE_MASK, "C.UTF-8", nullptr);
            if (made == nullptr && errno == ENOMEM) throw std::bad_alloc();
            return made;
        }();
        return locale;
    }
};

// Whoever waits for bytes inside of it may go on on another thread.
class WithoutNameLocale {
public:
    WithoutNameLocale() { ::uselocale(LC_GLOBAL_LOCALE); }
    ~WithoutNameLocale() { ::uselocale(NameLocale::utf8()); }
    WithoutNameLocale(const WithoutNameLocale&) = delete;
    WithoutNameLocale& operator=(const WithoutNameLocale&) = delete;
};

}  // namespace stratascan::layer
