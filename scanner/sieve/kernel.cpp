#include "scanner/sieve/kernel.hpp"

#include "scanner/sieve/kernel_loop.hpp"

namespace stratascan::sieve {

namespace {

// One byte after the other.
class Plain {
public:
    explicit Plain(const KeyTable& table) noexcept : table_(table) {}

    static void kinds(const ByteTables& tables, const char* text, std::size_t blocks,
                      std::uint64_t* tokens, std::uint64_t* digits) noexcept {
        const auto of_kind = [&](unsigned kind) {
            return [&tables, kind](char c) {
                return (tables.kinds[static_cast<unsigned char>(c) & 127U] & kind) != 0;
            };
        };
        mark(text, blocks, tokens, of_kind(token_kind));
        mark(text, blocks, digits, of_kind(digit_kind));
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
                         bool programs, std::uint32_t* places) {
    return scan<Plain>(tables, text, from, to, programs, places);
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

}  // namespace stratascan::sieve
