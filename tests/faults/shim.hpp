// A library that a test loads in front of the C library (LD_PRELOAD) to produce faults
// that a sound machine does not show: reads that fail, disks that are full, memory that
// runs out, clocks that jump, a kernel that refuses the sandbox. What is to fail, and
// when, comes from the environment; without it every call goes through.
//
//   FAULT_READ=NAME:N      reads of files whose path has NAME in it fail with EIO once N
//                          bytes of them were read by the process
//   FAULT_WRITE=NAME:N     writes to them fail with ENOSPC once N bytes were written
//   FAULT_ALLOC=N[:M]      the N-th allocation fails, and M - 1 behind it; M = 0: all
//   FAULT_EXIT=N           the N-th allocation calls exit(1), as libarchive does where a name
//                          finds no memory
//   FAULT_ALLOC_COUNT=FILE how many there were is written there at the end
//   FAULT_LOCALE=N         the first N locales for letters alone find no memory
//   FAULT_CLOCK=SECONDS    the time of day jumps by so much, to and fro, call by call
//   FAULT_MONOTONIC=SECONDS  the steady clock jumps forwards by so much, once
//   FAULT_SECCOMP=N        the N-th installation of a seccomp filter and those behind it
//                          fail with ENOMEM
//
// Nothing here allocates: malloc() is one of the calls that are replaced.
#pragma once

#include <dlfcn.h>

namespace faults {

/// The function of that name behind this library.
template <typename Function>
Function* real(const char* name) {
    return reinterpret_cast<Function*>(dlsym(RTLD_NEXT, name));
}

/// "NAME:N" of the environment.
struct Bounded {
    const char* name = nullptr;  ///< not terminated where it ends
    unsigned long name_bytes = 0;
    long bytes = 0;

    /// Whether the path of this open file has the name in it.
    [[nodiscard]] bool matches(int descriptor) const;
};

[[nodiscard]] Bounded bounded(const char* variable);
[[nodiscard]] long number(const char* variable, long otherwise);

}  // namespace faults
