#include "scanner/registry/blob_fetch.hpp"

#include <algorithm>
#include <thread>

#include "scanner/registry/blob_buffer.hpp"
#include "scanner/sandbox/free_threads.hpp"

namespace stratascan::registry {

namespace {

/// As much must come between two breaks, or the try counts as one without success.
constexpr std::uint64_t least_progress = std::uint64_t{1} << 20;
/// And so much, or the next try waits longer than a moment.
constexpr std::uint64_t some_progress = std::uint64_t{64} << 10;
constexpr std::uint64_t most_bytes = std::uint64_t{1} << 40;  // of a blob of unknown size

/// Puts a body into a buffer from where the last one broke off.
class BufferSink final : public BodySink {
public:
    BufferSink(BlobBuffer& buffer, std::uint64_t limit) : buffer_(buffer), limit_(limit) {}

    bool begin(const HttpResponse& head) override {
        skip_ = 0;
        if (head.status == 206) {
            const auto range = parse_content_range(head.headers.get("content-range"));
            fits_ = range && range->first == done_ && done_ > 0 &&
                    (!range->complete || !complete_ || *range->complete == *complete_);
            return fits_;
        }
        if (head.status != 200) return false;
        fits_ = true;
        skip_ = done_;
        const auto length = parse_number(head.headers.get("content-length"));
        if (!complete_) complete_ = length;
        return true;
    }

    Taken take(std::span<const std::byte> bytes) override {
        if (buffer_.abandoned()) return Taken::enough;
        const std::uint64_t skipped = std::min<std::uint64_t>(skip_, bytes.size());
        const auto fresh = bytes.subspan(static_cast<std::size_t>(skipped));
        // What stands within the limit is the blob's, whatever comes behind it.
        const auto within = fresh.first(std::min<std::uint64_t>(fresh.size(), limit_ - done_));
        const BlobBuffer::Room room = buffer_.put(within);
        skip_ -= skipped;
        done_ += within.size();
        over_limit_ = within.size() < fresh.size();
        if (over_limit_) return Taken::enough;
        // What is whole has nothing to come back for.
        const bool whole = complete_ && done_ == *complete_;
        return room == BlobBuffer::Room::none && !whole ? Taken::full : Taken::all;
    }

    bool has_plenty() const override { return buffer_.has_plenty(); }

    [[nodiscard]] std::uint64_t done() const noexcept { return done_; }
    [[nodiscard]] bool fits() const noexcept { return fits_; }
    [[nodiscard]] bool over_limit() const noexcept { return over_limit_; }
    /// The whole blob's length as the first answer had it.
    [[nodiscard]] std::optional<std::uint64_t> complete() const noexcept { return complete_; }

private:
    BlobBuffer& buffer_;
    std::uint64_t limit_;
    std::uint64_t done_ = 0, skip_ = 0;
    std::optional<std::uint64_t> complete_;
    bool fits_ = true, over_limit_ = false;
};

/// What is common to readers of bodies: the buffer, the thread, the end of both.
class FetchReader : public source::ChunkedReader {
public:
    explicit FetchReader(HttpTransport& transport, std::size_t buffer_bytes)
        : transport_(transport), buffer_(buffer_bytes) {}

    Result<std::shared_ptr<source::Chunk>> read_chunk(source::ChunkPool&) override {
        auto got = buffer_.take();
        if (!got) return std::unexpected(got.error());
        if (got->was_full) transport_.resume(sink());
        return std::move(got->chunk);
    }

protected:
    [[nodiscard]] virtual const BodySink* sink() const noexcept = 0;

    void end() {
        if (!thread_.joinable()) return;
        buffer_.abandon();
        thread_.request_stop();
        transport_.resume(sink());
        thread_.join();
    }

    HttpTransport& transport_;
    BlobBuffer buffer_;
    std::jthread thread_;
};

class BlobFetch final : public FetchReader {
public:
    BlobFetch(const FetchTools& tools, Question question, std::int64_t size)
        : FetchReader(tools.transport, tools.buffer_bytes), tools_(tools),
          question_(std::move(question)), size_(size),
          sink_(buffer_, size < 0 ? most_bytes : static_cast<std::uint64_t>(size)) {
        question_.sink = &sink_;
        thread_ = FreeThreads::instance().start(
            [this](const std::stop_token& stop) { run(stop); });
    }
    ~BlobFetch() override { end(); }

    std::int64_t size() const noexcept override { return size_; }

private:
    const BodySink* sink() const noexcept override { return &sink_; }

    void run(const std::stop_token& reader_gone) {
        // Two may stop it: the reader's end, and that of the whole client.
        std::stop_source either;
        const auto stop = [&] { either.request_stop(); };
        const std::stop_callback by_reader(reader_gone, stop);
        const std::stop_callback by_client(tools_.stop, stop);
        buffer_.close(fetch(either.get_token()));
    }

