#include "bench/floor.hpp"

#include <archive.h>
#include <archive_entry.h>
#include <fmt/format.h>
#include <openssl/evp.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cstring>
#include <filesystem>
#include <mutex>
#include <optional>
#include <set>
#include <thread>

#include "scanner/layer/clock.hpp"
#include "scanner/layer/decoder.hpp"

namespace stratascan::bench {

namespace {

constexpr std::size_t read_size = 256 << 10;
constexpr std::size_t headroom = 64;  // for what the decoder leaves of a read
constexpr std::size_t output_size = 1 << 20;

/// One thread's buffers, used for one layer after the other.
struct Buffers {
    std::unique_ptr<char[]> input = std::make_unique_for_overwrite<char[]>(headroom + read_size);
    std::unique_ptr<char[]> output = std::make_unique_for_overwrite<char[]>(output_size);
};

/// A layer's way from blob to tar stream. One thread.
class FloorStream {
public:
    FloorStream(source::BlobReader& reader, Buffers& buffers)
        : reader_(reader), buffers_(buffers), digest_(EVP_MD_CTX_new(), &EVP_MD_CTX_free) {
        EVP_DigestInit_ex(digest_.get(), EVP_sha256(), nullptr);
        read_more();
        decoder_ = layer::make_decoder(layer::detect_compression(input_), {});
    }

    /// The next run of the stream in the one buffer; empty at its end.
    [[nodiscard]] std::span<const char> next() {
        std::span<char> room(buffers_.output.get(), output_size);
        while (!room.empty() && !ended_ && !error_) {
            const auto step = decoder_->step(input_, last_, room);
            if (!step) {
                error_ = step.error();
            } else if (*step == layer::Step::end) {
                ended_ = true;
            } else if (*step == layer::Step::need_input) {
                read_more();
            }
        }
        const std::size_t made = output_size - room.size();
        bytes_ += made;
        return {buffers_.output.get(), made};
    }

    /// Hashes the blob to its end. "sha256:…"
    [[nodiscard]] std::string finish() {
        while (!last_ && !error_) {
            input_ = {};
            read_more();
        }
        std::array<unsigned char, EVP_MAX_MD_SIZE> value{};
        unsigned size = 0;
        EVP_DigestFinal_ex(digest_.get(), value.data(), &size);
        std::string text = "sha256:";
        for (unsigned i = 0; i < size; ++i) text += fmt::format("{:02x}", value[i]);
        return text;
    }

    [[nodiscard]] std::uint64_t bytes() const noexcept { return bytes_; }
    [[nodiscard]] const std::optional<Error>& error() const noexcept { return error_; }

private:
    void read_more() {
        char* const data = buffers_.input.get() + headroom;
        if (input_.size() > headroom) {
            error_ = Error{ErrorCode::engine, "a decoder left input behind", {}, {}};
            return;
        }
        std::memmove(data - input_.size(), input_.data(), input_.size());
        const auto size = reader_.read(std::as_writable_bytes(std::span(data, read_size)));
        if (!size) error_ = size.error();
        const std::size_t fresh = size.value_or(0);
        last_ = fresh < read_size;
        input_ = {data - input_.size(), input_.size() + fresh};
        EVP_DigestUpdate(digest_.get(), data, fresh);
    }

