#include "scanner/sandbox/sandbox.hpp"

#include <fmt/format.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <vector>

#include "scanner/sandbox/filter.hpp"
#include "scanner/sandbox/free_threads.hpp"

namespace stratascan {

struct Sandbox::Filter {
    std::vector<sock_filter> steps;
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

// Which sandbox the thread has tried to enter, and whether it is inside.
thread_local const Sandbox* tried = nullptr;
thread_local bool inside = false;

// A thread that was started from inside is there as well.
bool began_inside() noexcept {
    return ::prctl(sandbox_question, 0, 0, 0, 0) != 0 && errno == EALREADY;
}

int install(const std::vector<sock_filter>& steps) {
    sock_fprog program{static_cast<unsigned short>(steps.size()),
                       const_cast<sock_filter*>(steps.data())};
    if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return errno;
    if (::syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program) != 0) return errno;
    return 0;
}

std::string refusal(int code) {
    return std::string("the kernel refuses it: ") + std::strerror(code);
}

}  // namespace

bool Sandbox::enter() noexcept {
    if (!filter_) return true;
    if (inside) return true;  // one filter is as good as another, and all are the same
    if (tried == this) return false;
    tried = this;
    const int failed = began_inside() ? 0 : install(filter_->steps);
    inside = failed == 0;
    if (inside) return true;
    why_.store(failed);
    ++outside_;
    return false;
}

std::string Sandbox::trouble() const {
    const unsigned outside = outside_.load();
    if (outside == 0) return {};
    return fmt::format("{} of the threads that scan {} outside of the sandbox: {}", outside,
                       outside == 1 ? "is" : "are", refusal(why_.load()));
}

std::string Sandbox::state() const {
    const std::string partly = trouble();
    return partly.empty() ? state_ : "partly: " + partly;
}

Result<std::unique_ptr<Sandbox>> Sandbox::create(Options::SandboxMode mode) {
    std::unique_ptr<Sandbox> sandbox(new Sandbox);
    sandbox->required_ = mode == Options::SandboxMode::required;
    std::string why;
    if (mode == Options::SandboxMode::off) {
        why = "as asked";
    } else if (sanitized) {
        why = "built with a sanitizer";
    } else {
        auto filter = std::make_unique<Filter>();
        filter->steps = scanning_filter();
        int failed = ENOSYS;
        if (!filter->steps.empty()) {
            std::thread([&] { failed = install(filter->steps); }).join();
        }
        if (failed == 0) {
            FreeThreads::instance();
            sandbox->filter_ = std::move(filter);
        } else {
            why = refusal(failed);
        }
    }
    if (sandbox->required_ && !why.empty()) {
        return fail(ErrorCode::engine, "there is no sandbox here: " + why, {},
                    "--sandbox auto scans without one where there is none");
    }
    sandbox->state_ = why.empty() ? "on" : "off: " + why;
    return sandbox;
}

}  // namespace stratascan
