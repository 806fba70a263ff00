// lz4 in frames (lz4_Frame_format.md 1.6): any number of them, with skippable ones between, and
// with legacy ones, which the library does not know.
#include <fmt/format.h>
#include <lz4frame.h>

#include <algorithm>
#include <new>

#include "scanner/layer/decoder.hpp"
#include "scanner/layer/lz4_legacy.hpp"

namespace stratascan::layer {

namespace {

class Lz4Decoder final : public Decoder {
public:
    ~Lz4Decoder() override { LZ4F_freeDecompressionContext(context_); }
    Lz4Decoder() {
        if (LZ4F_isError(LZ4F_createDecompressionContext(&context_, LZ4F_VERSION)) != 0)
            throw std::bad_alloc();
    }
    Lz4Decoder(const Lz4Decoder&) = delete;
    Lz4Decoder& operator=(const Lz4Decoder&) = delete;

    Result<Step> step(std::string_view& in, bool last, std::span<char>& out) override {
        for (;;) {
            if (!open_) {
                if (in.size() < magic_size && !last) return Step::need_input;
                is_legacy_ = in.starts_with(Lz4Legacy::magic);
                if (!is_legacy_ && !begins_frame(in)) return Step::end;
                if (is_legacy_) {
                    in.remove_prefix(magic_size);
                    legacy_.begin();
                }
                open_ = true;
            }
            auto answer = is_legacy_ ? legacy_.step(in, last, out) : decode(in, last, out);
            if (!answer || *answer != Step::end) return answer;
            open_ = false;
        }
    }

    std::string_view name() const noexcept override { return "lz4"; }
    std::uint64_t hold() override { return lz4_bytes; }

private:
    static constexpr std::size_t magic_size = 4;

    static bool begins_frame(std::string_view in) {
        return in.starts_with("\x04\x22\x4d\x18") ||
               (in.size() >= magic_size && (static_cast<unsigned char>(in[0]) & 0xf0U) == 0x50U &&
                in.substr(1, 3) == "\x2a\x4d\x18");
    }

    // One frame of the library's, to its end.
    Result<Step> decode(std::string_view& in, bool last, std::span<char>& out) {
        for (;;) {
            std::size_t used = in.size(), made = out.size();
            const std::size_t hint =
                LZ4F_decompress(context_, out.data(), &made, in.data(), &used, nullptr);
            in.remove_prefix(used);
            out = out.subspan(made);
            if (LZ4F_isError(hint) != 0) {
                return fail(ErrorCode::malformed,
                            fmt::format("lz4: damaged stream ({})", LZ4F_getErrorName(hint)));
            }
            if (hint == 0) return Step::end;
            if (out.empty()) return Step::have_output;
            if (in.empty()) {
                if (last && made == 0)
                    return fail(ErrorCode::malformed, "lz4: the blob ends inside a frame");
                if (!last) return Step::need_input;
            } else if (used == 0 && made == 0) {
                return fail(ErrorCode::malformed, "lz4: the stream makes no progress");
            }
        }
    }

    LZ4F_dctx* context_ = nullptr;
    Lz4Legacy legacy_;
    bool open_ = false, is_legacy_ = false;
};

}  // namespace

std::unique_ptr<Decoder> make_lz4_decoder() { return std::make_unique<Lz4Decoder>(); }

}  // namespace stratascan::layer
