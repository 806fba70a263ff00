#include "scanner/sandbox/free_threads.hpp"

#include <utility>

namespace stratascan {

FreeThreads& FreeThreads::instance() {
    static FreeThreads threads;
    return threads;
}

FreeThreads::FreeThreads() : maker_([this](const std::stop_token& stop) { make(stop); }) {}

FreeThreads::~FreeThreads() = default;

std::jthread FreeThreads::start(Work work) {
    Request request{std::move(work), std::nullopt, nullptr};
    std::unique_lock lock(mutex_);
    requests_.push_back(&request);
    asked_.notify_one();
    made_.wait(lock, [&] { return request.made || request.failed; });
    if (request.failed) std::rethrow_exception(request.failed);
    return std::move(*request.made);
}

void FreeThreads::make(const std::stop_token& stop) {
    std::unique_lock lock(mutex_);
    while (asked_.wait(lock, stop, [&] { return !requests_.empty(); })) {
        for (Request* const request : requests_) {
            try {
                request->made.emplace(std::move(request->work));
            } catch (...) {
                request->failed = std::current_exception();
            }
        }
        requests_.clear();
        made_.notify_all();
    }
}

}  // namespace stratascan
