// So many bytes a second, whoever reads them.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <stop_token>

#include "scanner/source/blob.hpp"

namespace stratascan::sweep {

/// Shared by all who read. Thread-safe.
class Rate {
public:
    /// 0: no limit.
    explicit Rate(std::uint64_t bytes_a_second) : bytes_a_second_(bytes_a_second) {}

    /// Waits until so many bytes may pass; they may be those of a second at most. False
    /// when stopped.
    [[nodiscard]] bool pass(std::uint64_t bytes, const std::stop_token& stop);

    [[nodiscard]] bool limited() const noexcept { return bytes_a_second_ != 0; }

    /// As much should be asked for at once.
    [[nodiscard]] std::size_t portion(std::size_t bytes) const noexcept;

private:
    std::uint64_t bytes_a_second_;
    std::mutex mutex_;
    std::condition_variable_any never_;
    std::chrono::steady_clock::time_point free_at_{};
};

/// A blob of a registry on its way: passes the rate, is counted, and what it failed for
/// is remembered. The beginning can be waited for before anybody who scans does.
class MeteredReader final : public source::ChunkedReader {
public:
    /// `failure` gets the code of the error that ended it; outlives the reader, as does
    /// `rate`.
    MeteredReader(std::unique_ptr<source::BlobReader> blob, Rate& rate, std::stop_token stop,
                  ErrorCode& failure)
        : blob_(std::move(blob)), rate_(rate), stop_(std::move(stop)), failure_(failure) {}

    /// Reads the first chunks, until they have so many bytes.
    void read_ahead(std::size_t bytes);

    Result<std::shared_ptr<source::Chunk>> read_chunk(source::ChunkPool& pool) override;
    std::int64_t size() const noexcept override { return blob_->size(); }

private:
    Result<std::shared_ptr<source::Chunk>> read_on(source::ChunkPool& pool);
    Result<std::shared_ptr<source::Chunk>> in_portions(source::ChunkPool& pool);
    Error failed(Error error);

    std::unique_ptr<source::BlobReader> blob_;
    Rate& rate_;
    std::stop_token stop_;
    ErrorCode& failure_;
    std::deque<std::shared_ptr<source::Chunk>> ahead_;  ///< a null is the end
    std::optional<Error> ended_;
};

}  // namespace stratascan::sweep
