// The rare compressions. bzip2 files may be several streams one after the other, as
// pbzip2 writes them; xz files too, with padding between them, and lzip files. The
// libraries hold bounded memory: bzip2 at most 4 MB, liblzma what a stream's header asks
// for up to a limit set here.

#include <bzlib.h>
#include <fmt/format.h>
#include <lzma.h>

#include <algorithm>
#include <limits>
#include <new>

#include "scanner/layer/decoder.hpp"

namespace stratascan::layer {

namespace {

constexpr std::size_t longest_call = std::size_t{1} << 30;

class Bzip2Decoder final : public Decoder {
public:
    ~Bzip2Decoder() override { close(); }

    Result<Step> step(std::string_view& in, bool last, std::span<char>& out) override {
        for (;;) {
            if (!open_) {
                if (in.size() < 3 && !last) return Step::need_input;
                if (!in.starts_with("BZh")) return Step::end;
                stream_ = {};
                if (BZ2_bzDecompressInit(&stream_, 0, 0) != BZ_OK) throw std::bad_alloc();
                open_ = true;
            }
            stream_.next_in = const_cast<char*>(in.data());
            stream_.avail_in = static_cast<unsigned>(std::min(in.size(), longest_call));
            stream_.next_out = out.data();
            stream_.avail_out = static_cast<unsigned>(std::min(out.size(), longest_call));
            const unsigned in_before = stream_.avail_in;
            const unsigned out_before = stream_.avail_out;
            const int status = BZ2_bzDecompress(&stream_);
            const bool moved = stream_.avail_in != in_before || stream_.avail_out != out_before;
            in.remove_prefix(in_before - stream_.avail_in);
            out = out.subspan(out_before - stream_.avail_out);
            if (status == BZ_STREAM_END) {
                close();
                continue;
            }
            if (status == BZ_MEM_ERROR) throw std::bad_alloc();
            if (status != BZ_OK) return damaged("damaged stream");
            if (out.empty()) return Step::have_output;
            if (in.empty() || !moved) {
                if (last) return damaged("the blob ends inside a stream");
                if (!in.empty()) return damaged("the stream makes no progress");
                return Step::need_input;
            }
        }
    }

    std::string_view name() const noexcept override { return "bzip2"; }
    std::uint64_t hold() override { return bzip2_bytes; }

private:
    static std::unexpected<Error> damaged(std::string what) {
        return fail(ErrorCode::malformed, "bzip2: " + std::move(what));
    }

    void close() {
        if (open_) BZ2_bzDecompressEnd(&stream_);
        open_ = false;
    }

    bz_stream stream_{};
    bool open_ = false;
};

// liblzma can read concatenated streams itself, but takes bytes behind the last one
// for a damaged stream and swallows their beginning; so each stream is begun here.
// The old lzma has no magic, and one stream.
struct LzmaFormat {
    std::string_view name, magic;
    bool padded = false;  // zeros may stand between streams
    lzma_ret (*begin)(lzma_stream* stream, std::uint64_t memory_limit);
};

constexpr LzmaFormat xz_format = {"xz", {"\xfd" "7zXZ\0", 6}, true,
                                  [](lzma_stream* stream, std::uint64_t memory_limit) {
                                      return lzma_stream_decoder(stream, memory_limit, 0);
                                  }};
constexpr LzmaFormat lzip_format = {"lzip", "LZIP", false,
                                    [](lzma_stream* stream, std::uint64_t memory_limit) {
                                        return lzma_lzip_decoder(stream, memory_limit, 0);
                                    }};
constexpr LzmaFormat lzma_format = {"lzma", "", false,
                                    [](lzma_stream* stream, std::uint64_t memory_limit) {
                                        return lzma_alone_decoder(stream, memory_limit);
                                    }};

class LzmaDecoder final : public Decoder {
public:
    LzmaDecoder(const LzmaFormat& format, std::uint64_t memory_limit)
        : format_(format), memory_limit_(memory_limit) {}
    ~LzmaDecoder() override { lzma_end(&stream_); }
    LzmaDecoder(const LzmaDecoder&) = delete;
    LzmaDecoder& operator=(const LzmaDecoder&) = delete;

    Result<Step> step(std::string_view& in, bool last, std::span<char>& out) override {
        for (;;) {
            if (!open_) {
                if (format_.padded)
                    in.remove_prefix(std::min(in.find_first_not_of('\0'), in.size()));
                if (in.size() < format_.magic.size() && !last) return Step::need_input;
                if (!in.starts_with(format_.magic)) return Step::end;
                if (format_.magic.empty() && begun_) return Step::end;
                if (format_.begin(&stream_, memory_limit_) != LZMA_OK) throw std::bad_alloc();
                open_ = begun_ = true;
            }
            const lzma_ret status = decode(in, last, out);
            if (status == LZMA_STREAM_END) {
                open_ = false;
                continue;
            }
            return answer(status, last, out.empty());
        }
    }

    std::string_view name() const noexcept override { return format_.name; }
    std::uint64_t hold() override {
        memory_limit_ = lzma_memusage(&stream_);
        if (open_) lzma_memlimit_set(&stream_, memory_limit_);
        return memory_limit_;
    }

private:
    lzma_ret decode(std::string_view& in, bool last, std::span<char>& out) {
        stream_.next_in = reinterpret_cast<const std::uint8_t*>(in.data());
        stream_.avail_in = in.size();
        stream_.next_out = reinterpret_cast<std::uint8_t*>(out.data());
        stream_.avail_out = out.size();
        const lzma_ret status = lzma_code(&stream_, last ? LZMA_FINISH : LZMA_RUN);
        in.remove_prefix(in.size() - stream_.avail_in);
        out = out.subspan(out.size() - stream_.avail_out);
        return status;
    }

    [[nodiscard]] Result<Step> answer(lzma_ret status, bool last, bool full) const {
        switch (status) {
            case LZMA_OK: return full ? Step::have_output : Step::need_input;
            case LZMA_BUF_ERROR:
                if (full) return Step::have_output;
                if (!last) return Step::need_input;
                return fail(ErrorCode::malformed,
                            fmt::format("{}: the blob ends inside a stream", format_.name));
            case LZMA_MEMLIMIT_ERROR:
                return fail(ErrorCode::over_limit,
                            fmt::format("{}: the stream asks for more than {} bytes of memory",
                                        format_.name, memory_limit_));
            case LZMA_MEM_ERROR: throw std::bad_alloc();
            case LZMA_FORMAT_ERROR:
                if (!format_.magic.empty()) break;
                return fail(ErrorCode::unsupported, "lzma: lc and lp are more than 4 together");
            default: break;
        }
        return fail(ErrorCode::malformed, fmt::format("{}: damaged stream", format_.name));
    }

    const LzmaFormat& format_;
    std::uint64_t memory_limit_;
    lzma_stream stream_ = LZMA_STREAM_INIT;
    bool open_ = false, begun_ = false;
};

}  // namespace

std::unique_ptr<Decoder> make_bzip2_decoder() { return std::make_unique<Bzip2Decoder>(); }
std::unique_ptr<Decoder> make_xz_decoder(const DecoderOptions& options) {
    return std::make_unique<LzmaDecoder>(xz_format, options.memory.xz_bytes);
}
std::unique_ptr<Decoder> make_lzip_decoder(std::uint64_t memory_limit) {
    return std::make_unique<LzmaDecoder>(lzip_format, memory_limit);
}
std::unique_ptr<Decoder> make_lzma_decoder(std::uint64_t memory_limit) {
    return std::make_unique<LzmaDecoder>(lzma_format, memory_limit);
}

}  // namespace stratascan::layer
