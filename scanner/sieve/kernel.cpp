#include "scanner/sieve/kernel.hpp"

#include "scanner/sieve/kernel_loop.hpp"

namespace stratascan::sieve {

namespace {

// One byte after the other.
class Plain {
public:
    explicit Plain(const KeyTable& table) noexcept : table_(table) {}

    template <bool encoded>
    static void kinds(const char* text, std::size_t blocks, Chunk& chunk) noexcept {
        const auto keep = [&](ChunkBits& bits, unsigned kind) {
            mark(text, blocks, bits.data(), [kind](char c) {
                return (byte_kinds[static_cast<unsigned char>(c) & 127U] & kind) != 0;
            });
        };
        keep(chunk.tokens, token_kind);
        keep(chunk.digits, digit_kind);
        if constexpr (!encoded) return;
        keep(chunk.marks, mark_kind);
        mark(text, blocks, chunk.zeros.data(), [](char c) { return c == 0; });
        const auto keep_ascii = [&](ChunkBits& bits, unsigned kind) {
            mark(text, blocks, bits.data(), [kind](char c) {
                return c >= 0 && (byte_kinds[static_cast<unsigned char>(c)] & kind) != 0;
            });
        };
        keep_ascii(chunk.texts, text_kind);
        keep_ascii(chunk.base64, base64_kind);
    }

    [[nodiscard]] static std::uint64_t marked(const char* at) noexcept {
        std::uint64_t bits = 0;
        for (unsigned i = 0; i < 64; ++i) {
            if (static_cast<signed char>(at[i]) < 0) continue;
            unsigned ways = 0xff;
            for (std::size_t place = 0; place < mark_tables.places.size(); ++place) {
                ways &= mark_tables.places[place][static_cast<unsigned char>(at[i + place]) & 127U];
            }
            if (ways != 0) bits |= std::uint64_t{1} << i;
        }
        return bits;
    }

    static void prints(const char* text, std::size_t blocks, std::uint64_t* prints) noexcept {
        mark(text, blocks, prints, [](char c) { return c >= ' ' && c <= '~'; });
    }

    static std::size_t list(const std::uint64_t* bits, std::size_t blocks,
                            std::uint64_t* numbers) noexcept {
        std::size_t count = 0;
        for (std::size_t i = 0; i < blocks; ++i) {
            if (bits[i] != 0) numbers[count++] = i;
        }
        return count;
    }

    [[nodiscard]] std::uint64_t keys(const char* at) const noexcept {
        std::uint64_t bits = 0;
        for (unsigned i = 0; i < 64; ++i) {
            unsigned buckets = 0xff;
            for (std::size_t place = 0; place < table_places; ++place) {
                buckets &= table_[place][static_cast<unsigned char>(at[i + place]) & 127U];
            }
            if (buckets != 0) bits |= std::uint64_t{1} << i;
        }
        return bits;
    }

    [[nodiscard]] static std::uint64_t keys(const Plain& first, const Plain& second,
                                            const char* at) noexcept {
        return first.keys(at) | second.keys(at);
    }

private:
    static void mark(const char* text, std::size_t blocks, std::uint64_t* bits, auto holds) {
        for (std::size_t i = 0; i < blocks; ++i) {
            bits[i] = 0;
            for (unsigned j = 0; j < 64; ++j) {
                if (holds(text[i * 64 + j])) bits[i] |= std::uint64_t{1} << j;
            }
        }
    }

    const KeyTable& table_;
};

}  // namespace

std::size_t plain_kernel(const Tables& tables, const char* text, std::size_t from, std::size_t to,
                         bool programs, std::uint32_t* places, views::HintPlaces* encoded) {
    return scan<Plain>(tables, text, from, to, programs, places, encoded);
}

void plain_encoded(const char* text, std::size_t from, std::size_t to,
                   views::HintPlaces& places) {
    scan_encoded<Plain>(text, from, to, places);
}

Kernel kernel_named(std::string_view name) noexcept {
    if (name == "plain") return &plain_kernel;
#if defined(__x86_64__)
    const bool bits = __builtin_cpu_supports("bmi") && __builtin_cpu_supports("bmi2");
    if (name == "avx512vbmi" && bits && __builtin_cpu_supports("avx512vbmi") &&
        __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl") &&
        __builtin_cpu_supports("avx512dq")) {
        return &avx512_kernel;
    }
#endif
    return nullptr;
}

Kernel best_kernel() noexcept { return kernel_named("avx512vbmi"); }

EncodedKernel best_encoded_kernel() noexcept {
#if defined(__x86_64__)
    if (best_kernel() != nullptr) return &avx512_encoded;
#endif
    return &plain_encoded;
}

void find_encoded(std::string_view text, std::size_t from, std::size_t to,
                  views::HintPlaces& encoded, EncodedKernel kernel) {
    each_chunk(text, from, to, [&](const char* bytes, std::size_t begin, std::size_t end,
                                   std::size_t shift) {
        const Shifting shifting(encoded);
        kernel(bytes, begin, end, encoded);
        shifting.shift(encoded, shift);
    });
}

}  // namespace stratascan::sieve
