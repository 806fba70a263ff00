#include "scanner/sandbox/filter.hpp"

#include <fcntl.h>
#include <signal.h>
#include <linux/audit.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <bit>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <utility>

namespace stratascan {

namespace {

#if defined(__x86_64__)
constexpr std::uint32_t processor = AUDIT_ARCH_X86_64;
#elif defined(__aarch64__)
constexpr std::uint32_t processor = AUDIT_ARCH_AARCH64;
#else
constexpr std::uint32_t processor = 0;
#endif

// Whatever their arguments are. Files that are open already may be written: the store
// is, by the threads whose results it keeps.
constexpr long allowed[] = {
    SYS_read, SYS_pread64, SYS_write, SYS_pwrite64, SYS_mremap, SYS_munmap, SYS_madvise, SYS_futex,
    SYS_brk, SYS_close, SYS_fstat, SYS_newfstatat, SYS_statx, SYS_lseek, SYS_readv, SYS_preadv,
    SYS_writev, SYS_pwritev, SYS_getdents64, SYS_readlinkat, SYS_flistxattr, SYS_fgetxattr, SYS_faccessat, SYS_faccessat2,
    SYS_fstatfs, SYS_fsync, SYS_fdatasync, SYS_ftruncate, SYS_fallocate, SYS_fadvise64,
    SYS_flock, SYS_futex_waitv, SYS_sched_yield, SYS_sched_getaffinity, SYS_clock_gettime,
    SYS_clock_getres, SYS_clock_nanosleep, SYS_nanosleep, SYS_gettimeofday, SYS_getrandom,
    SYS_rt_sigprocmask, SYS_rt_sigreturn, SYS_sigaltstack, SYS_exit,
    SYS_exit_group, SYS_gettid, SYS_getpid, SYS_getuid, SYS_geteuid, SYS_getgid, SYS_getegid,
    SYS_getcwd, SYS_set_robust_list, SYS_rseq, SYS_restart_syscall, SYS_membarrier, SYS_getrusage,
    SYS_sysinfo, SYS_uname, SYS_getcpu, SYS_ppoll,
#if defined(__x86_64__)  // calls that later processors' kernels do without
    SYS_stat, SYS_lstat, SYS_readlink, SYS_access, SYS_time, SYS_poll,
#endif
};

struct Program {
    std::vector<sock_filter> steps;

    void load(std::size_t offset) {
        steps.push_back(BPF_STMT(BPF_LD | BPF_W | BPF_ABS, static_cast<std::uint32_t>(offset)));
    }
    /// Goes on where the value is equal, else `skip` steps further.
    void unless_equal_skip(std::uint32_t value, std::uint8_t skip) {
        steps.push_back(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, value, 0, skip));
    }
    void answer(std::uint32_t what) { steps.push_back(BPF_STMT(BPF_RET | BPF_K, what)); }
    void refuse(int code) { answer(SECCOMP_RET_ERRNO | static_cast<std::uint32_t>(code)); }

    void allow(long number) {
        unless_equal_skip(static_cast<std::uint32_t>(number), 1);
        answer(SECCOMP_RET_ALLOW);
    }
    /// The bits `mask` of an argument are `value`.
    struct Condition {
        unsigned argument;
        std::uint64_t mask, value;
    };
    /// `what` where all that is asked of the arguments holds.
    void where(long number, std::initializer_list<Condition> conditions,
               std::uint32_t what = SECCOMP_RET_ALLOW) {
        static_assert(std::endian::native == std::endian::little);
        constexpr std::size_t half_steps = 3;
        // To behind the answer, where the call's number is loaded again.
        std::size_t left = 2 * half_steps * conditions.size() + 1;
        unless_equal_skip(static_cast<std::uint32_t>(number), static_cast<std::uint8_t>(left + 1));
        for (const auto& [argument, mask, value] : conditions) {
            for (const unsigned shift : {0U, 32U}) {
                load(offsetof(seccomp_data, args) + sizeof(std::uint64_t) * argument + shift / 8);
                steps.push_back(
                    BPF_STMT(BPF_ALU | BPF_AND | BPF_K, static_cast<std::uint32_t>(mask >> shift)));
                left -= half_steps;
                unless_equal_skip(static_cast<std::uint32_t>(value >> shift),
                                  static_cast<std::uint8_t>(left));
            }
        }
        answer(what);
        load(offsetof(seccomp_data, nr));
    }
};

}  // namespace

std::vector<sock_filter> scanning_filter() {
    if (processor == 0) return {};
    Program program;
    program.load(offsetof(seccomp_data, arch));
    program.unless_equal_skip(processor, 1);
    program.steps.push_back(BPF_STMT(BPF_JMP | BPF_JA, 1));
    program.refuse(EPERM);
    program.load(offsetof(seccomp_data, nr));
    // The x32 calls of the same processor have a bit of their own in their numbers, so none
    // of the comparisons below takes one for another.
    for (const long number : allowed) program.allow(number);
    constexpr std::uint64_t all = ~std::uint64_t{0};
    constexpr std::uint64_t writing =
        O_ACCMODE | O_CREAT | O_TRUNC | O_APPEND | (O_TMPFILE & ~O_DIRECTORY);
    program.where(SYS_openat, {{2, writing, O_RDONLY}});
#if defined(__x86_64__)
    program.where(SYS_open, {{1, writing, O_RDONLY}});
#endif
    program.where(SYS_mmap, {{2, PROT_EXEC, 0}});
    program.where(SYS_mprotect, {{2, PROT_EXEC, 0}});
    // Flags and locks. Others have the kernel send signals, to whomever they name.
    constexpr std::uint64_t command = 0xffffffff;
    static_assert(F_GETFD == 1 && F_SETFD == 2 && F_GETFL == 3 && F_SETFL == 4 && F_GETLK == 5 &&
                  F_SETLK == 6 && F_SETLKW == 7);
    program.where(SYS_fcntl, {{1, command, F_GETFD}});
    program.where(SYS_fcntl, {{1, command & ~std::uint64_t{1}, F_SETFD}});
    program.where(SYS_fcntl, {{1, command & ~std::uint64_t{3}, F_SETFL}});
    program.where(SYS_fcntl, {{1, command, F_DUPFD_CLOEXEC}});
    // More threads, no processes.
    program.where(SYS_clone, {{0, CLONE_THREAD, CLONE_THREAD}});
    program.where(SYS_prctl, {{0, all, PR_SET_NAME}});
    // How a thread that began inside knows that it is.
    program.where(SYS_prctl, {{0, all, sandbox_question}},
                  SECCOMP_RET_ERRNO | static_cast<std::uint32_t>(EALREADY));
    // Whether a file is a terminal.
    program.where(SYS_ioctl, {{1, all, TCGETS}});
    // To what is connected already: libcurl's thread is woken so.
    program.where(SYS_sendto, {{4, all, 0}});
    // abort(), and no handler of anybody's: no call that sets one is among those above.
    program.where(SYS_tgkill, {{0, all, static_cast<std::uint64_t>(::getpid())}, {2, all, SIGABRT}});
    // Its flags lie in memory, where no filter sees them. glibc then asks for clone().
    program.unless_equal_skip(static_cast<std::uint32_t>(SYS_clone3), 1);
    program.refuse(ENOSYS);
    program.refuse(EPERM);
    return std::move(program.steps);
}

}  // namespace stratascan
