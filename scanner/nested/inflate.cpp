#include "scanner/nested/inflate.hpp"

#include <lzma.h>
#include <zlib.h>

#include <algorithm>
#include <array>
#include <new>

#include "scanner/nested/bytes.hpp"

namespace stratascan::nested {

namespace {

using layer::Step;

constexpr std::size_t longest_call = std::size_t{1} << 30;

// zlib and not ISA-L: an entry of a zip file may end where only its deflate stream
// says, and zlib takes not one byte too many.
class InflateDecoder final : public layer::Decoder {
public:
    explicit InflateDecoder(bool with_header) : name_(with_header ? "zlib" : "deflate") {
        if (inflateInit2(&stream_, with_header ? MAX_WBITS : -MAX_WBITS) != Z_OK) {
            throw std::bad_alloc();
        }
    }
    ~InflateDecoder() override {
        inflateEnd(&stream_);
    }
    InflateDecoder(const InflateDecoder&) = delete;
    InflateDecoder& operator=(const InflateDecoder&) = delete;

    Result<Step> step(std::string_view& in, bool last, std::span<char>& out) override {
        if (ended_) return Step::end;
        stream_.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(in.data()));
        stream_.avail_in = static_cast<uInt>(std::min(in.size(), longest_call));
        stream_.next_out = reinterpret_cast<Bytef*>(out.data());
        stream_.avail_out = static_cast<uInt>(std::min(out.size(), longest_call));
        const uInt in_before = stream_.avail_in, out_before = stream_.avail_out;
        const int status = inflate(&stream_, Z_NO_FLUSH);
        in.remove_prefix(in_before - stream_.avail_in);
        out = out.subspan(out_before - stream_.avail_out);
        ended_ = status == Z_STREAM_END;
        if (ended_) return Step::end;
        if (status == Z_MEM_ERROR) throw std::bad_alloc();
        if (status == Z_NEED_DICT) return damaged("it asks for a dictionary");
        if (status != Z_OK && status != Z_BUF_ERROR) return damaged("damaged stream");
        if (out.empty()) return Step::have_output;
        if (!in.empty()) return damaged("the stream makes no progress");
        if (last) return damaged("it ends early");
        return Step::need_input;
    }

    std::string_view name() const noexcept override { return name_; }

private:
    [[nodiscard]] std::unexpected<Error> damaged(const char* what) const {
        return fail(ErrorCode::malformed, std::string(name_) + ": " + what);
    }

    z_stream stream_{};
    std::string_view name_;
    bool ended_ = false;
};

// zip leaves out the field of the lzma file's header that holds the unpacked size;
// "unknown" is put in its place, and the entry then ends by its marker, or with its
// bytes.
class ZipLzmaDecoder final : public layer::Decoder {
public:
    explicit ZipLzmaDecoder(std::uint64_t memory_limit) {
        if (lzma_alone_decoder(&stream_, memory_limit) != LZMA_OK) throw std::bad_alloc();
    }
    ~ZipLzmaDecoder() override { lzma_end(&stream_); }
    ZipLzmaDecoder(const ZipLzmaDecoder&) = delete;
    ZipLzmaDecoder& operator=(const ZipLzmaDecoder&) = delete;

    Result<Step> step(std::string_view& in, bool last, std::span<char>& out) override {
        if (ended_) return Step::end;
        while (head_size_ < head_.size() && !in.empty()) {
            head_[head_size_++] = in.front();
            in.remove_prefix(1);
        }
        if (head_size_ < head_.size()) {
            if (last) return fail(ErrorCode::malformed, "lzma: it ends early");
            return Step::need_input;
        }
        if (!begun_) {
            begun_ = true;
            if (little_endian({head_.data(), head_.size()}, 2, 2) != 5) {
                return fail(ErrorCode::malformed, "lzma: damaged header");
            }
            std::string header(head_.data() + 4, 5);
            header.append(8, '\xff');
            std::string_view rest = header;
            if (auto taken = code(rest, false, out); !taken) return taken;
            if (ended_ || !rest.empty()) return fail(ErrorCode::malformed, "lzma: damaged header");
        }
        return code(in, last, out);
    }

    std::string_view name() const noexcept override { return "lzma"; }
    std::uint64_t hold() override {
        const std::uint64_t bytes = lzma_memusage(&stream_);
        lzma_memlimit_set(&stream_, bytes);
        return bytes;
    }

private:
    Result<Step> code(std::string_view& in, bool last, std::span<char>& out) {
        stream_.next_in = reinterpret_cast<const std::uint8_t*>(in.data());
        stream_.avail_in = in.size();
        stream_.next_out = reinterpret_cast<std::uint8_t*>(out.data());
        stream_.avail_out = out.size();
        const lzma_ret status = lzma_code(&stream_, LZMA_RUN);
        if (status == LZMA_MEM_ERROR) throw std::bad_alloc();
        const bool moved = in.size() != stream_.avail_in || out.size() != stream_.avail_out;
        in.remove_prefix(in.size() - stream_.avail_in);
        out = out.subspan(out.size() - stream_.avail_out);
        if (status == LZMA_STREAM_END) {
            ended_ = true;
            return Step::end;
        }
        if (status == LZMA_MEMLIMIT_ERROR) {
            return fail(ErrorCode::over_limit, "lzma: it asks for too much memory");
        }
        if (status != LZMA_OK && status != LZMA_BUF_ERROR) {
            return fail(ErrorCode::malformed, "lzma: damaged stream");
        }
        if (out.empty()) return Step::have_output;
        // Without a marker the end of the bytes is the end.
        if (last && in.empty() && !moved) {
            ended_ = true;
            return Step::end;
        }
        if (!in.empty() && !moved) return fail(ErrorCode::malformed, "lzma: no progress");
        return Step::need_input;
    }

    lzma_stream stream_ = LZMA_STREAM_INIT;
    std::array<char, 9> head_{};
    std::size_t head_size_ = 0;
    bool begun_ = false, ended_ = false;
};

}  // namespace

std::unique_ptr<layer::Decoder> make_deflate_decoder() {
    return std::make_unique<InflateDecoder>(false);
}
std::unique_ptr<layer::Decoder> make_zlib_decoder() {
    return std::make_unique<InflateDecoder>(true);
}
std::unique_ptr<layer::Decoder> make_zip_lzma_decoder(std::uint64_t memory_limit) {
    return std::make_unique<ZipLzmaDecoder>(memory_limit);
}

}  // namespace stratascan::nested
