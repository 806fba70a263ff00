// Threads outside of the sandbox, asked for from inside it: a thread that was started
// before anybody entered starts them.
#pragma once

#include <condition_variable>
#include <exception>
#include <functional>
#include <mutex>
#include <optional>
#include <stop_token>
#include <thread>
#include <vector>

namespace stratascan {

class FreeThreads {
public:
    using Work = std::function<void(const std::stop_token&)>;

    /// Of the process. REQUIRES: the first call is by a thread that is not in the sandbox.
    static FreeThreads& instance();

    /// A thread that runs `work`. Any thread may ask. Throws what std::jthread does.
    [[nodiscard]] std::jthread start(Work work);

    /// Runs `work` on a thread outside, and waits. What it throws is thrown here.
    template <typename Done>
    void run(const Done& work) {
        std::exception_ptr thrown;
        start([&](const std::stop_token&) {
            try {
                work();
            } catch (...) {
                thrown = std::current_exception();
            }
        }).join();
        if (thrown) std::rethrow_exception(thrown);
    }

    FreeThreads(const FreeThreads&) = delete;
    FreeThreads& operator=(const FreeThreads&) = delete;

private:
    struct Request {
        Work work;
        std::optional<std::jthread> made;
        std::exception_ptr failed;
    };

    FreeThreads();
    ~FreeThreads();
    void make(const std::stop_token& stop);

    std::mutex mutex_;
    std::condition_variable_any asked_;
    std::condition_variable made_;
    std::vector<Request*> requests_;
    std::jthread maker_;
};

}  // namespace stratascan
