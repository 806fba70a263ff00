// The parser of packs; see git_pack.hpp for what it promises. What it does while the
// pack passes is in git_pack_parser.cpp, what comes after in git_pack_later.cpp.
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "scanner/nested/gathered.hpp"
#include "scanner/nested/git_delta.hpp"
#include "scanner/nested/git_pack.hpp"
#include "scanner/nested/git_pack_deltas.hpp"
#include "scanner/nested/git_zlib.hpp"

namespace stratascan::nested {

class GitPackParser final : public ArchiveParser {
public:
    GitPackParser(GitHistory& history, std::uint32_t repository, GitHash hash,
                  std::uint64_t memory)
        : history_(history), repository_(repository), hash_(hash), hasher_(hash),
          pack_hasher_(hash), reserved_(memory / 4 * 3), memory_(PackMemory::within(memory)) {}

    Found step(std::string_view& in, bool last) override;

    bool makes_contents() const override { return true; }
    std::uint64_t hold() const override { return reserved_; }
    bool over_memory() const override { return over_memory_; }

private:
    static constexpr std::size_t shown_at_once = 64 << 10;

    enum class State : std::uint8_t { begin, object, data, seek, over };
    /// What becomes of the bytes that an object inflates to.
    enum class Use : std::uint8_t {
        collect,   ///< shown at its end, when its id is known
        skip,      ///< a delta that is looked at later
        hash,      ///< too large to collect; shown later
        pass,      ///< too large to collect, and shown as they come
        literals,  ///< of a delta, what it inserts, as it comes
    };

    void take(std::string_view& in);
    Found advance(bool all);
    Found begin_object(bool all);
    void start(const PackHeader& header, Use use);
    Found inflate_more(bool all);
    Found object_ended();
    Found object_failed(std::string_view what);
    Found starve() {
        starved_ = true;
        return Found::need_input;
    }
    Found seek(bool all);
    void end_pack();
    void stop_gathering();
    void drop_to(std::uint64_t at);

    Found show(std::string name, std::shared_ptr<const std::string> contents);
    Found show_more();
    Found later();
    bool begin_late(PackEntry& entry);
    Found late_more();
    void tell_fates();
    [[nodiscard]] std::uint32_t entry_at(std::uint64_t offset) const;
    [[nodiscard]] std::uint64_t index_bytes() const {
        return sizeof(PackEntry) * entries_.size() * 3 / 2 + 128 * base_ids_.size();
    }

    GitHistory& history_;
    std::uint32_t repository_;
    GitHash hash_;
    GitHasher hasher_, pack_hasher_;
    std::uint64_t reserved_;
    PackMemory memory_;
    bool over_memory_ = false;

    Gathered pack_;
    bool gathering_ = true;
    std::vector<PackEntry> entries_;
    std::vector<GitId> base_ids_;
    std::uint64_t count_ = 0, found_ = 0;

    State state_ = State::begin;
    std::uint64_t at_ = 0;       // of the object's header, or where one is looked for
    std::uint64_t data_at_ = 0;  // of its bytes that come next
    std::uint64_t hashed_to_ = 0;
    PackHeader header_of_;
    Use use_ = Use::collect;
    bool trial_ = false;      // behind damage: it may be no object
    bool damaged_ = false;
    std::size_t trials_ = 0;
    std::uint64_t trial_bytes_ = 0;
    std::uint64_t lost_from_ = 0;
    std::string lost_what_;
    bool starved_ = false;    // it cannot go on without more input
    GitZlib zlib_;
    std::uint64_t made_ = 0;
    std::string collected_;
    DeltaLiterals literals_;
    std::array<char, shown_at_once> buffer_{};
    std::string inserted_;

    bool member_open_ = false, end_member_ = false;
    std::shared_ptr<const std::string> shown_;
    std::size_t shown_to_ = 0;
    std::deque<std::pair<std::string, std::uint64_t>> gaps_;

    std::unique_ptr<PackDeltas> deltas_;
    std::size_t late_ = 0;       // the entry that is shown after the deltas' results
    bool deltas_done_ = false, late_open_ = false;
    std::uint64_t late_at_ = 0;
    std::vector<std::pair<std::uint64_t, GitId>> large_;  // offsets of objects too large to collect
    std::uint64_t bare_deltas_ = 0, bare_bytes_ = 0;
};

}  // namespace stratascan::nested
