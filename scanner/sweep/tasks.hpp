// Work that makes more work, done by a few threads that mostly wait for the network.
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace stratascan::sweep {

class Tasks {
public:
    /// `soon`: before those that are not, so that what was begun is ended before more is.
    void add(std::function<void()> task, bool soon) {
        const std::scoped_lock lock(mutex_);
        if (soon) queue_.push_front(std::move(task));
        else queue_.push_back(std::move(task));
        changed_.notify_one();
    }

    /// Returns when all is done, also what tasks added.
    void run(unsigned threads) {
        std::vector<std::jthread> workers;
        workers.reserve(threads);
        for (unsigned i = 0; i < threads; ++i) workers.emplace_back([this] { work(); });
    }

private:
    void work() {
        std::unique_lock lock(mutex_);
        for (;;) {
            changed_.wait(lock, [&] { return !queue_.empty() || busy_ == 0; });
            if (queue_.empty()) break;
            const auto task = std::move(queue_.front());
            queue_.pop_front();
            ++busy_;
            lock.unlock();
            task();
            lock.lock();
            --busy_;
        }
        changed_.notify_all();
    }

    std::mutex mutex_;
    std::condition_variable changed_;
    std::deque<std::function<void()>> queue_;
    unsigned busy_ = 0;
};

}  // namespace stratascan::sweep
