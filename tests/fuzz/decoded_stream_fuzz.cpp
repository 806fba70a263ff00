// The compression round a whole archive: the bytes that come in pieces are those
// that the decoder alone gives of the input at once, and there is an end.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <string>
#include <string_view>

#include "scanner/source/decoded_stream.hpp"

namespace {

using namespace stratascan;

constexpr std::size_t most_output = std::size_t{64} << 20;

/// `whole`: the decoder came to its end. How much comes before damage depends on
/// where the output is cut: libbz2 loses what it made in the call that finds it.
std::string decode_at_once(std::string_view in, const layer::DecoderMemory& memory, bool& whole) {
    layer::DecoderOptions options;
    options.memory = memory;
    const auto decoder = layer::make_decoder(layer::detect_compression(in), options);
    std::string all, buffer(std::size_t{64} << 10, '\0');
    while (all.size() < most_output) {
        std::span<char> out(buffer);
        const auto step = decoder->step(in, true, out);
        all.append(buffer, 0, buffer.size() - out.size());
        whole = step && *step == layer::Step::end;
        if (!step || *step != layer::Step::have_output) break;
    }
    return all;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view input(reinterpret_cast<const char*>(data), size);
    source::StreamLimits limits;
    limits.memory = layer::decoder_memory_within(std::uint64_t{8} << 20);
    limits.output_bytes = most_output;
    std::string_view left = input;
    source::DecodedStream stream(
        [&](std::span<std::byte> out) {
            const std::size_t count = std::min(out.size(), left.size());
            if (count > 0) std::memcpy(out.data(), left.data(), count);
            left.remove_prefix(count);
            return Result<std::size_t>(count);
        },
        limits);
    std::string all;
    while (true) {
        const auto bytes = stream.next();
        if (!bytes || bytes->empty()) break;
        all.append(reinterpret_cast<const char*>(bytes->data()), bytes->size());
    }
    bool ended = false;
    const std::string once = decode_at_once(input, limits.memory, ended);
    const std::size_t common = std::min(once.size(), all.size());
    if (once.compare(0, common, all, 0, common) != 0) std::abort();
    if (ended && all.size() < most_output && once.size() != all.size()) std::abort();
    return 0;
}
