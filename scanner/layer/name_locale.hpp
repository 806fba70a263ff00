// The locale by which names of members are read: libarchive converts them through that of the
// calling thread. In the C locale a PAX path with any non-ASCII byte has no name at all to it; in
// C.UTF-8 it comes through as it stands.
#pragma once

#include <locale.h>

#include <cerrno>
#include <new>

namespace stratascan::layer {

/// Whoever reads names is inside, and outside again while waiting for bytes: that may go on on
/// another thread. Each thread is left with the locale that it had.
class NameLocale {
public:
    class Inside {
    public:
        explicit Inside(NameLocale& locale) : locale_(locale) { locale_.enter(); }
        ~Inside() { locale_.leave(); }
        Inside(const Inside&) = delete;
        Inside& operator=(const Inside&) = delete;

    private:
        NameLocale& locale_;
    };
    /// REQUIRES: inside.
    class Outside {
    public:
        explicit Outside(NameLocale& locale) : locale_(locale) { locale_.leave(); }
        ~Outside() { locale_.enter(); }
        Outside(const Outside&) = delete;
        Outside& operator=(const Outside&) = delete;

    private:
        NameLocale& locale_;
    };

private:
    void enter() { before_ = ::uselocale(utf8()); }
    void leave() noexcept { ::uselocale(before_); }

    static locale_t utf8() {
        // Without memory for it now there may be some for the next layer.
        static const locale_t locale = [] {
            const locale_t made = ::newlocale(LC_CTYPE_MASK, "C.UTF-8", nullptr);
            if (made == nullptr && errno == ENOMEM) throw std::bad_alloc();
            return made;
        }();
        return locale;
    }

    locale_t before_ = nullptr;
};

}  // namespace stratascan::layer
