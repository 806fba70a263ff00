// A helper is a program of the user's, run without a shell. It may ask the user
// for something, or hang; so it has a time, and then it is killed with what it
// has started.
#include <fcntl.h>
#include <openssl/crypto.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <thread>

#include "scanner/registry/credentials.hpp"
#include "scanner/source/file_blob.hpp"

extern char** environ;

namespace stratascan::registry {

namespace {

using source::UniqueFd;
using Clock = std::chrono::steady_clock;

constexpr std::size_t max_output_bytes = 64 << 10;

struct Pipe {
    UniqueFd read, write;
};

std::optional<Pipe> make_pipe() {
    std::array<int, 2> ends{};
    if (::pipe2(ends.data(), O_CLOEXEC) != 0) return std::nullopt;
    return Pipe{UniqueFd(ends[0]), UniqueFd(ends[1])};
}

/// -1, with errno, when the program can't be started.
pid_t start(const std::string& program, const char* verb, int in, int out) {
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, in, STDIN_FILENO);
    posix_spawn_file_actions_adddup2(&actions, out, STDOUT_FILENO);
    posix_spawnattr_t attributes;
    posix_spawnattr_init(&attributes);
    // A group of its own, to be ended as one; and signals as a program expects them.
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK |
                                              POSIX_SPAWN_SETSIGDEF);
    posix_spawnattr_setpgroup(&attributes, 0);
    sigset_t none, broken_pipe;
    sigemptyset(&none);
    sigemptyset(&broken_pipe);
    sigaddset(&broken_pipe, SIGPIPE);
    posix_spawnattr_setsigmask(&attributes, &none);
    posix_spawnattr_setsigdefault(&attributes, &broken_pipe);
    std::array<char*, 3> words = {const_cast<char*>(program.c_str()), const_cast<char*>(verb),
                                  nullptr};
    pid_t child = -1;
    const int code =
        ::posix_spawnp(&child, program.c_str(), &actions, &attributes, words.data(), environ);
    posix_spawnattr_destroy(&attributes);
    posix_spawn_file_actions_destroy(&actions);
    if (code == 0) return child;
    errno = code;
    return -1;
}

/// What comes out until it ends; nothing when it takes too long or says too much.
std::optional<std::string> read_until(int fd, Clock::time_point end) {
    std::string text;
    while (true) {
        const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(end - Clock::now());
        if (left.count() <= 0) return std::nullopt;
        pollfd ready{fd, POLLIN, 0};
        const int count = ::poll(&ready, 1, static_cast<int>(left.count()));
        if (count < 0 && errno == EINTR) continue;
        if (count <= 0) return std::nullopt;
        std::array<char, 4096> buffer{};
        // One helper at a time, for all that ask want the same answer; it is ready.
        // NOLINTNEXTLINE(clang-analyzer-unix.BlockInCriticalSection)
        const ssize_t got = ::read(fd, buffer.data(), buffer.size());
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return std::nullopt;
        if (got == 0) return text;
        text.append(buffer.data(), static_cast<std::size_t>(got));
        OPENSSL_cleanse(buffer.data(), buffer.size());
        if (text.size() > max_output_bytes) return std::nullopt;
    }
}

}  // namespace

Result<HelperOutput> run_credential_helper(const std::string& helper, HelperVerb verb,
                                           const std::string& server,
                                           std::chrono::milliseconds time) {
    const std::string program = "docker-credential-" + helper;
    const auto end = Clock::now() + time;
    auto in = make_pipe();
    auto out = make_pipe();
    if (!in || !out) return fail(ErrorCode::unreadable, source::system_message(errno), program);
    const char* const word = verb == HelperVerb::get ? "get" : "list";
    const pid_t child = start(program, word, in->read.get(), out->write.get());
    if (child < 0) {
        return fail(ErrorCode::not_found, "the credential helper can't be started", program,
                    "install it, or remove it from the credential file");
    }
    in->read = UniqueFd();
    out->write = UniqueFd();
    // Shorter than a pipe's buffer, so this never waits; SIGPIPE is the program's
    // to ignore, and a helper that reads nothing is none of its errors.
    const std::string line = server + "\n";
    sigset_t pipe_signal, before;
    sigemptyset(&pipe_signal);
    sigaddset(&pipe_signal, SIGPIPE);
    pthread_sigmask(SIG_BLOCK, &pipe_signal, &before);
    const ssize_t written = ::write(in->write.get(), line.data(), line.size());
    (void)written;
    const timespec none{};
    while (sigtimedwait(&pipe_signal, nullptr, &none) > 0) {
    }
    pthread_sigmask(SIG_SETMASK, &before, nullptr);
    in->write = UniqueFd();
    auto text = read_until(out->read.get(), end);
    int status = 0;
    const auto is_gone = [&](int how) {
        pid_t got = 0;
        while ((got = ::waitpid(child, &status, how)) < 0 && errno == EINTR) {
        }
        return got != 0;
    };
    // One that closed its output may live on.
    bool gone = false;
    while (text && !(gone = is_gone(WNOHANG)) && Clock::now() < end) {
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    if (!gone) {
        text.reset();
        ::kill(-child, SIGKILL);
        is_gone(0);
    }
    if (!text) {
        return fail(ErrorCode::unreadable, "the credential helper did not answer in time", program);
    }
    return HelperOutput{*std::move(text), WIFEXITED(status) && WEXITSTATUS(status) == 0};
}

}  // namespace stratascan::registry
