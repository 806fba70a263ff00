// A thread in the sandbox reads files, takes memory and starts threads, and can do nothing
// that an attacker who runs code in it would want; threads beside it are as they were.
#include "scanner/sandbox/sandbox.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>

#include "scanner/sandbox/free_threads.hpp"

namespace stratascan {
namespace {

class SandboxTest : public testing::Test {
protected:
    void SetUp() override {
        FreeThreads::instance();
        auto made = Sandbox::create(Options::SandboxMode::automatic);
        ASSERT_TRUE(made.has_value());
        sandbox_ = std::move(*made);
        if (!sandbox_->is_on()) GTEST_SKIP() << "the sandbox is " << sandbox_->state();
    }

    /// What `call` answers inside, and its errno.
    template <typename Call>
    std::pair<long, int> inside(const Call& call) {
        long answer = 0;
        int code = 0;
        sandbox_->run([&] {
            errno = 0;
            answer = static_cast<long>(call());
            code = errno;
        });
        return {answer, code};
    }

    template <typename Call>
    void expect_refused(const char* what, const Call& call) {
        const auto [answer, code] = inside(call);
        EXPECT_EQ(answer, -1) << what;
        EXPECT_EQ(code, EPERM) << what;
    }

    std::unique_ptr<Sandbox> sandbox_;
};

TEST_F(SandboxTest, IsOnAndCannotBeLeft) {
    EXPECT_EQ(sandbox_->state(), "on");
    EXPECT_EQ(inside([] { return ::prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0); }).second, EPERM)
        << "only a thread's name may be set";
    EXPECT_EQ(::prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0), 0) << "this thread is not in it";
}

TEST_F(SandboxTest, AbortsAsOutside) {
    // In a process that has made its own: a filter knows its process.
    GTEST_FLAG_SET(death_test_style, "threadsafe");
    EXPECT_EXIT(sandbox_->run([] { std::abort(); }), testing::KilledBySignal(SIGABRT), "");
}

TEST_F(SandboxTest, StartsNoProgram) {
    expect_refused("execve", [] {
        const char* const words[] = {"/bin/true", nullptr};
        return ::execve("/bin/true", const_cast<char**>(words), nullptr);
    });
    expect_refused("fork", [] {
        const pid_t child = ::fork();
        if (child == 0) ::_exit(0);
        return child;
    });
}

TEST_F(SandboxTest, OpensNoSocketAndSeesNoOtherProcess) {
    for (const int family : {AF_INET, AF_INET6, AF_UNIX, AF_NETLINK}) {
        expect_refused("socket", [&] { return ::socket(family, SOCK_STREAM, 0); });
    }
    expect_refused("kill", [] { return ::kill(::getppid(), 0); });
    expect_refused("a signal to another process", [] {
        return ::syscall(SYS_tgkill, ::getppid(), ::getppid(), SIGABRT);
    });
    expect_refused("a signal to a thread beside it", [] {
        return ::syscall(SYS_tgkill, ::getpid(), ::getpid(), SIGUSR1);
    });
    expect_refused("a handler for the whole process", [] {
        struct sigaction handler {};
        handler.sa_handler = SIG_IGN;
        return ::sigaction(SIGUSR1, &handler, nullptr);
    });
    for (const int command : {F_SETOWN, F_SETOWN_EX, F_SETSIG, F_NOTIFY, F_SETLEASE, F_SETPIPE_SZ}) {
        expect_refused("signals by way of a file", [&] { return ::fcntl(0, command, 0); });
    }
    EXPECT_GE(inside([] { return ::fcntl(0, F_GETFL); }).first, 0);
    EXPECT_GE(inside([] { return ::fcntl(0, F_GETFD); }).first, 0);
    expect_refused("ptrace", [] { return ::ptrace(PTRACE_ATTACH, ::getppid(), nullptr, nullptr); });
}

