// What a thread that reads hostile bytes may still ask of the kernel.
//
// Layers are decoded, walked and scanned by threads that have given up the rest: they read
// files, take memory, wait, and write to files that were open before. They start no
// program, open no socket and no file for writing, map nothing executable, and see no other
// process; a system call of that kind fails with EPERM. It is a seccomp filter of each such
// thread alone, with no-new-privileges (filter.hpp), so that the threads which
// speak to registries, run credential helpers and write the report are as they were.
//
// A thread hands the filter on to those that it starts. What must not have it is started
// by FreeThreads (free_threads.hpp).
#pragma once

#include <atomic>
#include <exception>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>

#include "stratascan/error.hpp"
#include "stratascan/scanner.hpp"

namespace stratascan {

/// A thread that has to be inside was refused. Where nobody catches it the program ends with
/// what it says.
class SandboxRefused : public std::runtime_error {
public:
    using std::runtime_error::runtime_error;
};

class Sandbox {
public:
    /// Tries the filter on a thread made for that. Errors: it is required, and the kernel
    /// or the build has none. REQUIRES: the calling thread is in none, so that FreeThreads
    /// can start threads outside from then on.
    [[nodiscard]] static Result<std::unique_ptr<Sandbox>> create(Options::SandboxMode mode);

    [[nodiscard]] bool is_on() const noexcept { return filter_ != nullptr; }
    /// "on", "off: …" with the reason, or "partly: …" where threads could not enter.
    [[nodiscard]] std::string state() const;
    /// That threads could not enter, and why; empty where none was refused.
    [[nodiscard]] std::string trouble() const;

    /// The calling thread enters it, and never leaves. Does nothing a second time. False:
    /// it is on, and the kernel refused this thread.
    bool enter() noexcept;
    /// Before this thread reads what strangers made. Throws SandboxRefused where it has to be
    /// inside and is not.
    void require() {
        if (!enter() && required_) throw SandboxRefused(trouble());
    }

    /// Runs `work` inside, on a thread of its own where the sandbox is on. What it throws is
    /// thrown here, and SandboxRefused as by require().
    template <typename Work>
    void run(const Work& work) {
        if (!is_on()) {
            work();
            return;
        }
        std::exception_ptr thrown;
        std::thread([&] {
            try {
                require();
                work();
            } catch (...) {
                thrown = std::current_exception();
            }
        }).join();
        if (thrown) std::rethrow_exception(thrown);
    }

    struct Filter;

    ~Sandbox();

private:
    Sandbox();

    std::unique_ptr<const Filter> filter_;
    std::string state_;
    bool required_ = false;
    std::atomic<unsigned> outside_ = 0;  ///< threads that were refused
    std::atomic<int> why_ = 0;           ///< errno of the last
};

/// What `load` gives, which reads what strangers may have made, inside of the sandbox.
template <typename Load>
auto read_inside(Sandbox& sandbox, const Load& load) {
    decltype(load()) read;
    sandbox.run([&] { read = load(); });
    return read;
}

}  // namespace stratascan
