#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/faults/shim.hpp"

namespace faults {

bool Bounded::matches(int descriptor) const {
    if (name == nullptr) return false;
    char link[64];
    char path[4096];
    snprintf(link, sizeof link, "/proc/self/fd/%d", descriptor);
    const ssize_t size = readlink(link, path, sizeof path);
    return size > 0 && memmem(path, static_cast<size_t>(size), name, name_bytes) != nullptr;
}

Bounded bounded(const char* variable) {
    Bounded of;
    const char* const value = getenv(variable);
    const char* const colon = value != nullptr ? strrchr(value, ':') : nullptr;
    if (colon == nullptr) return of;
    of.name = value;
    of.name_bytes = static_cast<unsigned long>(colon - value);
    of.bytes = strtol(colon + 1, nullptr, 10);
    return of;
}

long number(const char* variable, long otherwise) {
    const char* const value = getenv(variable);
    return value != nullptr ? strtol(value, nullptr, 10) : otherwise;
}

}  // namespace faults
