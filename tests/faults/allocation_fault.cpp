// Allocations that fail: malloc() and its kin, and memory of one's own by mmap(). They are
// counted from the moment when the program begins.
#include <errno.h>
#include <fcntl.h>
#include <locale.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include <atomic>

#include "tests/faults/shim.hpp"

extern "C" {
void* __libc_malloc(size_t);
void* __libc_calloc(size_t, size_t);
void* __libc_realloc(void*, size_t);
void* __libc_memalign(size_t, size_t);
}

namespace {

// -1: not yet begun, or nothing is to fail.
long first = -1;
long last = -1;
long ending = -1;
std::atomic<long> count = 0;
bool counting = false;

__attribute__((constructor)) void begin() {
    first = faults::number("FAULT_ALLOC", -1);
    const char* const value = getenv("FAULT_ALLOC");
    const char* more = value;
    while (more != nullptr && *more != '\0' && *more != ':') ++more;
    const long many = more != nullptr && *more == ':' ? strtol(more + 1, nullptr, 10) : 1;
    ending = faults::number("FAULT_EXIT", -1);
    last = many == 0 ? __LONG_MAX__ : first + many - 1;
}

__attribute__((destructor)) void end() {
    const char* const file = getenv("FAULT_ALLOC_COUNT");
    if (file == nullptr) return;
    counting = false;
    char text[32];
    const int size = snprintf(text, sizeof text, "%ld\n", count.load());
    const int out = open(file, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    if (write(out, text, static_cast<size_t>(size)) != size) perror(file);
    close(out);
}

bool fails() {
    if (!counting) return false;
    const long now = ++count;
    if (now == ending) exit(1);
    if (first < 0 || now < first || now > last) return false;
    errno = ENOMEM;
    return true;
}

}  // namespace

extern "C" {

// Where the program begins: libraries have made theirs before, and the loader.
int __libc_start_main(int (*main)(int, char**, char**), int count, char** words, void (*init)(),
                      void (*fini)(), void (*loader_fini)(), void* stack_end) {
    static auto* const next =
        faults::real<int(int (*)(int, char**, char**), int, char**, void (*)(), void (*)(),
                         void (*)(), void*)>("__libc_start_main");
    counting = getenv("FAULT_ALLOC_COUNT") != nullptr || first >= 0 || ending >= 0;
    return next(main, count, words, init, fini, loader_fini, stack_end);
}

void* malloc(size_t size) { return fails() ? nullptr : __libc_malloc(size); }
void* calloc(size_t many, size_t size) { return fails() ? nullptr : __libc_calloc(many, size); }
void* realloc(void* old, size_t size) {
    return fails() ? nullptr : __libc_realloc(old, size);
}
void* memalign(size_t alignment, size_t size) {
    return fails() ? nullptr : __libc_memalign(alignment, size);
}
void* aligned_alloc(size_t alignment, size_t size) { return memalign(alignment, size); }
int posix_memalign(void** out, size_t alignment, size_t size) {
    if (fails()) return ENOMEM;
    *out = __libc_memalign(alignment, size);
    return *out != nullptr ? 0 : ENOMEM;
}

void* mmap(void* at, size_t size, int rights, int flags, int descriptor, off_t offset) {
    static auto* const next = faults::real<void*(void*, size_t, int, int, int, off_t)>("mmap");
    if ((flags & MAP_ANONYMOUS) != 0 && fails()) return MAP_FAILED;
    return next(at, size, rights, flags, descriptor, offset);
}
locale_t newlocale(int categories, const char* name, locale_t base) {
    static auto* const next = faults::real<locale_t(int, const char*, locale_t)>("newlocale");
    static std::atomic<long> left = faults::number("FAULT_LOCALE", 0);
    // Libraries make others for themselves.
    if (categories == LC_CTYPE_MASK && left.fetch_sub(1) > 0) {
        errno = ENOMEM;
        return nullptr;
    }
    return next(categories, name, base);
}

void* mmap64(void* at, size_t size, int rights, int flags, int descriptor, off64_t offset) {
    return mmap(at, size, rights, flags, descriptor, offset);
}

}  // extern "C"