    source::BlobReader& reader_;
    Buffers& buffers_;
    std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> digest_;
    std::unique_ptr<layer::Decoder> decoder_;
    std::string_view input_;
    bool last_ = false, ended_ = false;
    std::uint64_t bytes_ = 0;
    std::optional<Error> error_;
};

la_ssize_t give(archive*, void* stream, const void** buffer) {
    const auto bytes = static_cast<FloorStream*>(stream)->next();
    *buffer = bytes.data();
    return static_cast<la_ssize_t>(bytes.size());
}

// Contents are not touched: a reader of headers needs none of them.
std::uint64_t walk(FloorStream& stream) {
    const std::unique_ptr<archive, decltype(&archive_read_free)> tar(archive_read_new(),
                                                                     &archive_read_free);
    archive_read_support_format_tar(tar.get());
    if (archive_read_open(tar.get(), &stream, nullptr, &give, nullptr) != ARCHIVE_OK) return 0;
    std::uint64_t members = 0;
    archive_entry* entry = nullptr;
    for (;;) {
        const int status = archive_read_next_header(tar.get(), &entry);
        if (status != ARCHIVE_OK && status != ARCHIVE_WARN) break;
        ++members;
        const void* data = nullptr;
        std::size_t size = 0;
        la_int64_t offset = 0;
        while (archive_read_data_block(tar.get(), &data, &size, &offset) == ARCHIVE_OK) {
        }
    }
    return members;
}

Result<FloorRun> run_layer(const Corpus& corpus, std::size_t index, Buffers& buffers) {
    auto reader = corpus.open_layer(index);
    if (!reader) return std::unexpected(reader.error());
    FloorStream stream(**reader, buffers);
    FloorRun run;
    run.members = walk(stream);
    while (!stream.next().empty()) {
    }
    const std::string digest = stream.finish();
    if (stream.error()) return std::unexpected(*stream.error());
    if (digest != corpus.layer(index).digest) {
        return fail(ErrorCode::malformed, "a layer's digest is not the claimed one");
    }
    run.bytes = stream.bytes();
    return run;
}

}  // namespace

Result<Corpus> Corpus::open(const std::string& layout) {
    Corpus corpus;
    corpus.path_ = layout;
    auto source = source::open_target(layout, "");
    if (!source) return std::unexpected(source.error());
    corpus.source_ = std::move(*source);
    auto images = corpus.source_->images();
    if (!images) return std::unexpected(images.error());
    std::set<std::string> seen;
    for (const source::ImageRef& image : *images) {
        for (const source::LayerRef& layer : image.layers) {
            if (seen.insert(layer.key).second) corpus.layers_.push_back(layer);
        }
    }
    if (corpus.layers_.empty()) return fail(ErrorCode::malformed, "there is no layer in " + layout);
    std::stable_sort(corpus.layers_.begin(), corpus.layers_.end(),
                     [](const auto& a, const auto& b) { return a.size > b.size; });
    const Buffers buffers;
    for (std::size_t i = 0; i < corpus.layers_.size(); ++i) {
        auto reader = corpus.open_layer(i);
        if (!reader) return std::unexpected(reader.error());
        const auto all = std::as_writable_bytes(std::span(buffers.output.get(), output_size));
        for (;;) {
            const auto size = (*reader)->read(all);
            if (!size) return std::unexpected(size.error());
            if (*size == 0) break;
        }
    }
    return corpus;
}

std::string Corpus::name() const {
    const std::filesystem::path path = std::filesystem::path(path_).lexically_normal();
    return (path.has_filename() ? path : path.parent_path()).filename().string();
}

Result<std::unique_ptr<source::BlobReader>> Corpus::open_layer(std::size_t i) const {
    return source_->open(layers_[i]);
}

Result<FloorRun> run_floor(const Corpus& corpus, unsigned threads) {
    std::atomic<std::size_t> next = 0;
    std::mutex mutex;
    FloorRun total;
    std::optional<Error> error;
    const auto work = [&] {
        Buffers buffers;
        for (std::size_t at = next++; at < corpus.layers(); at = next++) {
            const auto run = run_layer(corpus, at, buffers);
            const std::scoped_lock lock(mutex);
            if (!run) {
                error = run.error();
                return;
            }
            total.bytes += run->bytes;
            total.members += run->members;
        }
    };
    const std::uint64_t start = layer::now_ns();
    {
        std::vector<std::jthread> workers;
        for (unsigned i = 1; i < threads; ++i) workers.emplace_back(work);
        work();
    }
    total.nanoseconds = layer::now_ns() - start;
    if (error) return std::unexpected(*error);
    return total;
}

}  // namespace stratascan::bench
