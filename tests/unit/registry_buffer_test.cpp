// What stands between a transfer and a scan, and what holds requests back.
#include <gtest/gtest.h>
#include <oneapi/tbb/task_arena.h>
#include <oneapi/tbb/task_group.h>

#include <string>
#include <thread>

#include "scanner/registry/blob_buffer.hpp"
#include "scanner/registry/host_gate.hpp"

namespace stratascan::registry {
namespace {

namespace tbb = oneapi::tbb;
using namespace std::chrono_literals;

std::span<const std::byte> bytes_of(const std::string& text) {
    return std::as_bytes(std::span(text));
}

/// Reads to the end.
std::string drain(BlobBuffer& buffer, std::size_t at_once = 100) {
    std::string text;
    std::vector<std::byte> part(at_once);
    while (true) {
        const auto got = buffer.take(part);
        if (!got) return text + "!" + got.error().what;
        if (got->bytes == 0) return text;
        text.append(reinterpret_cast<const char*>(part.data()), got->bytes);
    }
}

TEST(BlobBuffer, WrapsAround) {
    BlobBuffer buffer(10);
    std::vector<std::byte> part(4);
    std::string text;
    for (int round = 0; round < 20; ++round) {
        EXPECT_TRUE(buffer.put(bytes_of(std::string(4, static_cast<char>('a' + round)))));
        EXPECT_EQ(buffer.take(part)->bytes, 4U);
        text.append(reinterpret_cast<const char*>(part.data()), 4);
    }
    EXPECT_EQ(text.substr(0, 12), "aaaabbbbcccc");
    EXPECT_EQ(text.substr(76), "tttt");
}

TEST(BlobBuffer, TurnsAwayWhatHasNoRoom) {
    BlobBuffer buffer(10);
    EXPECT_TRUE(buffer.put(bytes_of("12345678")));
    EXPECT_FALSE(buffer.put(bytes_of("abc")));
    std::vector<std::byte> part(2);
    EXPECT_FALSE(buffer.take(part)->was_full) << "too little room to come back for";
    part.resize(8);
    EXPECT_TRUE(buffer.take(part)->was_full);
    EXPECT_TRUE(buffer.put(bytes_of("abc")));
    buffer.close(std::nullopt);
    EXPECT_EQ(drain(buffer), "abc");
}

TEST(BlobBuffer, ErrorComesBehindTheBytes) {
    BlobBuffer buffer(10);
    EXPECT_TRUE(buffer.put(bytes_of("abc")));
    buffer.close(Error{ErrorCode::unreadable, "it broke", {}, {}});
    EXPECT_EQ(drain(buffer), "abc!it broke");
}

TEST(BlobBuffer, ReaderThatIsGoneHoldsNobodyBack) {
    BlobBuffer buffer(4);
    EXPECT_TRUE(buffer.put(bytes_of("1234")));
    buffer.abandon();
    EXPECT_TRUE(buffer.abandoned());
    EXPECT_TRUE(buffer.put(bytes_of("5678")));
}

#if !defined(__SANITIZE_THREAD__)
// With one thread, a reader that kept it would wait for a writer that never runs.
TEST(BlobBuffer, ReaderThatWaitsLeavesItsThread) {
    tbb::task_arena arena(1);
    BlobBuffer first(64), second(64);
    std::string from_first, from_second;
    arena.execute([&] {
        tbb::task_group group;
        group.run([&] { from_first = drain(first, 8); });
        group.run([&] { from_second = drain(second, 8); });
        group.run([&] {
            for (int part = 0; part < 5; ++part) {
                EXPECT_TRUE(first.put(bytes_of("first...")));
                EXPECT_TRUE(second.put(bytes_of("second..")));
            }
            first.close(std::nullopt);
            second.close(std::nullopt);
        });
        group.wait();
    });
    EXPECT_EQ(from_first.size(), 40U);
    EXPECT_EQ(from_second.size(), 40U);
}
#endif

TEST(BlobBuffer, ManyRoundsBetweenTwoThreads) {
    tbb::task_arena arena(2);
    BlobBuffer buffer(1000);
    std::string sent;
    for (int at = 0; at < 100'000; ++at) sent += static_cast<char>(at * 7 % 251);
    std::thread writer([&] {
        for (std::size_t at = 0; at < sent.size();) {
            const std::size_t count = std::min<std::size_t>(1 + at % 333, sent.size() - at);
            if (buffer.put(bytes_of(sent.substr(at, count)))) {
                at += count;
            } else {
                std::this_thread::yield();
            }
        }
        buffer.close(std::nullopt);
    });
    std::string received;
    arena.execute([&] { received = drain(buffer, 256); });
    writer.join();
    EXPECT_EQ(received, sent);
}

TEST(HostGate, WaitsNoLongerThanItMay) {
    RetryPolicy policy;
    policy.first_wait = 100ms;
    policy.longest_backoff = 1000ms;
    policy.longest_named = 10'000ms;
    HostGate gate(policy);
    for (unsigned attempt = 0; attempt < 40; ++attempt) {
        const auto wait = gate.backoff(attempt);
        EXPECT_GE(wait, 50ms);
        EXPECT_LE(wait, 1000ms);
    }
    EXPECT_FALSE(gate.refused(3600s, 0)) << "longer than anybody waits";
    EXPECT_TRUE(gate.pass({}));
    EXPECT_TRUE(gate.refused(0ms, 0));
    std::stop_source stop;
    stop.request_stop();
    EXPECT_FALSE(gate.pass(stop.get_token()));
}

}  // namespace
}  // namespace stratascan::registry
