// zlib streams one behind the other, as a pack holds its objects: one state for
// all, begun anew for each.
#pragma once

#include <zlib.h>

#include <cstdint>
#include <span>
#include <string_view>

namespace stratascan::nested {

class GitZlib {
public:
    enum class Said : std::uint8_t { need_input, have_output, end, damaged };

    GitZlib() { ready_ = inflateInit(&stream_) == Z_OK; }
    ~GitZlib() {
        if (ready_) inflateEnd(&stream_);
    }
    GitZlib(const GitZlib&) = delete;
    GitZlib& operator=(const GitZlib&) = delete;

    void begin() {
        if (ready_) inflateReset(&stream_);
    }

    /// Moves both past what was used. need_input: `in` is used up. REQUIRES: neither
    /// is longer than 1 GiB, `out` is not empty.
    [[nodiscard]] Said step(std::string_view& in, std::span<char>& out) {
        if (!ready_) return Said::damaged;
        stream_.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(in.data()));
        stream_.avail_in = static_cast<uInt>(in.size());
        stream_.next_out = reinterpret_cast<Bytef*>(out.data());
        stream_.avail_out = static_cast<uInt>(out.size());
        const int status = inflate(&stream_, Z_NO_FLUSH);
        in.remove_prefix(in.size() - stream_.avail_in);
        out = out.subspan(out.size() - stream_.avail_out);
        if (status == Z_STREAM_END) return Said::end;
        if (status != Z_OK && status != Z_BUF_ERROR) return Said::damaged;
        if (out.empty()) return Said::have_output;
        return in.empty() ? Said::need_input : Said::damaged;
    }

private:
    z_stream stream_{};
    bool ready_ = false;
};

}  // namespace stratascan::nested
