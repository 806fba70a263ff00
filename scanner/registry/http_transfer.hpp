// One request on its way: a libcurl handle and what has come in. Made and read by
// the thread that asks; between, the transport's thread has it alone.
#pragma once

#include <curl/curl.h>

#include <atomic>
#include <memory>

#include "scanner/registry/http.hpp"

namespace stratascan::registry {

class HttpTransfer {
public:
    using Clock = std::chrono::steady_clock;

    /// `request` outlives the transfer.
    HttpTransfer(const HttpRequest& request, const HttpTimeouts& timeouts);
    HttpTransfer(const HttpTransfer&) = delete;
    HttpTransfer& operator=(const HttpTransfer&) = delete;

    /// False when there is nothing to start; the response says why.
    [[nodiscard]] bool ready() const noexcept { return ready_; }
    [[nodiscard]] CURL* easy() const noexcept { return easy_.get(); }
    [[nodiscard]] const BodySink* sink() const noexcept { return request_.sink; }

    /// The transfer's end, as libcurl has it.
    void conclude(CURLcode code, bool stopped);
    [[nodiscard]] HttpResponse take_response() { return std::move(response_); }

    /// Next to nothing came since `before`, although something could be taken.
    [[nodiscard]] bool idle_since(Clock::time_point before) const noexcept {
        return !resting_ && moved_ < before;
    }
    void resumed() noexcept {
        resting_ = false;
        move();
    }

    bool done = false;  ///< guarded by the transport's mutex
    std::atomic<bool> stop_asked = false;

private:
    void set_options(const HttpTimeouts& timeouts);
    void set_tls();
    void add_header(const std::string& header);
    void take_header(std::string_view line);
    std::size_t take_body(std::span<const std::byte> bytes);
    void rest();
    void move() noexcept {
        moved_ = Clock::now();
        fresh_ = 0;
    }
    void came(std::size_t bytes) noexcept;
    [[nodiscard]] bool may_connect(Network target) const noexcept;

    static std::size_t on_header(char* data, std::size_t, std::size_t count, void* self);
    static std::size_t on_body(char* data, std::size_t, std::size_t count, void* self);
    static curl_socket_t on_socket(void* self, curlsocktype, curl_sockaddr* address);
    static int on_connected(void* self, char* peer, char* local, int peer_port, int local_port);

    const HttpRequest& request_;
    HttpResponse response_;
    std::unique_ptr<CURL, decltype(&curl_easy_cleanup)> easy_;
    std::unique_ptr<curl_slist, decltype(&curl_slist_free_all)> headers_;
    std::string proxy_;  ///< that it goes through; empty: none
    bool ready_ = true;
    bool resting_ = false;     ///< until its sink has room
    Clock::time_point moved_ = Clock::now();
    std::uint64_t fresh_ = 0;  ///< bytes since then
    std::uint64_t least_;      ///< of them, before it is a move
    bool begun_ = false;       ///< the body's first bytes came
    bool sunk_ = false;        ///< the sink takes the body
    bool refused_ = false;     ///< an address was
    bool too_large_ = false;
};

}  // namespace stratascan::registry
