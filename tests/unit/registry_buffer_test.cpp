// What stands between a transfer and a scan, and what holds requests back.
#include <gtest/gtest.h>
#include <oneapi/tbb/task_arena.h>
#include <oneapi/tbb/task_group.h>

#include <atomic>
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

constexpr std::size_t chunk = source::Chunk::capacity;
using Room = BlobBuffer::Room;

/// Another text for each seed, without a period that a chunk has.
std::string some(std::size_t size, unsigned seed = 1) {
    std::string text(size, '\0');
    for (char& byte : text) byte = static_cast<char>((seed = seed * 1'664'525 + 1'013'904'223) >> 24);
    return text;
}

/// Reads to the end.
std::string drain(BlobBuffer& buffer) {
    std::string text;
    while (true) {
        const auto got = buffer.take();
        if (!got) return text + "!" + got.error().what;
        if (!got->chunk) return text;
        text.append(got->chunk->data(), got->chunk->size);
    }
}

TEST(BlobBuffer, GivesFullChunksAndTheRestAtTheEnd) {
    BlobBuffer buffer(10 * chunk);
    const std::string text = some(2 * chunk + 17);
    std::string_view left = text;
    for (std::size_t part = 1; !left.empty(); part = part * 3 % 60'013) {
        const std::string piece(left.substr(0, part));
        EXPECT_EQ(buffer.put(bytes_of(piece)), Room::some);
        left.remove_prefix(piece.size());
    }
    buffer.close(std::nullopt);
    std::string received;
    for (const std::size_t size : {chunk, chunk, std::size_t{17}}) {
        const auto got = buffer.take();
        ASSERT_EQ(got->chunk->size, size);
        received.append(got->chunk->data(), size);
    }
    EXPECT_TRUE(received == text);
    EXPECT_EQ(buffer.take()->chunk, nullptr);
    EXPECT_EQ(buffer.take()->chunk, nullptr) << "and again";
}

TEST(BlobBuffer, WriterRestsUntilHalfOfItIsTaken) {
    BlobBuffer buffer(4 * chunk);
    const std::string one = some(chunk);
    for (int i = 0; i < 3; ++i) EXPECT_EQ(buffer.put(bytes_of(one)), Room::some);
    EXPECT_EQ(buffer.put(bytes_of(one)), Room::none);
    EXPECT_EQ(buffer.put(bytes_of("what was on its way already")), Room::some) << "kept";
    EXPECT_FALSE(buffer.take()->was_full) << "too little room to come back for";
    EXPECT_TRUE(buffer.take()->was_full);
    EXPECT_FALSE(buffer.take()->was_full) << "told once";
    buffer.close(std::nullopt);
    EXPECT_EQ(buffer.take()->chunk->size, chunk);
    EXPECT_EQ(drain(buffer), "what was on its way already");
}

TEST(BlobBuffer, ErrorComesBehindTheBytes) {
    BlobBuffer buffer(10);
    EXPECT_EQ(buffer.put(bytes_of("abc")), Room::some);
    buffer.close(Error{ErrorCode::unreadable, "it broke", {}, {}});
    EXPECT_EQ(drain(buffer), "abc!it broke");
}

TEST(BlobBuffer, ReaderThatIsGoneHoldsNobodyBack) {
    BlobBuffer buffer(chunk);
    EXPECT_EQ(buffer.put(bytes_of(some(chunk))), Room::none);
    buffer.abandon();
    EXPECT_TRUE(buffer.abandoned());
    EXPECT_EQ(buffer.put(bytes_of(some(3 * chunk))), Room::some);
}

#if !defined(__SANITIZE_THREAD__)
// With one thread, a reader that kept it would wait for a writer that never runs.
TEST(BlobBuffer, ReaderThatWaitsLeavesItsThread) {
    tbb::task_arena arena(1);
    BlobBuffer first(4 * chunk), second(4 * chunk);
    std::string from_first, from_second;
    arena.execute([&] {
        tbb::task_group group;
        group.run([&] { from_first = drain(first); });
        group.run([&] { from_second = drain(second); });
        group.run([&] {
            for (int part = 0; part < 5; ++part) {
                static_cast<void>(first.put(bytes_of("first...")));
                static_cast<void>(second.put(bytes_of(some(chunk))));
            }
            first.close(std::nullopt);
            second.close(std::nullopt);
        });
        group.wait();
    });
    EXPECT_EQ(from_first.size(), 40U);
    EXPECT_EQ(from_second.size(), 5 * chunk);
}
#endif

TEST(BlobBuffer, ManyRoundsBetweenTwoThreads) {
    tbb::task_arena arena(2);
    BlobBuffer buffer(2 * chunk);
    const std::string sent = some(40 * chunk + 5);
    std::atomic<bool> room = true;
    std::thread writer([&] {
        for (std::size_t at = 0; at < sent.size();) {
            while (!room) std::this_thread::yield();
            const std::string piece = sent.substr(at, 1 + at % 90'001);
            // As the transport has it: the reader's word may come before the writer rests.
            room = false;
            if (buffer.put(bytes_of(piece)) == Room::some) room = true;
            at += piece.size();
        }
        buffer.close(std::nullopt);
    });
    std::string received;
    arena.execute([&] {
        while (true) {
            const auto got = buffer.take();
            if (got->was_full) room = true;
            if (!got->chunk) break;
            received.append(got->chunk->data(), got->chunk->size);
        }
    });
    writer.join();
    EXPECT_TRUE(received == sent);
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
