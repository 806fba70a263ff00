// HTTP/1.1 alone is spoken. With HTTP/2 a transfer that rests is held back only
// after libcurl has taken in a window of 32 MiB, which would be memory outside
// the ceiling; on a connection of its own the kernel's socket buffer does it.
#include "scanner/registry/http.hpp"

#include <curl/curl.h>
#include <malloc.h>
#include <openssl/crypto.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <map>
#include <mutex>
#include <new>
#include <thread>

#include "scanner/registry/http_transfer.hpp"
#include "scanner/sandbox/free_threads.hpp"

namespace stratascan::registry {

namespace {

// What libcurl gives back held headers with credentials.
void free_wiped(void* memory) {
    if (memory != nullptr) OPENSSL_cleanse(memory, ::malloc_usable_size(memory));
    std::free(memory);
}

void* realloc_wiped(void* memory, std::size_t size) {
    if (memory == nullptr) return std::malloc(size);
    const std::size_t had = ::malloc_usable_size(memory);
    if (size != 0 && size <= had) return memory;
    void* const more = size != 0 ? std::malloc(size) : nullptr;
    if (size != 0 && more == nullptr) return nullptr;  // the old bytes stay, as realloc() has it
    if (more != nullptr) std::memcpy(more, memory, had);
    free_wiped(memory);
    return more;
}

}  // namespace

class HttpTransport::Loop {
public:
    explicit Loop(const HttpTimeouts& timeouts) : timeouts_(timeouts) {
        static const CURLcode started = curl_global_init_mem(
            CURL_GLOBAL_ALL, std::malloc, free_wiped, realloc_wiped, ::strdup, std::calloc);
        if (started != CURLE_OK) throw std::bad_alloc();
        multi_ = curl_multi_init();
        if (multi_ == nullptr) throw std::bad_alloc();
        curl_multi_setopt(multi_, CURLMOPT_MAXCONNECTS, 32L);
        // Whoever asks for bytes may be in the sandbox by then.
        FreeThreads::instance();
        thread_ = std::thread([this] { run(); });
    }

    ~Loop() {
        {
            const std::scoped_lock lock(mutex_);
            ending_ = true;
        }
        curl_multi_wakeup(multi_);
        thread_.join();
        curl_multi_cleanup(multi_);
    }
    Loop(const Loop&) = delete;
    Loop& operator=(const Loop&) = delete;

    HttpResponse perform(const HttpRequest& request, const std::stop_token& stop) {
        requests_.fetch_add(1, std::memory_order_relaxed);
        HttpTransfer transfer(request, timeouts_);
        if (!transfer.ready()) return transfer.take_response();
        // Before the loop knows of the transfer, so that what was stopped already asks for nothing.
        const std::stop_callback on_stop(stop, [&] {
            transfer.stop_asked = true;
            curl_multi_wakeup(multi_);
        });
        {
            const std::scoped_lock lock(mutex_);
            added_.push_back(&transfer);
        }
        curl_multi_wakeup(multi_);
        std::unique_lock lock(mutex_);
        done_.wait(lock, [&] { return transfer.done; });
        lock.unlock();
        return transfer.take_response();
    }

    void resume(const BodySink* sink) {
        {
            const std::scoped_lock lock(mutex_);
            resumed_.push_back(sink);
        }
        curl_multi_wakeup(multi_);
    }

    [[nodiscard]] std::uint64_t requests() const noexcept { return requests_; }

private:
    void run() {
        while (take_orders()) {
            int running = 0;
            curl_multi_perform(multi_, &running);
            take_ended();
            end_stalled();
            if (has_plenty()) std::this_thread::sleep_for(breath);
            curl_multi_poll(multi_, nullptr, 0, active_.empty() ? 1000 : 250, nullptr);
        }
        for (const auto& [easy, transfer] : active_) curl_multi_remove_handle(multi_, easy);
    }

    /// A body that comes faster than it is read wakes this thread for every packet, and the
    /// server's as often.
    static constexpr std::chrono::microseconds breath{300};

    /// Whether every transfer is a body whose reader has bytes for a while.
    [[nodiscard]] bool has_plenty() const {
        if (active_.empty()) return false;
        return std::ranges::all_of(active_, [](const auto& one) {
            return one.second->sink() != nullptr && one.second->sink()->has_plenty();
        });
    }

    /// False when the loop is to end. What is asked for from outside is done here,
    /// for a libcurl handle is one thread's.
    bool take_orders() {
        std::vector<HttpTransfer*> added, stopped;
        std::vector<const BodySink*> resumed;
        {
            const std::scoped_lock lock(mutex_);
            if (ending_) return false;
            added.swap(added_);
            resumed.swap(resumed_);
        }
        for (HttpTransfer* transfer : added) {
            active_.emplace(transfer->easy(), transfer);
            curl_multi_add_handle(multi_, transfer->easy());
        }
        // Those alone that are still waited for: one that ended may be gone when a stop comes.
        for (const auto& [easy, transfer] : active_) {
            if (transfer->stop_asked) stopped.push_back(transfer);
        }
        for (HttpTransfer* transfer : stopped) {
            finish(*transfer, CURLE_ABORTED_BY_CALLBACK, true);
        }
        for (const BodySink* sink : resumed) {
            for (const auto& [easy, transfer] : active_) {
                if (transfer->sink() != sink) continue;
                transfer->resumed();
                curl_easy_pause(easy, CURLPAUSE_CONT);
                break;
            }
        }
        return true;
    }

    void take_ended() {
        int left = 0;
        while (CURLMsg* message = curl_multi_info_read(multi_, &left)) {
            if (message->msg != CURLMSG_DONE) continue;
            const auto found = active_.find(message->easy_handle);
            if (found != active_.end()) finish(*found->second, message->data.result, false);
        }
    }

    /// libcurl's own limit is on an average over seconds, which a fast start keeps up.
    void end_stalled() {
        const auto before = HttpTransfer::Clock::now() - timeouts_.stall;
        std::vector<HttpTransfer*> stalled;
        for (const auto& [easy, transfer] : active_) {
            if (transfer->idle_since(before)) stalled.push_back(transfer);
        }
        for (HttpTransfer* transfer : stalled) finish(*transfer, CURLE_OPERATION_TIMEDOUT, false);
    }

    void finish(HttpTransfer& transfer, CURLcode code, bool stopped) {
        active_.erase(transfer.easy());
        curl_multi_remove_handle(multi_, transfer.easy());
        transfer.conclude(code, stopped);
        {
            const std::scoped_lock lock(mutex_);
            transfer.done = true;
        }
        done_.notify_all();
    }

    HttpTimeouts timeouts_;
    CURLM* multi_ = nullptr;
    std::mutex mutex_;
    std::condition_variable done_;
    std::vector<HttpTransfer*> added_;
    std::vector<const BodySink*> resumed_;
    bool ending_ = false;
    std::map<CURL*, HttpTransfer*> active_;  // the loop's thread only
    std::atomic<std::uint64_t> requests_ = 0;
    std::thread thread_;
};

HttpTransport::HttpTransport(const HttpTimeouts& timeouts)
    : loop_(std::make_unique<Loop>(timeouts)) {}
HttpTransport::~HttpTransport() = default;

HttpResponse HttpTransport::perform(const HttpRequest& request, const std::stop_token& stop) {
    return loop_->perform(request, stop);
}

void HttpTransport::resume(const BodySink* sink) { loop_->resume(sink); }

std::uint64_t HttpTransport::requests() const noexcept { return loop_->requests(); }

}  // namespace stratascan::registry
