// A kernel that takes some seccomp filters and refuses the next, as it does when memory
// for them runs out (seccomp(2), ENOMEM).
#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>

#include "tests/faults/shim.hpp"

namespace {

long first = -1;
std::atomic<long> installed = 0;

__attribute__((constructor)) void begin() { first = faults::number("FAULT_SECCOMP", -1); }

}  // namespace

extern "C" long syscall(long number, ...) {
    static auto* const next = faults::real<long(long, ...)>("syscall");
    va_list list;
    va_start(list, number);
    long words[6];
    for (long& word : words) word = va_arg(list, long);
    va_end(list);
    if (number == SYS_seccomp && first >= 0 && ++installed >= first) {
        errno = ENOMEM;
        return -1;
    }
    return next(number, words[0], words[1], words[2], words[3], words[4], words[5]);
}
