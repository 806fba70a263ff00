// So many bytes a second, whoever reads them.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <stop_token>
#include <vector>

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
class MeteredReader final : public source::BlobReader {
public:
    /// `failure` gets the code of the error that ended it; outlives the reader, as does
    /// `rate`.
    MeteredReader(std::unique_ptr<source::BlobReader> blob, Rate& rate, std::stop_token stop,
                  ErrorCode& failure)
        : blob_(std::move(blob)), rate_(rate), stop_(std::move(stop)), failure_(failure) {}

    /// Reads the first bytes, so many at most.
    void read_ahead(std::size_t bytes);

    Result<std::size_t> read(std::span<std::byte> out) override;
    std::int64_t size() const noexcept override { return blob_->size(); }

private:
    Result<std::size_t> read_on(std::span<std::byte> out);

    std::unique_ptr<source::BlobReader> blob_;
    Rate& rate_;
    std::stop_token stop_;
    ErrorCode& failure_;
    std::vector<std::byte> ahead_;
    std::size_t taken_ = 0;
    std::optional<Error> ended_;  ///< while reading ahead
};

}  // namespace stratascan::sweep