    /// Nothing when the whole blob came; else why not.
    std::optional<Error> fetch(const std::stop_token& stop) {
        unsigned idle_tries = 0;
        while (true) {
            const std::uint64_t before = sink_.done();
            Question question = question_;
            if (before > 0) {
                question.headers.push_back("Range: bytes=" + std::to_string(before) + '-');
            }
            auto response = tools_.exchanger.ask(tools_.host, question, stop);
            if (!response) return response.error();
            if (auto ended = judge(*response)) return ended->error;
            if (stop.stop_requested()) return cancelled();
            idle_tries = sink_.done() - before >= least_progress ? 0 : idle_tries + 1;
            if (idle_tries >= tools_.retries.tries) {
                return broken("it broke off after " + std::to_string(sink_.done()) +
                              " bytes, again and again");
            }
            const bool moved = sink_.done() - before >= some_progress;
            const auto wait = moved ? tools_.host.gate.backoff(0) / 8
                                    : tools_.host.gate.backoff(idle_tries);
            if (!HostGate::sleep(wait, stop)) return cancelled();
        }
    }

    struct End {
        std::optional<Error> error;
    };

    /// Nothing: worth another try for the rest.
    std::optional<End> judge(const HttpResponse& response) {
        if (response.failure == HttpFailure::stopped) return End{cancelled()};
        if (sink_.over_limit()) {
            return End{Error{ErrorCode::over_limit,
                             question_.what + " is longer than its descriptor says",
                             tools_.host.name, {}}};
        }
        const bool whole = response.failure == HttpFailure::none;
        if (response.status == 416 && is_complete()) return End{};
        if (response.status == 206 && !sink_.fits()) {
            return End{broken("the registry gave another part than it was asked for")};
        }
        if (response.status != 200 && response.status != 206) {
            return End{tools_.exchanger.error_of(response, question_.what, tools_.host)};
        }
        // A blob that is shorter than the descriptor says, and came to its end by the
        // server's own word, is a wrong blob: the digest tells.
        if (whole && (is_complete() || !short_of_claim())) return End{};
        if (whole && sink_.complete() && sink_.done() == *sink_.complete()) return End{};
        return std::nullopt;
    }

    [[nodiscard]] bool is_complete() const noexcept {
        return size_ >= 0 && sink_.done() == static_cast<std::uint64_t>(size_);
    }
    [[nodiscard]] bool short_of_claim() const noexcept {
        return size_ >= 0 && sink_.done() < static_cast<std::uint64_t>(size_);
    }
    [[nodiscard]] Error broken(std::string why) const {
        return {ErrorCode::unreadable, question_.what + ": " + std::move(why), tools_.host.name,
                "try again later"};
    }
    [[nodiscard]] Error cancelled() const {
        return {ErrorCode::cancelled, question_.what + ": stopped", tools_.host.name, {}};
    }

    FetchTools tools_;
    Question question_;
    std::int64_t size_;
    BufferSink sink_;
};

class StreamedBody final : public FetchReader {
public:
    StreamedBody(HttpTransport& transport, HttpRequest request, std::string what,
                 std::size_t buffer_bytes)
        : FetchReader(transport, buffer_bytes), request_(std::move(request)),
          what_(std::move(what)), sink_(buffer_, most_bytes) {
        request_.sink = &sink_;
        thread_ = FreeThreads::instance().start(
            [this](const std::stop_token& stop) { run(stop); });
    }
    ~StreamedBody() override { end(); }

    std::int64_t size() const noexcept override { return -1; }

private:
    const BodySink* sink() const noexcept override { return &sink_; }

    void run(const std::stop_token& stop) {
        const HttpResponse response = transport_.perform(request_, stop);
        std::optional<Error> error;
        if (response.failure != HttpFailure::none) {
            error = Error{ErrorCode::unreadable, what_ + ": " + response.failure_text, {}, {}};
        } else if (response.status != 200) {
            error = Error{ErrorCode::unreadable,
                          what_ + ": the answer was " + std::to_string(response.status), {}, {}};
        }
        buffer_.close(std::move(error));
    }

    HttpRequest request_;
    std::string what_;
    BufferSink sink_;
};

}  // namespace

std::unique_ptr<source::BlobReader> open_fetched_blob(const FetchTools& tools, Question question,
                                                      std::int64_t size) {
    return std::make_unique<BlobFetch>(tools, std::move(question), size);
}

std::unique_ptr<source::BlobReader> open_streamed_body(HttpTransport& transport,
                                                       HttpRequest request, std::string what,
                                                       std::size_t buffer_bytes) {
    return std::make_unique<StreamedBody>(transport, std::move(request), std::move(what),
                                          buffer_bytes);
}

}  // namespace stratascan::registry
