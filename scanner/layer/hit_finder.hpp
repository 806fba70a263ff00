// The engine's hits in a window, of those bytes that the sieve leaves. One a thread.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "scanner/layer/window.hpp"
#include "scanner/match/database.hpp"
#include "scanner/match/ruleset.hpp"
#include "scanner/match/views/hints.hpp"
#include "scanner/sieve/sieve.hpp"
#include "stratascan/error.hpp"

namespace stratascan::layer {

class HitFinder {
public:
    /// `sieve` may be null: then the engine sees everything. All must outlive it.
    HitFinder(const match::RuleSet& rules, const match::Database& database,
              const sieve::Sieve* sieve);

    /// Those that end at the window's owned places, in order of their ends in the
    /// window's bytes; some at other places, too. Hits that can't begin a finding
    /// may be missing. `programs`: their literals are asked for. `encoded`, if not
    /// null, becomes what may be encoded in all that is in sight.
    [[nodiscard]] Result<void> find(const Window& window, bool programs,
                                    std::vector<match::Hit>& hits,
                                    views::HintPlaces* encoded = nullptr);
    /// All hits in a text that is no window's.
    [[nodiscard]] Result<void> find(std::string_view text, std::vector<match::Hit>& hits);

    /// Bytes that the engine saw, and those that it did not.
    [[nodiscard]] std::uint64_t engine_bytes() const noexcept { return engine_bytes_; }
    [[nodiscard]] std::uint64_t sieved_bytes() const noexcept { return sieved_bytes_; }

    /// Those in a text of several, `edges` being where each ends, in order; some hits
    /// that lie in two of them, too.
    [[nodiscard]] Result<void> find(std::string_view texts, std::span<const std::size_t> edges,
                                    std::vector<match::Hit>& hits);

private:
    void sift(const Window& window, std::size_t from, std::size_t to, bool programs,
              views::HintPlaces* encoded);
    [[nodiscard]] Result<void> scan_chances(std::string_view bytes, std::size_t from,
                                            std::size_t to, std::vector<match::Hit>& hits);
    [[nodiscard]] Result<void> scan_stretch(std::string_view bytes, sieve::Stretch stretch,
                                            std::vector<match::Hit>& hits);
    [[nodiscard]] Result<void> scan_stretches(std::string_view bytes,
                                              std::vector<match::Hit>& hits);
    [[nodiscard]] bool has_chance(std::uint32_t expression, std::size_t end) const;

    const match::RuleSet& rules_;
    const match::Database& database_;
    const sieve::Sieve* sieve_;
    match::Scratch scratch_;
    std::vector<std::size_t> edges_;  // of pieces in the window's bytes
    std::vector<sieve::Chance> chances_;
    std::vector<sieve::Stretch> stretches_;
    std::string sifted_;  // the stretches, one behind the other
    std::uint64_t engine_bytes_ = 0, sieved_bytes_ = 0;
};

}  // namespace stratascan::layer
