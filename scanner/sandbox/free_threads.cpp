#include "scanner/sandbox/free_threads.hpp"

#include <utility>

namespace stratascan {

FreeThreads& FreeThreads::instance() {
    static FreeThreads threads;
    return threads;
}

FreeThreads::FreeThreads() : maker_([this](const std::stop_token& stop) { run(stop); }) {}

FreeThreads::~FreeThreads() = default;

std::jthread FreeThreads::start(Work work) {
    Request request{std::move(work), std::nullopt};
    std::unique_lock lock(mutex_);
    requests_.push_back(&request);
    asked_.notify_one();
    made_.wait(lock, [&] { return request.made.has_value(); });
    return std::move(*request.made);
}

void FreeThreads::run(const std::stop_token& stop) {
    std::unique_lock lock(mutex_);
    while (asked_.wait(lock, stop, [&] { return !requests_.empty(); })) {
        for (Request* const request : requests_) request->made.emplace(std::move(request->work));
        requests_.clear();
        made_.notify_all();
    }
}

}  // namespace stratascan
