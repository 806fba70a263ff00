#include "scanner/cli/stop_signals.hpp"

#include <pthread.h>
#include <signal.h>
#include <unistd.h>

#include <ctime>

#include "scanner/cli/command.hpp"

namespace stratascan::cli {

namespace {

sigset_t stop_signals() {
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGTERM);
    // Who runs it by nohup wants it to go on.
    struct sigaction now {};
    const bool ignored = sigaction(SIGHUP, nullptr, &now) == 0 && now.sa_handler == SIG_IGN;
    if (!ignored) sigaddset(&set, SIGHUP);
    return set;
}

}  // namespace

// A thread of its own waits for the signals; nothing runs inside a handler.
StopSignals::StopSignals() {
    const sigset_t set = stop_signals();
    pthread_sigmask(SIG_BLOCK, &set, nullptr);
    waiter_ = std::jthread([this](const std::stop_token& done) {
        const sigset_t waited = stop_signals();
        const timespec pause{0, 50'000'000};
        while (!done.stop_requested()) {
            if (sigtimedwait(&waited, nullptr, &pause) < 0) continue;
            if (done.stop_requested()) break;
            if (!source_.request_stop()) ::_exit(exit_incomplete);
        }
    });
}

// Woken by a signal of its own, or every scan would end with its pause.
StopSignals::~StopSignals() {
    waiter_.request_stop();
    // It is blocked, and the thread waits for it: nothing is terminated.
    // NOLINTNEXTLINE(bugprone-bad-signal-to-kill-thread,cert-pos44-c)
    pthread_kill(waiter_.native_handle(), SIGTERM);
}

}  // namespace stratascan::cli