TEST_F(SandboxTest, WritesNoFileThatWasNotOpen) {
    const std::string path = testing::TempDir() + "stratascan-sandbox-" + std::to_string(getpid());
    expect_refused("a new file", [&] { return ::open(path.c_str(), O_CREAT | O_WRONLY, 0600); });
    expect_refused("read and write", [&] { return ::open("/dev/null", O_RDWR); });
    expect_refused("appending", [&] { return ::open("/dev/null", O_RDONLY | O_APPEND); });
    expect_refused("a folder", [&] { return ::mkdir(path.c_str(), 0700); });
    expect_refused("unlink", [&] { return ::unlink(path.c_str()); });
    expect_refused("rename", [&] { return ::rename(path.c_str(), path.c_str()); });
    expect_refused("chmod", [&] { return ::chmod(path.c_str(), 0777); });
    const int file = ::open(path.c_str(), O_CREAT | O_RDWR | O_CLOEXEC, 0600);
    ASSERT_GE(file, 0);
    EXPECT_EQ(inside([&] { return ::pwrite(file, "x", 1, 0); }).first, 1) << "one that was open";
    ::close(file);
    EXPECT_EQ(::unlink(path.c_str()), 0);
}

TEST_F(SandboxTest, MapsNothingThatRuns) {
    expect_refused("mmap", [] {
        return reinterpret_cast<std::intptr_t>(
            ::mmap(nullptr, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
    });
    expect_refused("mprotect", [] {
        void* const page =
            ::mmap(nullptr, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        const int done = ::mprotect(page, 4096, PROT_READ | PROT_EXEC);
        const int code = errno;
        ::munmap(page, 4096);
        errno = code;
        return done;
    });
}

TEST_F(SandboxTest, DoesWhatScanningTakes) {
    sandbox_->run([&] {
        const int file = ::open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
        EXPECT_GE(file, 0);
        char head[4] = {};
        EXPECT_EQ(::read(file, head, 4), 4);
        EXPECT_EQ(std::string_view(head, 4), "\x7f" "ELF");
        ::close(file);
        const int folder = ::open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        EXPECT_GE(folder, 0) << "a folder is read like any file";
        ::close(folder);
        auto memory = std::make_unique<std::string>(64 << 20, 'x');
        EXPECT_EQ((*memory)[1 << 20], 'x');
        int socket_code = 0;
        std::thread([&] {
            EXPECT_EQ(::socket(AF_INET, SOCK_STREAM, 0), -1) << "a thread of its own is in it, too";
            socket_code = errno;
        }).join();
        EXPECT_EQ(socket_code, EPERM);
    });
}

TEST_F(SandboxTest, WhatIsThrownInsideIsThrownOutside) {
    EXPECT_THROW(sandbox_->run([] { throw std::runtime_error("inside"); }), std::runtime_error);
}

TEST_F(SandboxTest, ThreadsThatAreAskedForFromInsideAreFree) {
    int socket = -1, spawned = -1;
    sandbox_->run([&] {
        FreeThreads::instance().start([&](const std::stop_token&) {
            socket = ::socket(AF_INET, SOCK_STREAM, 0);
            const char* const words[] = {"/bin/true", nullptr};
            pid_t child = 0;
            spawned = ::posix_spawn(&child, "/bin/true", nullptr, nullptr,
                                    const_cast<char**>(words), environ);
            if (spawned == 0) ::waitpid(child, nullptr, 0);
        }).join();
    });
    EXPECT_GE(socket, 0);
    EXPECT_EQ(spawned, 0);
    if (socket >= 0) ::close(socket);
}

TEST(SandboxOff, IsSaid) {
    const auto off = Sandbox::create(Options::SandboxMode::off);
    ASSERT_TRUE(off.has_value());
    EXPECT_FALSE((*off)->is_on());
    EXPECT_EQ((*off)->state(), "off: as asked");
}

}  // namespace
}  // namespace stratascan
