// Requests that end while they are stopped. A socket that nobody listens at ends them at once.
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <stop_token>
#include <thread>
#include <vector>

#include "scanner/registry/http.hpp"

namespace stratascan::registry {
namespace {

using namespace std::chrono_literals;

HttpRequest to_nobody() {
    HttpRequest request;
    request.url.scheme = "http";
    request.url.host = "registry.test";
    request.url.path = "/v2/";
    request.unix_socket = "/nonexistent/registry.sock";
    return request;
}

// A stop that came when its request had just ended reached for what was the request's: memory
// of a thread that was gone, and more threads than the C library keeps the stacks of.
TEST(HttpStop, OneThatComesAsTheRequestEndsTouchesNothingOfIt) {
    constexpr int rounds = 300, threads = 48;
    HttpTransport transport({});
    std::atomic<int> stopped = 0, ended = 0;
    for (int round = 0; round < rounds; ++round) {
        std::stop_source stop;
        const int before = stopped + ended;
        std::vector<std::jthread> asking;
        asking.reserve(threads);
        for (int i = 0; i < threads; ++i) {
            asking.emplace_back([&] {
                const HttpResponse response = transport.perform(to_nobody(), stop.get_token());
                EXPECT_TRUE(response.failure == HttpFailure::unreachable ||
                            response.failure == HttpFailure::stopped)
                    << response.failure_text;
                ++(response.failure == HttpFailure::stopped ? stopped : ended);
            });
        }
        while (stopped + ended - before < round % threads) std::this_thread::yield();
        stop.request_stop();
    }
    EXPECT_EQ(stopped + ended, rounds * threads);
    EXPECT_GT(stopped, 0);
    EXPECT_GT(ended, 0);
    EXPECT_EQ(transport.requests(), static_cast<std::uint64_t>(rounds * threads));
}

// The transport is of use after a stop, and one that was asked for before it began ends, too.
TEST(HttpStop, WhatWasStoppedBeforeItBeganEnds) {
    HttpTransport transport({});
    std::stop_source stop;
    stop.request_stop();
    int stopped = 0;
    for (int round = 0; round < 2000; ++round) {
        stopped += transport.perform(to_nobody(), stop.get_token()).failure == HttpFailure::stopped;
    }
    EXPECT_EQ(stopped, 2000);
    EXPECT_EQ(transport.perform(to_nobody(), {}).failure, HttpFailure::unreachable);
}

}  // namespace
}  // namespace stratascan::registry
