#include "scanner/sandbox/sandbox.hpp"

#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>
#include <vector>

#if STRATASCAN_HAVE_SECCOMP
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <seccomp.h>
#include <sys/mman.h>
#endif

namespace stratascan {

// The program for the kernel, made once.
struct Sandbox::Filter {
#if STRATASCAN_HAVE_SECCOMP
    std::vector<sock_filter> steps;
#endif
};

Sandbox::Sandbox() = default;
Sandbox::~Sandbox() = default;

namespace {

// Tools that look at a process from outside it need what the filter takes.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool sanitized = true;
#else
constexpr bool sanitized = false;
#endif

}  // namespace

#if STRATASCAN_HAVE_SECCOMP

namespace {

// Whatever their arguments are. Files that are open already may be written: the store
// is, by the threads whose results it keeps.
constexpr const char* allowed[] = {
    "read", "pread64", "readv", "preadv", "write", "pwrite64", "writev", "pwritev", "close",
    "fstat", "newfstatat", "stat", "lstat", "statx", "lseek", "getdents64", "readlink",
    "readlinkat", "access", "faccessat", "faccessat2", "fcntl", "fstatfs", "fsync", "fdatasync",
    "ftruncate", "fallocate", "fadvise64", "flock", "munmap", "mremap", "madvise", "brk", "futex",
    "futex_waitv", "sched_yield", "sched_getaffinity", "clock_gettime", "clock_getres",
    "clock_nanosleep", "nanosleep", "gettimeofday", "time", "getrandom", "rt_sigprocmask",
    "rt_sigaction", "rt_sigreturn", "sigaltstack", "exit", "exit_group", "gettid", "getpid",
    "getuid", "geteuid", "getgid", "getegid", "getcwd", "set_robust_list", "rseq", "restart_syscall",
    "membarrier", "getrusage", "sysinfo", "uname", "getcpu", "poll", "ppoll"};

bool allow(scmp_filter_ctx filter, const char* name) {
    const int number = seccomp_syscall_resolve_name(name);
    // Not every processor has each of them.
    return number == __NR_SCMP_ERROR ||
           seccomp_rule_add(filter, SCMP_ACT_ALLOW, number, 0) == 0;
}

// Where the bits `mask` of the argument are `value`.
bool allow_where(scmp_filter_ctx filter, const char* name, unsigned argument, std::uint64_t mask,
                 std::uint64_t value) {
    const int number = seccomp_syscall_resolve_name(name);
    if (number == __NR_SCMP_ERROR) return true;
    const scmp_arg_cmp where{argument, SCMP_CMP_MASKED_EQ, mask, value};
    return seccomp_rule_add_array(filter, SCMP_ACT_ALLOW, number, 1, &where) == 0;
}

bool fill(scmp_filter_ctx filter) {
    bool done = true;
    for (const char* const name : allowed) done = done && allow(filter, name);
    constexpr std::uint64_t all = ~std::uint64_t{0};
    constexpr std::uint64_t writing = O_ACCMODE | O_CREAT | O_TRUNC | O_APPEND | (O_TMPFILE & ~O_DIRECTORY);
    done = done && allow_where(filter, "openat", 2, writing, O_RDONLY) &&
           allow_where(filter, "open", 1, writing, O_RDONLY) &&
           allow_where(filter, "mmap", 2, PROT_EXEC, 0) &&
           allow_where(filter, "mprotect", 2, PROT_EXEC, 0) &&
           // More threads, no processes.
           allow_where(filter, "clone", 0, CLONE_THREAD, CLONE_THREAD) &&
           allow_where(filter, "prctl", 0, all, PR_SET_NAME) &&
           // To what is connected already: libcurl's thread is woken so.
           allow_where(filter, "sendto", 4, all, 0) &&
           allow_where(filter, "tgkill", 0, all, static_cast<std::uint64_t>(::getpid()));
    // Its flags lie in memory, where no filter sees them. glibc then asks for clone().
    const int clone3 = seccomp_syscall_resolve_name("clone3");
    if (clone3 != __NR_SCMP_ERROR) {
        done = done && seccomp_rule_add(filter, SCMP_ACT_ERRNO(ENOSYS), clone3, 0) == 0;
    }
    return done;
}

// As the kernel takes it: libseccomp hands it out through a file.
std::vector<sock_filter> compiled() {
    std::vector<sock_filter> steps;
    const scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ERRNO(EPERM));
    const int file = ::memfd_create("filter", MFD_CLOEXEC);
    if (filter != nullptr && file >= 0 && fill(filter) && seccomp_export_bpf(filter, file) == 0) {
        const off_t size = ::lseek(file, 0, SEEK_END);
        steps.resize(static_cast<std::size_t>(size) / sizeof(sock_filter));
        if (::pread(file, steps.data(), static_cast<std::size_t>(size), 0) != size) steps.clear();
    }
    if (file >= 0) ::close(file);
    if (filter != nullptr) seccomp_release(filter);
    return steps;
}

int install(const std::vector<sock_filter>& steps) {
    sock_fprog program{static_cast<unsigned short>(steps.size()),
                       const_cast<sock_filter*>(steps.data())};
    if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return errno;
    if (::syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program) != 0) return errno;
    return 0;
}

}  // namespace

void Sandbox::enter() noexcept {
    static thread_local bool entered = false;
    if (!filter_ || std::exchange(entered, true)) return;
    static_cast<void>(install(filter_->steps));
}

Result<std::unique_ptr<Sandbox>> Sandbox::create(Options::SandboxMode mode) {
    std::unique_ptr<Sandbox> sandbox(new Sandbox);
    std::string why;
    if (mode == Options::SandboxMode::off) {
        why = "as asked";
    } else if (sanitized) {
        why = "built with a sanitizer";
    } else {
        auto filter = std::make_unique<Filter>();
        filter->steps = compiled();
        int failed = EINVAL;
        if (!filter->steps.empty()) {
            std::thread([&] { failed = install(filter->steps); }).join();
        }
        if (failed == 0) {
            sandbox->filter_ = std::move(filter);
        } else {
            why = std::string("the kernel refuses it: ") + std::strerror(failed);
        }
    }
    if (mode == Options::SandboxMode::required && !why.empty()) {
        return fail(ErrorCode::engine, "there is no sandbox here: " + why, {},
                    "--sandbox auto scans without one where there is none");
    }
    sandbox->state_ = why.empty() ? "on" : "off: " + why;
    return sandbox;
}

#else

void Sandbox::enter() noexcept {}

Result<std::unique_ptr<Sandbox>> Sandbox::create(Options::SandboxMode mode) {
    if (mode == Options::SandboxMode::required) {
        return fail(ErrorCode::engine, "there is no sandbox here: built without libseccomp");
    }
    std::unique_ptr<Sandbox> sandbox(new Sandbox);
    sandbox->state_ = sanitized || mode == Options::SandboxMode::off
                          ? "off: as asked" : "off: built without libseccomp";
    return sandbox;
}

#endif

}  // namespace stratascan
