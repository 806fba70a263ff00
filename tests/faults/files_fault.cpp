// Reads that fail with EIO, and writes that find the disk full. The C library's own
// streams (fopen) do not come by here.
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <unistd.h>

#include <atomic>

#include "tests/faults/shim.hpp"

namespace {

struct Limit {
    faults::Bounded bound;
    std::atomic<long> done = 0;

    /// How much of `size` still goes through: -1 for all that is asked.
    ssize_t left(int descriptor, size_t size) {
        if (bound.name == nullptr || size == 0 || !bound.matches(descriptor)) return -1;
        const long room = bound.bytes - done.load();
        return room <= 0 ? 0 : room < static_cast<long>(size) ? room : static_cast<ssize_t>(size);
    }
};

Limit reads;
Limit writes;

__attribute__((constructor)) void begin() {
    reads.bound = faults::bounded("FAULT_READ");
    writes.bound = faults::bounded("FAULT_WRITE");
}

template <typename Call>
ssize_t limited(Limit& limit, int descriptor, size_t size, int code, const Call& call) {
    const ssize_t left = limit.left(descriptor, size);
    if (left == 0) {
        errno = code;
        return -1;
    }
    const ssize_t done = call(left < 0 ? size : static_cast<size_t>(left));
    if (left > 0 && done > 0) limit.done += done;
    return done;
}

}  // namespace

extern "C" {

ssize_t read(int descriptor, void* bytes, size_t size) {
    static auto* const next = faults::real<ssize_t(int, void*, size_t)>("read");
    return limited(reads, descriptor, size, EIO,
                   [&](size_t room) { return next(descriptor, bytes, room); });
}

ssize_t __read_chk(int descriptor, void* bytes, size_t size, size_t) {
    return read(descriptor, bytes, size);
}

ssize_t pread(int descriptor, void* bytes, size_t size, off_t at) {
    static auto* const next = faults::real<ssize_t(int, void*, size_t, off_t)>("pread");
    return limited(reads, descriptor, size, EIO,
                   [&](size_t room) { return next(descriptor, bytes, room, at); });
}

ssize_t pread64(int descriptor, void* bytes, size_t size, off64_t at) {
    return pread(descriptor, bytes, size, at);
}

ssize_t write(int descriptor, const void* bytes, size_t size) {
    static auto* const next = faults::real<ssize_t(int, const void*, size_t)>("write");
    return limited(writes, descriptor, size, ENOSPC,
                   [&](size_t room) { return next(descriptor, bytes, room); });
}

// As libstdc++ writes what does not fit its buffer; a part would do, but for the test all
// or nothing is as good.
ssize_t writev(int descriptor, const iovec* parts, int count) {
    static auto* const next = faults::real<ssize_t(int, const iovec*, int)>("writev");
    size_t size = 0;
    for (int i = 0; i < count; ++i) size += parts[i].iov_len;
    return limited(writes, descriptor, size, ENOSPC, [&](size_t room) -> ssize_t {
        if (room == size) return next(descriptor, parts, count);
        errno = ENOSPC;
        return -1;
    });
}

ssize_t pwrite(int descriptor, const void* bytes, size_t size, off_t at) {
    static auto* const next = faults::real<ssize_t(int, const void*, size_t, off_t)>("pwrite");
    return limited(writes, descriptor, size, ENOSPC,
                   [&](size_t room) { return next(descriptor, bytes, room, at); });
}

ssize_t pwrite64(int descriptor, const void* bytes, size_t size, off64_t at) {
    return pwrite(descriptor, bytes, size, at);
}

}  // extern "C"
